"""Plain Python: what a spec, a score, a bar and a verdict are. No Django, no I/O, no clock."""
