"""The judged parts of a candidate's document: metrics, criteria, the pairs with the incumbent."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from evals.domain.accepting import acceptance_of
from evals.domain.bars import CriterionResult
from evals.domain.estimates import FEW, Estimator
from evals.domain.intervals import probability_at_least
from evals.domain.linefigures import difference_figure, line_figure, paired_table
from evals.domain.measured import COST_PER_ACCEPTED, SPEED_QUANTILES
from evals.domain.metrics import (
    COST_PER_1K,
    FIRST_TOKEN_QUANTILES,
    Metric,
    RunFacts,
    summarise,
    summarise_cost,
    summarise_latency,
)
from evals.domain.runsummaries import (
    summarise_accepted,
    summarise_errors,
    summarise_first_tokens,
)
from evals.domain.specs import GRADED, Comparator, CriterionSpec, Spec
from evals.domain.verdicts import against
from evals.queries.judgements import Judgement

Document = dict[str, Any]
UNREAD = "not read: a fixed-n plan is read once, when every run has ended"


def metric_documents(metrics: Iterable[Metric]) -> list[Document]:
    """Return the metrics with their intervals; a slice of few samples says so."""
    return [
        {
            "metric": metric.metric,
            "slice": dict(metric.slice) if metric.slice else None,
            "value": metric.value,
            "low": metric.low,
            "high": metric.high,
            "n": metric.n,
            "passed": metric.passed,
            "method": metric.method,
            "warning": _small(metric),
        }
        for metric in metrics
    ]


def score_metrics(judgement: Judgement | None, facts: RunFacts) -> list[Metric]:
    """Return the scores as estimated from the trials, or from counts while nothing is judged."""
    return list(summarise(facts) if judgement is None else judgement.estimator.scores())


def criterion_documents(spec: Spec, judgement: Judgement | None, facts: RunFacts) -> list[Document]:
    """Return every line of the bar as it stands."""
    if judgement is None:
        return [_unread(criterion, spec, facts) for criterion in spec.bar]
    return [
        _criterion(result, spec, _figure(result, judgement.estimator, facts))
        for result in judgement.results
    ]


def sentence_figures(spec: Spec, judgement: Judgement, facts: RunFacts) -> list[Metric]:
    """Return every figure that a verdict's sentence may name."""
    estimator = judgement.estimator
    paired = [line for line in spec.bar if line.is_paired]
    found = [difference_figure(estimator, line.metric, line.slice) for line in paired]
    others = [
        line_figure(estimator, line)
        for line in spec.bar
        if (line.metric in SPEED_QUANTILES and line.slice)
        or line.metric in FIRST_TOKEN_QUANTILES
        or line.metric == COST_PER_ACCEPTED
    ]
    return [
        *estimator.scores(),
        *summarise_latency(facts),
        summarise_cost(facts),
        *(replace(figure, metric=against(figure.metric)) for figure in found if figure),
        *(figure for figure in others if figure),
    ]


def paired_document(spec: Spec, estimator: Estimator) -> Document | None:
    """Return the candidate against the incumbent by the first scorer, None where none is shared."""
    metric = spec.scorers[0].name
    table, figure = paired_table(estimator, metric), difference_figure(estimator, metric)
    if figure is None:
        return None
    return {
        "n": figure.n,
        # With partial credit nobody is simply right.
        "both": table and table.both,
        "only_candidate": table and table.only_candidate,
        "only_incumbent": table and table.only_incumbent,
        "neither": table and table.neither,
        "difference": figure.value,
        "low": figure.low,
        "high": figure.high,
        "method": figure.method,
    }


def _small(metric: Metric) -> str | None:
    if metric.slice is None or not 0 < metric.n < FEW:
        return None
    return f"only {metric.n} judged: too few to say much"


def _figure(result: CriterionResult, estimator: Estimator, facts: RunFacts) -> Metric | None:
    """Return the line's figure over the places that it was judged on."""
    if result.criterion.metric == COST_PER_1K:
        cost = summarise_cost(facts)
        return cost if cost.n == result.n else None
    return line_figure(replace(estimator, upto=result.places), result.criterion)


def _criterion(result: CriterionResult, spec: Spec, figure: Metric | None) -> Document:
    is_known = figure is not None and result.value is not None
    return _line(result.criterion) | {
        "state": result.state.value,
        "value": result.value,
        "low": figure.low if figure and is_known else None,
        "high": figure.high if figure and is_known else None,
        "interval_method": figure.method if figure and is_known else None,
        "bound": result.bound,
        "level": result.level,
        "n": result.n,
        "samples_needed": result.samples_needed,
        "method": result.method,
        "probability": _probability(result, spec),
        **_rule(result.criterion, spec),
    }


def _rule(criterion: CriterionSpec, spec: Spec) -> Document:
    """Return what becomes of wrong answers, which says what the bound of such a line is about."""
    if criterion.metric != COST_PER_ACCEPTED:
        return {}
    return {"rule": acceptance_of(spec).rule.value}


def _unread(criterion: CriterionSpec, spec: Spec, facts: RunFacts) -> Document:
    measured = (
        *summarise(facts),
        *summarise_latency(facts),
        *summarise_first_tokens(facts),
        summarise_cost(facts),
        summarise_accepted(facts, acceptance_of(spec)),
        summarise_errors(facts),
    )
    figures = {figure.metric: figure for figure in measured}
    figure = None if criterion.is_paired or criterion.slice else figures.get(criterion.metric)
    return _line(criterion) | {
        "state": "unsettled",
        "value": figure.value if figure else None,
        "low": None,
        "high": None,
        "interval_method": None,
        "bound": None,
        "level": None,
        "n": figure.n if figure else 0,
        "samples_needed": None,
        "method": UNREAD,
        "probability": None,
    }


def _line(criterion: CriterionSpec) -> Document:
    of = {"of": "incumbent"} if criterion.is_paired else {}
    own = {} if criterion.alpha is None else {"alpha": criterion.alpha}
    return {
        "metric": criterion.metric,
        "slice": dict(criterion.slice) if criterion.slice else None,
        criterion.comparator.value: criterion.threshold,
        **of,
        **own,
        "required": criterion.required,
    }


def _probability(result: CriterionResult, spec: Spec) -> float | None:
    """Return P(true rate >= threshold | flat prior) for a rate with an `at_least` bar."""
    criterion = result.criterion
    is_rate = criterion.metric in {s.name for s in spec.scorers if s.name not in GRADED}
    is_independent = spec.plan.epochs == 1 and spec.eval_set.cluster is None
    if not (is_rate and is_independent) or criterion.comparator is not Comparator.AT_LEAST:
        return None
    if result.value is None:
        return None
    return probability_at_least(round(result.value * result.n), result.n, criterion.threshold)
