"""The page of an evaluation: live progress while it runs, then what it found."""

from dataclasses import dataclass
from datetime import date, datetime

from evals.domain.curves import LatencyCurves
from evals.domain.heldcosts import budget_warnings
from evals.domain.methodnotes import method_notes
from evals.domain.narrowing import Narrowing
from evals.domain.specs import CandidateSpec, PlanSpec, ScorerSpec
from evals.domain.tradeoffs import Axis
from evals.models import Evaluation
from evals.models.evaluations import LIVE, RunState
from evals.queries import figures
from evals.queries.candidatefacts import price_text
from evals.queries.candidaterows import ComparisonTable, comparison_table
from evals.queries.cascadelists import DefaultReplay, default_replay
from evals.queries.cascadepoints import cascade_points
from evals.queries.chartseries import latency_curves, narrowing_of
from evals.queries.evaluationdetails import CandidateDetails, candidate_details
from evals.queries.evaluationprogress import (
    ProgressPage,
    live_results,
    progress_of_results,
    progress_page,
    status_of,
)
from evals.queries.expiries import retirements_for
from evals.queries.moresamples import MoreSamples, more_samples
from evals.queries.outcomes import Outcome, Results
from evals.queries.pricewords import source_words
from evals.queries.retries import can_retry
from evals.queries.speedtables import SpeedRows, speed_rows
from evals.queries.tradeoffs import TradeOffCard, trade_off_card
from evals.queries.verdictcards import VerdictCard, verdict_cards

__all__ = ["EvaluationPage", "evaluation_page", "progress_page"]

METHOD_LABELS = {
    "n": "What counts as n",
    "correction": "Correction for several candidates",
    "errors": "Error rate",
    "accepted": "Cost per accepted answer",
    "speed": "First token",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """A run that was paused or failed, and why, in full."""

    candidate: str
    state: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """The evaluation that this one goes on from, and how."""

    evaluation_id: int
    number: int
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What the evaluation rests on. Texts are ready to be shown."""

    plan: str
    version_id: int
    eval_set: str
    sha256: str
    bar: str
    scorers: tuple[str, ...]
    incumbent: str
    prices: tuple[str, ...]
    started: str
    ended: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What an evaluation that has ended found."""

    cards: tuple[VerdictCard, ...]
    more: MoreSamples | None
    table: ComparisonTable
    speed: tuple[SpeedRows, ...]
    details: tuple[CandidateDetails, ...]
    cascade: DefaultReplay | None
    trade_off: TradeOffCard
    narrowing: Narrowing
    latencies: LatencyCurves


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPage:
    """Everything the page of an evaluation shows.

    `findings` None: it has not ended, or was cancelled.
    """

    evaluation_id: int
    task_id: int
    task_name: str
    number: int
    status: str
    is_live: bool
    can_pause: bool
    can_resume: bool
    can_retry: bool
    can_stop: bool
    extends: Extended | None
    subtitle: str
    halted: tuple[Halted, ...]
    warnings: tuple[str, ...]
    progress: ProgressPage
    findings: Findings | None
    method: tuple[tuple[str, str], ...]
    provenance: Provenance


def evaluation_page(
    evaluation: Evaluation, *, now: datetime, axis: Axis = Axis.ACCEPTED
) -> EvaluationPage:
    """Return the page: in three queries for an evaluation that has ended, in six for a live one.

    Select its task, version, bar, scorers, author and what it extends beforehand, and take it from
    `moresamples.with_following`.
    """
    results = live_results(evaluation)
    states = {outcome.run.state for outcome in results.outcomes}
    is_live = evaluation.finished_at is None
    has_verdicts = not is_live and evaluation.state != RunState.CANCELLED
    return EvaluationPage(
        evaluation_id=evaluation.pk,
        task_id=evaluation.task_id,
        task_name=evaluation.task.name,
        number=evaluation.number,
        status=status_of(results),
        is_live=is_live,
        can_pause=is_live and bool(states & {*LIVE}),
        can_resume=is_live and RunState.PAUSED in states,
        can_retry=can_retry(evaluation, failed=sum(map(_failed, results.outcomes))),
        can_stop=is_live and bool(states & {*LIVE, RunState.PAUSED}),
        extends=_extended(results),
        subtitle=_subtitle(results, now=now),
        halted=tuple(_halted(results)),
        warnings=budget_warnings(results.spec.plan, results.spec.candidates),
        progress=progress_of_results(results, now=now),
        findings=_findings(results, axis=axis, today=now.date()) if has_verdicts else None,
        method=tuple(
            (METHOD_LABELS.get(about, about.capitalize()), said)
            for about, said in method_notes(results.spec).items()
        ),
        provenance=_provenance(results),
    )


def _failed(outcome: Outcome) -> int:
    return outcome.unscored + int(outcome.document["trials"]["model_error"])


def _extended(results: Results) -> Extended | None:
    evaluation, first = results.evaluation, results.evaluation.extends
    if first is None:
        return None
    before, after = "It asks again what failed in ", ", and takes all other answers over."
    if results.spec.plan.skip_samples >= first.sample_count:
        before, after = "It asks about rows that ", " left unused. Nothing is taken over."
    elif evaluation.sample_count > first.sample_count or results.spec.plan.stop_early:
        before, after = "It goes on from ", ", whose answers it takes over."
    return Extended(evaluation_id=first.pk, number=first.number, before=before, after=after)


def _findings(results: Results, *, axis: Axis, today: date) -> Findings:
    retirements = retirements_for(results.evaluation.task.team, results.models)
    return Findings(
        cards=verdict_cards(results, today=today, retirements=retirements),
        more=more_samples(results),
        table=comparison_table(results, today=today, retirements=retirements),
        speed=speed_rows(results),
        details=candidate_details(results),
        cascade=default_replay(results),
        trade_off=trade_off_card(results, axis, cascades=cascade_points(results, axis)),
        narrowing=narrowing_of(results),
        latencies=latency_curves(results),
    )


def _halted(results: Results) -> list[Halted]:
    return [
        Halted(candidate=o.spec.name, state=o.run.state, message=o.run.message)
        for o in results.outcomes
        if o.run.message and o.run.state != RunState.COMPLETED
    ]


def _subtitle(results: Results, *, now: datetime) -> str:
    evaluation = results.evaluation
    parts = [
        f"eval set v{evaluation.version.number}",
        f"bar v{evaluation.bar.number}",
        figures.plural(len(results.outcomes), "candidate"),
        "started {}",
    ]
    if evaluation.finished_at is not None:
        took = figures.duration(evaluation.finished_at - evaluation.created_at)
        parts.append(f"took {took}")
    return figures.ago(evaluation.created_at, now=now).said(" · ".join(parts))


def _provenance(results: Results) -> Provenance:
    evaluation, plan = results.evaluation, results.spec.plan
    version = evaluation.version
    by = evaluation.created_by
    author = f" by {by}" if by else " from the command line" if evaluation.identity else ""
    ended = evaluation.finished_at
    return Provenance(
        plan=(
            f"alpha {plan.alpha:g} · seed {plan.seed} · "
            f"{figures.plural(plan.epochs, 'epoch')} · "
            f"{figures.plural(evaluation.sample_count, 'sample')} each · {_reading(plan)}"
        ),
        version_id=version.pk,
        eval_set=(
            f"v{version.number} · {figures.plural(version.sample_count, 'sample')}"
            f" · {version.source_name.rpartition('/')[2]}"
        ),
        sha256=version.sha256,
        bar=f"v{evaluation.bar.number}, written {figures.moment(evaluation.bar.created_at)}",
        scorers=tuple(_scorer(scorer) for scorer in results.spec.scorers),
        incumbent=results.incumbent.spec.name if results.incumbent else "none",
        prices=tuple(_price(candidate) for candidate in results.spec.candidates),
        started=figures.moment(evaluation.created_at) + author,
        ended=figures.moment(ended) if ended else "not yet",
    )


def _reading(plan: PlanSpec) -> str:
    if plan.stop_early:
        return "stops when settled, by the sequential bound"
    return "read once, at the end"


def _price(candidate: CandidateSpec) -> str:
    source = source_words(candidate.price) if candidate.price else ""
    return f"{candidate.name}: {price_text(candidate.price)}{source}"


def _scorer(scorer: ScorerSpec) -> str:
    options = [f"{name} {value}" for name, value in scorer.options.items()]
    extract = [f"extract {scorer.extract}"] if scorer.extract else []
    return " · ".join([scorer.name, *options, *extract])
