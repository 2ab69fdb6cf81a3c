from decimal import Decimal

import pytest
import yaml

from evals.domain.specfile import (
    SpecOrigin,
    check_remote_limits,
    identity_json,
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
from tests.domain.specfiles import (
    EXAMPLE,
    SMALLEST,
    VENDOR,
    changed,
    read,
    told,
    with_endpoint,
    with_scorer,
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


def test_the_default_prompt_works_with_any_column():
    spec = read(changed("input: text", "input: what they said"))
    assert spec.candidates[0].harness.prompt == '{{ columns["what they said"] }}'
    assert "prompt" not in write_spec(spec)


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
