"""What a budget left unasked, and what asking it would cost."""

from evals.models.evaluations import RunState
from evals.queries import figures
from evals.queries.outcomes import Results

TASKS = 1000  # that a cost is given for
BUDGET_MESSAGE = "the budget of "  # how the message of a run begins that its budget stopped
ON_PAGE = "A new evaluation with a larger budget asks it: answers that are stored are reused free."
BY_COMMAND = (
    "It came from the command line: a larger budget_usd in its spec asks it, and answers that are "
    "stored are reused."
)


def unasked_words(results: Results) -> str:
    """Return what the budget left unasked, what that would cost and the way on, "" for nothing."""
    left = {o.run.pk: results.planned - o.done for o in results.outcomes}
    trials = sum(left.values())
    stopped = [
        o
        for o in results.outcomes
        if o.run.state == RunState.STOPPED and o.run.message.startswith(BUDGET_MESSAGE)
    ]
    budget = results.spec.plan.budget_usd
    if not stopped or budget is None or trials <= 0:
        return ""
    verb = "was" if trials == 1 else "were"
    start = (
        f"The budget of {figures.usd(budget)} stopped it: {figures.plural(trials, 'planned trial')}"
    )
    way = BY_COMMAND if results.evaluation.identity is not None else ON_PAGE
    return f"{start} {verb} never asked. Asking the rest would cost {_cost(results, left)}. {way}"


def _cost(results: Results, left: dict[int, int]) -> str:
    """Return "about $2.10" for what each run left, by what its own answers cost."""
    open_runs = [o for o in results.outcomes if left[o.run.pk] > 0]
    each = [(left[o.run.pk], o.document["cost"]["per_1k_tasks_usd"]) for o in open_runs]
    known = [trials * usd / TASKS for trials, usd in each if usd is not None]
    if not known:
        return "an unknown sum"
    estimated = any(o.document["cost"]["estimated"] for o in open_runs)
    said = f"about {figures.usd(sum(known))}" + (" est." if estimated else "")
    return said + (", unknown in part" if len(known) < len(each) else "")
