from contextlib import suppress
from decimal import Decimal
from types import MappingProxyType

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from evals.domain.specfile import (
    SpecError,
    SpecOrigin,
    SpecProblem,
    check_remote_limits,
    default_prompt,
    identity_json,
    read_spec,
    referenced_files,
    spec_identity,
    write_spec,
)
from evals.domain.specs import (
    CandidateSpec,
    Comparator,
    CriterionSpec,
    EndpointKind,
    EndpointSpec,
    EvalSetSpec,
    HarnessSpec,
    ModelSpec,
    PlanSpec,
    PriceSpec,
    ScorerSpec,
    Spec,
    TaskSpec,
)

SMALLEST = """\
task:
  name: Support intent
eval_set:
  file: rows.csv
  input: text
  target: label
scorers:
- exact_match
bar:
- metric: exact_match
  at_least: 0.85
candidates:
- name: open
  model:
    id: org/open
    open: true
  endpoint:
    kind: openai
    base_url: https://api.example.com/v1
"""

EXAMPLE = """\
task: {name: Support intent, interactive: true, monthly_volume: 200000, failure_cost_usd: 0.40}
eval_set: {file: banking.csv, input: text, target: category, slices: [channel], cluster: customer}
scorers: [{exact_match: {ignore_case: true, ignore_punctuation: true}}]
bar:
  - {metric: exact_match, at_least: 0.85}
  - {metric: latency_p95_seconds, at_most: 2.0}
  - {metric: cost_per_1k_usd, at_most: 1.50, advisory: true}
candidates:
  - name: gpt-x
    model: {id: gpt-x-2026-06, lab: ExampleAI, open: false}
    endpoint: {kind: openai, base_url: https://api.example.com/v1, api_key_env: EXAMPLE_KEY,
      concurrency: 64, requests_per_minute: 3000, timeout_seconds: 60}
    price: {input_usd_per_mtok: 2.5, output_usd_per_mtok: 10}
    harness: &h {system: You label bank messages., prompt: "{{ text }}\\nIntent:", max_tokens: 16,
      temperature: 0}
  - name: olmo-local
    model: {id: allenai/OLMo-2-1B, revision: main, licence: Apache-2.0, open: true}
    endpoint: {kind: hf, device: cpu, batch_size: 16, pool: default}
    price: {gpu: L4, usd_per_hour: 0.80}
    harness: *h
  - name: gpt-x-logs
    model: {id: gpt-x-2026-06, open: false}
    endpoint: {kind: recorded, file: answers.csv, key: text, output: answer, latency_seconds: secs}
incumbent: gpt-x
plan: {alpha: 0.05, seed: 7, epochs: 1, stop_early: false, max_samples: 1000, budget_usd: 5}
"""

VENDOR = "vendor key"

ENDPOINT = """\
    kind: openai
    base_url: https://api.example.com/v1
"""


def told(text, **arguments):
    """What is wrong with a text, one line a problem, without the file's name."""
    with pytest.raises(SpecError) as caught:
        read_spec(text, file="s", **arguments)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.problems)
    return [line.removeprefix("s:") for line in lines]


def changed(old, new):
    assert SMALLEST.count(old) == 1, old
    return SMALLEST.replace(old, new)


def read(text, **arguments):
    return read_spec(text, file="s", **arguments)


def with_endpoint(lines):
    """The smallest spec with another endpoint; its first line is line 18."""
    return changed(ENDPOINT, "".join(f"    {line}\n" for line in lines.split("; ")))


def with_scorer(text):
    return SMALLEST.replace("- exact_match\n", f"- {text}\n").replace(
        "metric: exact_match\n  at_least: 0.85", "metric: cost_per_1k_usd\n  at_most: 1"
    )


def test_the_smallest_spec_has_all_the_defaults():
    assert read(SMALLEST) == Spec(
        task=TaskSpec(name="Support intent"),
        eval_set=EvalSetSpec(file="rows.csv", input="text", target="label"),
        scorers=(ScorerSpec(name="exact_match"),),
        bar=(CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.85),),
        candidates=(
            CandidateSpec(
                name="open",
                model=ModelSpec(id="org/open", open=True),
                endpoint=EndpointSpec(
                    kind=EndpointKind.OPENAI, base_url="https://api.example.com/v1"
                ),
                harness=HarnessSpec(prompt="{{ text }}"),
            ),
        ),
    )


def test_the_example_says_what_it_says():
    spec = read(EXAMPLE)
    gpt, olmo, logs = spec.candidates
    assert spec.task.failure_cost_usd == Decimal("0.40")
    assert spec.scorers[0].options == {"ignore_case": True, "ignore_punctuation": True}
    assert spec.bar[2].advisory
    assert spec.bar[1].comparator is Comparator.AT_MOST
    assert gpt.harness == olmo.harness
    assert gpt.harness.prompt == "{{ text }}\nIntent:"
    assert gpt.price == PriceSpec(
        input_usd_per_mtok=Decimal("2.5"), output_usd_per_mtok=Decimal(10)
    )
    assert olmo.price == PriceSpec(gpu="L4", usd_per_hour=Decimal("0.80"))
    assert olmo.endpoint.batch_size == 16
    assert logs.endpoint.latency_seconds == "secs"
    assert logs.price is None
    assert logs.harness == HarnessSpec(prompt="{{ text }}")
    assert spec.incumbent == "gpt-x"
    assert spec.plan == PlanSpec(seed=7, max_samples=1000, budget_usd=Decimal(5))


def test_the_example_is_written_in_its_own_order_without_defaults():
    written = write_spec(read(EXAMPLE))
    assert read(written) == read(EXAMPLE)
    plain = yaml.safe_load(written)
    assert list(plain) == [
        "task",
        "eval_set",
        "scorers",
        "bar",
        "candidates",
        "incumbent",
        "plan",
    ]
    assert list(plain["candidates"][0]) == ["name", "model", "endpoint", "price", "harness"]
    assert list(plain["candidates"][0]["model"]) == ["id", "lab", "open"]
    assert plain["plan"] == {"seed": 7, "max_samples": 1000, "budget_usd": 5}
    assert plain["candidates"][1]["endpoint"] == {"kind": "hf", "batch_size": 16}
    assert "failure_cost_usd: 0.40\n" in written


def test_the_smallest_spec_is_written_as_it_was():
    assert write_spec(read(SMALLEST)) == SMALLEST


def test_a_prompt_of_several_lines_is_written_as_a_block():
    assert "prompt: |-\n      {{ text }}\n      Intent:\n" in write_spec(read(EXAMPLE))


def test_a_data_set_on_the_hub_has_the_test_split_by_default():
    spec = read(changed("file: rows.csv", "hf: org/name"))
    assert (spec.eval_set.hf, spec.eval_set.split) == ("org/name", "test")
    assert "split" not in write_spec(spec)
    other = read(changed("file: rows.csv", "hf: org/name\n  split: validation"))
    assert other.eval_set.split == "validation"
    assert read(write_spec(other)) == other


def test_merge_keys_are_merged_and_own_keys_win():
    spec = read(
        SMALLEST.replace("- name: open", "- &first\n  name: open")
        + "- <<: *first\n  name: other\n"
        + "- <<: [{price: {usd_per_request: 1}}, *first]\n  name: third\n"
    )
    first, other, third = spec.candidates
    assert other.model == first.model
    assert other.name == "other"
    assert third.price == PriceSpec(usd_per_request=Decimal(1))
    assert third.endpoint == first.endpoint


@pytest.mark.parametrize(
    ("written", "name"),
    [("5", "5"), ("1:30", "1:30"), ("0x1F", "0x1F"), ("2026-01-01", "2026-01-01"), ("=", "=")],
)
def test_a_name_that_yaml_reads_otherwise_is_the_text_it_was_written_as(written, name):
    assert read(changed("Support intent", written)).task.name == name


@pytest.mark.parametrize(
    ("written", "alpha"), [("1e-3", 0.001), ("5.0e-2", 0.05), (".1", 0.1), ("+0.1", 0.1)]
)
def test_a_number_is_read_as_people_write_it(written, alpha):
    assert read(f"{SMALLEST}plan: {{alpha: {written}}}").plan.alpha == alpha


def test_a_whole_number_may_have_underscores():
    spec = read(changed("Support intent", "a\n  monthly_volume: 200_000"))
    assert spec.task.monthly_volume == 200_000


def test_money_is_exact():
    long = "0.1234567890123456789012345678901234"
    spec = read(f"{SMALLEST}  price: {{usd_per_request: {long}}}\n")
    assert spec.candidates[0].price == PriceSpec(usd_per_request=Decimal(long))
    assert long in write_spec(spec)


def test_null_means_unknown_where_unknown_is_the_default():
    text = changed("open: true", "open: true\n    lab: null\n    revision:")
    assert read(f"{text}  price: null\nincumbent:\n") == read(SMALLEST)


# --- What is wrong with the text itself ---


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: the file is empty, expected a spec with task, eval_set, scorers, …"),
        ("# nothing\n", "1: the file is empty, expected a spec with task, eval_set, scorers, …"),
        ("- a\n", "1: found a list, expected a mapping"),
        ("\n\nword\n", "3: found 'word', expected a mapping"),
        (
            "task:\n\tname: a\n",
            "2: found a tab, expected spaces: YAML does not allow tabs for indentation",
        ),
        (
            "task: 1\n---\ntask: 2\n",
            "2: found a second document, expected one: remove the line that starts with ---",
        ),
        (
            "task: [a, b\n",
            (
                "2: not valid YAML: while parsing a flow sequence, "
                "expected ',' or ']', but got '<stream end>'"
            ),
        ),
        ("task: *gone\n", "1: not valid YAML: found undefined alias 'gone'"),
        ("task: a\nx: \x07\n", "2: found the character '\\x07', which YAML does not allow"),
        ("[" * 5000, "1: nested too deeply, expected at most 40 levels"),
    ],
)
def test_a_text_that_cannot_be_read_is_one_problem(text, problem):
    assert told(text) == [problem]


def test_a_problem_knows_its_file_line_place_and_message():
    with pytest.raises(SpecError) as caught:
        read_spec(changed("kind: openai", "kind: 5"), file="spec.yaml")
    assert caught.value.problems == (
        SpecProblem(
            file="spec.yaml",
            line=18,
            path=("candidates", 0, "endpoint", "kind"),
            message="unknown endpoint kind '5', "
            "expected one of openai, openvino, hf, recorded, stand_in",
        ),
    )
    assert caught.value.problems[0].where == "candidates[0].endpoint.kind"


def test_a_misspelt_key_is_told_with_the_key_that_was_meant():
    with pytest.raises(SpecError) as caught:
        read_spec(changed("    kind: openai", "    knd: openai"), file="spec.yaml")
    assert str(caught.value) == (
        "spec.yaml:18: candidates[0].endpoint.knd: unknown key 'knd', expected one of kind, "
        "base_url, api_key_env, secret, file, key, output, input_tokens, output_tokens, "
        "latency_seconds, device, batch_size, concurrency, requests_per_minute, timeout_seconds, "
        "pool, simulation; did you mean 'kind'?"
    )


def test_all_problems_are_told_in_the_order_of_the_file():
    text = changed("Support intent", "[]").replace("0.85", "85").replace("open: true", "open: 1")
    assert told(f"{text}plan: {{alpha: 1}}\nmore: 5\n") == [
        "2: task.name: found a list, expected text",
        "11: bar[0].at_least: found 85, expected a share between 0 and 1: write 0.85",
        "16: candidates[0].model.open: found 1, expected true or false",
        "20: plan.alpha: found 1, expected a number above 0 and below 0.5",
        (
            "21: more: unknown key 'more', expected one of "
            "task, eval_set, scorers, bar, candidates, incumbent, plan"
        ),
    ]


def test_every_missing_section_is_told():
    assert told("plan: {}\n") == [
        f"1: {key}: required key {key!r} is missing"
        for key in ("task", "eval_set", "scorers", "bar", "candidates")
    ]


def test_a_problem_in_an_aliased_part_is_told_once():
    text = SMALLEST + "  harness: &h\n    max_tokens: 0\n"
    text += "- {name: b, model: {id: b, open: true}, endpoint: {kind: stand_in}, harness: *h}\n"
    assert told(text) == [
        "21: candidates[0].harness.max_tokens: found 0, expected a whole number, 1 or more"
    ]


def test_strange_keys_are_quoted_so_that_a_problem_stays_one_line():
    assert told(f'{SMALLEST}"a\\nb": 1\n') == [
        (
            r"20: ['a\nb']: unknown key 'a\nb', expected one of "
            "task, eval_set, scorers, bar, candidates, incumbent, plan"
        )
    ]
    assert told(changed("- exact_match\n", '- {"a\\nb": 1, c: 2}\n'))[0] == (
        r"8: scorers[0]: found the keys 'a\nb', 'c'; expected one scorer name with its options"
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "task:\n",
            "task: {name: a}\ntask:\n",
            "2: task: duplicate key, first on line 1",
        ),
        (
            "  name: Support intent",
            "  name: !!python/name:os.system x",
            (
                "2: task.name: found the YAML tag 'tag:yaml.org,2002:python/name:os.system', "
                "expected none"
            ),
        ),
        (
            "  name: Support intent",
            "  ? [a]\n  : b\n  name: c",
            "2: task: found a list or a mapping as a key, expected text",
        ),
        (
            "  name: Support intent",
            "  <<: [5]\n  name: c",
            "2: task.['<<']: found no mapping after <<, expected an alias to one",
        ),
        (
            "  name: Support intent",
            "  <<: !no x\n  name: c",
            "2: task.['<<']: found the YAML tag '!no', expected none",
        ),
        (
            "- exact_match\n",
            "- exact_match\n- &loop [*loop]\n",
            "9: scorers[1][0]: found an alias to what it is itself part of",
        ),
        (
            "  name: Support intent",
            f"  name: {'[' * 45}{']' * 45}",
            "2: task.name" + "[0]" * 39 + ": nested too deeply, expected at most 40 levels",
        ),
        ("Support intent", '""', "2: task.name: found '', expected text that is not blank"),
        ("Support intent", "' '", "2: task.name: found ' ', expected text that is not blank"),
        (
            "Support intent",
            "yes",
            (
                "2: task.name: found yes, which YAML reads as true or false, "
                "expected text: put it in quotes"
            ),
        ),
        ("Support intent", "", "2: task.name: found nothing, expected text"),
        ("name: Support intent", "{}", "1: task.name: required key 'name' is missing"),
        (
            "Support intent",
            r'"a\0b"',
            (
                r"2: task.name: found 'a\x00b', "
                "expected text without null characters and half characters"
            ),
        ),
        (
            "Support intent",
            r'"\ud800"',
            (
                r"2: task.name: found '\ud800', "
                "expected text without null characters and half characters"
            ),
        ),
        (
            "Support intent",
            "a\n  monthly_volume: true",
            (
                "3: task.monthly_volume: found true, which YAML reads as true or false, "
                "expected a whole number, 0 or more"
            ),
        ),
        (
            "Support intent",
            "a\n  monthly_volume: '5'",
            "3: task.monthly_volume: found '5', expected a whole number, 0 or more",
        ),
        (
            "Support intent",
            "a\n  monthly_volume: -1",
            "3: task.monthly_volume: found -1, expected a whole number, 0 or more",
        ),
        (
            "Support intent",
            "a\n  monthly_volume: 010",
            "3: task.monthly_volume: found 010, expected a whole number, 0 or more",
        ),
        (
            "Support intent",
            "a\n  monthly_volume: 5.0",
            "3: task.monthly_volume: found 5.0, expected a whole number, 0 or more",
        ),
        (
            "Support intent",
            "a\n  monthly_volume: " + "9" * 70,
            f"3: task.monthly_volume: found {'9' * 60}…, expected a whole number, 0 or more",
        ),
        (
            "Support intent",
            'a\n  monthly_volume: !!int "5\\n"',
            r"3: task.monthly_volume: found '5\n', expected a whole number, 0 or more",
        ),
        (
            "Support intent",
            "a\n  failure_cost_usd: $5",
            "3: task.failure_cost_usd: found '$5', expected an amount in dollars, 0 or more",
        ),
        (
            "Support intent",
            "a\n  failure_cost_usd: -0.01",
            "3: task.failure_cost_usd: found -0.01, expected an amount in dollars, 0 or more",
        ),
        (
            "Support intent",
            "a\n  failure_cost_usd: .inf",
            "3: task.failure_cost_usd: found .inf, expected an amount in dollars, 0 or more",
        ),
        (
            "Support intent",
            "a\n  interactive: maybe",
            "3: task.interactive: found 'maybe', expected true or false",
        ),
        ("task:\n  name: Support intent", "task:", "1: task: found nothing, expected a mapping"),
        (
            "  file: rows.csv\n",
            "",
            "3: eval_set: found neither file nor hf, expected exactly one of file and hf",
        ),
        (
            "file: rows.csv",
            "file: rows.csv\n  hf: org/name",
            "3: eval_set: found file and hf, expected exactly one of file and hf",
        ),
        (
            "file: rows.csv",
            "file: rows.csv\n  split: test",
            "5: eval_set.split: a file has no splits, expected it with hf only",
        ),
        (
            "file: rows.csv",
            "hf: ../rows",
            (
                "4: eval_set.hf: found '../rows', "
                "expected the name of a data set on the hub, such as org/name"
            ),
        ),
        ("  target: label\n", "", "3: eval_set.target: required key 'target' is missing"),
        (
            "target: label",
            "target: label\n  slices: [a, b, a]",
            "7: eval_set.slices[2]: found 'a' twice, expected each once",
        ),
        (
            "target: label",
            "target: label\n  slices: channel",
            "7: eval_set.slices: found 'channel', expected a list",
        ),
        (
            "  at_least: 0.85\n",
            "",
            "10: bar[0]: found no threshold, expected at_least or at_most",
        ),
        (
            "at_least: 0.85",
            "at_least: 0.85\n  at_most: 0.9",
            (
                "10: bar[0]: found both at_least and at_most, which contradict each other; "
                "expected one"
            ),
        ),
        ("0.85", ".nan", "11: bar[0].at_least: found .nan, expected a finite number"),
        ("0.85", "1e999", "11: bar[0].at_least: found 1e999, expected a finite number"),
        ("0.85", "-.1", "11: bar[0].at_least: found -0.1, expected a share between 0 and 1"),
        ("0.85", "101", "11: bar[0].at_least: found 101, expected a share between 0 and 1"),
        (
            "at_least: 0.85",
            "at_most: 50",
            "11: bar[0].at_most: found 50, expected a share between 0 and 1: write 0.5",
        ),
        (
            "metric: exact_match",
            "metric: exact_macth",
            (
                "10: bar[0].metric: unknown metric 'exact_macth', expected one of exact_match, "
                "latency_p50_seconds, latency_p95_seconds, latency_p99_seconds, cost_per_1k_usd; "
                "did you mean 'exact_match'?"
            ),
        ),
        (
            "metric: exact_match",
            "metric: cost_per_1k_usd",
            (
                "11: bar[0].at_least: found at_least for 'cost_per_1k_usd', "
                "expected at_most: less is better"
            ),
        ),
        (
            "metric: exact_match\n  at_least: 0.85",
            "metric: latency_p95_seconds\n  at_most: -1",
            "11: bar[0].at_most: found -1, expected 0 or more",
        ),
        (
            "- metric: exact_match\n  at_least: 0.85\n",
            "  []\n",
            "9: bar: found an empty list, expected at least one criterion",
        ),
        ("    id: org/open\n", "", "14: candidates[0].model.id: required key 'id' is missing"),
        (
            "open: true",
            "open: maybe",
            "16: candidates[0].model.open: found 'maybe', expected true or false",
        ),
        (
            "- name: open\n",
            "- name: open\n  nmae: x\n",
            (
                "14: candidates[0].nmae: unknown key 'nmae', "
                "expected one of name, model, endpoint, price, harness; did you mean 'name'?"
            ),
        ),
    ],
)
def test_a_bad_value_is_one_clear_problem(old, new, problem):
    assert told(changed(old, new)) == [problem]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (
            "incumbent: opne",
            (
                "20: incumbent: found 'opne', which is no candidate, expected one of open; "
                "did you mean 'open'?"
            ),
        ),
        ("incumbent: [a]", "20: incumbent: found a list, expected text"),
        (
            "plan: {alpha: 0.5}",
            "20: plan.alpha: found 0.5, expected a number above 0 and below 0.5",
        ),
        ("plan: {alpha: 0}", "20: plan.alpha: found 0, expected a number above 0 and below 0.5"),
        (
            "plan: {alpha: '0.05'}",
            "20: plan.alpha: found '0.05', expected a number above 0 and below 0.5",
        ),
        (
            "plan: {epochs: 101}",
            "20: plan.epochs: found 101, expected a whole number from 1 to 100",
        ),
        (
            "plan: {max_samples: 0}",
            "20: plan.max_samples: found 0, expected a whole number, 1 or more",
        ),
        ("plan:", "20: plan: found nothing, expected a mapping"),
        (
            "  harness: {temperature: -1}",
            "20: candidates[0].harness.temperature: found -1, expected a number, 0 or more",
        ),
        (
            "  harness: {top_p: 0}",
            "20: candidates[0].harness.top_p: found 0, expected a number above 0, at most 1",
        ),
        (
            "  harness: {max_tokens: 1.5}",
            "20: candidates[0].harness.max_tokens: found 1.5, expected a whole number, 1 or more",
        ),
        (
            "  harness: {stop: ['']}",
            "20: candidates[0].harness.stop[0]: found '', expected text that is not empty",
        ),
        (
            "  harness: {stop: x}",
            "20: candidates[0].harness.stop: found 'x', expected a list",
        ),
        (
            "  price: {usd_per_request: -1}",
            (
                "20: candidates[0].price.usd_per_request: found -1, "
                "expected an amount in dollars, 0 or more"
            ),
        ),
        (
            "  price: {input_usd_per_mtok: 1, gpu: L4, usd_per_hour: 2}",
            (
                "20: candidates[0].price: found token prices and usd_per_hour, "
                "expected one way of charging"
            ),
        ),
        (
            "  price: {gpu: L4}",
            "20: candidates[0].price: found a gpu without usd_per_hour, expected both",
        ),
        (
            "  price: {gpu: null}",
            (
                "20: candidates[0].price: found no amount, expected one, "
                "or no price where it is unknown"
            ),
        ),
        ("  price: 5", "20: candidates[0].price: found 5, expected a mapping"),
        (
            "  price: {usd_per_hou: 5}",
            (
                "20: candidates[0].price.usd_per_hou: unknown key 'usd_per_hou', expected one of "
                "input_usd_per_mtok, output_usd_per_mtok, usd_per_request, gpu, usd_per_hour; "
                "did you mean 'usd_per_hour'?"
            ),
        ),
        (
            "- {name: open, model: {id: b, open: true}, endpoint: {kind: stand_in}}",
            "20: candidates[1].name: found 'open' twice, expected a name of its own",
        ),
        ("- 5", "20: candidates[1]: found 5, expected a mapping"),
    ],
)
def test_a_bad_part_is_one_clear_problem(more, problem):
    assert told(f"{SMALLEST}{more}\n") == [problem]


# --- Scorers ---


def test_every_scorer_is_read_with_its_options():
    text = SMALLEST.replace(
        "- exact_match\n",
        """\
- exact_match:
- contains: {ignore_case: true}
- regex: {pattern: 'a+', extract: 'answer is (.*)'}
- last_number: {tolerance: 1e-3}
- f1: {extract: null}
- choice: {labels: [a, 2]}
- lm_eval:
    metric: exact_match
    filters: [{function: take_first, n: 1, on: yes, x: null, y: [1.5, 0x1, 2020-01-01]}]
    arguments: {regexes_to_ignore: [","]}
    name: strict
""".replace("0x1", "'0x1'"),
    )
    spec = read(text)
    assert [scorer.name for scorer in spec.scorers] == [
        "exact_match",
        "contains",
        "regex",
        "last_number",
        "f1",
        "choice",
        "lm_eval",
    ]
    assert spec.scorers[2].options == {"pattern": "a+"}
    assert spec.scorers[2].extract == "answer is (.*)"
    assert spec.scorers[3].options == {"tolerance": 0.001}
    assert spec.scorers[4] == ScorerSpec(name="f1")
    assert spec.scorers[5].options == {"labels": ["a", "2"]}
    assert spec.scorers[6].options["filters"] == [
        {"function": "take_first", "n": 1, "on": True, "x": None, "y": [1.5, "0x1", "2020-01-01"]}
    ]
    assert read(write_spec(spec)) == spec


@pytest.mark.parametrize(
    ("scorer", "problem"),
    [
        (
            "exactmatch",
            (
                "8: scorers[0]: unknown scorer 'exactmatch', expected one of exact_match, contains, "
                "regex, last_number, f1, choice, lm_eval; did you mean 'exact_match'?"
            ),
        ),
        (
            "{judges: {}}",
            (
                "8: scorers[0].judges: unknown scorer 'judges', expected one of exact_match, "
                "contains, regex, last_number, f1, choice, lm_eval"
            ),
        ),
        (
            "{}",
            "8: scorers[0]: found the keys none; expected one scorer name with its options",
        ),
        ("5", "8: scorers[0]: found 5, expected a mapping"),
        (
            "regex",
            "8: scorers[0]: scorer 'regex' needs pattern: write {regex: {…}}",
        ),
        ("{regex: }", "8: scorers[0].regex: found nothing, expected a mapping"),
        (
            "{regex: {}}",
            "8: scorers[0].regex.pattern: required key 'pattern' is missing",
        ),
        (
            "{regex: {pattern: '('}}",
            (
                "8: scorers[0].regex.pattern: '(' is not a usable pattern: "
                "missing ), unterminated subpattern at position 0"
            ),
        ),
        (
            "{f1: {extract: '['}}",
            (
                "8: scorers[0].f1.extract: '[' is not a usable pattern: "
                "unterminated character set at position 0"
            ),
        ),
        (
            "{f1: {labels: [a]}}",
            "8: scorers[0].f1.labels: unknown key 'labels', expected one of extract",
        ),
        (
            "{exact_match: {ignore_case: 1}}",
            "8: scorers[0].exact_match.ignore_case: found 1, expected true or false",
        ),
        (
            "{last_number: {tolerance: -1}}",
            "8: scorers[0].last_number.tolerance: found -1, expected a number, 0 or more",
        ),
        (
            "{choice: {labels: []}}",
            "8: scorers[0].choice.labels: found an empty list, expected at least one label",
        ),
        (
            "{choice: {labels: [a, a]}}",
            "8: scorers[0].choice.labels[1]: found 'a' twice, expected each once",
        ),
        (
            "{lm_eval: {metric: bleu, arguments: [a]}}",
            "8: scorers[0].lm_eval.arguments: found a list, expected a mapping",
        ),
        (
            "{lm_eval: {metric: bleu, filters: [.inf]}}",
            "8: scorers[0].lm_eval.filters[0]: found .inf, expected a finite number",
        ),
    ],
)
def test_a_bad_scorer_is_one_clear_problem(scorer, problem):
    assert told(with_scorer(scorer)) == [problem]


def test_two_scorers_of_one_name_would_make_one_metric():
    assert told(
        changed("- exact_match\n", "- exact_match\n- exact_match: {ignore_case: true}\n")
    ) == [
        "9: scorers[1]: found a second scorer 'exact_match'; expected one, since it names the metric"
    ]


def test_aliases_that_multiply_are_refused():
    lines = ["- f1: &a0 [" + "x," * 99 + "]"]
    lines += [f"- f1: &a{n} [{f'*a{n - 1},' * 99}]" for n in range(1, 12)]
    problems = told(changed("- exact_match\n", "\n".join(lines) + "\n"))
    assert "10: scorers[2].f1: aliases make more than 100,000 values of this" in problems


def test_aliases_that_stack_up_too_deep_are_refused():
    chain = "".join(f"    a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60))
    scorer = f"lm_eval:\n    metric: bleu\n    arguments:\n      a0: &a0 []\n{chain}"
    problems = told(
        with_scorer(scorer.replace("\n    a", "\n      a").replace("      arg", "    arg"))
    )
    assert any("nested too deeply, expected at most 40 levels" in problem for problem in problems)


# --- Endpoints ---


@pytest.mark.parametrize(
    ("endpoint", "problem"),
    [
        (
            "kind: opnai",
            (
                "18: candidates[0].endpoint.kind: unknown endpoint kind 'opnai', expected one of "
                "openai, openvino, hf, recorded, stand_in; did you mean 'openai'?"
            ),
        ),
        (
            "pool: a",
            "17: candidates[0].endpoint.kind: required key 'kind' is missing",
        ),
        (
            "kind:",
            "18: candidates[0].endpoint.kind: found nothing, expected text",
        ),
        (
            "kind: openai",
            "17: candidates[0].endpoint.base_url: required key 'base_url' is missing",
        ),
        (
            "kind: recorded; file: a.csv; key: text",
            "17: candidates[0].endpoint.output: required key 'output' is missing",
        ),
        (
            "kind: recorded; file: a.csv; key: text; output: b; base_url: http://a",
            (
                "22: candidates[0].endpoint.base_url: kind recorded takes no 'base_url', "
                "only openai do"
            ),
        ),
        (
            "kind: stand_in; batch_size: 4",
            (
                "19: candidates[0].endpoint.batch_size: kind stand_in takes no 'batch_size', "
                "only hf do"
            ),
        ),
        (
            "kind: stand_in; simulation: {accuracy: 1.5}",
            (
                "19: candidates[0].endpoint.simulation.accuracy: found 1.5, "
                "expected a share between 0 and 1"
            ),
        ),
        (
            "kind: stand_in; simulation: {labels: a}",
            "19: candidates[0].endpoint.simulation.labels: found 'a', expected a list",
        ),
        (
            "kind: stand_in; timeout_seconds: 0",
            "19: candidates[0].endpoint.timeout_seconds: found 0, expected a number above 0",
        ),
        (
            "kind: stand_in; concurrency: 0",
            "19: candidates[0].endpoint.concurrency: found 0, expected a whole number, 1 or more",
        ),
        (
            "kind: openai; base_url: http://a; api_key_env: sk-1234",
            (
                "20: candidates[0].endpoint.api_key_env: found no variable name, "
                "expected the name of an environment variable, not a key"
            ),
        ),
    ],
)
def test_a_bad_endpoint_is_one_clear_problem(endpoint, problem):
    assert told(with_endpoint(endpoint)) == [problem]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://user:hunter2@a.example/v1", "found a user name or password in the URL"),
        ("hunter2@a.example/v1", "found a user name or password in the URL"),
        ("ftp://a.example", "found no http or https URL with a host"),
        ("a.example/v1", "found no http or https URL with a host"),
        ("https:///v1", "found no http or https URL with a host"),
        ("https://a.example:0", "found no http or https URL with a host"),
        ("https://a.example:99999", "found a URL with a broken host or port"),
        ("'https://[a'", "found a URL with a broken host or port"),
        ("https://a.example/v1?key=hunter2", "found a URL with ? or #"),
        ("'https://a.example/#hunter2'", "found a URL with ? or #"),
        ("https://a b.example", "found a URL with spaces or letters that URLs do not have"),
        (r'"https://a.example\n"', "found a URL with spaces or letters that URLs do not have"),
    ],
)
def test_a_bad_address_is_told_without_showing_it(url, problem):
    assert told(changed("https://api.example.com/v1", url)) == [
        (
            f"19: candidates[0].endpoint.base_url: {problem}, "
            "expected a URL such as https://api.example.com/v1"
        )
    ]


@pytest.mark.parametrize(
    "endpoint",
    [
        "kind: openai; base_url: 'http://[::1]:8000/v1'; api_key_env: null; pool: gpu",
        "kind: openvino; device: cpu; concurrency: 2",
        "kind: hf; device: cuda; batch_size: 16",
        "kind: recorded; file: a.csv; key: id; output: b; input_tokens: c; pool: files",
        (
            "kind: stand_in; simulation: {accuracy: 0.9, latency_seconds: 0.1, latency_spread: 0.2, "
            "error_rate: 0, no_answer_rate: 1, seed: 3, input_tokens: 5, output_tokens: null, "
            "labels: [a, b]}"
        ),
    ],
)
def test_every_kind_of_endpoint_is_read_and_written(endpoint):
    spec = read(with_endpoint(endpoint))
    assert read(write_spec(spec)) == spec


@pytest.mark.parametrize("model_id", ["models/tiny.gguf", "./tiny.GGUF", "org/tiny", "tiny"])
def test_openvino_loads_gguf_files_and_names_on_a_hub(model_id):
    text = with_endpoint("kind: openvino").replace("org/open", model_id)
    assert read(text).candidates[0].model.id == model_id


def test_openvino_loads_no_other_files():
    text = with_endpoint("kind: openvino").replace("org/open", "./folder/tiny.bin")
    assert told(text) == [
        (
            "15: candidates[0].model.id: found './folder/tiny.bin', "
            "expected a GGUF file or a name such as org/name"
        )
    ]


# --- Not built yet ---


@pytest.mark.parametrize("key", ["slice: {channel: phone}", "alpha: 0.01"])
def test_a_criterion_that_is_not_built_is_refused(key):
    name = key.partition(":")[0]
    assert told(changed("at_least: 0.85", f"at_least: 0.85\n  {key}")) == [
        (
            f"12: bar[0].{name}: {name!r} is not built yet, "
            "expected one of metric, at_least, at_most, advisory"
        )
    ]


def test_a_margin_against_the_incumbent_is_not_built_yet():
    assert told(changed("at_least: 0.85", "within: 0.03\n  of: incumbent")) == [
        (
            "11: bar[0].within: 'within' is not built yet, "
            "expected one of metric, at_least, at_most, advisory"
        ),
        "12: bar[0].of: 'of' is not built yet, expected one of metric, at_least, at_most, advisory",
    ]


@pytest.mark.parametrize(
    "metric",
    ["cost_per_accepted_usd", "ttft_p50_seconds", "error_rate", "pass@5", "pass@k", "pass_at_1"],
)
def test_a_metric_that_is_not_built_is_refused(metric):
    assert told(changed("metric: exact_match", f"metric: {metric}")) == [
        (
            f"10: bar[0].metric: metric {metric!r} is not built yet, expected one of exact_match, "
            "latency_p50_seconds, latency_p95_seconds, latency_p99_seconds, cost_per_1k_usd"
        )
    ]


@pytest.mark.parametrize("name", ["judge", "json_schema", "json_fields"])
def test_a_scorer_that_is_not_built_is_refused(name):
    known = "expected one of exact_match, contains, regex, last_number, f1, choice, lm_eval"
    assert told(with_scorer(name)) == [f"8: scorers[0]: scorer {name!r} is not built yet, {known}"]
    assert told(with_scorer(f"{{{name}: {{model: x}}}}")) == [
        f"8: scorers[0].{name}: scorer {name!r} is not built yet, {known}"
    ]


@pytest.mark.parametrize("path", ["$.answer", "$[0]"])
def test_a_json_path_is_not_built_yet(path):
    assert told(with_scorer(f"{{f1: {{extract: {path!r}}}}}")) == [
        (
            f"8: scorers[0].f1.extract: a JSON path, {path!r} is not built yet; "
            "expected a regular expression"
        )
    ]


@pytest.mark.parametrize("kind", ["anthropic", "vllm", "lm_eval"])
def test_an_endpoint_kind_that_is_not_built_is_refused(kind):
    assert told(with_endpoint(f"kind: {kind}; base_url: http://a")) == [
        (
            f"18: candidates[0].endpoint.kind: endpoint kind {kind!r} is not built yet, "
            "expected one of openai, openvino, hf, recorded, stand_in"
        )
    ]


@pytest.mark.parametrize("key", ["tokens_per_minute", "stream", "extra_body", "arguments", "args"])
def test_an_endpoint_key_that_is_not_built_is_refused(key):
    assert told(with_endpoint(f"kind: hf; {key}: 1")) == [
        (
            f"19: candidates[0].endpoint.{key}: {key!r} is not built yet, "
            "expected one of kind, device, batch_size, concurrency, timeout_seconds, pool"
        )
    ]


@pytest.mark.parametrize(
    "key",
    ["few_shot", "self_consistency", "format_repair", "reasoning", "extra_body", "stream"],
)
def test_a_harness_key_that_is_not_built_is_refused(key):
    assert told(f"{SMALLEST}  harness: {{{key}: 1}}\n") == [
        (
            f"20: candidates[0].harness.{key}: {key!r} is not built yet, "
            "expected one of system, prompt, max_tokens, temperature, top_p, stop, seed"
        )
    ]


def test_stopping_early_is_not_built_yet():
    assert told(f"{SMALLEST}plan: {{stop_early: true}}\n") == [
        "20: plan.stop_early: stopping early, 'stop_early: true' is not built yet; expected false"
    ]


# --- Where a spec comes from ---


def test_a_stored_secret_is_for_the_browser():
    text = with_endpoint("kind: openai; base_url: http://a; secret: vendor key")
    assert told(text) == [
        (
            "20: candidates[0].endpoint.secret: a stored secret is for the browser and the API, "
            "expected api_key_env"
        )
    ]
    spec = read(text, origin=SpecOrigin.BROWSER, uploads=["rows.csv"])
    assert spec.candidates[0].endpoint.secret == VENDOR


def test_the_browser_reaches_no_files_and_no_environment():
    text = f"""{with_scorer("lm_eval: {metric: bleu, arguments: {a: 1}}")}\
    api_key_env: KEY
- {{name: logs, model: {{id: a, open: true}},
  endpoint: {{kind: recorded, file: up.csv, key: a, output: b}}}}
- {{name: file, model: {{id: ./a.gguf, open: true}}, endpoint: {{kind: openvino}}}}
- {{name: hub, model: {{id: org/a, open: true}}, endpoint: {{kind: hf}}}}
"""
    assert told(text, origin=SpecOrigin.BROWSER, uploads=["up.csv"]) == [
        (
            "4: eval_set.file: reading a file is for specs on the command line, "
            "expected one of the uploads 'up.csv'"
        ),
        (
            "8: scorers[0].lm_eval.arguments: passing arguments to lm-eval is for specs on the "
            "command line"
        ),
        (
            "20: candidates[0].endpoint.api_key_env: reading the environment is for specs on the "
            "command line, expected secret: a stored one"
        ),
        (
            "23: candidates[2].model.id: loading a model from a file is for specs on the command "
            "line, expected a name on a hub"
        ),
    ]
    problems = check_remote_limits(read(text))
    assert [problem.where for problem in problems] == [
        "eval_set.file",
        "scorers[0].lm_eval.arguments",
        "candidates[0].endpoint.api_key_env",
        "candidates[1].endpoint.file",
        "candidates[2].model.id",
    ]
    assert str(problems[0]) == (
        "eval_set.file: reading a file is for specs on the command line, expected an uploaded file"
    )


def test_a_stored_spec_was_checked_when_it_was_stored():
    text = with_endpoint("kind: openai; base_url: http://a; secret: vendor key")
    assert read(text, origin=SpecOrigin.STORED).candidates[0].endpoint.secret == VENDOR
    assert read(EXAMPLE, origin=SpecOrigin.STORED) == read(EXAMPLE)


# --- Which specs are the same evaluation ---


def test_the_files_of_a_spec_are_named_in_order_and_once():
    text = EXAMPLE + (
        "  - &g {name: g, model: {id: a/b.gguf, open: true}, endpoint: {kind: openvino}}\n"
        "  - {<<: *g, name: again}\n"
        "  - {name: folder, model: {id: ./folder, open: true}, endpoint: {kind: hf}}\n"
    ).replace("incumbent", "incumbent")
    head, tail = text.split("incumbent: gpt-x\n")
    plan, more = tail.split("}\n", 1)
    spec = read(f"{head}{more}incumbent: gpt-x\n{plan}}}\n")
    assert referenced_files(spec) == ("banking.csv", "answers.csv", "a/b.gguf")


def test_a_spec_on_the_hub_without_files_names_none():
    assert referenced_files(read(changed("file: rows.csv", "hf: org/name"))) == ()


def test_specs_of_equal_content_are_the_same_evaluation():
    spelt = EXAMPLE.replace("0.40", "4e-1").replace("budget_usd: 5", "budget_usd: 5.00")
    assert identity_json(read(spelt)) == identity_json(read(EXAMPLE))
    assert identity_json(read(write_spec(read(EXAMPLE)))) == identity_json(read(EXAMPLE))
    other = EXAMPLE.replace("0.40", "0.41")
    assert identity_json(read(other)) != identity_json(read(EXAMPLE))


def test_content_hashes_stand_in_the_place_of_paths():
    moved = read(changed("rows.csv", "elsewhere/rows.csv"))
    here = spec_identity(read(SMALLEST), {"rows.csv": "abc"})
    assert here == spec_identity(moved, {"elsewhere/rows.csv": "abc"})
    assert here["eval_set"]["file"] == {"sha256": "abc"}
    assert here != spec_identity(moved, {"elsewhere/rows.csv": "abd"})
    assert spec_identity(moved)["eval_set"]["file"] == "elsewhere/rows.csv"


def test_a_gguf_model_is_told_by_its_content():
    spec = read(with_endpoint("kind: openvino").replace("org/open", "tiny.gguf"))
    identity = spec_identity(spec, {"tiny.gguf": "abc"})
    assert identity["candidates"][0]["model"]["id"] == {"sha256": "abc"}


def test_a_default_prompt_is_the_input_alone():
    assert default_prompt("question") == "{{ question }}"


# --- What is written is read back ---

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
ANY_TEXT = st.one_of(
    st.text(CHARACTERS, max_size=12),
    st.text("\n \t:#'\"-|>&*!%@`{}[],~.0123456789eE+_yn=<\r\u2028\x85\ufeff", max_size=12),
)
TEXT = ANY_TEXT.filter(str.strip)
NAME = st.one_of(
    TEXT, st.sampled_from(["yes", "5", "1e3", "0x1", "null", "<<", "2026-01-01", "a: b"])
)
NAMES = st.lists(NAME, max_size=3, unique=True)
DOLLARS = st.decimals(min_value=0, allow_nan=False, allow_infinity=False, places=4, max_value=10**9)
SHARES = st.floats(0, 1)
POSITIVE = st.floats(0, exclude_min=True, allow_infinity=False)
WHOLE = st.integers(0, 2**63 - 1)
COUNT = st.integers(1, 2**63 - 1)
JSON_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63) + 1, 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        ANY_TEXT,
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ANY_TEXT, inner, max_size=2),
    max_leaves=5,
)


def maybe(strategy):
    return st.none() | strategy


def options(**strategies):
    """Some of the options, in a mapping as the reader makes them."""
    return st.fixed_dictionaries({}, optional=strategies).map(MappingProxyType)


def build(cls, /, **fields):
    return st.builds(cls, **fields)


PATTERNS = st.sampled_from(["a+", r"answer: (\w+)", "(a)|(b)", "1e3", "yes"])
LM_EVAL = st.fixed_dictionaries(
    {"metric": NAME},
    optional={
        "filters": st.lists(JSON_VALUES, max_size=2),
        "arguments": st.dictionaries(ANY_TEXT, JSON_VALUES, max_size=2),
        "name": NAME,
    },
).map(MappingProxyType)
FLAG = st.booleans()
OPTIONS = {
    "exact_match": options(ignore_case=FLAG, ignore_punctuation=FLAG, ignore_numbers=FLAG),
    "contains": options(ignore_case=FLAG),
    "regex": st.builds(lambda p: MappingProxyType({"pattern": p}), PATTERNS),
    "last_number": options(tolerance=st.floats(0, allow_infinity=False)),
    "f1": options(),
    "choice": st.lists(NAME, min_size=1, max_size=3, unique=True).map(
        lambda labels: MappingProxyType({"labels": labels})
    ),
    "lm_eval": LM_EVAL,
}
SIMULATION = options(
    accuracy=SHARES,
    latency_seconds=POSITIVE,
    seed=WHOLE,
    input_tokens=maybe(WHOLE),
    labels=NAMES,
)
ASKED = {"concurrency": COUNT, "timeout_seconds": POSITIVE, "pool": NAME}
ENDPOINTS = st.one_of(
    build(
        EndpointSpec,
        kind=st.just(EndpointKind.OPENAI),
        base_url=st.sampled_from(["http://localhost:8000/v1", "https://a.example"]),
        api_key_env=maybe(st.sampled_from(["KEY", "yes", "_1"])),
        secret=maybe(NAME),
        requests_per_minute=maybe(COUNT),
        **ASKED,
    ),
    build(EndpointSpec, kind=st.just(EndpointKind.OPENVINO), device=NAME, **ASKED),
    build(EndpointSpec, kind=st.just(EndpointKind.HF), device=NAME, batch_size=COUNT, **ASKED),
    build(
        EndpointSpec,
        kind=st.just(EndpointKind.RECORDED),
        file=NAME,
        key=NAME,
        output=NAME,
        input_tokens=maybe(NAME),
        output_tokens=maybe(NAME),
        latency_seconds=maybe(NAME),
        pool=NAME,
    ),
    build(EndpointSpec, kind=st.just(EndpointKind.STAND_IN), simulation=SIMULATION, **ASKED),
)
PRICES = st.one_of(
    build(PriceSpec, input_usd_per_mtok=DOLLARS, output_usd_per_mtok=maybe(DOLLARS)),
    build(PriceSpec, usd_per_request=DOLLARS),
    build(PriceSpec, gpu=maybe(NAME), usd_per_hour=DOLLARS),
)
HARNESSES = build(
    HarnessSpec,
    prompt=NAME,
    system=maybe(ANY_TEXT),
    max_tokens=COUNT,
    temperature=st.floats(0, allow_infinity=False),
    top_p=maybe(st.floats(0, 1, exclude_min=True)),
    stop=st.lists(ANY_TEXT.filter(bool), max_size=3).map(tuple),
    seed=maybe(WHOLE),
)
MODELS = build(
    ModelSpec,
    id=st.sampled_from(["org/name", "a.gguf"]),
    open=FLAG,
    lab=maybe(NAME),
    revision=maybe(NAME),
    licence=maybe(NAME),
)
TASKS = build(
    TaskSpec,
    name=NAME,
    description=ANY_TEXT,
    interactive=maybe(FLAG),
    monthly_volume=maybe(WHOLE),
    failure_cost_usd=maybe(DOLLARS),
)
COLUMNS = {"input": NAME, "target": NAME, "slices": NAMES.map(tuple), "cluster": maybe(NAME)}
EVAL_SETS = st.one_of(
    build(EvalSetSpec, file=NAME, **COLUMNS),
    build(EvalSetSpec, hf=st.just("org/name"), split=NAME, **COLUMNS),
)
PLANS = build(
    PlanSpec,
    alpha=st.floats(0, 0.5, exclude_min=True, exclude_max=True),
    seed=WHOLE,
    epochs=st.integers(1, 100),
    max_samples=maybe(COUNT),
    budget_usd=maybe(DOLLARS),
)


@st.composite
def specs(draw):
    scorers = draw(st.lists(st.sampled_from(list(OPTIONS)), min_size=1, max_size=3, unique=True))
    measured = st.builds(
        CriterionSpec,
        metric=st.sampled_from(["latency_p95_seconds", "cost_per_1k_usd"]),
        comparator=st.just(Comparator.AT_MOST),
        threshold=st.floats(0, allow_infinity=False),
        advisory=FLAG,
    )
    scored = st.builds(CriterionSpec, metric=st.sampled_from(scorers), threshold=SHARES)
    names = draw(st.lists(NAME, min_size=1, max_size=3, unique=True))
    return Spec(
        task=draw(TASKS),
        eval_set=draw(EVAL_SETS),
        scorers=tuple(
            ScorerSpec(name=name, options=draw(OPTIONS[name]), extract=draw(maybe(PATTERNS)))
            for name in scorers
        ),
        bar=tuple(draw(st.lists(measured | scored, min_size=1, max_size=3))),
        candidates=tuple(
            CandidateSpec(
                name=name,
                model=draw(MODELS),
                endpoint=draw(ENDPOINTS),
                harness=draw(HARNESSES),
                price=draw(maybe(PRICES)),
            )
            for name in names
        ),
        incumbent=draw(maybe(st.sampled_from(names))),
        plan=draw(PLANS),
    )


@given(spec=specs())
def test_what_is_written_is_read_back_equal(spec):
    written = write_spec(spec)
    again = read(written, origin=SpecOrigin.STORED)
    assert again == spec
    assert write_spec(again) == written
    assert identity_json(again) == identity_json(spec)


@given(text=st.text(CHARACTERS) | st.text("[]{}:,-&*!|>?<'\"\n\t ab#%@`~"))
@example(text="a: &a\n  <<: *a\n")
@example(text="? ? ?")
def test_any_text_is_read_or_refused_with_a_line(text):
    with pytest.raises(SpecError) as caught:
        read_spec(text, file="s")
    assert all(problem.line >= 1 for problem in caught.value.problems)


@given(data=st.data())
def test_a_spec_with_a_part_torn_out_is_read_or_refused(data):
    start = data.draw(st.integers(0, len(EXAMPLE)))
    stop = data.draw(st.integers(start, len(EXAMPLE)))
    with suppress(SpecError):
        assert read(EXAMPLE[:start] + EXAMPLE[stop:]).candidates
