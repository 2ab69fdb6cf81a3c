"""What a line of a bar may say: margins, slices, levels of its own."""

import pytest

from evals.domain.specfile import (
    SpecError,
    SpecOrigin,
    check_promises,
    identity_json,
    line_of,
    read_spec,
    write_spec,
)
from evals.domain.specs import Comparator, CriterionSpec
from tests.domain.specfiles import SMALLEST, changed, read, told

SLICED = SMALLEST.replace("  target: label\n", "  target: label\n  slices: [channel, tier]\n")
ENDING = "incumbent: open\n"
LINE = "- metric: exact_match\n  at_least: 0.85\n"
LINE_NUMBER = 11  # of the criterion in `bar_of`


def bar_of(*lines: str, more: str = ENDING) -> str:
    """A spec with these lines, in a set with slices, with an incumbent."""
    assert SLICED.count(LINE) == 1
    return SLICED.replace(LINE, "".join(f"- {{{line}}}\n" for line in lines)) + more


def only(text: str) -> CriterionSpec:
    (line,) = read(text).bar
    return line


@pytest.mark.parametrize("of", ["", ", of: incumbent"])
def test_a_margin_is_against_the_incumbent_said_or_not(of):
    line = only(bar_of(f"metric: exact_match, within: 0.03{of}"))
    assert (line.comparator, line.threshold) == (Comparator.WITHIN, 0.03)


def test_a_margin_is_written_as_people_write_it():
    text = write_spec(read(bar_of("metric: exact_match, within: 0.03, advisory: true")))
    assert (
        "- metric: exact_match\n  within: 0.03\n  of: incumbent\n  advisory: true\ncandidates"
    ) in text


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("phone", "phone"),
        ("1", "1"),
        ("01", "01"),
        ("1.50", "1.50"),
        ("true", "true"),
        ("True", "True"),
        ("yes", "yes"),
        ("'a b'", "a b"),
        ("2026-01-01", "2026-01-01"),
    ],
)
def test_a_slice_value_is_the_text_that_is_written(written, value):
    text = bar_of(f"metric: exact_match, slice: {{channel: {written}}}, at_least: 0.8")
    assert only(text).slice == {"channel": value}
    assert only(write_spec(read(text))).slice == {"channel": value}


def test_a_line_has_a_slice_of_several_columns_and_a_level_of_its_own():
    slice_ = "{channel: phone, tier: gold}"
    line = only(bar_of(f"metric: exact_match, slice: {slice_}, at_least: 0.8, alpha: 0.01"))
    assert line.slice == {"channel": "phone", "tier": "gold"}
    assert line.alpha == 0.01
    assert (
        only(bar_of("metric: exact_match, slice: null, alpha: null, at_least: 0.8")).slice is None
    )


def test_a_latency_has_slices():
    line = only(bar_of("metric: latency_p95_seconds, slice: {channel: phone}, at_most: 2"))
    assert line.slice == {"channel": "phone"}


def test_a_plan_that_skips_nothing_keeps_its_identity():
    assert "skip_samples" not in identity_json(read(SMALLEST))
    assert "skip_samples" in identity_json(read(SMALLEST + "plan: {skip_samples: 5}\n"))


def test_a_line_that_says_no_more_keeps_its_identity():
    assert '"alpha":null' not in identity_json(read(SMALLEST)).partition('"candidates"')[0]
    assert '"slice"' not in identity_json(read(SMALLEST))
    plain, sliced = (
        bar_of(f"metric: exact_match, {more}at_least: 0.8") for more in ("", "alpha: 0.01, ")
    )
    assert identity_json(read(plain)) != identity_json(read(sliced))


def test_a_plan_may_stop_early():
    assert read(f"{SMALLEST}plan: {{stop_early: true}}\n").plan.stop_early
    assert "stop_early: true" in write_spec(read(f"{SMALLEST}plan: {{stop_early: true}}\n"))
    assert told(f"{SMALLEST}plan: {{stop_early: soon}}\n") == [
        "20: plan.stop_early: found 'soon', expected true or false"
    ]


MARGIN = (
    "expected a margin above 0 and below 1: 0.03 is three points, "
    "0 would ask for proof of being better"
)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("metric: exact_match, within: 0", f".within: found 0, {MARGIN}"),
        ("metric: exact_match, within: -0.1", f".within: found -0.1, {MARGIN}"),
        ("metric: exact_match, within: 1", f".within: found 1, {MARGIN}"),
        ("metric: exact_match, within: 3", f".within: found 3, {MARGIN}"),
        (
            "metric: exact_match, within: 0.1, of: gpt",
            ".of: found 'gpt', expected incumbent",
        ),
        (
            "metric: exact_match, at_least: 0.5, of: incumbent",
            ".of: found of without within, expected within: a margin",
        ),
        (
            "metric: exact_match, at_least: 0.5, within: 0.1",
            ": found at_least, within; expected one: write each as a line of its own",
        ),
        (
            "metric: latency_p95_seconds, within: 0.5",
            ".within: found within for 'latency_p95_seconds', expected at_most: less is better",
        ),
        (
            "metric: cost_per_1k_usd, slice: {channel: phone}, at_most: 1",
            (
                ".slice: found a slice for 'cost_per_1k_usd', expected none: "
                "what an answer costs is known for all samples together"
            ),
        ),
        (
            "metric: exact_match, slice: phone, at_least: 0.5",
            ".slice: found 'phone', expected a mapping",
        ),
        (
            "metric: exact_match, slice: {}, at_least: 0.5",
            (
                ".slice: found no column, expected at least one; "
                "without slice it is about all samples"
            ),
        ),
        (
            "metric: exact_match, slice: {channel: null}, at_least: 0.5",
            ".slice.channel: found nothing, expected text",
        ),
        (
            "metric: exact_match, slice: {channel: ' '}, at_least: 0.5",
            ".slice.channel: found ' ', expected text that is not blank",
        ),
        (
            "metric: exact_match, slice: {channel: [a, b]}, at_least: 0.5",
            ".slice.channel: found a list, expected text",
        ),
        (
            "metric: exact_match, slice: {chanel: phone}, at_least: 0.5",
            (
                ".slice.chanel: found 'chanel', which is no slice of the eval set, "
                "expected one of channel, tier; did you mean 'channel'?"
            ),
        ),
        (
            "metric: exact_match, at_least: 0.5, alpha: 0",
            ".alpha: found 0, expected a number above 0 and below 0.5",
        ),
        (
            "metric: exact_match, at_least: 0.5, alpha: 1e-320",
            ".alpha: found 1e-320, expected 1e-09 or more",
        ),
        (
            "metric: exact_match, at_least: 0.5, alpha: 0.5",
            ".alpha: found 0.5, expected a number above 0 and below 0.5",
        ),
        (
            "metric: exact_match, at_least: 0.5, alpha: 0.1",
            (
                ".alpha: found 0.1, expected at most the plan's alpha, 0.05, which is the risk "
                "of a wrong GO as a whole; an advisory line may have more"
            ),
        ),
        (
            "metric: exact_match, at_least: 1",
            (
                ".at_least: found 1, which no number of samples can prove, expected less: n samples"
                " that all pass prove alpha ** (1 / n), 1,000 prove 0.997"
            ),
        ),
        (
            "metric: exact_match, at_most: 0",
            (
                ".at_most: found 0, which no number of samples can prove, expected more: n samples"
                " that all score 0 prove 1 - alpha ** (1 / n), 1,000 prove 0.003"
            ),
        ),
    ],
)
def test_a_bad_line_is_one_clear_problem(line, problem):
    assert told(bar_of(line)) == [f"{LINE_NUMBER}: bar[0]{problem}"]


def test_a_margin_needs_an_incumbent():
    assert told(bar_of("metric: exact_match, within: 0.1", more="")) == [
        (
            f"{LINE_NUMBER}: bar[0].within: found a margin for 'exact_match' against an incumbent "
            "and no incumbent, expected the name of a candidate in incumbent"
        )
    ]


def test_a_slice_needs_slices_in_the_eval_set():
    more = "at_least: 0.85\n  slice: {channel: phone}"
    assert told(changed("at_least: 0.85", more)) == [
        (
            "12: bar[0].slice.channel: found 'channel', which is no slice of the eval set, "
            "expected a name in eval_set.slices"
        )
    ]


PHONE = "slice: {channel: phone}"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("at_least: 0.8", "at_least: 0.8"),
        ("at_least: 0.8", "at_least: 0.8, advisory: true"),
        ("at_least: 0.8", "at_least: 0.8, alpha: 0.05"),
        (f"{PHONE}, within: 0.1", f"within: 0.1, of: incumbent, {PHONE}"),
    ],
)
def test_the_same_line_twice_is_refused(first, second):
    (problem,) = told(bar_of(f"metric: exact_match, {first}", f"metric: exact_match, {second}"))
    assert problem.startswith("12: bar[1].")
    assert problem.endswith(": found the same twice, expected each once: it is bar[0]")


@pytest.mark.parametrize(("least", "most"), [("0.8", "0.5"), ("0.8", "0.8")])
def test_lines_that_contradict_each_other_are_refused(least, most):
    lines = [f"metric: exact_match, at_least: {least}", f"metric: exact_match, at_most: {most}"]
    message = f"found at_least {least} and at_most {most}, which nothing can meet, beside bar[0]"
    assert told(bar_of(*lines)) == [f"12: bar[1].at_most: {message}"]
    assert told(bar_of(*lines[::-1])) == [f"12: bar[1].at_least: {message}"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("at_least: 0.8", "at_most: 0.9"),
        ("at_least: 0.8", "at_least: 0.9"),
        ("at_least: 0.8", "at_least: 0.8, alpha: 0.01, advisory: true"),
        ("at_least: 0.8", f"{PHONE}, at_least: 0.8"),
        ("at_least: 0.8", f"{PHONE}, at_most: 0.5"),
        ("at_least: 0.8", "at_most: 0.5, advisory: true"),
        ("at_least: 0.8", "within: 0.1"),
        ("at_least: 0.8", "at_least: 0.85, alpha: 0.3, advisory: true"),
    ],
)
def test_lines_that_say_different_things_stand_beside_each_other(first, second):
    lines = (f"metric: exact_match, {first}", f"metric: exact_match, {second}")
    assert len(read(bar_of(*lines)).bar) == 2


def test_what_could_not_be_read_is_told_alone():
    assert told(bar_of("metric: exact_match, at_most: none")) == [
        f"{LINE_NUMBER}: bar[0].at_most: found 'none', expected a finite number"
    ]


def test_a_bar_of_old_is_read_back_and_not_used_anew():
    text = bar_of("metric: exact_match, at_least: 1")
    spec = read(text, origin=SpecOrigin.STORED)
    assert spec.bar[0].threshold == 1
    (problem,) = check_promises(spec)
    assert problem.where == "bar[0].at_least"
    with pytest.raises(SpecError):
        read_spec(text, file="s")


def test_a_place_has_its_line():
    text = bar_of("metric: exact_match, at_least: 0.5")
    assert line_of(text, ("bar", 0, "slice")) == LINE_NUMBER
    assert line_of(text, ("incumbent",)) == text.count("\n")
