"""The page of an evaluation: live progress while it runs, then what it found."""

from dataclasses import dataclass
from datetime import datetime

from evals.domain.specs import ScorerSpec
from evals.models import Evaluation
from evals.models.evaluations import LIVE, RunState
from evals.queries import figures
from evals.queries.candidaterows import ComparisonTable, comparison_table
from evals.queries.evaluationdetails import CandidateDetails, candidate_details
from evals.queries.evaluationprogress import (
    ProgressPage,
    progress_of_results,
    progress_page,
    status_of,
)
from evals.queries.outcomes import Results, load_results
from evals.queries.verdictcards import VerdictCard, verdict_cards

__all__ = ["EvaluationPage", "evaluation_page", "progress_page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """A run that was paused or failed, and why, in full."""

    candidate: str
    state: str
    message: str


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
    started: str
    ended: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What an evaluation that has ended found."""

    cards: tuple[VerdictCard, ...]
    table: ComparisonTable
    details: tuple[CandidateDetails, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPage:
    """Everything the page of an evaluation shows. `findings` None: it has not ended."""

    evaluation_id: int
    task_id: int
    task_name: str
    number: int
    status: str
    is_live: bool
    can_stop: bool
    can_resume: bool
    subtitle: str
    halted: tuple[Halted, ...]
    progress: ProgressPage
    findings: Findings | None
    provenance: Provenance


def evaluation_page(evaluation: Evaluation, *, now: datetime) -> EvaluationPage:
    """Return the page: in one query for an evaluation that has ended, in five for a live one.

    Select its task, version, bar, scorers and author beforehand.
    """
    results = load_results(evaluation)
    states = {outcome.run.state for outcome in results.outcomes}
    is_live = evaluation.finished_at is None
    return EvaluationPage(
        evaluation_id=evaluation.pk,
        task_id=evaluation.task_id,
        task_name=evaluation.task.name,
        number=evaluation.number,
        status=status_of(results),
        is_live=is_live,
        can_stop=is_live and bool(states & {*LIVE, RunState.PAUSED}),
        can_resume=is_live and RunState.PAUSED in states,
        subtitle=_subtitle(results, now=now),
        halted=tuple(_halted(results)),
        progress=progress_of_results(results, now=now),
        findings=None if is_live else _findings(results),
        provenance=_provenance(results),
    )


def _findings(results: Results) -> Findings:
    return Findings(
        cards=verdict_cards(results),
        table=comparison_table(results),
        details=candidate_details(results),
    )


def _halted(results: Results) -> list[Halted]:
    return [
        Halted(candidate=o.spec.name, state=o.run.state, message=o.run.message)
        for o in results.outcomes
        if o.run.message
    ]


def _subtitle(results: Results, *, now: datetime) -> str:
    evaluation = results.evaluation
    parts = [
        f"eval set v{evaluation.version.number}",
        f"bar v{evaluation.bar.number}",
        figures.plural(len(results.outcomes), "candidate"),
        f"started {figures.ago(evaluation.created_at, now=now)}",
    ]
    if evaluation.finished_at is not None:
        took = figures.duration(evaluation.finished_at - evaluation.created_at)
        parts.append(f"took {took}")
    return " · ".join(parts)


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
            f"{figures.plural(evaluation.sample_count, 'sample')} each · read once, at the end"
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
        started=figures.moment(evaluation.created_at) + author,
        ended=figures.moment(ended) if ended else "not yet",
    )


def _scorer(scorer: ScorerSpec) -> str:
    options = [f"{name} {value}" for name, value in scorer.options.items()]
    extract = [f"extract {scorer.extract}"] if scorer.extract else []
    return " · ".join([scorer.name, *options, *extract])
