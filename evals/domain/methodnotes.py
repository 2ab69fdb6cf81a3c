"""How an evaluation was judged, in short plain sentences: the page and the result file say these.

They follow from what the plan fixed before the first answer, never from what came out.
"""

from evals.domain.accepting import accepting_scorer
from evals.domain.measured import COST_PER_ACCEPTED, ERROR_RATE
from evals.domain.metrics import FIRST_TOKEN_QUANTILES
from evals.domain.specs import Comparator, Spec


def method_notes(spec: Spec) -> dict[str, str]:
    """Return the sentences by what they are about, in the order in which they are read."""
    return (
        {
            "claim": "future traffic like these samples: no finite-population correction",
            "rule": _rule(spec),
            "correction": _correction(spec),
            "alpha": _alpha(spec),
            "bounds": _bounds(spec),
            "intervals": _intervals(spec),
            "n": _counted(spec),
            "unscored": (
                "a trial that could not be asked or scored counts against every claim: as wrong "
                "for GO, as right for NO-GO"
            ),
        }
        | _comparison(spec)
        | _measured(spec)
    )


def challengers(spec: Spec) -> int:
    """Return how many candidates make a claim: all but the incumbent."""
    return sum(candidate.name != spec.incumbent for candidate in spec.candidates)


def _rule(spec: Spec) -> str:
    if spec.plan.stop_early:
        return (
            "sequential: read in the complete prefix of the shuffled order, as often as one likes; "
            "asking ends when the required criteria are settled"
        )
    skipped = spec.plan.skip_samples
    after = f"; the first {skipped:,} places of the order were left out" if skipped else ""
    return f"fixed n: read once, when every run has ended{after}"


def _correction(spec: Spec) -> str:
    k, alpha = challengers(spec), spec.plan.alpha
    if k <= 1:
        return "none: one candidate"
    if spec.plan.stop_early:
        return (
            f"Holm over the GO claims of {k} candidates: alpha / {k} = {alpha / k:.3g} each while "
            "asking, Holm's rule at the end; NO-GO is not corrected"
        )
    return f"Holm over the GO claims of {k} candidates; NO-GO is not corrected"


def _alpha(spec: Spec) -> str:
    own = sorted({line.alpha for line in spec.bar if line.alpha is not None})
    said = f"{spec.plan.alpha:g}, one-sided: the risk of a wrong GO in the whole evaluation"
    if not own:
        return said
    return f"{said}; lines of the bar with their own have {', '.join(f'{a:g}' for a in own)}"


def _bounds(spec: Spec) -> str:
    if spec.plan.stop_early:
        return (
            "anytime-valid (Ville's inequality): a mixture over rates for trials that pass or "
            "fail, betting for differences, partial credit, clusters and costs"
        )
    return (
        "exact where trials pass or fail (Clopper-Pearson; Tango's order for pairs), betting for "
        "partial credit, clusters, repeated questions and costs"
    )


def _intervals(spec: Spec) -> str:
    costs = "that of a cost is a t interval"
    if spec.plan.stop_early:
        return f"two-sided 95 % whatever alpha is, anytime-valid; {costs} of a fixed n"
    return f"two-sided 95 % whatever alpha is; {costs}"


def _counted(spec: Spec) -> str:
    said = "trials that were judged: an answer, no answer, or a request that the model refused"
    if spec.eval_set.cluster is not None:
        return f"{said}; bounds rest on clusters of {spec.eval_set.cluster}, not on single trials"
    if spec.plan.epochs > 1:
        return f"{said}; each sample was asked {spec.plan.epochs} times, bounds rest on samples"
    return said


def _comparison(spec: Spec) -> dict[str, str]:
    if not any(line.comparator is Comparator.WITHIN for line in spec.bar):
        return {}
    return {
        "comparison": (
            "differences from the incumbent are paired: the same samples, asked of both; a margin "
            "is a share of all samples, so 0.03 is 3 points"
        )
    }


def _measured(spec: Spec) -> dict[str, str]:
    """Return what is said of measured metrics that the bar names."""
    named = {line.metric for line in spec.bar}
    notes = {}
    if ERROR_RATE in named:
        notes["errors"] = (
            "the share of trials that ended in an error: the endpoint refused the request for "
            "good, no answer could be had after every retry, or no scorer could score it; an empty "
            "answer is none, and a trial that was never asked counts against the claim"
        )
    if COST_PER_ACCEPTED in named:
        notes["accepted"] = (
            f"an answer is accepted where {accepting_scorer(spec)} is 1; {_wrong(spec)}"
        )
    if named & set(FIRST_TOKEN_QUANTILES):
        notes["speed"] = "as streamed; a trial without a known first token is not in time"
    return notes


def _wrong(spec: Spec) -> str:
    failure = spec.task.failure_cost_usd
    if failure is None:
        return (
            "wrong ones are thrown away, so the claim is that cost less the limit for each "
            "accepted answer is at most 0 on average"
        )
    return (
        f"each wrong one costs ${failure:f} to do again, so the claim is about cost plus that for "
        "each wrong answer, on average a task"
    )
