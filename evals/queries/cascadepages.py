"""The page of one replayed cascade. Texts are ready to be shown."""

from dataclasses import dataclass
from typing import Any

from evals.domain.cascadesignals import MEANINGS, Signal
from evals.domain.costs import AcceptedRule
from evals.domain.curves import CascadeCurve
from evals.domain.specs import Spec
from evals.models import CascadeReplay
from evals.models.facts import ReplayState
from evals.queries import figures
from evals.queries.candidatefacts import Fact
from evals.queries.cascades import cascade_curve, nearest_point
from evals.queries.cascadewords import (
    Document,
    against_random,
    each,
    headline,
    or_unknown,
    percent,
    row_words,
    saving,
    signal_words,
    telling,
    usd,
    usd_interval,
    where_words,
)
from evals.queries.specs import frozen_spec

MOST_ROWS = 20
PER_ACCEPTED = {
    AcceptedRule.DROPPED: "wrong answers are thrown away",
    AcceptedRule.REDONE: "each wrong answer costs what it takes to do it again",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with what is to be known beside it."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveRow:
    """One threshold of the curve; `is_chosen` marks where the chosen one escalates."""

    escalates: str
    escalation: str
    quality: str
    random_quality: str
    recovered: str
    usd: str
    p95: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a completed replay found."""

    headline: str
    evidence: str
    target: str
    is_reached: bool
    facts: tuple[Figure, ...]
    bounds: tuple[Fact, ...]
    telling: str
    rows: tuple[CurveRow, ...]
    curve_points: int
    curve: CascadeCurve
    grounds: tuple[Fact, ...]
    notes: tuple[str, ...]
    is_estimated: bool
    is_simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadePage:
    """One replay; `findings` None: it is waited for, or `message` says why there is nothing."""

    pk: int
    evaluation_id: int
    number: int
    task_id: int
    task_name: str
    first: str
    second: str
    signal: str
    meaning: str
    asked: str
    is_waiting: bool
    message: str
    findings: Findings | None


def cascade_page(replay: CascadeReplay) -> CascadePage:
    """Return the page; select the evaluation's task, the runs' candidates and author beforehand."""
    evaluation, signal = replay.evaluation, Signal.of(replay.signal)
    is_done = replay.state == ReplayState.COMPLETED
    names: dict[str, str] = replay.result.get("names", {})
    by = f" by {replay.created_by}" if replay.created_by else ""
    return CascadePage(
        pk=replay.pk,
        evaluation_id=evaluation.pk,
        number=evaluation.number,
        task_id=evaluation.task_id,
        task_name=evaluation.task.name,
        first=names.get("first", replay.first.candidate.name),
        second=names.get("second", replay.second.candidate.name),
        signal=signal_words(signal, third=names.get("third", "")),
        meaning=MEANINGS[signal.kind],
        asked=figures.moment(replay.created_at) + by,
        is_waiting=replay.state == ReplayState.QUEUED,
        message=replay.message,
        findings=_findings(replay.result, signal, frozen_spec(evaluation)) if is_done else None,
    )


def replay_headline(result: Document, signal: Signal) -> str:
    """Return a completed replay in one sentence."""
    names = result["names"]
    return headline(
        first=names["first"],
        second=names["second"],
        where=_where(result, signal, result["reported"]["point"]),
        reported=result["reported"],
    )


def _findings(result: dict[str, Any], signal: Signal, spec: Spec) -> Findings:
    reported, choice, counts = result["reported"], result["choice"], result["counts"]
    return Findings(
        headline=replay_headline(result, signal),
        evidence=(
            f"Replayed on {figures.plural(reported['n'], 'sample')} that had no part in choosing"
            " the threshold; nothing was asked. Intervals are 95 %, shown and never a gate."
            f" {against_random(reported['against_random'])}"
        ),
        target=_target(result, signal),
        is_reached=choice["is_reached"],
        facts=_facts(result, spec),
        bounds=_bounds(result),
        telling=telling(result["auroc"]),
        rows=_rows(result, signal),
        curve_points=len(result["curve"]),
        curve=cascade_curve(result),
        grounds=_grounds(result, counts),
        notes=tuple(_notes(result, spec)),
        is_estimated=result["is_estimated"],
        is_simulated=result["is_simulated"],
    )


def _where(result: Document, signal: Signal, point: Document) -> str:
    third = result["names"].get("third", "")
    return where_words(signal, point, unit=result["unit"], third=third)


def _target(result: Document, signal: Signal) -> str:
    choice = result["choice"]
    point, metric = choice["point"], figures.metric_label(result["metric"])
    chosen = (
        f"escalating {_where(result, signal, point)} gave {figures.rate(point['quality'])} there,"
        f" with {percent(point['escalation'])} escalated"
    )
    goal = f"{metric} {choice['words']} ({figures.rate(choice['target'])} on the choosing half)"
    if choice["is_reached"]:
        return f"The cheapest threshold that reached {goal} was chosen: {chosen}."
    return f"No threshold reached {goal}, so the best one was taken: {chosen}."


def _facts(result: Document, spec: Spec) -> tuple[Figure, ...]:
    reported, names = result["reported"], result["names"]
    point, quality, per_accepted = reported["point"], reported["quality"], "per_accepted_usd"
    rule = AcceptedRule.DROPPED if spec.task.failure_cost_usd is None else AcceptedRule.REDONE
    paid = filter(None, (usd_interval(reported["usd"]), saving(reported)))
    interval = figures.interval(quality["low"], quality["high"])
    return (
        Figure("Quality", figures.rate(quality["value"]), interval),
        _difference(f"Against {names['second']} alone", reported["against_second"]),
        _difference(f"Against {names['first']} alone", reported["against_first"]),
        _difference("Against chance", reported["against_random"]),
        Figure("Escalated", percent(point["escalation"]), "of the tasks"),
        Figure("Cost of a task", or_unknown(usd(point["usd"])), "; ".join(paid)),
        Figure("Per accepted answer", or_unknown(usd(reported[per_accepted])), PER_ACCEPTED[rule]),
        Figure("p95 latency", or_unknown(figures.seconds(point["p95_seconds"])), ""),
    )


def _difference(label: str, found: Document) -> Figure:
    interval = figures.difference_interval(found["low"], found["high"])
    return Figure(label, figures.difference(found["value"]), interval)


def _bounds(result: Document) -> tuple[Fact, ...]:
    first, second, oracle = result["first"], result["second"], result["oracle"]
    names = result["names"]
    limit, floor = result["saves_below"], result["reported"]["point"]["random_quality"]
    saves = "unknown" if limit is None else f"while under {percent(limit)} are escalated"
    if limit is not None and limit <= 0:
        saves = f"never: {names['first']} is the dearer one"
    return (
        Fact(f"{names['first']} alone", _alone(first)),
        Fact(f"{names['second']} alone", _alone(second)),
        Fact("Ceiling", f"{figures.rate(result['ceiling'])}: the better answer to every sample"),
        Fact(
            "Oracle",
            f"reaches it by asking the second alone about {percent(oracle['escalation'])},"
            f" {each(oracle['usd'])}",
        ),
        Fact("Floor", f"{figures.rate(floor)}: escalating as many at random"),
        Fact("It saves", saves),
    )


def _alone(document: Document) -> str:
    p95 = or_unknown(figures.seconds(document["p95_seconds"]))
    return f"{figures.rate(document['quality'])}, {each(document['usd'])}, p95 {p95}"


def _rows(result: Document, signal: Signal) -> tuple[CurveRow, ...]:
    curve = result["curve"]
    chosen = result["choice"]["point"]["threshold"]
    nearest = nearest_point(curve, chosen)
    step = max(1, -(-len(curve) // MOST_ROWS))
    shown = sorted({*range(0, len(curve), step), len(curve) - 1, nearest})
    return tuple(
        CurveRow(
            escalates=row_words(
                signal, point, unit=result["unit"], third=result["names"].get("third", "")
            ),
            escalation=percent(point["escalation"]),
            quality=figures.rate(point["quality"]),
            random_quality=figures.rate(point["random_quality"]),
            recovered=percent_of_gap(point["recovered"]),
            usd=usd(point["usd"]),
            p95=figures.seconds(point["p95_seconds"]),
            is_chosen=place == nearest,
        )
        for place, point in ((place, curve[place]) for place in shown)
    )


def percent_of_gap(share: float | None) -> str:
    """Return "150 %", or a true minus sign where the gap widens."""
    if share is None:
        return figures.UNKNOWN
    return f"{100 * share:.0f} %".replace("-", figures.MINUS)


def _grounds(result: Document, counts: Document) -> tuple[Fact, ...]:
    return (
        Fact("Metric", figures.metric_label(result["metric"])),
        Fact("Paired samples", f"{counts['paired']:,} of {counts['samples']:,} in the plan"),
        Fact("Left out", f"{counts['left_out']:,}, not scored for every candidate"),
        Fact("Halves", f"{counts['choosing']:,} choose, {counts['reporting']:,} report"),
        Fact("Split by seed", str(result["seed"])),
        Fact("Stored trials read", figures.count(counts["trials"])),
        Fact("SHA-256 of the grounds", result["sha256"]),
    )


def _notes(result: Document, spec: Spec) -> list[str]:
    notes = [
        "The curve is that of all paired samples; the sentence above rests on the reporting half.",
        "An escalated task pays both models and waits for both.",
    ]
    if spec.plan.epochs > 1:
        notes.append(
            "Of several answers to a sample the first counts, but for the repeats voted on."
        )
    if spec.plan.stop_early:
        notes.append("Runs that stopped early are read on the samples that all of them answered.")
    if spec.eval_set.cluster is not None:
        notes.append("Clusters lie in one half as a whole, and intervals are over clusters.")
    if result["is_estimated"]:
        notes.append("Costs of hardware by the hour are estimated from measured latency.")
    return notes
