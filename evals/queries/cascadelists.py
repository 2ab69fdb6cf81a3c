"""“What if the open model answers first?”: the replays of an evaluation, and what may be asked."""

from dataclasses import dataclass

from evals.domain.cascadesignals import MEANINGS, Signal, SignalKind
from evals.models import CascadeReplay, Evaluation
from evals.models.evaluations import RunState
from evals.models.facts import ReplayState
from evals.queries import figures
from evals.queries.cascadepages import replay_headline
from evals.queries.cascades import replays_of
from evals.queries.cascadewords import signal_words
from evals.queries.outcomes import Outcome, Results


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeChoice:
    """A candidate that may answer first or second."""

    run_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultReplay:
    """The replay that is offered as one button."""

    evaluation_id: int
    first: CascadeChoice
    second: CascadeChoice
    signal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRow:
    """One replay in the list."""

    pk: int
    title: str
    signal: str
    said: str
    asked: str
    is_waiting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadesPage:
    """The replays of an evaluation; `refusal` says why none can be asked for, if so."""

    evaluation_id: int
    number: int
    task_id: int
    task_name: str
    epochs: int
    refusal: str
    choices: tuple[CascadeChoice, ...]
    default: DefaultReplay | None
    rows: tuple[ReplayRow, ...]
    meanings: tuple[tuple[str, str], ...]


def cascades_page(results: Results) -> CascadesPage:
    """Return the page, in one query; select the evaluation's task beforehand."""
    evaluation = results.evaluation
    return CascadesPage(
        evaluation_id=evaluation.pk,
        number=evaluation.number,
        task_id=evaluation.task_id,
        task_name=evaluation.task.name,
        epochs=evaluation.epochs,
        refusal=_refusal(evaluation, results),
        choices=tuple(map(_choice, results.outcomes)),
        default=default_replay(results),
        rows=tuple(map(_row, replays_of(evaluation))),
        meanings=tuple((signal_words(Signal(kind=k)), MEANINGS[k]) for k in SignalKind),
    )


def default_replay(results: Results) -> DefaultReplay | None:
    """Return the best open candidate before the incumbent, None before the end or without both."""
    evaluation, incumbent = results.evaluation, results.incumbent
    scored = [o for o in results.challengers if o.spec.model.open and _quality(results, o) >= 0]
    if not _has_ended(evaluation) or incumbent is None or not scored:
        return None
    best = max(scored, key=lambda outcome: _quality(results, outcome))
    kind = SignalKind.AGREEMENT if evaluation.epochs > 1 else SignalKind.BREVITY
    return DefaultReplay(
        evaluation_id=evaluation.pk,
        first=_choice(best),
        second=_choice(incumbent),
        signal=kind.value,
    )


def _quality(results: Results, outcome: Outcome) -> float:
    value = outcome.estimate(results.headline).value
    return -1.0 if value is None else value


def _has_ended(evaluation: Evaluation) -> bool:
    return evaluation.finished_at is not None and evaluation.state != RunState.CANCELLED


def _refusal(evaluation: Evaluation, results: Results) -> str:
    if not _has_ended(evaluation):
        return "A cascade is replayed on stored trials, so the evaluation has to have ended."
    if len(results.outcomes) < 2:  # noqa: PLR2004 - one alone is no cascade
        return "A cascade needs two candidates, and this evaluation has one."
    return ""


def _choice(outcome: Outcome) -> CascadeChoice:
    return CascadeChoice(run_id=outcome.run.pk, name=outcome.spec.name)


def _row(replay: CascadeReplay) -> ReplayRow:
    signal = Signal.of(replay.signal)
    is_done = replay.state == ReplayState.COMPLETED
    by = f" by {replay.created_by}" if replay.created_by else ""
    return ReplayRow(
        pk=replay.pk,
        title=f"{replay.first.candidate.name} → {replay.second.candidate.name}",
        signal=signal_words(signal, third=replay.result.get("names", {}).get("third", "")),
        said=replay_headline(replay.result, signal) if is_done else replay.message,
        asked=figures.moment(replay.created_at) + by,
        is_waiting=replay.state == ReplayState.QUEUED,
    )
