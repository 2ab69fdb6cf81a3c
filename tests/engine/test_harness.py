import json
import logging
import re
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.problems import InputError
from evals.domain.scoring import ScorerError, last_number
from evals.domain.specs import ScorerSpec
from evals.domain.trials import Score
from evals.engine.harness import SampleScorer, local_backend
from evals.engine.hubrows import load_hf_rows
from evals.engine.localmodel import LocalModelError
from evals.engine.scorers import check_scorers

FOREVER = "(a|aa)+$"
LONG = "a" * 60 + "b"


def scorer(name: str, *, extract: str | None = None, **options: Any) -> ScorerSpec:
    return ScorerSpec(name=name, options=options, extract=extract)


def chain(*filters: Any, **arguments: Any) -> ScorerSpec:
    return scorer("lm_eval", metric="exact_match", filters=list(filters), arguments=arguments)


def score(spec: ScorerSpec, output: str, target: str = "", columns: Any = None) -> Score:
    (only,) = SampleScorer([spec]).score(output, columns=columns or {}, target=target).values()
    return only


def test_exact_match_is_exact():
    assert score(scorer("exact_match"), "yes", "yes") == Score(value=1.0, answer="yes")
    assert score(scorer("exact_match"), "yes ", "yes").value == 0.0
    assert score(scorer("exact_match"), "Yes", "yes").value == 0.0


@pytest.mark.parametrize(
    ("option", "output"),
    [("ignore_case", "YES"), ("ignore_punctuation", "y.es!"), ("ignore_numbers", "yes7")],
)
def test_exact_match_ignores_what_it_is_told_to(option, output):
    assert score(scorer("exact_match"), output, "yes").value == 0.0
    forgiving = ScorerSpec(name="exact_match", options={option: True})
    assert score(forgiving, output, "yes").value == 1.0


def test_a_target_that_looks_like_a_list_or_a_template_is_text():
    for target in ("[1, 2]", "{{ 7 * 7 }}", "1", "viability_target"):
        assert score(scorer("exact_match"), target, target).value == 1.0


def test_a_column_cannot_take_the_place_of_the_target():
    columns = {"viability_target": "no"}
    assert score(scorer("exact_match"), "yes", "yes", columns).value == 1.0


def test_extract_takes_the_first_match():
    spec = scorer("exact_match", extract=r"Answer: (\w+)")
    assert score(spec, "Answer: yes, Answer: no", "yes") == Score(value=1.0, answer="yes")
    assert score(spec, "yes", "yes") == Score(value=0.0, explanation="extract matched nothing")


@pytest.mark.parametrize(
    ("output", "target", "value", "answer"),
    [
        ("1,234 apples", "#### 1234", 1.0, "1234"),
        ("12, then 7", "12", 0.0, "7"),
        ("07", "7", 0.0, "07"),
        ("none", "7", 0.0, None),
        ("none", "none", 0.0, None),
        ("7", "none", 0.0, "7"),
    ],
)
def test_last_number_without_a_tolerance_is_lm_evals(output, target, value, answer):
    judged = score(scorer("last_number"), output, target)
    assert (judged.value, judged.answer) == (value, answer)


LAST_NUMBER = SampleScorer([ScorerSpec(name="last_number")])
numbers = st.text(alphabet="0123,. a-\n٣", max_size=12)


@given(output=numbers, target=numbers)
def test_last_number_in_lm_evals_words_is_the_published_rule(output, target):
    judged = LAST_NUMBER.score(output, columns={}, target=target)["last_number"]
    wanted = last_number(target)
    assert judged.value == float(wanted is not None and last_number(output) == wanted)
    assert judged.answer == last_number(output)


def test_a_chain_of_lm_evals_filters_is_applied_in_order():
    assert score(chain("remove_whitespace", "lowercase"), " YES\n", "yes").value == 1.0
    regex = {"function": "regex", "regex_pattern": r"(\d+)", "group_select": -1}
    assert score(chain(regex), "1 2 3", "3") == Score(value=1.0, answer="3")
    assert score(chain("take_first", ignore_case=True), "YES", "yes").value == 1.0


def test_a_filter_may_read_the_samples_columns():
    step = {"function": "multi_choice_regex", "regex_pattern": r"\(([A-Z])\)"}
    columns = {"choices": ["red", "blue"]}
    assert score(chain(step), "I say blue", "(B)", columns).value == 1.0


def test_patterns_to_ignore_are_taken_out_of_both_sides():
    spec = chain(regexes_to_ignore=[r"\$", ","])
    assert score(spec, "$1,000", "1000$") == Score(value=1.0, answer="1000")


def test_every_scorer_gives_its_own_score():
    scores = SampleScorer([scorer("exact_match"), scorer("contains")]).score(
        "It is yes", columns={}, target="yes"
    )
    assert {name: each.value for name, each in scores.items()} == {
        "exact_match": 0.0,
        "contains": 1.0,
    }


@pytest.mark.parametrize(
    "spec",
    [
        scorer("exact_match", extract=FOREVER),
        scorer("contains", extract=FOREVER),
        scorer("regex", pattern=FOREVER),
        chain({"function": "regex", "regex_pattern": FOREVER}),
        chain(regexes_to_ignore=[FOREVER]),
    ],
    ids=["exact_match", "contains", "regex", "filter", "ignore"],
)
def test_a_pattern_that_never_ends_leaves_the_sample_unscored(spec):
    judged = score(spec, LONG, "a")
    assert judged.value is None
    assert "took longer than 0.5 s" in judged.explanation


def test_a_filter_that_fails_leaves_the_sample_unscored():
    step = {"function": "map", "mapping_dict": {"A": "yes"}}
    assert score(chain(step), "A", "yes").value == 1.0
    judged = score(chain(step), "B", "yes")
    assert judged.value is None
    assert judged.explanation.startswith("TypeError: ")


def test_good_scorers_have_no_problem():
    assert check_scorers([scorer("exact_match"), scorer("f1"), chain("lowercase")]) == []


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (scorer("judge"), "scorer judge: there is no scorer 'judge' yet, known scorers: choice"),
        (scorer("exact_match", ignore_cas=True), "unknown option 'ignore_cas'"),
        (scorer("exact_match", extract="("), "extract: '\\(' is not a usable pattern"),
        (scorer("exact_match", extract="$.a"), "JSON paths are not built yet"),
        (scorer("lm_eval"), "metric is missing"),
        (scorer("lm_eval", metric="exact_mach"), "no metric 'exact_mach'; did you mean 'exact_m"),
        (scorer("lm_eval", metric="rouge"), "no metric 'rouge' \\(known: .*; no hub is asked"),
        (scorer("lm_eval", metric="bleu"), "'bleu' gives no score per sample"),
        (scorer("lm_eval", metric="f1"), "'f1' gives no score per sample"),
        (scorer("lm_eval", metric="mcc"), "'mcc' gives no score per sample"),
        (scorer("lm_eval", metric="perplexity"), "'perplexity' gives no score per sample"),
        (scorer("lm_eval", metric="acc_all"), "acc_all fails in lm-eval"),
        (chain("regx"), "no filter 'regx'; did you mean 'regex'"),
        (chain("custom"), "no filter 'custom'"),
        (chain({"regex_pattern": "a"}), "filters holds .*, expected {function: name"),
        (chain({"function": "regex", "regex_pattern": "("}), "regex_pattern: .* not a usable"),
        (chain({"function": "regex", "patern": "a"}), "refuses its filter: .*'patern'"),
        (chain("take_first_k"), "refuses its filter: 'k'"),
        (
            chain({"function": "multi_choice_regex", "regexes_to_ignore": ["a"]}),
            "regexes_to_ignore in a filter cannot be timed, expected in arguments",
        ),
        (chain(bogus=1), "exact_match fails in lm-eval"),
        (chain(hf_evaluate=True), "arguments holds 'hf_evaluate'"),
        (chain(regexes_to_ignore="a"), "regexes_to_ignore is 'a', expected a list"),
        (chain(regexes_to_ignore=["("]), "regexes_to_ignore: .* is not a usable pattern"),
    ],
)
def test_a_scorer_that_cannot_be_is_refused_with_the_reason(spec, message):
    (problem,) = check_scorers([spec])
    assert re.search(message, str(problem))
    with pytest.raises(ScorerError, match=message.removeprefix("scorer judge: ")):
        SampleScorer([spec])


def test_two_scorers_of_one_name_and_none_at_all_are_refused():
    (problem,) = check_scorers([scorer("f1"), scorer("f1")])
    assert str(problem) == "scorer f1: the name stands twice, expected each scorer once"
    (problem,) = check_scorers([])
    assert str(problem) == "scorers is empty, expected at least one"


def test_lm_eval_is_asked_quietly(caplog):
    with caplog.at_level(logging.DEBUG):
        score(chain("lowercase"), "a", "a")
        check_scorers([scorer("lm_eval", metric="rouge")])
    assert [record for record in caplog.records if record.name.startswith("lm_eval")] == []


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    rows = [{"question": "2 + 2", "answer": 4}, {"question": "día", "answer": 5}]
    lines = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "test.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path / "set"


def test_rows_come_from_the_datasets_library(folder):
    rows = list(load_hf_rows(str(folder), "test"))
    assert rows == [{"question": "2 + 2", "answer": 4}, {"question": "día", "answer": 5}]


def test_dates_come_as_text(folder):
    (folder / "test.jsonl").write_text('{"day": "2024-05-01"}\n', encoding="utf-8")
    assert list(load_hf_rows(str(folder), "test")) == [{"day": "2024-05-01T00:00:00"}]


@pytest.mark.parametrize(
    ("split", "suffix", "reason"),
    [
        ("tset", "", "split 'tset': Unknown split \"tset\". Should be one of"),
        ("test", ":no_such", "BuilderConfig 'no_such' not found"),
        ("test", "/nowhere", "Couldn't find any data"),
    ],
)
def test_rows_that_cannot_be_had_say_why(folder, split, suffix, reason):
    with pytest.raises(InputError, match=reason):
        load_hf_rows(f"{folder}{suffix}", split)


def test_a_local_backend_that_is_not_there_says_so():
    with pytest.raises(LocalModelError, match=r"lm-eval's 'vllm' needs \(pip install"):
        local_backend(kind="vllm", model_id="m", revision=None, device="cpu", batch_size=1)


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is here")
def test_a_model_in_this_process_without_torch_names_the_extra():
    with pytest.raises(LocalModelError, match="need the extra hf"):
        local_backend(kind="hf", model_id="m", revision=None, device="cpu", batch_size=1)
