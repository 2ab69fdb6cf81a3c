"""The ledger of an evaluation: swapped with its row locked, on the database's clock."""

from collections.abc import Callable
from decimal import Decimal

from django.db import connection, transaction

from evals.domain import allowances
from evals.domain.allowances import Grant, Ledger, Report, ledger_from, ledger_values
from evals.domain.heldcosts import budget_holds
from evals.models import Evaluation
from evals.queries.facts import count_runs
from evals.queries.specs import frozen_spec


def swap_allowance(*, evaluation_id: int, budget: Decimal, report: Report) -> Grant:
    """Tell the ledger what a worker has spent, and return what it may spend from now on."""
    granted: list[Grant] = []

    def swapped(ledger: Ledger) -> Ledger:
        state, grant = allowances.swap(ledger, report, budget=budget, now=database_seconds())
        granted.append(grant)
        return state

    _keep(evaluation_id, swapped)
    return granted[0]


def close_account(*, evaluation_id: int, holder: str, run_id: int, spent: Decimal) -> None:
    """Note what a worker that leaves has spent, and free the rest of its allowance."""
    _keep(
        evaluation_id,
        lambda ledger: allowances.left(ledger, holder, run=run_id, spent=spent),
    )


def charged_usd(*, evaluation_id: int) -> Decimal:
    """Return what the evaluation has spent of its budget, lost allowances in full."""
    ledger = ledger_from(Evaluation.objects.values_list("ledger", flat=True).get(pk=evaluation_id))
    now = database_seconds()
    runs = {*ledger.closed, *(account.run for account in ledger.accounts.values())}
    return sum((ledger.charged(run, now=now) for run in runs), Decimal(0))


def database_seconds() -> float:
    """Return the database's clock, in seconds since 1970."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0])


@transaction.atomic
def _keep(evaluation_id: int, change: Callable[[Ledger], Ledger]) -> None:
    row = Evaluation.objects.select_for_update(no_key=True).get(pk=evaluation_id)
    ledger = ledger_from(row.ledger) if row.ledger else _first(row)
    row.ledger = ledger_values(change(ledger))
    row.save(update_fields=["ledger"])


def _first(evaluation: Evaluation) -> Ledger:
    """Return a new ledger, in which what is stored already has been spent."""
    spec = frozen_spec(evaluation)
    held = [r for r in evaluation.runs.all() if budget_holds(spec.candidates[r.position])]
    counted = count_runs(evaluation, spec, held)
    closed = {pk: one.facts.cost.total_usd or Decimal(0) for pk, one in counted.items()}
    return Ledger(closed=closed, accounts={})
