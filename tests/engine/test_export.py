import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from evals.domain.specs import (
    CandidateSpec,
    EndpointKind,
    EndpointSpec,
    EvalSetSpec,
    HarnessSpec,
    ModelSpec,
    ScorerSpec,
    Spec,
    TaskSpec,
)
from evals.engine.harness import SampleScorer
from evals.engine.taskexport import ExportRefusedError, export_task, task_name
from tests.fakes import FakeOpenAI

SYSTEM = 'You label bank messages.\r\n{{ text }} is {% literal %}: "é" \\ 🙂\n'
PROMPT = "{{ text }}\nIntent:\n"
TARGETS = ("Card payment", "1,234", "2024-05-01", "[1, 2]", "Straße", "{{ 7 * 7 }}")
SHAPES = (
    "{0}", "{0}.", " {0}\n", "Intent: {0}", "Intent: no. Intent: {0}", "wrong", "", "None", "  ",
    "I count 12 and then {0}", "«{0}»",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    input: Mapping[str, Any]
    target: str


def exact_match(**options: Any) -> ScorerSpec:
    extract = options.pop("extract", None)
    return ScorerSpec(name="exact_match", options=options, extract=extract)


def task(name: str, *scorers: ScorerSpec) -> Spec:
    return Spec(
        task=TaskSpec(name=name),
        eval_set=EvalSetSpec(input="text", target="label"),
        scorers=scorers,
        bar=(),
        candidates=(),
    )


def asked(**harness: Any) -> CandidateSpec:
    return CandidateSpec(
        name="candidate",
        model=ModelSpec(id="m", open=True),
        endpoint=EndpointSpec(kind=EndpointKind.OPENAI),
        harness=HarnessSpec(**{"prompt": PROMPT, **harness}),
    )


def rows(count: int = 6) -> list[Row]:
    texts = [f"Message {number} \u2028 {{{{ not a template }}}}" for number in range(count)]
    targets = [TARGETS[number % len(TARGETS)] for number in range(count)]
    return [
        Row({"text": text, "label": target, "number": number, "list": [number]}, target)
        for number, (text, target) in enumerate(zip(texts, targets, strict=True))
    ]


def answers(samples: Sequence[Row]) -> Callable[[Any], Any]:
    """Return a server's answers: some right, some nearly, some empty, always the same."""
    targets = {f"{sample.input['text']}\nIntent:\n": sample.target for sample in samples}

    def answer(messages):
        prompt = messages[-1]["content"]
        digest = sha256(prompt.encode()).digest()
        shape = SHAPES[digest[0] % len(SHAPES)]
        cases = (str, str.upper, str.lower)
        if shape == "None":
            return None
        return shape.format(cases[digest[1] % len(cases)](targets[prompt]))

    return answer


def run_stock_lm_eval(base_url: str, *names: str, include: Path, output: Path) -> None:
    command = [
        *(str(Path(sys.executable).with_name("lm_eval")), "--include_path", str(include)),
        *("--tasks", ",".join(names), "--model", "local-chat-completions"),
        *("--model_args", f"base_url={base_url}/chat/completions,model=m,num_concurrent=8"),
        *("--apply_chat_template", "--log_samples", "--output_path", str(output)),
    ]
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run(command, cwd=output, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


@dataclass(frozen=True)
class Logged:
    """What stock lm_eval logged: tasks in the order of their names, and what it asked."""

    samples: Mapping[str, list[dict[str, Any]]]
    requests: list[Any]
    rows: list[Row]


SPECS = {
    "plain": task("Plain", exact_match()),
    "forgiving": task("Forgiving", exact_match(ignore_case=True, ignore_punctuation=True)),
    "mixed": task(
        "Mixed",
        exact_match(ignore_case=True, extract=r"Intent: (\w[^.]*)"),
        ScorerSpec(name="last_number"),
        ScorerSpec(
            name="lm_eval",
            options={
                "metric": "exact_match",
                "filters": ["remove_whitespace", "lowercase"],
                "arguments": {"ignore_case": True},
                "name": "folded",
            },
        ),
    ),
}


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """Run the stock command once for all tasks, on folders moved since they were written."""
    written, moved, output = (tmp_path_factory.mktemp(name) for name in ("in", "moved", "out"))
    samples = rows(60)
    candidate = asked(
        system=SYSTEM, stop=("\n\n", "END"), max_tokens=16, seed=3, top_p=0.9, temperature=0.5
    )
    for name, spec in SPECS.items():
        export_task(spec, samples, candidate=candidate, folder=written / name)
        shutil.move(written / name, moved / name)
    with FakeOpenAI(answers(samples)) as server:
        run_stock_lm_eval(server.base_url, *SPECS, include=moved, output=output)
        requests = [request.body for request in server.requests]
    files = sorted(output.rglob("samples_*.jsonl"))
    lines = {file.name: file.read_text(encoding="utf-8").split("\n") for file in files}
    found = {name: [json.loads(line) for line in text if line] for name, text in lines.items()}
    return Logged(found, requests, samples)


def answer_of(entry: Any) -> str:
    """Return the model's answer, which stock lm_eval replaces by a placeholder where it is null."""
    text = entry["resps"][0][0]
    return "" if text == "LMEVAL_MODEL_NONE_ANSWER_PLACEHOLDER" else text


@pytest.mark.parametrize(
    ("task_file", "spec", "filters"),
    [
        ("samples_plain_", "plain", {"none": "exact_match"}),
        ("samples_forgiving_", "forgiving", {"none": "exact_match"}),
        (
            "samples_mixed::mixed_exact_match_",
            "mixed",
            {"exact_match": "exact_match", "folded": "lm_eval"},
        ),
        ("samples_mixed::mixed_last_number_", "mixed", {"last_number": "last_number"}),
    ],
)
def test_stock_lm_eval_gives_every_sample_the_score_that_we_give_it(
    logged, task_file, spec, filters
):
    (entries,) = [each for name, each in logged.samples.items() if name.startswith(task_file)]
    scorer = SampleScorer(SPECS[spec].scorers)
    theirs: dict[Any, float] = {}
    ours: dict[Any, float | None] = {}
    for entry in entries:
        row = logged.rows[entry["doc_id"]]
        name = filters[entry["filter"]]
        scores = scorer.score(answer_of(entry), columns=row.input, target=row.target)
        ours[entry["doc_id"], name] = scores[name].value
        theirs[entry["doc_id"], name] = entry["exact_match"]
    assert len(theirs) == 60 * len(filters)
    assert ours == theirs
    assert 0 < sum(theirs.values()) < len(theirs)


def test_empty_answers_score_zero_in_both(logged):
    """Ours are trials without an answer, scored 0; no target here is empty once normalised."""
    empty = [
        entry["exact_match"]
        for entries in logged.samples.values()
        for entry in entries
        if not answer_of(entry).strip()
    ]
    assert len(empty) > 10
    assert set(empty) == {0.0}


def test_stock_lm_eval_asks_what_our_client_asks(logged):
    prompts = {f"{row.input['text']}\nIntent:\n" for row in logged.rows}
    for request in logged.requests:
        messages = request.pop("messages")
        assert messages[0] == {"role": "system", "content": SYSTEM}
        assert messages[1]["role"] == "user"
        assert messages[1]["content"] in prompts
        assert len(messages) == 2
        assert request == {
            "model": "m",
            "max_tokens": 16,
            "temperature": 0.5,
            "top_p": 0.9,
            "seed": 3,
            "stop": ["\n\n", "END"],
        }


def test_a_task_with_one_scorer_asks_each_sample_once(logged):
    assert len(logged.requests) == 60 * (1 + 1 + 2)


class Loader(yaml.SafeLoader):
    pass


Loader.add_constructor("!function", lambda _, node: str(node.value))


def exported(folder: Path, spec: Spec, samples: Sequence[Row], **harness: Any) -> tuple[Any, Any]:
    path = export_task(spec, samples, candidate=asked(**harness), folder=folder)
    config = yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)  # noqa: S506
    lines = (folder / f"{path.stem}.jsonl").read_text(encoding="utf-8").split("\n")
    return config, [json.loads(line) for line in lines if line]


def test_the_folder_holds_one_yaml_its_rows_and_their_reader(tmp_path):
    config, _ = exported(tmp_path / "new", task("Support intent", exact_match()), rows())
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == [f"support_intent{rest}" for rest in (".jsonl", ".yaml", "_rows.py")]
    assert config["task"] == "support_intent"
    assert "description" not in config
    assert config["generation_kwargs"] == {
        "until": [],
        "max_gen_toks": 256,
        "temperature": 0.0,
        "do_sample": False,
    }


def test_rows_hold_the_scalar_columns_the_prompt_and_the_targets(tmp_path):
    spec = task("t", exact_match(), ScorerSpec(name="last_number"))
    _, lines = exported(tmp_path, spec, rows(2))
    assert lines[1] == {
        "text": "Message 1 \u2028 {{ not a template }}",
        "label": "1,234",
        "number": 1,
        "viability_prompt": "Message 1 \u2028 {{ not a template }}\nIntent:\n",
        "viability_target": "1,234",
        "viability_target_last_number": "1234",
    }


def test_a_column_of_several_kinds_becomes_text(tmp_path):
    samples = [
        Row({"text": "a", "mixed": 1, "sparse": None}, "x"),
        Row({"text": "b", "mixed": "one", "sparse": 2}, "x"),
        Row({"text": "c", "mixed": True}, "x"),
    ]
    _, lines = exported(tmp_path, task("t", exact_match()), samples)
    assert [line["mixed"] for line in lines] == ["1", "one", "true"]
    assert [line.get("sparse") for line in lines] == [None, 2, None]


def test_a_plain_system_prompt_stays_readable(tmp_path):
    config, _ = exported(tmp_path, task("t", exact_match()), rows(1), system="Label it.")
    assert config["description"] == "Label it."


def test_a_system_prompt_that_is_the_name_of_a_column_is_not_taken_for_it(tmp_path):
    config, _ = exported(tmp_path, task("t", exact_match()), rows(1), system="text")
    assert config["description"] == '{{ "text" }}'


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Support intent", "support_intent"), ("GSM-8K (v2)!", "gsm_8k_v2"), ("意図", "task")],
)
def test_a_tasks_name_becomes_one_that_lm_eval_takes(name, slug):
    assert task_name(name) == slug


@pytest.mark.parametrize(
    ("scorer", "reason"),
    [
        (ScorerSpec(name="contains"), "scorer contains: stock lm_eval has no such metric"),
        (ScorerSpec(name="regex", options={"pattern": "a"}), "scorer regex: stock lm_eval"),
        (ScorerSpec(name="f1"), "scorer f1: stock lm_eval"),
        (ScorerSpec(name="choice", options={"labels": ["a"]}), "scorer choice: stock lm_eval"),
        (
            ScorerSpec(name="last_number", options={"tolerance": 1}),
            "scorer last_number with tolerance: stock lm_eval has no such metric",
        ),
        (
            ScorerSpec(
                name="lm_eval",
                options={"metric": "exact_match", "filters": ["multi_choice_regex"]},
            ),
            "scorer lm_eval: multi_choice_regex reads a list",
        ),
    ],
)
def test_a_scorer_that_stock_lm_eval_lacks_is_refused(tmp_path, scorer, reason):
    with pytest.raises(ExportRefusedError, match=reason):
        exported(tmp_path, task("t", exact_match(), scorer), rows())


@pytest.mark.parametrize(
    ("harness", "reason"),
    [
        ({"stop": ("a", "b", "c", "d", "e")}, "harness.stop has 5 texts, stock lm_eval sends the"),
        ({"system": ""}, "harness.system is empty"),
    ],
)
def test_a_harness_that_stock_lm_eval_cannot_follow_is_refused(tmp_path, harness, reason):
    with pytest.raises(ExportRefusedError, match=reason):
        exported(tmp_path, task("t", exact_match()), rows(), **harness)


def test_two_filters_of_one_name_are_refused(tmp_path):
    twin = ScorerSpec(name="lm_eval", options={"metric": "exact_match", "name": "exact_match"})
    with pytest.raises(ExportRefusedError, match="two scorers are called 'exact_match'"):
        exported(tmp_path, task("t", exact_match(), twin), rows())


def test_no_samples_are_refused(tmp_path):
    with pytest.raises(ExportRefusedError, match="there is no sample"):
        exported(tmp_path, task("t", exact_match()), [])
