"""How an evaluation was judged, in short plain sentences: the page and the result file say these.

They follow from what the plan fixed before the first answer, never from what came out.
"""

from evals.domain.specs import Comparator, Spec


def method_notes(spec: Spec) -> dict[str, str]:
    """Return the sentences by what they are about, in the order in which they are read."""
    return {
        "claim": "future traffic like these samples: no finite-population correction",
        "rule": _rule(spec),
        "correction": _correction(spec),
        "alpha": _alpha(spec),
        "bounds": _bounds(spec),
        "intervals": _intervals(spec),
        "n": _counted(spec),
        "unscored": (
            "a trial that could not be asked or scored counts against every claim: as wrong for "
            "GO, as right for NO-GO"
        ),
    } | _comparison(spec)


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
