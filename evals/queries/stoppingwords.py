"""What a stop rule read, saved and left unread, in words."""

from evals.queries import figures
from evals.queries.outcomes import Outcome, Results

TASKS = 1000  # that a cost is given for


def stopping_words(results: Results, outcome: Outcome) -> str:
    """Return "The verdict settled after 83 of 1,319 samples; 1,236 not needed".

    "" for a fixed n, and for results from before there was a stop rule.
    """
    stopping = outcome.document.get("stopping")
    if not stopping:
        return ""
    planned, settled = results.evaluation.sample_count, stopping["settled_after"]
    if settled is None:
        read = figures.count(stopping["read"])
        start = f"Not settled by {read} of {figures.plural(planned, 'sample')}"
        return f"{start}.{_beyond(outcome)}"
    start = f"The verdict settled after {settled:,} of {figures.plural(planned, 'sample')}"
    return f"{start}{_saved(results, outcome)}.{_beyond(outcome)}"


def counts_note(results: Results) -> str:
    """Return what the counts of trials rest on under a stop rule, "" where they are all."""
    stopping = [o.document.get("stopping") for o in results.outcomes]
    beyond = sum(each["beyond"] for each in stopping if each)
    if results.evaluation.finished_at is None or not beyond:
        return ""
    verb = "was" if beyond == 1 else "were"
    trials = figures.plural(beyond, "more trial")
    return (
        f"Counts and figures are those of the samples that the stop rule read. {trials} "
        f"{verb} answered before the rule was read: stored, paid, listed on the run's page, "
        "and not counted."
    )


def _saved(results: Results, outcome: Outcome) -> str:
    missing = outcome.document["stopping"]["not_asked"]
    not_needed = missing // results.evaluation.epochs
    if not not_needed:
        return ""
    cost = outcome.document["cost"]
    each = cost["per_1k_tasks_usd"]
    if not each:
        return f"; {not_needed:,} not needed"
    estimated = " (est.)" if cost["estimated"] else ""
    return (
        f"; {not_needed:,} not needed, about {figures.usd(each * missing / TASKS)}{estimated} saved"
    )


def _beyond(outcome: Outcome) -> str:
    beyond = outcome.document["stopping"]["beyond"]
    if not beyond:
        return ""
    verb = "was" if beyond == 1 else "were"
    return f" {figures.plural(beyond, 'later answer')} {verb} stored and not read."
