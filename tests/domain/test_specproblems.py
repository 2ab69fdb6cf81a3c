import pytest
import yaml

from evals.domain.specfile import (
    SpecError,
    SpecProblem,
    read_spec,
    write_spec,
)
from evals.domain.specs import (
    ScorerSpec,
)
from evals.models import Candidate, Endpoint, Model, Task
from tests.domain.specfiles import SMALLEST, changed, read, told, with_endpoint, with_scorer


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
        ("[" * 1000, "1: nested too deeply, expected at most 40 levels"),
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
            "expected one of openai, anthropic, openvino, hf, vllm, lm_eval, recorded, stand_in",
        ),
    )
    assert caught.value.problems[0].where == "candidates[0].endpoint.kind"


def test_a_misspelt_key_is_told_with_the_key_that_was_meant():
    with pytest.raises(SpecError) as caught:
        read_spec(changed("    kind: openai", "    knd: openai"), file="spec.yaml")
    assert str(caught.value) == (
        "spec.yaml:18: candidates[0].endpoint.knd: unknown key 'knd', expected one of kind, "
        "base_url, api_key_env, secret, file, key, output, input_tokens, output_tokens, "
        "latency_seconds, device, batch_size, concurrency, requests_per_minute, "
        "tokens_per_minute, timeout_seconds, stream, extra_body, backend, arguments, "
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
            "2: task['<<']: found no mapping after <<, expected an alias to one",
        ),
        (
            "  name: Support intent",
            "  <<: !no x\n  name: c",
            "2: task['<<']: found the YAML tag '!no', expected none",
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
        ("Support intent", "{a: b}", "2: task.name: found a mapping, expected text"),
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
            r"3: task.monthly_volume: found 5\n, expected a whole number, 0 or more",
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
            "10: bar[0]: found no threshold, expected at_least, at_most or within",
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
                "latency_p50_seconds, latency_p95_seconds, latency_p99_seconds, ttft_p50_seconds, "
                "ttft_p95_seconds, ttft_p99_seconds, cost_per_1k_usd, cost_per_accepted_usd, "
                "error_rate; did you mean 'exact_match'?"
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
            "  price: {usd_per_request: 1e400}",
            (
                "20: candidates[0].price.usd_per_request: found 1e400, "
                "expected 0, or an amount in dollars from 1E-15 to 1E+15"
            ),
        ),
        (
            "  price: {catalogue: 'lab:x', input_usd_per_mtok: 1}",
            (
                "20: candidates[0].price: found catalogue 'lab:x' and figures beside it, expected "
                "one of them, or with dated_on the day on which the figures were taken from the "
                "catalogue"
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
                "input_usd_per_mtok, output_usd_per_mtok, usd_per_request, gpu, usd_per_hour, "
                "cached_input_usd_per_mtok, cache_write_usd_per_mtok, batch_multiplier, tiers, "
                "catalogue, source, dated_on; did you mean 'usd_per_hour'?"
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
                "8: scorers[0]: unknown scorer 'exactmatch', expected one of exact_match, "
                "contains, regex, last_number, f1, choice, lm_eval; did you mean 'exact_match'?"
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
            '{f1: {extract: "(?\\n"}}',
            (
                r"8: scorers[0].f1.extract: '(?\n' is not a usable pattern: "
                r"unknown extension ?\n at position 1 (line 1, column 2)"
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
            "{choice: {labels: [a, 'A ']}}",
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
        (
            "9: scorers[1]: found a second scorer 'exact_match'; "
            "expected one, since it names the metric"
        )
    ]


def test_an_alias_to_its_own_surroundings_is_refused():
    assert told(with_scorer("lm_eval: {metric: a, arguments: &loop {b: *loop}}")) == [
        "8: scorers[0].lm_eval.arguments.b: found an alias to what it is itself part of"
    ]


def test_a_spec_that_is_nested_too_deeply_is_refused():
    deep = "[" * 45 + "]" * 45
    assert told(with_scorer(f"lm_eval: {{metric: a, filters: {deep}}}")) == [
        "8: scorers[0].lm_eval.filters" + "[0]" * 37 + ": nested too deeply, "
        "expected at most 40 levels"
    ]


def test_aliases_that_stack_up_too_deeply_are_refused():
    chain = ", ".join(f"&a{n} [*a{n - 1}]" for n in range(1, 37))
    [problem] = told(with_scorer(f"lm_eval: {{metric: a, filters: [&a0 [], {chain}]}}"))
    assert problem.endswith(": nested too deeply, expected at most 40 levels")


def test_aliases_that_multiply_are_refused():
    chain = ", ".join(f"&a{n} [{f'*a{n - 1}, ' * 99}]" for n in range(1, 4))
    assert told(with_scorer(f"lm_eval: {{metric: a, filters: [&a0 [], {chain}]}}")) == [
        "8: scorers[0].lm_eval.filters[3]: aliases make more than 100,000 values of this"
    ]


@pytest.mark.parametrize(
    ("endpoint", "problem"),
    [
        (
            "kind: opnai",
            (
                "18: candidates[0].endpoint.kind: unknown endpoint kind 'opnai', expected one of "
                "openai, anthropic, openvino, hf, vllm, lm_eval, recorded, stand_in; "
                "did you mean 'openai'?"
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
                "only openai, anthropic do"
            ),
        ),
        (
            "kind: stand_in; batch_size: 4",
            (
                "19: candidates[0].endpoint.batch_size: kind stand_in takes no 'batch_size', "
                "only openvino, hf, vllm, lm_eval do"
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
            "kind: openai; base_url: http://a; timeout_seconds: 0",
            "20: candidates[0].endpoint.timeout_seconds: found 0, expected a number above 0",
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
        ("'https://a.example/#hunter2'", "found a URL with #"),
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
        "kind: openai; base_url: 'http://[::1]:8000/v1?version=1'; api_key_env: null; pool: gpu",
        "kind: openvino; device: cpu; concurrency: 2",
        "kind: hf; device: cuda; batch_size: 16",
        "kind: recorded; file: a.csv; key: id; output: b; input_tokens: c; pool: files",
        (
            "kind: stand_in; simulation: {accuracy: 0.9, latency_seconds: 0.1, "
            "latency_spread: 0.2, error_rate: 0, no_answer_rate: 1, seed: 3, "
            "input_tokens: 5, output_tokens: null, labels: [a, b]}"
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


@pytest.mark.parametrize(
    ("section", "key", "table", "column"),
    [
        ("task", "name", Task, "name"),
        ("candidates", "name", Candidate, "name"),
        ("model", "id", Model, "identifier"),
        ("model", "lab", Model, "lab"),
        ("model", "revision", Model, "revision"),
        ("model", "licence", Model, "licence"),
        ("endpoint", "pool", Endpoint, "pool"),
    ],
)
def test_a_text_may_be_as_long_as_its_column_and_no_longer(section, key, table, column):
    longest = table._meta.get_field(column).max_length  # noqa: SLF001 - Django has no other way
    sections = yaml.safe_load(SMALLEST)
    candidate = sections["candidates"][0]
    place = candidate if section == "candidates" else (sections | candidate)[section]
    place[key] = "x" * longest
    read(yaml.safe_dump(sections))
    place[key] += "x"
    (problem,) = told(yaml.safe_dump(sections))
    assert f"found {longest + 1} characters, expected at most {longest}" in problem
