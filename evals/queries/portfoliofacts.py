"""The portfolio's sums in words."""

from collections import Counter
from collections.abc import Sequence

from evals.domain.verdicts import Verdict
from evals.queries import figures
from evals.queries.portfoliomoney import Bills
from evals.queries.scenariowords import money
from evals.queries.shockchoices import ShockChoice

Fact = tuple[str, str, str]  # label, figure, note


def portfolio_facts(
    bills: Bills, shock: ShockChoice | None, answers: Sequence[str]
) -> tuple[Fact, ...]:
    """Return what the tasks cost together, and how many can move."""
    counts = Counter(answers)
    return (
        *portfolio_sums(bills, shock),
        ("Undecided", figures.count(counts[Verdict.UNDECIDED.value]), ""),
        ("Cannot move", figures.count(counts[Verdict.NO_GO.value]), ""),
        ("Not evaluated", figures.count(counts[""]), ""),
    )


def portfolio_sums(bills: Bills, shock: ShockChoice | None) -> tuple[Fact, ...]:
    """Return the bills of all tasks a month: today, with the best GO, and under the shock."""
    under = [("Under the shock", money(bills.under_usd), _under_note(bills))] if shock else []
    return (
        ("A month today", money(bills.today_usd), _unknown(bills.today_unknown)),
        ("With the best GO", money(bills.best_usd), _saved(bills)),
        *under,
    )


def _unknown(tasks: int) -> str:
    return f"without {figures.plural(tasks, 'task')}: unknown" if tasks else ""


def _saved(bills: Bills) -> str:
    """Return what a move saves, over those tasks for which both bills are known."""
    saved = bills.saved_usd
    if saved is None:
        return _unknown(bills.best_unknown)
    return f"{figures.usd(abs(saved))} {'saved' if saved >= 0 else 'more'}"


def _under_note(bills: Bills) -> str:
    still = f"{figures.plural(bills.still, 'task')} stand still" if bills.still else ""
    if bills.still == 1:
        still = "1 task stands still"
    return ", ".join(part for part in (still, _unknown(bills.under_unknown)) if part)
