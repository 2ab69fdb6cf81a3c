"""One evaluation's results, loaded once: what the pages about it are made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from evals.domain.bars import CriterionState
from evals.domain.measured import COST_PER_ACCEPTED, COSTS, SPEED_QUANTILES
from evals.domain.specs import CandidateSpec, CriterionSpec, EndpointKind, Spec
from evals.models import Candidate, Evaluation, Run, VerdictRow
from evals.queries import figures
from evals.queries.drawings import Estimate, IntervalDrawing, Scale, scale_for
from evals.queries.repricing import RepricedCost, costs_today
from evals.queries.results import Document, computed_documents
from evals.queries.specs import frozen_spec

DocumentsOf = Callable[[Evaluation, Spec, Sequence[Run]], list[Document]]
SERVED = {
    EndpointKind.OPENVINO: "OpenVINO, on the worker's CPU",
    EndpointKind.HF: "transformers, on the worker",
    EndpointKind.VLLM: "vLLM, on the worker",
    EndpointKind.LM_EVAL: "a backend of lm-eval, on the worker",
    EndpointKind.RECORDED: "answers from a file",
    EndpointKind.STAND_IN: "stand-in endpoint",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateName:
    """A candidate as it stands on every page: its name, its badges, how it is served."""

    name: str
    detail: str
    is_open: bool
    is_incumbent: bool
    is_recorded: bool
    is_simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One candidate of an evaluation: its run, its frozen spec, and its part of the result.

    `today` is what it would cost at today's price, where that is known to be another.
    """

    run: Run
    spec: CandidateSpec
    document: Document
    stale_reason: str
    today: RepricedCost | None = None

    @property
    def name(self) -> CandidateName:
        """The candidate's name with its badges."""
        return candidate_name(self.spec, is_incumbent=self.run.is_incumbent)

    @property
    def verdict(self) -> str:
        """The verdict's value, "" where there is none."""
        return self.document["verdict"] or ""

    @property
    def judged(self) -> int:
        """Trials that say something about the candidate."""
        trials = self.document["trials"]
        return int(trials["ok"] + trials["no_answer"] + trials["model_error"])

    @property
    def unscored(self) -> int:
        """Trials that were asked and say nothing about the candidate."""
        return int(self.document["trials"]["infra_error"] + self.document["trials"]["scorer_error"])

    @property
    def done(self) -> int:
        """Trials that are stored."""
        return self.judged + self.unscored

    @property
    def truncated(self) -> str:
        """How many answers were cut at max_tokens, in words, "" for none."""
        count = self.document["trials"].get("truncated", 0)
        verb = "was" if count == 1 else "were"
        return f"{figures.plural(count, 'answer')} {verb} cut at max_tokens" if count else ""

    def metric(self, name: str) -> Document | None:
        """Return the scored metric of that name over all samples."""
        whole = (m for m in self.document["metrics"] if not m.get("slice"))
        return next((m for m in whole if m["metric"] == name), None)

    def estimate(self, metric: str) -> Estimate:
        """Return any metric's value and interval; a cost has no interval in a result."""
        if metric in SPEED_QUANTILES:
            return self._latency(metric.removeprefix("latency_"))
        if metric in COSTS:
            name = "per_accepted_usd" if metric == COST_PER_ACCEPTED else "per_1k_tasks_usd"
            cost = self.document["cost"][name]
            return Estimate(value=cost, low=None, high=None)
        found = self.metric(metric) or {}
        return Estimate(value=found.get("value"), low=found.get("low"), high=found.get("high"))

    def _latency(self, short: str) -> Estimate:
        latency: Mapping[str, Any] = self.document["latency"]
        return Estimate(
            value=latency.get(short),
            low=latency.get(short.replace("_seconds", "_low_seconds")),
            high=latency.get(short.replace("_seconds", "_high_seconds")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """An evaluation with the outcome of each candidate, in the order of the spec."""

    evaluation: Evaluation
    spec: Spec
    outcomes: tuple[Outcome, ...]

    @property
    def incumbent(self) -> Outcome | None:
        """The candidate in use today, if the plan names one."""
        return next((o for o in self.outcomes if o.run.is_incumbent), None)

    @property
    def challengers(self) -> tuple[Outcome, ...]:
        """All others: those that have a verdict."""
        return tuple(o for o in self.outcomes if not o.run.is_incumbent)

    @property
    def models(self) -> tuple[str, ...]:
        """The candidates' models by their own identifiers."""
        return tuple(outcome.spec.model.id for outcome in self.outcomes)

    @property
    def planned(self) -> int:
        """Trials that the plan asks of each candidate."""
        return self.evaluation.sample_count * self.evaluation.epochs

    @property
    def headline(self) -> str:
        """The metric that pages show first: the first scorer's that the bar names."""
        scored = [scorer.name for scorer in self.spec.scorers]
        named = [c.metric for c in self.spec.bar if c.metric in scored]
        return named[0] if named else scored[0]

    @property
    def headline_bar(self) -> float | None:
        """The first threshold that the bar sets for the headline metric over all samples."""
        thresholds = [c.threshold for c in self.spec.bar if self.is_headline(c)]
        return thresholds[0] if thresholds else None

    def is_headline(self, criterion: CriterionSpec) -> bool:
        """Return whether a line of the bar is about the figure that pages show first."""
        is_plain = not criterion.is_paired and not criterion.slice
        return is_plain and criterion.metric == self.headline

    def scale(self) -> Scale:
        """Return the axis on which all candidates' headline intervals are drawn.

        While answers come in it is the whole range, so that nothing but the intervals moves.
        """
        if self.evaluation.finished_at is None:
            return Scale(low=0.0, high=1.0, bar=self.headline_bar)
        estimates = [outcome.estimate(self.headline) for outcome in self.outcomes]
        return scale_for(estimates, bar=self.headline_bar)


def load_results(
    evaluation: Evaluation, *, documents_of: DocumentsOf = computed_documents
) -> Results:
    """Return the results: in one query once the evaluation has ended, in four while it runs.

    Two or three more look up today's prices where a verdict is stale. Select the evaluation's
    version beforehand. `documents_of` makes what is not stored.
    """
    spec = frozen_spec(evaluation)
    runs = list(evaluation.runs.select_related("verdict", "candidate").order_by("position"))
    stored = [run.verdict for run in runs if hasattr(run, "verdict")]
    if len(stored) == len(runs):
        documents = [row.grounds["result"] for row in stored]
    else:
        documents = documents_of(evaluation, spec, runs)
    today = _costs_today(runs)
    outcomes = tuple(
        Outcome(
            run=run,
            spec=spec.candidates[run.position],
            document=document,
            stale_reason=_stale_reason(run),
            today=today.get(run.pk),
        )
        for run, document in zip(runs, documents, strict=True)
    )
    return Results(evaluation=evaluation, spec=spec, outcomes=outcomes)


def candidate_name(spec: CandidateSpec, *, is_incumbent: bool) -> CandidateName:
    """Return the candidate's name with its badges."""
    return CandidateName(
        name=spec.name,
        detail=" · ".join(_details(spec)),
        is_open=spec.model.open,
        is_incumbent=is_incumbent,
        is_recorded=spec.endpoint.kind is EndpointKind.RECORDED,
        is_simulated=spec.is_simulated,
    )


def is_simulated(candidate: Candidate | None) -> bool:
    """Return whether a stand-in answers for the candidate; select its endpoint beforehand."""
    return candidate is not None and candidate.endpoint.kind == EndpointKind.STAND_IN


def criterion_drawing(results: Results, outcome: Outcome, scale: Scale) -> IntervalDrawing | None:
    """Return the headline interval, in the state of the bar's line about it."""
    return scale.draw(
        outcome.estimate(results.headline),
        state=_drawn_state(results, outcome),
        metric=results.headline.replace("_", " "),
    )


def _drawn_state(results: Results, outcome: Outcome) -> str:
    if results.evaluation.finished_at is None:
        return CriterionState.UNSETTLED.value
    if outcome.run.is_incumbent:
        return "reference"
    lines = lines_of(results, outcome)
    judged = [line["state"] for criterion, line in lines if results.is_headline(criterion)]
    return str(judged[0]) if judged else "reference"


def lines_of(results: Results, outcome: Outcome) -> list[tuple[CriterionSpec, Document]]:
    """Return each line of the bar with what the candidate's result says about it."""
    return list(zip(results.spec.bar, outcome.document["criteria"], strict=True))


def _costs_today(runs: Sequence[Run]) -> dict[int, RepricedCost]:
    """Return the costs at today's prices, where any verdict says that its grounds have changed."""
    if not any(map(_stale_reason, runs)):
        return {}
    verdicts = [run.verdict for run in runs if hasattr(run, "verdict")]
    return costs_today(verdicts, on=timezone.now().date())


def _stale_reason(run: Run) -> str:
    verdict: VerdictRow | None = getattr(run, "verdict", None)
    return verdict.stale_reason if verdict else ""


def _details(spec: CandidateSpec) -> list[str]:
    """Return the model where its name is another, how it is served, and its licence."""
    identifier = spec.model.id
    if spec.endpoint.kind is EndpointKind.OPENVINO:
        identifier = identifier.rpartition("/")[2]  # a file: its folder is nobody's business
    model = [] if identifier.removesuffix(".gguf") == spec.name else [identifier]
    licence = [spec.model.licence] if spec.model.licence else []
    return [*model, SERVED.get(spec.endpoint.kind) or _host(spec), *licence]


def _host(spec: CandidateSpec) -> str:
    _, _, rest = (spec.endpoint.base_url or "").partition("://")
    return rest.partition("/")[0] or spec.endpoint.kind.value
