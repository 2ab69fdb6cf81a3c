"""Going on where an evaluation ended undecided, against a real HTTP endpoint."""

from collections import Counter
from typing import Any

import pytest

from evals.domain.order import shuffled_order
from evals.domain.specfile import SpecError
from evals.domain.specs import Comparator, CriterionSpec, PlanSpec
from evals.domain.trials import TrialState
from evals.models import AuditEntry, Evaluation, Trial
from evals.models.evaluations import RunState
from evals.queries.moresamples import more_samples, next_plan, with_following
from evals.queries.outcomes import load_results
from evals.services.execution import work_on_run
from evals.services.extensions import extend_evaluation
from evals.services.retries import begin_again
from tests import make
from tests.fakes import Answer
from tests.services.conftest import ticket_number
from tests.services.test_execution import asked, started

pytestmark = pytest.mark.django_db(transaction=True)
HARD = CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.85)
SEQUENTIAL = PlanSpec(stop_early=True, max_samples=12)
LONGER = PlanSpec(stop_early=True, max_samples=40)
LOST, REFUSED = shuffled_order(60, seed=0)[2:4]


@pytest.fixture
def odd(server, settings):
    """An endpoint that loses one ticket and refuses another, until `mend()` is called."""
    settings.SHARD_SIZE = 4
    plain, lost = server._plain, [LOST]  # noqa: SLF001

    def answer(body: Any) -> Any:
        number = ticket_number(body["messages"])
        if number in lost:
            return Answer(body=b"{")
        if number == REFUSED:
            return Answer(status=400, body={"error": {"message": "too long"}})
        return plain(body)

    def mend() -> None:
        lost.clear()
        server.requests.clear()

    server._plain = answer  # noqa: SLF001
    server.mend = mend
    return server


def undecided(server, plan: PlanSpec, **options: Any) -> Evaluation:
    endpoint = {"timeout_seconds": 0.3, "concurrency": 4}
    run = started(server, samples=60, criteria=[HARD], plan=plan, endpoint=endpoint, **options)
    work_on_run(run.pk)
    evaluation = Evaluation.objects.get(pk=run.evaluation_id)
    assert evaluation.finished_at is not None
    assert evaluation.runs.get().verdict.state == "undecided"
    return evaluation


def test_a_longer_plan_asks_only_what_is_not_stored(odd):
    first = undecided(odd, SEQUENTIAL)
    before = first.runs.get().verdict.grounds
    trials = {t.place: t for t in Trial.objects.filter(run__evaluation=first)}
    infra = {place for place, t in trials.items() if t.state == TrialState.INFRA_ERROR}
    odd.mend()
    made = extend_evaluation(evaluation=first, plan=LONGER, user=None)
    assert (made.extends, made.sample_count) == (first, 40)
    run = made.runs.get()
    work_on_run(run.pk)
    stored = {t.place: t for t in run.trials.all()}
    for place in set(trials) - infra:
        assert stored[place].is_reused
        assert (stored[place].sample_id, stored[place].scores, stored[place].state) == (
            trials[place].sample_id,
            trials[place].scores,
            trials[place].state,
        )
    new = [t for t in stored.values() if not t.is_reused]
    assert len(new) == sum(asked(odd).values())
    assert all(place in infra or place >= 12 for place, t in stored.items() if not t.is_reused)
    assert first.runs.get().verdict.grounds == before
    assert Trial.objects.filter(run__evaluation=first).count() == 12


def test_a_refusal_that_was_judged_has_no_second_try(odd):
    first = undecided(odd, SEQUENTIAL)
    was = Counter(Trial.objects.filter(run__evaluation=first).values_list("state", flat=True))
    assert (was["model_error"], was["infra_error"]) == (1, 1)
    odd.mend()
    made = extend_evaluation(evaluation=first, plan=LONGER, user=None)
    work_on_run(made.runs.get().pk)
    assert asked(odd)[LOST] == 1
    assert REFUSED not in asked(odd)


def test_a_double_press_starts_it_once_and_is_audited(odd):
    first = undecided(odd, SEQUENTIAL)
    one = extend_evaluation(evaluation=first, plan=LONGER, user=None)
    two = extend_evaluation(evaluation=first, plan=LONGER, user=None)
    assert one == two
    entry = AuditEntry.objects.get(action="evaluation extended")
    assert entry.details["extends"] == first.number


def test_a_run_that_was_settled_stays_where_it_was(server, settings):
    """The other candidate is undecided; this one is asked nothing more."""
    settings.SHARD_SIZE = 4
    specs = [
        make.candidate_spec(name, base_url=server.base_url, concurrency=1)
        for name in ("one", "two")
    ]
    first = make.live_evaluation(
        samples=60,
        candidates=specs,
        criteria=[HARD],
        plan=PlanSpec(stop_early=True, max_samples=30),
    )
    good, bad = first.runs.order_by("position")
    make.answer(good, right=24)
    make.answer(bad, right=0)
    make.complete(good)
    make.complete(bad)
    make.finish(first)
    assert [r.verdict.state for r in first.runs.order_by("position")] == ["undecided", "no_go"]
    made = extend_evaluation(
        evaluation=first, plan=PlanSpec(stop_early=True, max_samples=50), user=None
    )
    states = dict(made.runs.values_list("candidate__name", "state"))
    assert states == {"one": RunState.QUEUED, "two": RunState.COMPLETED}
    assert (made.runs.get(candidate__name="two").settled_after or 30) < 30


def test_unused_rows_are_others_and_nothing_is_reused(odd):
    first = undecided(odd, PlanSpec(max_samples=12))
    used = set(Trial.objects.filter(run__evaluation=first).values_list("sample", flat=True))
    odd.mend()
    plan = PlanSpec(max_samples=20, skip_samples=12)
    made = extend_evaluation(evaluation=first, plan=plan, user=None)
    assert made.sample_count == 20
    work_on_run(made.runs.get().pk)
    trials = Trial.objects.filter(run__evaluation=made)
    assert trials.count() == 20
    assert not trials.filter(is_reused=True).exists()
    assert not used & set(trials.values_list("sample", flat=True))
    assert AuditEntry.objects.filter(action="evaluation on unused rows").exists()


def test_a_plan_past_the_last_row_is_refused(odd):
    first = undecided(odd, PlanSpec(max_samples=12))
    with pytest.raises(SpecError, match="expected fewer than the 60 samples"):
        extend_evaluation(evaluation=first, plan=PlanSpec(skip_samples=60), user=None)


def test_what_failed_is_asked_again_beside_an_extension(odd):
    first = undecided(odd, PlanSpec(max_samples=12))
    assert Trial.objects.filter(run__evaluation=first, state=TrialState.INFRA_ERROR).exists()
    other = extend_evaluation(evaluation=first, plan=PlanSpec(skip_samples=12), user=None)
    again = begin_again(evaluation=first, states=[TrialState.INFRA_ERROR], user=None)
    assert again is not None
    assert again != other
    assert again.sample_count == first.sample_count


def test_the_offer_is_the_plan_that_is_started(odd):
    first = with_following(
        Evaluation.objects.filter(pk=undecided(odd, SEQUENTIAL).pk)
    ).select_related("task", "version")
    results = load_results(first.get())
    offer = more_samples(results)
    assert offer is not None
    assert (offer.read, offer.left) == (12, 48)
    plan = next_plan(results, offer, 20)
    assert plan == PlanSpec(stop_early=True, max_samples=32)
    made = extend_evaluation(evaluation=results.evaluation, plan=plan, user=None)
    later = more_samples(load_results(first.get()))
    assert later is not None
    assert (later.next_id, later.can_ask) == (made.pk, False)
