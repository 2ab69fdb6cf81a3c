import csv
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from evals.domain.evalsets import (
    ContentHash,
    Mapping,
    SampleRow,
    check_mapping,
    guess_mapping,
    read_samples,
    text_of,
)
from evals.domain.problems import InputError, Problem
from evals.domain.rowfiles import FileKind, Row, open_rows

LAW = settings(deadline=None, max_examples=50)  # loaded machines import pyarrow slowly
BANKING77 = Path(__file__).parents[3] / "shared" / "data" / "banking77_test.csv"
MAPPING = Mapping(input="text", target="label")
FULL = Mapping(input="text", target="label", slices=("channel",), cluster="customer_id")
COLUMNS = ("text", "label", "channel", "customer_id")
FILLED = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1).filter(
    str.strip
)
TABLES = st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, FILLED)), min_size=1, max_size=5)
Table = list[dict[str, Any]]


def samples(content: str | bytes, mapping: Mapping = MAPPING, kind: str = "csv") -> list[Any]:
    raw = content.encode() if isinstance(content, str) else content
    return list(read_samples(open_rows(io.BytesIO(raw), FileKind(kind)), mapping))


def told(content: str | bytes, mapping: Mapping = MAPPING, kind: str = "csv") -> list[str]:
    return [str(item) for item in samples(content, mapping, kind) if isinstance(item, Problem)]


def hash_of(content: str | bytes, mapping: Mapping = FULL, kind: str = "csv") -> str:
    content_hash = ContentHash(mapping)
    for sample in samples(content, mapping, kind):
        assert isinstance(sample, SampleRow), sample
        content_hash.add(sample)
    return content_hash.hexdigest()


def csv_of(table: Table, *, columns: Sequence[str] = COLUMNS, delimiter: str = ",") -> str:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(
        file, columns, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL
    )
    writer.writeheader()
    writer.writerows(table)
    return file.getvalue()


def jsonl_of(table: Table) -> str:
    return "\n".join(map(json.dumps, table))


def parquet_of(table: Table) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(table), file)
    return file.getvalue()


# --- samples


def test_a_row_becomes_a_sample_with_all_its_columns():
    content = "id,text,label,channel,customer_id,note\na7,Hi,greet,phone,c1,n\n"
    assert samples(content, FULL) == [
        SampleRow(
            row=0,
            key="a7",
            input={
                "id": "a7",
                "text": "Hi",
                "label": "greet",
                "channel": "phone",
                "customer_id": "c1",
                "note": "n",
            },
            target="greet",
            slices={"channel": "phone"},
            cluster="c1",
        )
    ]


def test_a_sample_without_id_slice_or_cluster_has_none():
    [sample] = samples("text,label,channel,customer_id\nHi,greet, ,\n", FULL)
    assert (sample.key, sample.slices, sample.cluster) == (None, {}, None)
    [sample] = samples(
        '{"text": "Hi", "label": 1, "channel": null, "customer_id": null}', FULL, "jsonl"
    )
    assert (sample.slices, sample.cluster) == ({}, None)
    [sample] = samples("text,label\nHi,greet\n")
    assert (sample.slices, sample.cluster) == ({}, None)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("é \n", "é \n"),
        (3, "3"),
        (3.0, "3.0"),
        (True, "true"),
        (["b", {"y": 1, "x": "é"}], '["b",{"x":"é","y":1}]'),
    ],
)
def test_a_target_is_text_whatever_it_was(cell, text):
    assert text_of(cell) == text
    row = {"text": 1, "label": cell, "channel": cell, "customer_id": cell, "id": cell}
    [sample] = samples(json.dumps(row), FULL, "jsonl")
    assert sample == SampleRow(0, text, row, text, {"channel": text}, text)


def test_a_blank_input_or_target_is_told():
    assert told("text,label\n,a\nHi, \nHi,\u00a0\n") == [
        "line 2, column 'text': blank, expected a value",
        "line 3, column 'label': blank, expected a value",
        "line 4, column 'label': blank, expected a value",
    ]


def test_a_null_input_or_target_is_told():
    table: Table = [
        {"text": "Hi", "label": "a"},
        {"text": None, "label": "a"},
        {"text": "Hi", "label": None},
    ]
    assert told(jsonl_of(table), kind="jsonl") == [
        "line 2, column 'text': null, expected a value",
        "line 3, column 'label': null, expected a value",
    ]
    assert told(parquet_of(table), kind="parquet") == [
        "row 1, column 'text': null, expected a value",
        "row 2, column 'label': null, expected a value",
    ]


def test_false_and_zero_are_values():
    [sample] = samples('{"text": 0, "label": false}', kind="jsonl")
    assert sample.target == "false"


def test_a_json_row_that_lacks_a_column_of_the_mapping_is_told():
    row = {"text": "Hi", "label": "a", "channel": "c", "customer_id": "1"}
    table: Table = [row, *({k: v for k, v in row.items() if k != name} for name in row)]
    assert told(jsonl_of(table), FULL, "jsonl")[:2] == [
        "line 2, column 'text': missing from this row, which has 'label', 'channel', 'customer_id'",
        "line 3, column 'label': missing from this row, which has 'text', 'channel', 'customer_id'",
    ]
    assert len(told(jsonl_of(table), FULL, "jsonl")) == 4


def test_an_id_must_be_there():
    assert told("id,text,label\n,Hi,a\n1,Hi,a\n") == [
        "line 2, column 'id': blank, expected a value"
    ]
    assert told('{"id":1,"text":2,"label":3}\n{"text":2,"label":3}', kind="jsonl") == [
        "line 2, column 'id': missing from this row, which has 'text', 'label'"
    ]


def test_an_id_that_stands_twice_is_told_with_the_place_of_the_first():
    assert told('id,text,label\na,Hi,x\nb,"H\ni",x\nb,Hi,x\na,Hi,x\n') == [
        "line 5, column 'id': 'b' stands on line 3 already, expected an id of its own",
        "line 6, column 'id': 'a' stands on line 2 already, expected an id of its own",
    ]
    table = [{"id": 1, "text": "Hi", "label": "x"}, {"id": 1, "text": "Hi", "label": "x"}]
    twice = ["row 1, column 'id': '1' stands in row 0 already, expected an id of its own"]
    assert told(parquet_of(table), kind="parquet") == twice
    assert told(json.dumps(table), kind="json") == twice


def test_the_id_of_a_refused_row_is_free():
    assert told("id,text,label\na,,x\na,Hi,x\n") == [
        "line 2, column 'text': blank, expected a value"
    ]


def test_a_long_id_is_told_in_short():
    [problem] = told(f"id,text,label\n{'x' * 999},Hi,a\n{'x' * 999},Hi,a\n")
    assert len(problem) < 200


def test_bad_rows_keep_their_place_and_their_number():
    kinds = [type(item) for item in samples("text,label\nHi,a\nHi\nHi,b\n")]
    assert kinds == [SampleRow, Problem, SampleRow]
    assert samples("text,label\nHi,a\nHi\nHi,b\n")[2].row == 2


# --- the mapping


def test_a_mapping_that_names_columns_that_are_there_passes():
    check_mapping(COLUMNS, FULL)


def refused_mapping(columns: Sequence[str], mapping: Mapping) -> str:
    with pytest.raises(InputError) as caught:
        check_mapping(columns, mapping)
    return str(caught.value)


def test_columns_that_are_missing_are_told_together_with_those_that_are_there():
    mapping = Mapping(input="Text", target="intent", slices=("zzz", "zzz"), cluster="customer")
    assert refused_mapping(("text", "category", "customerId"), mapping) == (
        "no column 'Text'; found 'text', 'category', 'customerId'; did you mean 'text'?\n"
        "no column 'intent'; found 'text', 'category', 'customerId'\n"
        "no column 'zzz'; found 'text', 'category', 'customerId'\n"
        "no column 'customer'; found 'text', 'category', 'customerId'; did you mean 'customerId'?"
    )


def test_a_header_that_was_not_parted_gives_a_hint():
    assert refused_mapping(("nr;question_de",), Mapping(input="nr", target="y")).splitlines()[
        1
    ] == ("no column 'y'; found 'nr;question_de'; is the file separated by ';'?")


def test_samples_are_not_read_by_a_mapping_that_does_not_fit():
    rows = open_rows(io.BytesIO(b"a,b\n1,2\n"), FileKind.CSV)
    with pytest.raises(InputError, match="no column 'text'; found 'a', 'b'"):
        read_samples(rows, MAPPING)


# --- the hash


@LAW
@given(TABLES)
def test_the_hash_depends_on_what_is_said_and_not_on_how_it_is_written(table):
    plain = csv_of(table)
    same = hash_of(plain)
    assert hash_of("\ufeff" + plain) == same
    assert hash_of(plain.replace("\n", "\r\n")) == same
    assert hash_of(csv_of(table, columns=COLUMNS[::-1])) == same
    assert hash_of("\n\n" + plain + "\n\n") == same
    assert hash_of(csv_of(table, delimiter="\t"), kind="tsv") == same
    assert hash_of(jsonl_of(table), kind="jsonl") == same
    assert hash_of(json.dumps(table, indent=1), kind="json") == same
    assert hash_of(parquet_of(table), kind="parquet") == same


@LAW
@given(TABLES, st.data(), FILLED)
def test_the_hash_changes_when_any_cell_changes(table, data, text):
    row = data.draw(st.integers(0, len(table) - 1))
    column = data.draw(st.sampled_from(COLUMNS))
    assume(table[row][column] != text)
    changed = [dict(cells) for cells in table]
    changed[row][column] = text
    assert hash_of(csv_of(changed)) != hash_of(csv_of(table))


@LAW
@given(TABLES)
def test_the_hash_changes_when_a_row_goes_or_rows_change_places(table):
    content = csv_of(table)
    assert hash_of(csv_of([*table, table[0]])) != hash_of(content)
    assume(table != table[::-1])
    assert hash_of(csv_of(table[::-1])) != hash_of(content)


def test_the_hash_changes_with_the_mapping():
    content = csv_of([dict.fromkeys(COLUMNS, "same")])
    mappings = [
        FULL,
        Mapping(input="channel", target="label", slices=("channel",), cluster="customer_id"),
        Mapping(input="text", target="channel", slices=("channel",), cluster="customer_id"),
        Mapping(input="text", target="label", slices=("text",), cluster="customer_id"),
        Mapping(input="text", target="label", cluster="customer_id"),
        Mapping(input="text", target="label", slices=("channel",)),
    ]
    assert len({hash_of(content, mapping) for mapping in mappings}) == len(mappings)


def test_the_order_in_which_slices_are_named_does_not_count():
    content = csv_of([dict.fromkeys(COLUMNS, "same")])
    one = Mapping(input="text", target="label", slices=("channel", "customer_id"))
    other = Mapping(input="text", target="label", slices=("customer_id", "channel"))
    assert hash_of(content, one) == hash_of(content, other)


def test_types_count():
    rows = [
        '{"text": 1, "label": "a"}',
        '{"text": 1.0, "label": "a"}',
        '{"text": "1", "label": "a"}',
    ]
    assert len({hash_of(row, MAPPING, "jsonl") for row in rows}) == 3


def test_line_ends_within_nested_values_do_not_count():
    crlf = r'{"text": [{"a\r\n": "b\r\n"}, 1], "label": "\\r\\n"}'
    assert hash_of(crlf, MAPPING, "jsonl") == hash_of(
        crlf.replace(r"a\r\n", r"a\n").replace(r"b\r\n", r"b\n"), MAPPING, "jsonl"
    )
    assert hash_of(crlf, MAPPING, "jsonl") != hash_of(
        crlf.replace("b\\r", "c\\r"), MAPPING, "jsonl"
    )


def test_the_hash_is_what_anyone_can_compute():
    lines = (
        '["viability.eval_set/1","text","label",["channel"],"customer_id"]\n'
        '[{"channel":"é","customer_id":"1","label":"b","text":"a"},"b",{"channel":"é"},"1"]\n'
    )
    content = "text,label,channel,customer_id\na,b,é,1\n"
    assert hash_of(content) == hashlib.sha256(lines.encode()).hexdigest()


# --- the guess


def rows_of(table: Table) -> list[Row]:
    return [Row(number, None, cells) for number, cells in enumerate(table)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("text", "category"), Mapping("text", "category")),
        (("question", "answer"), Mapping("question", "answer")),
        (("Intent", "User Message"), Mapping("User Message", "Intent")),
        (("customerQuestion", "expectedAnswer"), Mapping("customerQuestion", "expectedAnswer")),
        (("text", "label", "label_text"), Mapping("text", "label")),
        (("text", "whatever"), Mapping("text", "whatever")),
        (("whatever", "label"), Mapping("whatever", "label")),
        (("prompt", "answer", "Customer-ID"), Mapping("prompt", "answer", cluster="Customer-ID")),
        (("a", "b"), None),
        (("prompt", "gpt", "mixtral"), None),
        (("label",), None),
        ((), None),
    ],
)
def test_the_mapping_is_guessed_from_names(columns, expected):
    assert guess_mapping(columns, []) == expected


def test_columns_that_repeat_a_few_short_values_are_guessed_as_slices():
    columns = (
        "text",
        "label",
        "channel",
        "plan",
        "flag",
        "long",
        "year",
        "many",
        "one",
        "gpt_output",
    )
    table = [
        {
            "text": f"t{n}",
            "label": "a",
            "channel": "phone" if n % 2 else "mail",
            "plan": None if n % 2 else f"plan {n % 4}",
            "flag": str(n % 2 == 0),
            "long": "x" * (41 + n % 2),
            "year": str(2020 + n % 2),
            "many": f"m{n}",
            "gpt_output": "ab"[n % 2],
        }
        for n in range(20)
    ]
    assert guess_mapping(columns, rows_of(table)) == Mapping("text", "label", ("channel", "plan"))


# --- real rows


@pytest.mark.skipif(not BANKING77.exists(), reason=f"{BANKING77} is not there")
def test_banking77_is_read_whole_and_hashes_alike_as_json_lines():
    content = BANKING77.read_bytes()
    rows = open_rows(io.BytesIO(content), FileKind.of(BANKING77.name))
    mapping = guess_mapping(rows.columns, [])
    assert mapping == Mapping("text", "category")
    read = samples(content, mapping)
    assert len(read) == 3080
    assert len({sample.target for sample in read}) == 77
    with BANKING77.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [sample.input for sample in read] == table
    assert hash_of(jsonl_of(table), mapping, "jsonl") == hash_of(content, mapping)
