"""What a page and a result file say about how an evaluation was judged."""

from dataclasses import replace

import pytest

from evals.domain.methodnotes import method_notes
from evals.domain.specs import (
    CandidateSpec,
    EndpointKind,
    EndpointSpec,
    EvalSetSpec,
    HarnessSpec,
    ModelSpec,
    PlanSpec,
    ScorerSpec,
    Spec,
    TaskSpec,
)
from tests.domain import tables


def candidate(name):
    return CandidateSpec(
        name=name,
        model=ModelSpec(id=name, open=True),
        endpoint=EndpointSpec(kind=EndpointKind.STAND_IN),
        harness=HarnessSpec(prompt="{{ text }}"),
    )


BAR = (tables.at_least(0.8),)


def spec(*, challengers=1, bar=BAR, cluster=None, **plan):
    return Spec(
        task=TaskSpec(name="t"),
        eval_set=EvalSetSpec(file="f.csv", input="text", target="queue", cluster=cluster),
        scorers=(ScorerSpec(name="exact_match"),),
        bar=tuple(bar),
        candidates=tuple(candidate(f"c{n}") for n in range(challengers + 1)),
        incumbent="c0",
        plan=PlanSpec(**plan),
    )


def test_a_fixed_plan_of_one_candidate():
    notes = method_notes(spec())
    assert notes["claim"] == ("future traffic like these samples: no finite-population correction")
    assert notes["rule"] == "fixed n: read once, when every run has ended"
    assert notes["correction"] == "none: one candidate"
    assert notes["alpha"] == "0.05, one-sided: the risk of a wrong GO in the whole evaluation"
    assert notes["bounds"].startswith("exact where trials pass or fail (Clopper-Pearson")
    assert notes["intervals"].startswith("two-sided 95 % whatever alpha is; ")
    assert "as wrong for GO, as right for NO-GO" in notes["unscored"]
    assert "comparison" not in notes


def test_a_sequential_plan_of_three():
    notes = method_notes(spec(challengers=3, stop_early=True))
    assert notes["rule"].startswith("sequential: read in the complete prefix of the shuffled order")
    assert notes["correction"] == (
        "Holm over the GO claims of 3 candidates: alpha / 3 = 0.0167 each while asking, "
        "Holm's rule at the end; NO-GO is not corrected"
    )
    assert notes["bounds"].startswith("anytime-valid")
    assert "anytime-valid" in notes["intervals"]


def test_holm_at_a_fixed_n():
    assert method_notes(spec(challengers=2))["correction"] == (
        "Holm over the GO claims of 2 candidates; NO-GO is not corrected"
    )


@pytest.mark.parametrize(
    ("options", "about", "words"),
    [
        ({"skip_samples": 1000}, "rule", "the first 1,000 places of the order were left out"),
        ({"cluster": "customer"}, "n", "bounds rest on clusters of customer"),
        ({"epochs": 3}, "n", "each sample was asked 3 times, bounds rest on samples"),
        ({"bar": (tables.within(0.03),)}, "comparison", "the same samples, asked of both"),
        (
            {"bar": (tables.at_least(0.8, alpha=0.01), tables.at_least(0.7))},
            "alpha",
            "lines of the bar with their own have 0.01",
        ),
    ],
)
def test_what_is_odd_about_a_plan_is_said(options, about, words):
    assert words in method_notes(spec(**options))[about]


def test_it_hangs_on_nothing_but_the_spec():
    one = spec(challengers=2)
    assert method_notes(one) == method_notes(replace(one, task=TaskSpec(name="other")))
