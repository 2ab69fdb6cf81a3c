"""Laws of candidates judged together, on tables of every shape."""

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from evals.domain.bars import CriterionState
from evals.domain.judging import Contender, Rules, judge_all, settled_after
from evals.domain.specs import PlanSpec
from evals.domain.subjects import RunGrounds
from evals.domain.trialtables import Layout, TrialTable
from evals.domain.verdicts import Verdict, decide
from tests.domain.tables import at_least, at_most, within

MET, MISSED, UNSETTLED = CriterionState.MET, CriterionState.MISSED, CriterionState.UNSETTLED
LINES = (
    at_least(0.3),
    at_least(0.8, alpha=0.01),
    at_most(0.5),
    within(0.2),
    within(0.6),
    at_least(0.5, slice={"channel": "web"}),
    at_least(0.9, advisory=True),
    at_most(2.0, "latency_p50_seconds"),
    at_most(2.0, "latency_p95_seconds"),
    at_most(1.5, "cost_per_1k_usd"),
)


@dataclass(frozen=True)
class Case:
    """One evaluation: the incumbent is the first of the tables."""

    rules: Rules
    layout: Layout
    tables: tuple[TrialTable, ...]

    def judged(self):
        incumbent, *others = self.tables
        contenders = [Contender(grounds=self._grounds(incumbent, None), is_incumbent=True)]
        contenders += [
            Contender(grounds=self._grounds(each, incumbent), is_incumbent=False) for each in others
        ]
        return judge_all(self.rules, contenders, have_ended=True)

    def _grounds(self, table, incumbent):
        return RunGrounds(table=table, layout=self.layout, incumbent=incumbent)


@st.composite
def cases(draw, most=3):
    n, epochs = draw(st.sampled_from([1, 2, 3, 20, 90])), draw(st.sampled_from([1, 1, 3]))
    rng = default_rng(draw(st.integers(0, 2**32)))
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=3, unique_by=repr))
    is_graded = draw(st.booleans())
    clusters = draw(st.sampled_from([None, 1, 3, n]))
    return Case(
        rules=Rules(
            bar=tuple(lines),
            plan=PlanSpec(stop_early=draw(st.booleans()), epochs=epochs),
            graded=frozenset({"exact_match"} if is_graded else ()),
        ),
        layout=Layout(
            size=n,
            slices={"channel": rng.choice(np.array(["web", "phone", None], dtype=object), n)},
            clusters=None if clusters is None else np.sort(rng.integers(0, clusters, n)),
        ),
        tables=tuple(
            _table(rng, (n, epochs), draw(WORLDS), is_graded=is_graded)
            for _ in range(1 + draw(st.integers(1, most)))
        ),
    )


WORLDS = st.tuples(st.sampled_from([0.0, 0.2, 0.6, 0.95, 1.0]), st.sampled_from([0.0, 0.1, 1.0]))


def _table(rng, shape, world, *, is_graded):
    """Trials of which so many are right, and so many lost on the way."""
    rate, lost = world
    stored = np.ones(shape, dtype=np.bool_)
    stored[rng.integers(0, shape[0] + 1) :] = rng.random() < 0.8
    judged = stored & (rng.random(shape) >= lost)
    scores = (rng.random(shape) < rate) * (rng.random(shape) if is_graded else 1.0)
    known = np.where(judged, 1.0, np.nan)
    return TrialTable(
        stored=stored,
        judged=judged,
        refused=judged & (rng.random(shape) < 0.05),
        scores={"exact_match": scores * known},
        seconds=rng.choice([0.5, 3.0], shape, p=[0.9, 0.1]) * known,
        usd=rng.uniform(0.0, 0.005, shape) * rng.random() * known,
    )


def lost_one(table: TrialTable, place: int, *, is_missing: bool) -> TrialTable:
    """The table without what a judged trial of that place brought."""
    where = (place, 0)

    def without(figures):
        changed = figures.copy()
        changed[where] = np.nan
        return changed

    judged, stored = table.judged.copy(), table.stored.copy()
    judged[where] = False
    stored[where] &= not is_missing
    return replace(
        table,
        stored=stored,
        judged=judged,
        refused=table.refused & judged,
        scores={name: without(scores) for name, scores in table.scores.items()},
        seconds=without(table.seconds),
        usd=without(table.usd),
    )


@settings(deadline=None)
@given(cases())
def test_every_shape_is_judged_and_its_figures_are_in_order(case):
    for table, lines in zip(case.tables, case.judged(), strict=True):
        assert decide(lines) in Verdict
        for result in lines:
            assert 0 <= result.places <= table.places
            assert (result.value is None) == (result.n == 0)
            assert result.state is UNSETTLED or result.bound is not None
            assert result.samples_needed is None or result.state is UNSETTLED
        if (places := settled_after(lines)) is not None:
            assert decide(lines) is not Verdict.UNDECIDED
            assert places <= table.prefix or not case.rules.plan.stop_early


@settings(deadline=None)
@given(cases(most=1), st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_a_trial_that_is_lost_settles_nothing_for_the_candidate(case, is_missing, is_own, random):
    """Neither its own nor the incumbent's: what is missing helps neither GO nor NO-GO."""
    before = case.judged()[1]
    place = random.randrange(case.layout.size)
    tables = list(case.tables)
    tables[is_own] = lost_one(tables[is_own], place, is_missing=is_missing)
    after = replace(case, tables=tuple(tables)).judged()[1]
    for was, became in zip(before, after, strict=True):
        assert became.state in (was.state, UNSETTLED)
    assert decide(after) in (decide(before), Verdict.UNDECIDED)


@settings(deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_a_trial_that_one_of_several_candidates_loses_helps_none_to_a_go(case, random):
    before = case.judged()[1:]
    tables = list(case.tables)
    place, loser = random.randrange(case.layout.size), random.randrange(1, len(tables))
    tables[loser] = lost_one(tables[loser], place, is_missing=False)
    after = replace(case, tables=tuple(tables)).judged()[1:]
    for was, became in zip(before, after, strict=True):
        assert decide(became) is not Verdict.GO or decide(was) is Verdict.GO


@settings(deadline=None)
@given(cases())
def test_nothing_judged_or_only_advice_is_never_a_verdict(case):
    empty = _table(default_rng(1), case.tables[1].judged.shape, (1.0, 1.0), is_graded=False)
    tables = (case.tables[0], replace(empty, judged=np.zeros_like(empty.judged)))
    assert decide(replace(case, tables=tables).judged()[1]) is Verdict.UNDECIDED
    advice = replace(case.rules, bar=tuple(replace(line, advisory=True) for line in case.rules.bar))
    for lines in replace(case, rules=advice).judged():
        assert decide(lines) is Verdict.UNDECIDED
        assert settled_after(lines) is None


@settings(deadline=None, max_examples=30)
@given(cases(most=1), st.integers(1, 4))
def test_more_rivals_never_make_a_go(case, rivals):
    before = case.judged()[1]
    crowd = (*case.tables, *[case.tables[0]] * rivals)
    after = replace(case, tables=crowd).judged()[1]
    assert decide(after) is not Verdict.GO or decide(before) is Verdict.GO
    assert (decide(after) is Verdict.NO_GO) == (decide(before) is Verdict.NO_GO)
