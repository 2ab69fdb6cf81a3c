"""REST for scripts: what pages show as JSON, and evaluations to start and stop. No logic."""
