"""The ledger of a budget: nobody's order of swapping, spending and dying passes it."""

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from evals.domain.allowances import (
    FORGET_SECONDS,
    LEASE_SECONDS,
    Grant,
    Ledger,
    Report,
    ledger_from,
    ledger_values,
    left,
    swap,
)

BUDGET = Decimal(1)
NOTHING = Decimal(0)
WORST = Decimal("0.05")


class Row:
    """What a locked row of a database would keep."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}

    @property
    def ledger(self) -> Ledger:
        return ledger_from(self.values)

    def keep(self, ledger: Ledger) -> None:
        self.values = json.loads(json.dumps(ledger_values(ledger)))

    def swap(self, holder: str = "a", *, now: float = 0, run: int = 1, **report: str) -> Grant:
        kept, spent, wanted, needed = (Decimal(report.get(name, "0")) for name in REPORTED)
        told = Report(holder=holder, run=run, kept=kept, spent=spent, wanted=wanted, needed=needed)
        state, grant = swap(self.ledger, told, budget=BUDGET, now=now)
        self.keep(state)
        return grant


REPORTED = ("kept", "spent", "wanted", "needed")


def test_a_worker_gets_what_it_wants_and_no_more():
    grant = Row().swap(wanted="0.2", needed="0.05")
    assert (grant.allowance, grant.may_grow) == (Decimal("0.2"), True)


def test_a_worker_that_wants_nothing_keeps_what_it_has():
    row = Row()
    row.swap(wanted="0.2")
    assert row.swap(kept="0.2", spent="0.1").allowance == Decimal("0.2")
    assert row.swap(kept="0.1", spent="0.1").allowance == Decimal("0.1")


def test_what_is_scarce_is_divided():
    row = Row()
    assert row.swap("a", wanted="0.4").allowance == Decimal("0.4")
    assert row.swap("b", wanted="9").allowance == Decimal("0.3")
    assert row.swap("c", wanted="9").allowance == Decimal("0.1")


def test_a_fair_part_that_is_too_small_for_a_request_grows_to_it():
    row = Row()
    row.swap("a", wanted="0.9", kept="0", spent="0")
    assert row.swap("b", wanted="0.5", needed="0.08").allowance == Decimal("0.08")
    refused = row.swap("c", wanted="0.5", needed="0.08")
    assert (refused.allowance, refused.may_grow) == (NOTHING, True)


def test_waiting_is_in_vain_once_the_rest_is_spent():
    row = Row()
    row.swap("a", wanted="0.98")
    row.swap("a", kept="0.98", spent="0.9")
    assert row.swap("b", wanted="1", needed="0.1").may_grow
    row.swap("a", kept="0.98", spent="0.92")
    assert not row.swap("b", wanted="1", needed="0.1").may_grow


def test_a_lost_worker_has_spent_its_allowance_until_it_comes_back():
    row = Row()
    row.swap("a", wanted="0.9")
    row.swap("a", kept="0.9", spent="0.5")
    late = LEASE_SECONDS + 1
    assert row.swap("b", now=1, wanted="1", needed="0.2").may_grow
    assert not row.swap("b", now=late, wanted="1", needed="0.2").may_grow
    assert row.ledger.charged(1, now=late) == Decimal("0.9")
    assert row.ledger.charged(1, now=1) == Decimal("0.5")
    assert row.ledger.charged(1) == Decimal("0.9")
    assert row.swap("a", now=late, kept="0.6", spent="0.5").allowance == Decimal("0.6")
    assert row.swap("b", now=late, wanted="1", needed="0.2").allowance == Decimal("0.2")


def test_who_leaves_frees_what_is_not_spent():
    row = Row()
    row.swap("a", wanted="0.9", run=7)
    row.keep(left(row.ledger, "a", run=7, spent=Decimal("0.25")))
    assert row.ledger.charged(7) == Decimal("0.25")
    assert row.swap("b", wanted="1").allowance == Decimal("0.75")


def test_accounts_that_were_lost_long_ago_are_folded():
    row = Row()
    row.swap("a", wanted="0.3", run=7)
    row.swap("b", now=LEASE_SECONDS + FORGET_SECONDS + 1, wanted="1")
    assert list(row.ledger.accounts) == ["b"]
    assert row.ledger.closed == {7: Decimal("0.3")}


class Worker:
    """Spends as a purse does: never beyond its allowance, whose surplus it lets go beforehand."""

    def __init__(self, name: str, row: Row) -> None:
        self.name, self.row = name, row
        self.allowance = self.spent = self.reserved = NOTHING

    def swap(self, now: float, *, is_dry: bool) -> None:
        used = self.spent + self.reserved
        self.allowance = used if is_dry else min(self.allowance, used + 2 * WORST)
        self.allowance = self.row.swap(
            self.name,
            now=now,
            kept=str(self.allowance),
            spent=str(self.spent),
            wanted=str(2 * WORST),
            needed=str(WORST if is_dry else NOTHING),
        ).allowance

    def ask(self) -> None:
        if self.spent + self.reserved + WORST <= self.allowance:
            self.reserved += WORST

    def answer(self, share: float) -> Decimal:
        if not self.reserved:
            return NOTHING
        cost = (WORST * Decimal(share)).quantize(Decimal("0.0001"))
        self.reserved, self.spent = self.reserved - WORST, self.spent + cost
        return cost


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["swap", "dry", "ask", "ask", "answer", "leave", "die"]),
        st.floats(0, 1),
    ),
    max_size=120,
)


@given(steps=STEPS)
def test_no_order_of_events_passes_the_budget(steps):
    row, now, paid, number = Row(), 0.0, NOTHING, 3
    workers = [Worker(str(place), row) for place in range(3)]
    for place, event, share in steps:
        worker = workers[place]
        now += 5 * share
        if event in {"swap", "dry"}:
            worker.swap(now, is_dry=event == "dry")
        elif event == "ask":
            worker.ask()
        elif event == "answer":
            paid += worker.answer(share)
        else:
            paid += worker.reserved  # the dearest that can come of it
            if event == "leave":
                spent = worker.spent + worker.reserved
                row.keep(left(row.ledger, worker.name, run=1, spent=spent))
            workers[place], number = Worker(str(number), row), number + 1
        under_way = sum((w.reserved for w in workers), NOTHING)
        assert paid + under_way <= row.ledger.committed <= BUDGET
        assert row.ledger.charged(1) == row.ledger.committed


@given(costs=st.lists(st.floats(0.5, 1), min_size=1, max_size=40), workers=st.integers(1, 4))
def test_what_is_left_of_the_budget_is_less_than_a_request(costs, workers):
    row = Row()
    asking = [Worker(str(place), row) for place in range(workers)]
    for step in range(50 * workers):  # 40 requests of half a worst case are all that one can pay
        worker = asking[step % workers]
        worker.swap(step / 1000, is_dry=True)
        worker.ask()
        worker.answer(costs[step % len(costs)])
    spent = sum((worker.spent for worker in asking), NOTHING)
    assert BUDGET - WORST < spent <= BUDGET
