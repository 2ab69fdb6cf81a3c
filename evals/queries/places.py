"""The pages that are always there: what the sidebar leads to, and where new things are made."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One page: its name, the name of its address, and other words that people look for it by."""

    name: str
    address: str
    also: str = ""
    is_for_writers: bool = False


PLACES = (
    Place("Portfolio", "evals:portfolio", "home overview"),
    Place("Tasks", "evals:tasks"),
    Place("Evaluations", "evals:evaluations"),
    Place("Compare", "evals:compare", "runs side by side"),
    Place("Scenarios", "evals:scenarios", "shocks"),
    Place("Candidates", "evals:candidates"),
    Place("Models", "evals:models", "openness licence catalogue"),
    Place("Endpoints", "evals:endpoints", "api keys servers"),
    Place("Prices & hardware", "evals:prices", "cost gpu"),
    Place("Review", "evals:review", "waiting stale expiring queue"),
    Place("Reports", "evals:reports", "decisions records"),
    Place("Workers", "evals:workers", "pools"),
    Place("Team", "evals:team", "members invitations roles"),
    Place("Hardware", "evals:hardware", "gpu prices"),
    Place("API tokens", "evals:team_tokens", "team keys"),
    Place("Audit log", "evals:team_audit", "team history who changed"),
    Place("Account", "evals:account", "password profile"),
    Place("Glossary", "evals:glossary", "words terms meaning help"),
    Place("New task", "evals:task_new", "create add", is_for_writers=True),
    Place("New scenario", "evals:scenario_new", "create add shock", is_for_writers=True),
)


def places_like(words: tuple[str, ...], *, may_write: bool) -> tuple[Place, ...]:
    """Return the pages that hold every word; all of them where there is none."""
    return tuple(
        place
        for place in PLACES
        if (may_write or not place.is_for_writers)
        and all(word in f"{place.name} {place.also}".lower() for word in words)
    )
