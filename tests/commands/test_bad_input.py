"""Bad input ends with 3, says where, what was found and what was expected, and stores nothing."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evals.models import Candidate, EvalSetVersion, Evaluation, RecordedAnswerRow, Sample
from tests.commands.conftest import Desk, recorded, rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_is_asked(server):
    yield
    assert server.requests == []


def refused(desk: Desk, *words: str) -> str:
    ended = desk.evaluate()
    assert ended.status == 3, ended.err
    for word in words:
        assert word in ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err
    for table in (Evaluation, EvalSetVersion, Sample, Candidate, RecordedAnswerRow):
        assert not table.objects.exists()
    return ended.err


def test_an_unknown_key(desk):
    desk.spec["tasc"] = {}
    refused(desk, "spec.yaml:", "tasc")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"scorers": ["judge"]}, "judge"),
        ({"scorers": [{"json_schema": {"schema": {}}}]}, "json_schema"),
        ({"scorers": ["json_fields"]}, "json_fields"),
        ({"bar": [{"metric": "tpot_p95_seconds", "at_most": 0.1}]}, "tpot_p95_seconds"),
    ],
)
def test_names_that_are_not_built_yet(desk, change, name):
    desk.spec.update(change)
    refused(desk, "spec.yaml:", name, "not built yet")


def test_a_spec_that_is_not_there(desk):
    from django.core.management import call_command  # noqa: PLC0415

    with pytest.raises(SystemExit) as ended:
        call_command("evaluate", str(desk.folder / "nothing.yaml"))
    assert ended.value.code == 3
    assert "nothing.yaml" in desk.capsys.readouterr().err


def test_a_file_that_is_not_there(desk):
    desk.spec["eval_set"]["file"] = "gone.csv"
    refused(desk, "spec.yaml:", "gone.csv", "found no such file")


def test_a_column_that_is_not_there(desk):
    desk.spec["eval_set"]["target"] = "lable"
    refused(desk, "rows.csv", "'lable'", "label")


def test_a_ragged_row(desk):
    desk.write("rows.csv", "id,text,label\n1,one,red\n2,two\n3,three,red,blue\n")
    message = refused(desk, "rows.csv: line 3", "rows.csv: line 4")
    assert "3" in message


def test_an_id_that_stands_twice_or_not_at_all(desk):
    desk.write("rows.csv", "id,text,label\n1,one,red\n1,two,red\n,three,red\n")
    refused(desk, "rows.csv: line 3", "'1' stands on line 2 already", "rows.csv: line 4")


def test_an_empty_file(desk):
    desk.write("rows.csv", "")
    refused(desk, "rows.csv")


def test_a_header_alone(desk):
    desk.write("rows.csv", "id,text,label\n")
    refused(desk, "rows.csv", "no rows")


def test_mixed_encodings(desk):
    desk.write("rows.csv", "text,label\nä,red\n".encode() + "ö,red\n".encode("latin-1"))
    refused(desk, "rows.csv", "UTF-8")


def test_a_spec_in_another_encoding(desk):
    desk.spec_path.write_bytes("task: {name: Größe}".encode("latin-1"))
    from django.core.management import call_command  # noqa: PLC0415

    with pytest.raises(SystemExit) as ended:
        call_command("evaluate", str(desk.spec_path))
    assert ended.value.code == 3
    assert "UTF-8" in desk.capsys.readouterr().err


def test_a_nested_parquet_column_as_target(desk):
    table = pa.table({"text": ["a"], "label": [{"deep": {"er": 1}}]})
    file = io.BytesIO()
    pq.write_table(table, file)
    desk.write("rows.parquet", file.getvalue())
    desk.spec["eval_set"]["file"] = "rows.parquet"
    refused(desk, "rows.parquet", "label")


def test_a_file_over_the_limit(desk, settings):
    settings.UPLOAD_LIMIT_BYTES = 1000
    refused(desk, "rows.csv", "UPLOAD_LIMIT_MB")


def test_a_file_of_no_known_kind(desk):
    desk.spec["eval_set"]["file"] = "rows.xlsx"
    desk.write("rows.xlsx", "PK")
    refused(desk, "rows.xlsx", ".csv")


def test_a_nul_character_in_a_row(desk):
    desk.write("rows.jsonl", '{"text": "a\\u0000b", "label": "red"}\n')
    desk.spec["eval_set"]["file"] = "rows.jsonl"
    refused(desk, "rows.jsonl: line 1")


def test_half_a_surrogate_in_a_row(desk):
    desk.write("rows.jsonl", '{"text": "a\\ud800b", "label": "red"}\n')
    desk.spec["eval_set"]["file"] = "rows.jsonl"
    refused(desk, "rows.jsonl: line 1")


def test_a_prompt_that_names_no_column(desk):
    desk.candidate["harness"] = {"prompt": "{{ txt }}"}
    refused(desk, "spec.yaml:", "candidates[0].harness.prompt", "'txt'", "text")


def test_a_prompt_that_shows_the_target(desk):
    desk.candidate["harness"] = {"prompt": "{{ text }} {{ label }}"}
    refused(desk, "candidates[0].harness.prompt", "target")


def test_a_scorer_with_an_odd_option(desk):
    desk.spec["scorers"] = [{"regex": {"pattern": "("}}]
    desk.spec["bar"][0]["metric"] = "regex"
    refused(desk, "spec.yaml:", "regex")


@pytest.fixture
def logs(desk):
    """The desk with one recorded candidate, whose answers are all there."""
    lines = [f"sample number {n},red,0.5" for n in range(60)]
    desk.write("answers.csv", "\n".join(["text,answer,secs", *lines]))
    desk.spec["candidates"] = [recorded(latency_seconds="secs")]
    return desk


def change_answers(desk, old, new):
    path = desk.folder / "answers.csv"
    path.write_text(path.read_text().replace(old, new))


def test_a_recorded_answer_that_is_missing(logs):
    change_answers(logs, "sample number 41,red,0.5\n", "")
    refused(logs, "answers.csv: row 41", "'logs'", "'sample number 41'")


def test_a_recorded_key_that_stands_twice(logs):
    change_answers(logs, "sample number 41,", "sample number 7,")
    refused(logs, "answers.csv: line 43", "'sample number 7'", "line 9")


def test_a_recorded_latency_that_is_no_number(logs):
    change_answers(logs, "number 3,red,0.5", "number 3,red,fast")
    refused(logs, "answers.csv: line 5", "'secs'", "'fast'", "seconds")


def test_a_recorded_column_that_is_not_there(logs):
    logs.spec["candidates"][0]["endpoint"]["output"] = "reply"
    refused(logs, "answers.csv", "'reply'", "answer")


def test_a_recorded_file_that_is_not_there(logs):
    (logs.folder / "answers.csv").unlink()
    refused(logs, "answers.csv", "found no such file")


def test_many_bad_rows_are_told_in_part(desk):
    desk.write("rows.csv", rows(3) + "1\n" * 50)
    message = refused(desk, "more problems")
    assert len(message.splitlines()) == 21


SLICED = "id,text,label,channel\n" + "".join(
    f"{n},sample number {n},red,{'phone' if n % 20 else 'mail'}\n" for n in range(60)
)


@pytest.fixture
def sliced(desk):
    """The desk with a slice column: 57 rows by phone, 3 by mail; and an incumbent."""
    desk.write("rows.csv", SLICED)
    desk.spec["eval_set"]["slices"] = ["channel"]
    desk.spec["incumbent"] = "open-one"
    return desk


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"slice": {"channel": "fax"}, "at_least": 0.5}, ["slice", "'mail', 'phone'"]),
        ({"slice": {"chanel": "fax"}, "at_least": 0.5}, ["'chanel'", "did you mean 'channel'"]),
        ({"slice": {}, "at_least": 0.5}, ["found no column"]),
        ({"within": 0}, ["found 0", "a margin above 0"]),
        ({"within": 2}, ["found 2", "a margin above 0 and below 1"]),
        ({"within": 0.1, "of": "gpt"}, ["'gpt'", "expected incumbent"]),
        ({"within": 0.1, "at_least": 0.5}, ["at_least, within", "expected one"]),
        ({"at_least": 1}, ["found 1", "no number of samples", "expected less"]),
        ({"at_least": 1.2}, ["found 1.2", "a share between 0 and 1"]),
        ({"at_most": 0}, ["found 0", "no number of samples", "expected more"]),
        ({"at_most": -1}, ["found -1", "a share between 0 and 1"]),
        ({"at_least": 0.5, "alpha": 0.7}, ["found 0.7", "below 0.5"]),
        ({"at_least": 0.5, "alpha": 0.1}, ["found 0.1", "the plan's alpha, 0.05"]),
        ({"at_most": 0.4}, ["at_least 0.9 and at_most 0.4", "which nothing can meet"]),
        ({"at_least": 0.9}, ["the same twice", "bar[0]"]),
    ],
)
def test_a_line_of_the_bar_that_cannot_be(sliced, more, words):
    sliced.spec["bar"].append({"metric": "exact_match", **more})
    message = refused(sliced, "bar[1]", *words)
    line = int(message.split("spec.yaml:")[1].split(":")[0])
    written = sliced.spec_path.read_text().splitlines()[line - 1]
    assert any(key in written for key in (*more, "metric", *more.get("slice", ())))


def test_a_margin_without_an_incumbent(sliced):
    sliced.spec["bar"] = [{"metric": "exact_match", "within": 0.05, "of": "incumbent"}]
    del sliced.spec["incumbent"]
    refused(sliced, "spec.yaml:", "bar[0].within", "no incumbent", "the name of a candidate")


def test_a_slice_that_none_of_the_asked_samples_is_in(sliced):
    criterion = {"metric": "exact_match", "slice": {"channel": "mail"}, "at_least": 0.5}
    sliced.spec |= {"bar": [criterion], "plan": {"max_samples": 2}}
    message = refused(sliced, "bar[0].slice", "none of the 3 rows", "max_samples leaves")
    assert "spec.yaml:12:" in message or "spec.yaml:13:" in message
    ended = sliced.run("plan")
    assert ended.status == 3
    assert "none of the 3 rows" in ended.err
