"""Cascades replayed from stored trials: what is computed, what is refused, what is kept."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from evals.domain.cascadesignals import Signal, SignalError, SignalKind
from evals.domain.evalsets import Mapping
from evals.domain.rows import RowFile
from evals.domain.specs import Comparator, CriterionSpec, PlanSpec, PriceSpec
from evals.models import AuditEntry, CascadeReplay, Evaluation, Trial
from evals.models.facts import ReplayState
from evals.queries.cascades import best_replay, cascade_curve
from evals.queries.results import evaluation_document
from evals.queries.specs import frozen_spec
from evals.services.cascades import carry_out, ring_for_replays, start_replay
from evals.services.evalsets import Origin, create_version, eval_set_for
from tests import make
from tests.known import known

pytestmark = pytest.mark.django_db
BREVITY = Signal(kind=SignalKind.BREVITY)
CHEAP = PriceSpec(usd_per_request=Decimal("0.001"))
DEAR = PriceSpec(usd_per_request=Decimal("0.010"))
SPECS = (make.candidate_spec("gpt-x", is_open=False, price=DEAR), make.candidate_spec(price=CHEAP))
LINE = CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.6)


def evaluated(
    *, right: int = 30, second: int = 36, samples: int = 40, **options: Any
) -> Evaluation:
    """Make an ended evaluation: the open model's first answers are right, all are 2 tokens long."""
    options.setdefault("candidates", SPECS)
    options.setdefault("criteria", [LINE])
    return make.evaluation(samples=samples, right={"open-model": right, "gpt-x": second}, **options)


def run_of(evaluation: Evaluation, name: str = "open-model") -> Any:
    return evaluation.runs.select_related("candidate").get(candidate__name=name)


def replayed(evaluation: Evaluation, signal: Signal = BREVITY, **options: Any) -> CascadeReplay:
    """Ask for a replay and have it computed."""
    replay = start_replay(
        evaluation=evaluation,
        first=run_of(evaluation),
        second=run_of(evaluation, "gpt-x"),
        signal=signal,
        user=None,
        **options,
    )
    carry_out(replay.pk, now=make.NOON)
    replay.refresh_from_db()
    return replay


def write_more_where_wrong(evaluation: Evaluation, *, tokens: int = 50) -> None:
    wrong = Trial.objects.filter(run=run_of(evaluation), scores__exact_match=0.0)
    wrong.update(output_tokens=tokens)


def test_the_curve_has_every_threshold_with_its_quality_and_cost():
    evaluation = evaluated()
    write_more_where_wrong(evaluation)
    result = replayed(evaluation).result
    nothing, long_ones, everything = result["curve"]
    assert (nothing["escalated"], nothing["quality"], nothing["usd"]) == (0, 0.75, "0.001")
    # Ten answers are wrong and long; of these samples the second model gets six right.
    assert (long_ones["escalated"], long_ones["quality"]) == (10, 0.9)
    assert Decimal(long_ones["usd"]) == Decimal("0.001") + Decimal("0.25") * Decimal("0.010")
    assert (everything["quality"], Decimal(everything["usd"])) == (0.9, Decimal("0.011"))
    assert (result["ceiling"], result["oracle"]["escalation"]) == (0.9, 0.15)
    assert result["saves_below"] == pytest.approx(0.9)
    assert result["auroc"]["area"] == 1


def test_the_halves_are_apart_and_everything_is_counted():
    result = replayed(evaluated()).result
    assert result["counts"] == {
        "samples": 40,
        "paired": 40,
        "left_out": 0,
        "choosing": 20,
        "reporting": 20,
        "trials": 80,
    }
    assert result["reported"]["n"] == 20


def test_the_same_grounds_give_the_same_result_and_others_another_hash():
    one, two = replayed(evaluated()), replayed(evaluated())
    without = {**one.result, "sha256": ""}
    assert without == {**two.result, "sha256": ""}
    evaluation = evaluated()
    before = replayed(evaluation)
    CascadeReplay.objects.update(state=ReplayState.QUEUED)
    carry_out(before.pk, now=make.NOON)
    again = CascadeReplay.objects.get(pk=before.pk)
    assert again.result == before.result
    Trial.objects.filter(run=run_of(evaluation), place=3).update(latency_seconds=9)
    CascadeReplay.objects.update(state=ReplayState.QUEUED)
    carry_out(before.pk, now=make.NOON)
    assert CascadeReplay.objects.get(pk=before.pk).result["sha256"] != before.result["sha256"]


def test_an_escalated_task_waits_for_both():
    evaluation = evaluated()
    Trial.objects.filter(run=run_of(evaluation)).update(latency_seconds=0.5)
    Trial.objects.filter(run=run_of(evaluation, "gpt-x")).update(latency_seconds=2.0)
    nothing, everything = replayed(evaluation).result["curve"]
    assert (nothing["p95_seconds"], everything["p95_seconds"]) == (0.5, 2.5)


def test_what_is_unscored_is_left_out_and_counted():
    evaluation = evaluated()
    broken = Trial.objects.filter(run=run_of(evaluation), place__lt=5)
    broken.update(state="infra_error", output=None, answer=None, scores={"exact_match": None})
    counts = replayed(evaluation).result["counts"]
    assert (counts["paired"], counts["left_out"]) == (35, 5)


def test_no_answer_is_wrong_and_the_first_to_be_escalated():
    evaluation = evaluated()
    silent = Trial.objects.filter(run=run_of(evaluation), place__lt=4)
    silent.update(state="no_answer", output=None, answer=None, scores={"exact_match": 0.0})
    nothing, first_step, _ = replayed(evaluation).result["curve"]
    assert nothing["quality"] == 26 / 40
    assert (first_step["escalated"], first_step["quality"]) == (4, 30 / 40)


def test_unknown_costs_and_latencies_stay_unknown():
    unpriced = (make.candidate_spec("gpt-x", is_open=False, price=None), SPECS[1])
    evaluation = evaluated(candidates=unpriced)
    Trial.objects.filter(run=run_of(evaluation)).update(latency_seconds=None)
    result = replayed(evaluation).result
    everything = result["curve"][-1]
    assert (everything["usd"], everything["p95_seconds"]) == (None, None)
    assert (result["second"]["usd"], result["saves_below"]) == (None, None)
    assert result["oracle"]["usd"] is None


def test_length_is_in_characters_where_an_answers_tokens_are_unknown():
    evaluation = evaluated()
    assert replayed(evaluation).result["unit"] == "tokens"
    other = evaluated()
    Trial.objects.filter(run=run_of(other), place=0).update(output_tokens=None)
    assert replayed(other).result["unit"] == "characters"


def test_a_pattern_is_looked_for_in_the_first_output():
    evaluation = evaluated()
    signal = Signal(kind=SignalKind.PATTERN, pattern="^(billing|refunds|technical|account|other)$")
    _, failing, everything = replayed(evaluation, signal).result["curve"]
    assert (failing["escalated"], failing["quality"]) == (10, 0.9)
    assert everything["escalated"] == 40


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (SignalKind.ANSWERED, {"answer": None}),
        (SignalKind.COMPLETE, {"finish_reason": "length"}),
    ],
)
def test_other_validators_fail_where_they_should(kind, change):
    evaluation = evaluated()
    Trial.objects.filter(run=run_of(evaluation), place__gte=30).update(**change)
    result = replayed(evaluation, Signal(kind=kind)).result
    assert [point["escalated"] for point in result["curve"]] == [0, 10, 40]


def test_disagreement_pays_the_third_model_for_everything():
    third = make.candidate_spec("third", price=CHEAP)
    evaluation = make.evaluation(
        samples=40,
        criteria=[LINE],
        candidates=[*SPECS, third],
        right={"open-model": 30, "gpt-x": 36, "third": 20},
    )
    signal = Signal(kind=SignalKind.DISAGREEMENT, third=run_of(evaluation, "third").pk)
    result = replayed(evaluation, signal).result
    nothing, differing, _ = result["curve"]
    assert nothing["usd"] == "0.002"
    # They differ where the third is wrong and the first is not; both say “no idea” at the end.
    assert (differing["escalated"], differing["quality"]) == (10, 0.75)
    assert Decimal(differing["usd"]) == Decimal("0.0045")
    assert result["names"]["third"] == "third"
    assert result["counts"]["trials"] == 120


def repeated(right: list[int]) -> Evaluation:
    """Make an evaluation with an epoch for each number of right answers of the open model."""
    plan = PlanSpec(epochs=len(right))
    evaluation = make.live_evaluation(samples=40, plan=plan, candidates=SPECS, criteria=[LINE])
    for run in evaluation.runs.select_related("candidate"):
        for epoch, count in enumerate(right):
            is_open = run.candidate.name == "open-model"
            make.answer(run, right=count if is_open else 36, epoch=epoch)
        make.complete(run)
    return make.finish(evaluation)


def test_agreement_takes_the_most_common_answer_and_pays_every_repeat():
    evaluation = repeated([30, 20, 24])
    result = replayed(evaluation, Signal(kind=SignalKind.AGREEMENT)).result
    nothing, disagreeing, everything = result["curve"]
    # Two of three are right up to place 24; from 20 to 30 they do not all agree.
    assert (nothing["quality"], nothing["usd"]) == (24 / 40, "0.003")
    assert (disagreeing["escalated"], disagreeing["quality"]) == (10, 30 / 40)
    assert Decimal(everything["usd"]) == Decimal("0.013")
    assert result["counts"]["trials"] == 40 * 3 + 40


def test_clusters_lie_in_one_half_and_widen_the_intervals():
    task = make.task()
    rows = [make._row(number) for number in range(40)]  # noqa: SLF001 - the factory's own rows
    create_version(
        eval_set=eval_set_for(task=task, name="tickets"),
        rows=RowFile(("text", "queue", "channel"), iter(rows)),
        mapping=Mapping("text", "queue", (), "queue"),
        origin=Origin(name="tickets.csv", user=None),
    )
    evaluation = make.live_evaluation(task, samples=40, candidates=SPECS, criteria=[LINE])
    for run in evaluation.runs.select_related("candidate"):
        make.answer(run, right=30)
        make.complete(run)
    counts = replayed(make.finish(evaluation)).result["counts"]
    assert {counts["choosing"], counts["reporting"]} == {24, 16}


def test_a_replay_is_made_once_and_computed_once():
    evaluation = evaluated()
    first, second = replayed(evaluation), replayed(evaluation)
    assert first.pk == second.pk
    assert CascadeReplay.objects.count() == 1
    assert first.finished_at == make.NOON
    carry_out(first.pk, now=make.NOON + timedelta(hours=1))
    first.refresh_from_db()
    assert first.finished_at == make.NOON
    carry_out(0, now=make.NOON)


def test_who_asked_is_written_down_once():
    evaluation = evaluated()
    user = make.member()
    for _ in range(2):
        start_replay(
            evaluation=evaluation,
            first=run_of(evaluation),
            second=run_of(evaluation, "gpt-x"),
            signal=BREVITY,
            user=user,
        )
    entry = AuditEntry.objects.get(action="cascade replayed")
    assert entry.user == user
    assert entry.details == {"first": "open-model", "second": "gpt-x", "signal": "brevity"}


def test_without_paired_trials_it_says_what_there_is_and_can_be_tried_again():
    evaluation = evaluated()
    late = Trial.objects.filter(run=run_of(evaluation), place__gte=20)
    early = Trial.objects.filter(run=run_of(evaluation, "gpt-x"), place__lt=19)
    kept = [(trial.run_id, trial) for trial in [*late, *early]]
    late.delete()
    early.delete()
    failed = replayed(evaluation)
    assert failed.state == ReplayState.FAILED
    assert failed.result == {}
    assert "open-model has 20 scored and gpt-x has 21 scored, and 1 of them is" in failed.message
    Trial.objects.bulk_create(trial for _, trial in kept)
    assert replayed(evaluation).state == ReplayState.COMPLETED


def test_one_cluster_cannot_be_halved():
    evaluation = evaluated(samples=2, right=1, second=2)
    assert replayed(evaluation).state == ReplayState.COMPLETED
    Trial.objects.filter(place=1).delete()
    CascadeReplay.objects.update(state=ReplayState.QUEUED)
    failed = replayed(evaluation)
    carry_out(failed.pk, now=make.NOON)
    failed.refresh_from_db()
    assert "At least 2 are needed" in failed.message


@pytest.mark.parametrize(
    ("signal", "field", "said"),
    [
        (Signal(kind=SignalKind.AGREEMENT), "signal", "asked each sample once"),
        (Signal(kind=SignalKind.PATTERN, pattern="("), "pattern", "not a usable pattern"),
        (Signal(kind=SignalKind.DISAGREEMENT), "third", "needs a third candidate"),
        (Signal(kind=SignalKind.DISAGREEMENT, third=999_999), "third", "one of this evaluation"),
    ],
)
def test_a_signal_that_cannot_be_had_is_refused(signal, field, said):
    evaluation = evaluated()
    with pytest.raises(SignalError, match=said) as refused:
        replayed(evaluation, signal)
    assert refused.value.field == field
    assert not CascadeReplay.objects.exists()


def test_a_live_evaluation_is_refused():
    with pytest.raises(SignalError, match="has ended"):
        replayed(make.live_evaluation(candidates=SPECS))


def test_a_candidate_before_itself_is_refused():
    evaluation = evaluated()
    run = run_of(evaluation)
    with pytest.raises(SignalError, match="another one"):
        start_replay(evaluation=evaluation, first=run, second=run, signal=BREVITY, user=None)


def test_a_bell_that_nobody_heard_is_rung_again():
    evaluation = evaluated()
    replay = start_replay(
        evaluation=evaluation,
        first=run_of(evaluation),
        second=run_of(evaluation, "gpt-x"),
        signal=BREVITY,
        user=None,
    )
    later = replay.created_at + timedelta(minutes=4)
    assert ring_for_replays(now=replay.created_at + timedelta(minutes=1)) == 0
    assert ring_for_replays(now=later) == 1
    assert ring_for_replays(now=later + timedelta(minutes=1)) == 0
    assert ring_for_replays(now=later + timedelta(minutes=4)) == 1
    assert ring_for_replays(now=later + timedelta(days=2)) == 0
    carry_out(replay.pk, now=later)
    assert ring_for_replays(now=later + timedelta(minutes=9)) == 0


def test_the_best_replay_is_the_cheapest_that_reached_its_target():
    evaluation = evaluated(
        criteria=[
            CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.8)
        ]
    )
    assert best_replay(evaluation) is None
    replayed(evaluation)  # all are as long: only everything reaches the bar
    write_more_where_wrong(evaluation)
    signal = Signal(kind=SignalKind.PATTERN, pattern="^(?!no idea)")
    told = replayed(evaluation, signal)
    best = known(best_replay(evaluation))
    assert (best.replay_id, best.name, best.of) == (told.pk, "open-model → gpt-x", 2)
    assert best.is_replayed
    assert not best.is_simulated
    point = told.result["reported"]["point"]
    assert best.quality == told.result["reported"]["quality"]["value"] == point["quality"]
    assert known(best.per_task_usd) == pytest.approx(0.001 + 0.010 * best.escalation)
    assert known(best.per_accepted_usd) == pytest.approx(known(best.per_task_usd) / best.quality)
    assert best.low is not None
    assert best.low < best.quality


def test_the_curve_for_a_chart_has_its_chosen_point_and_its_bounds():
    evaluation = evaluated()
    write_more_where_wrong(evaluation)
    curve = cascade_curve(replayed(evaluation).result)
    assert [point.escalation for point in curve.points] == [0, 0.25, 1]
    assert [point.quality for point in curve.points] == [0.75, 0.9, 0.9]
    assert [point.usd_per_1k for point in curve.points] == [1, Decimal("3.5"), 11]
    assert (curve.floor, curve.ceiling) == ((0.75, 0.9), 0.9)
    assert curve.chosen in curve.points
    assert curve.points[-1].threshold is None


def test_the_result_file_lists_what_was_replayed():
    evaluation = evaluated()
    assert evaluation_document(evaluation, frozen_spec(evaluation))["cascades"] == []
    replay = replayed(evaluation)
    (found,) = evaluation_document(evaluation, frozen_spec(evaluation))["cascades"]
    assert (found["first"], found["second"]) == ("open-model", "gpt-x")
    assert found["signal"] == {"kind": "brevity"}
    assert found["value"] == replay.result["reported"]["quality"]["value"]
    assert found["per_task_usd"] == float(replay.result["reported"]["point"]["usd"])
