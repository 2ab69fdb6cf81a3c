import csv
import io
import json
import os
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from evals.domain.problems import InputError, Problem
from evals.domain.rowfiles import FileKind, Row, RowFile, escape_cell, open_rows
from evals.domain.textlines import BLOCK_BYTES, LINE_LIMIT

LAW = settings(deadline=None, max_examples=50)  # loaded machines import pyarrow slowly
PLAIN = st.characters(codec="utf-8", exclude_characters="\0")
CELLS = st.text(PLAIN | st.sampled_from('",\t\r\n=é€😀\u2028\x0c\x85'))
NAMES = st.text(PLAIN, min_size=1, max_size=9).filter(str.strip)
TABLES = st.lists(NAMES, min_size=1, max_size=4, unique=True).flatmap(
    lambda names: st.tuples(
        st.just(names),
        st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), min_size=1),
    )
)

BAD_BYTE = "byte 0xe9 is not UTF-8 (in Windows-1252 it is 'é'); expected the whole file in UTF-8"
NUL = "a NUL character, which cannot be stored; expected text without it"
TOO_DEEP = "values nested more than 64 deep, expected at most that"


def opened(content: str | bytes, kind: str = "csv") -> RowFile:
    raw = content.encode() if isinstance(content, str) else content
    return open_rows(io.BytesIO(raw), FileKind(kind))


def read(content: str | bytes, kind: str = "csv") -> list[Any]:
    return list(opened(content, kind).rows)


def cells(content: str | bytes, kind: str = "csv") -> list[Any]:
    return [row.cells if isinstance(row, Row) else str(row) for row in read(content, kind)]


def refusal(content: str | bytes, kind: str = "csv") -> str:
    with pytest.raises(InputError) as caught:
        read(content, kind)
    return str(caught.value)


def parquet_of(table: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table(table), file)
    return file.getvalue()


def csv_of(
    names: list[str], rows: list[list[str]], *, delimiter: str = ",", end: str = "\r\n"
) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([names, *rows])
    return file.getvalue().encode()


# --- kinds of files


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", FileKind.CSV),
        ("a.b.TSV", FileKind.TSV),
        ("a.jsonl", FileKind.JSONL),
        ("a.ndjson", FileKind.JSONL),
        ("/x/a.json", FileKind.JSON),
        ("a.parquet", FileKind.PARQUET),
    ],
)
def test_the_name_of_a_file_says_its_kind(name, kind):
    assert FileKind.of(name) is kind


def test_a_name_that_says_no_kind_is_refused_with_those_that_do():
    expected = "expected one of .csv .tsv .jsonl .json .parquet .ndjson"
    with pytest.raises(InputError) as caught:
        FileKind.of("rows.xlsx")
    assert str(caught.value) == f"rows.xlsx: the file name ends in .xlsx, {expected}"
    with pytest.raises(InputError) as caught:
        FileKind.of("rows")
    assert str(caught.value) == f"rows: the file name has no ending, {expected}"


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json"])
@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"PK\x03\x04", "an Excel workbook or another ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1", "an old Excel workbook"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"PAR1\x15", "a Parquet file"),
        (b"\xff\xfet\0", "UTF-16 text"),
        (b"\xfe\xff\0t", "UTF-16 text"),
    ],
)
def test_a_file_that_is_no_text_is_refused_by_what_it_is(kind, start, name):
    assert refusal(start + b"anything\n", kind) == f"the file is {name}, expected UTF-8 text"


# --- problems


def test_a_problem_says_where_it_is():
    assert str(Problem(message="odd")) == "odd"
    assert str(Problem(message="odd", line=14, row=12)) == "line 14: odd"
    assert str(Problem(message="odd", row=7, column="text")) == "row 7, column 'text': odd"
    assert str(Problem(message="odd", column="text")) == "column 'text': odd"


def test_an_input_error_lists_its_problems_under_the_name_of_the_file():
    error = InputError(Problem(message="odd", line=1), Problem(message="even", line=2))
    assert str(error) == "line 1: odd\nline 2: even"
    assert str(error.in_file("a.csv")) == "a.csv: line 1: odd\na.csv: line 2: even"


# --- CSV and TSV


@LAW
@given(TABLES, st.sampled_from(["\n", "\r\n"]), st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_what_is_written_as_csv_is_read_back(table, end, mark):
    names, rows = table
    file = opened(mark + csv_of(names, rows, end=end))
    assert file.columns == tuple(names)
    assert [list(row.cells.values()) for row in file.rows if isinstance(row, Row)] == rows


@LAW
@given(TABLES)
def test_what_is_written_as_tsv_is_read_back(table):
    names, rows = table
    content = csv_of(names, rows, delimiter="\t")
    assert [list(row.values()) for row in cells(content, "tsv")] == rows


@LAW
@given(st.binary(max_size=200), st.sampled_from(list(FileKind)))
def test_no_bytes_break_the_reader(content, kind):
    try:
        rows = read(b"a,b\n" + content, kind)
    except InputError as error:
        rows = list(error.problems)
    assert rows
    assert all(isinstance(row, Row | Problem) for row in rows)


def test_a_row_knows_its_number_and_the_line_it_starts_on():
    rows = read('text,label\n"two\nlines",a\n\n   \nlast,b')
    assert [(row.number, row.line) for row in rows] == [(0, 2), (1, 6)]
    assert rows[0].cells == {"text": "two\nlines", "label": "a"}


def test_a_blank_cell_of_a_lone_column_is_a_row():
    assert cells('text\n""\n\n " "\n') == [{"text": ""}, {"text": ' " "'}]


def test_a_cell_that_looks_like_a_formula_is_text():
    assert cells('a,b\n=1+1,"=cmd|x"\n') == [{"a": "=1+1", "b": "=cmd|x"}]


def test_lines_are_cut_at_line_feeds_alone():
    assert cells("a,b\none\x0ctwo\u2028three\x85four,five\n") == [
        {"a": "one\x0ctwo\u2028three\x85four", "b": "five"}
    ]


def test_a_very_long_cell_is_read():
    long = "x" * 16_800_000
    assert read(f"a,b\n{long},y\nz,z\n")[0].cells["a"] == long


def test_rows_of_the_wrong_width_are_told_and_reading_goes_on():
    assert cells("a,b,c\n1,2,3\n1,2\n1\n1,2,3,4\n4,5,6\n") == [
        {"a": "1", "b": "2", "c": "3"},
        "line 3: 2 fields, the header has 3",
        "line 4: 1 field, the header has 3",
        "line 5: 4 fields, the header has 3",
        {"a": "4", "b": "5", "c": "6"},
    ]
    assert read("a,b\n1\n")[0] == Problem(message="1 field, the header has 2", line=2, row=0)


def test_text_after_a_closing_quote_is_told_and_reading_goes_on():
    told = (
        "text follows a closing quote, expected the end of the cell "
        "(a quote inside quotes is written twice)"
    )
    assert cells('a,b\n"x"y,1\n"x\ny"z,2\nx,3\n') == [
        f"line 2: {told}",
        f"line 3: {told}; the row runs to line 4",
        {"a": "x", "b": "3"},
    ]


def test_a_carriage_return_alone_outside_quotes_is_told():
    told = "a carriage return stands alone outside quotes, expected lines to end in LF or CRLF"
    assert cells('a,b\nx\ry,1\n"x\ry",2\n') == [f"line 2: {told}", {"a": "x\ry", "b": "2"}]
    assert refusal("\na,b\rx,y\r") == f"line 2: {told}"


def test_a_quote_that_is_never_closed_is_refused_with_its_line():
    told = "a quote is opened in this row and never closed, so nothing after it can be read"
    assert refusal('a,b\n1,2\n"x,3\n4,5\n') == f"line 3: {told}"
    assert refusal('"a,b\n1,2\n') == f"line 1: {told}"


def test_a_cell_past_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr("evals.domain.delimited.FIELD_LIMIT", 10)
    limit = csv.field_size_limit(10)
    try:
        assert refusal(f"a,b\n{'x' * 11},y\n") == (
            "line 2: a cell is longer than 33,554,432 characters; is its quote closed?"
        )
    finally:
        csv.field_size_limit(limit)


@pytest.mark.parametrize("content", ["", "\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(content):
    assert refusal(content) == "the file is empty, expected a header and rows"


def test_a_header_alone_is_refused():
    assert refusal("text,label\n\n") == "no rows under the header"


def test_names_that_are_repeated_or_empty_are_refused_together():
    assert refusal("\na,,a, ,a\n1,2,3,4,5\n") == (
        "line 2: column 2 has no name, expected one in every place of the header "
        "(pandas writes such a column unless index=False)\n"
        "line 2: column 4 has no name, expected one in every place of the header "
        "(pandas writes such a column unless index=False)\n"
        "line 2: the name 'a' stands 3 times, expected each name once"
    )


def test_a_byte_that_is_not_utf_8_is_told_with_its_line_and_reading_goes_on():
    content = b'text,label\ncaf\xc3\xa9,a\n"x\ncaf\xe9",b\ny,\x81\nz,c\n'
    assert cells(content) == [
        {"text": "café", "label": "a"},
        f"line 4, column 'text': {BAD_BYTE}",
        "line 5, column 'label': byte 0x81 is not UTF-8; expected the whole file in UTF-8",
        {"text": "z", "label": "c"},
    ]
    assert read(content)[1].row == 1


def test_a_bad_byte_is_told_before_a_wrong_width():
    assert cells(b"a,b\n1,2,\xe9\n") == [f"line 2: {BAD_BYTE}"]
    assert cells(b"a,b\n1,2,3\n\xe9,1\n")[0] == "line 2: 3 fields, the header has 2"


def test_bad_bytes_in_the_header_are_refused():
    assert refusal(b"a,\xe9\n1,2\n") == f"line 1: in the name of column 2: {BAD_BYTE}"


def test_nul_characters_are_told():
    assert cells("a,b\n1,x\0y\n") == [f"line 2, column 'b': {NUL}"]
    assert refusal("a,b\0\n1,2\n") == f"line 1: in the name of column 2: {NUL}"


def test_a_bad_byte_is_found_wherever_the_blocks_of_a_file_end():
    good = "x" * 1000 + ",y\n"
    for shift in range(-3, 4):
        rows = (2 * BLOCK_BYTES + shift) // len(good)
        pad = "x" * ((2 * BLOCK_BYTES + shift) % len(good))
        content = f"a,b\n{good * rows}".encode() + f'"{pad}\n'.encode() + b'\xe9",z\nlast,1\n'
        *fine, bad, last = read(content)
        assert len(fine) == rows
        assert (bad.line, bad.row) == (rows + 3, rows)
        assert last.cells == {"a": "last", "b": "1"}


class Endless(io.BytesIO):
    """A file of `x` without a line end, which counts what is asked of it."""

    asked = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked += size or 0
        return b"x" * (size or 0)


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory():
    file = Endless()
    with pytest.raises(InputError, match=r"^line 1: the line has no end within 64 MiB$"):
        open_rows(file, FileKind.CSV)
    assert file.asked < LINE_LIMIT + 2 * BLOCK_BYTES


# --- JSON


def test_json_lines_keep_their_types_and_their_lines():
    file = opened('{"a": 1, "b": "x"}\r\n\n{"b": [1.0, {"c": null}], "d": true}\n', "jsonl")
    assert file.columns == ("a", "b", "d")
    assert list(file.rows) == [
        Row(0, 1, {"a": 1, "b": "x"}),
        Row(1, 3, {"b": [1.0, {"c": None}], "d": True}),
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"a" 1}', "not JSON: Expecting ':' delimiter at character 6, expected an object"),
        ("a,b", "not JSON: Expecting value at character 1, expected an object"),
        ('{"a": 1} {}', "not JSON: Extra data at character 10, expected an object"),
        ('["a"]', "found an array, expected an object"),
        ('"a"', "found a string, expected an object"),
        ("1", "found a number, expected an object"),
        ("true", "found a boolean, expected an object"),
        ("null", "found null, expected an object"),
        ("{}", "the object is empty, expected columns"),
        ('{" ": 1}', "a name in the object is empty, expected one for every value"),
        ('{"a": NaN}', "NaN is not JSON, expected a number or null"),
        ('{"a": [-Infinity]}', "-Infinity is not JSON, expected a number or null"),
        ('{"a": 1e999}', "1e999 is too large for a number, expected at most 1.8e308"),
        ('{"a": 1, "b": 2, "a": 3}', "the name 'a' stands twice in one object, expected it once"),
        (f'{{"a": {"9" * 5000}}}', "a number has more than 4,300 digits, expected at most that"),
        (f'{{"a": {"[" * 64}{"]" * 64}}}', TOO_DEEP),
        ("[" * 100_000, TOO_DEEP),
        (b'{"a": "\xe9"}', BAD_BYTE),
        (b'{"a": "\0"}', NUL),
    ],
)
def test_a_json_line_that_is_no_row_is_told_and_reading_goes_on(line, told):
    raw = line if isinstance(line, bytes) else line.encode()
    assert cells(b'{"a": 1}\n' + raw + b'\n{"a": 2}\n', "jsonl") == [
        {"a": 1},
        f"line 2: {told}",
        {"a": 2},
    ]


@pytest.mark.parametrize("kind", ["jsonl", "json"])
def test_escapes_that_are_no_text_are_told_with_their_column(kind):
    half = r"a lone surrogate, \ud83d, which is half a character; expected a pair"
    lines = [
        r'{"a": "caf\u00e9 \ud83d\ude00 \\u0000"}',
        r'{"a": 1, "b": [{"c": "\u0000"}]}',
        r'{"a": [["\ud83d"]]}',
        r'{"b": {"\u0000": 1}}',
    ]
    assert cells("\n".join(lines), kind) == [
        {"a": "café 😀 \\u0000"},
        f"line 2, column 'b': {NUL}",
        f"line 3, column 'a': {half}",
        f"line 4, column 'b': {NUL}",
    ]


def test_values_nested_deep_enough_for_anyone_are_read():
    line = f'{{"a": {"[" * 63}{"]" * 63}, "b": "{"[" * 100}"}}'
    assert cells(line, "jsonl")[0]["b"] == "[" * 100


def test_a_json_file_without_one_good_row_among_the_first_is_refused_with_their_faults():
    assert refusal("a,b\n1,2\n", "jsonl") == (
        "line 1: not JSON: Expecting value at character 1, expected an object\n"
        "line 2: not JSON: Extra data at character 2, expected an object"
    )


@pytest.mark.parametrize(("content", "kind"), [("", "jsonl"), ("\n", "json"), (" [ ]", "json")])
def test_a_json_file_without_rows_is_refused(content, kind):
    told = "no rows in the file, expected an object a line or an array of objects"
    assert refusal(content, kind) == told


@LAW
@given(
    st.lists(st.dictionaries(NAMES, CELLS | st.integers() | st.booleans(), min_size=1), min_size=1),
    st.sampled_from([None, 2]),
    st.sampled_from(["", "\ufeff"]),
)
def test_what_is_written_as_a_json_array_is_read_back(rows, indent, mark):
    assert cells(mark + json.dumps(rows, indent=indent), "json") == rows
    assert cells(mark + json.dumps(rows, ensure_ascii=False), "json") == rows


def test_a_long_json_array_is_read_piece_by_piece():
    rows = [{"text": "é" * length, "n": length} for length in (1, BLOCK_BYTES, 3, 4 * BLOCK_BYTES)]
    rows = rows + [{"text": "x", "n": n} for n in range(10_000)]
    content = json.dumps(rows, ensure_ascii=False).encode()
    assert cells(content, "json") == rows


def test_a_bad_element_of_an_array_is_told_by_its_row_and_reading_goes_on():
    rows = b'[{"a": 1}, 12, {"a": NaN}, {"a": "\xe9"}, {"a": 1, "a": 2},\n{"a": 2}]'
    assert cells(rows, "json") == [
        {"a": 1},
        "row 1: found a number, expected an object",
        "row 2: NaN is not JSON, expected a number or null",
        f"row 3: {BAD_BYTE}",
        "row 4: the name 'a' stands twice in one object, expected it once",
        {"a": 2},
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('[{"a": 1}\n{"a": 2}]', "line 2: found '{', expected ',' or ']'"),
        ('[{"a": 1},\n', "line 2: not JSON: Expecting value"),
        ('[{"a": 1},\n{"a":\n', "line 3: not JSON: Expecting value"),
        ('[{"a": 1}', "line 1: found the end of the file, expected ',' or ']'"),
        ('[{"a": 1},\n]', "line 2: not JSON: Expecting value"),
        ('[{"a": 1}] x', "line 1: found 'x' after the array, expected the end of the file"),
        (f'[{{"a": 1}},\n{"[" * 100_000}', f"line 2: {TOO_DEEP}"),
    ],
)
def test_a_broken_array_is_refused_with_the_line(content, told):
    assert refusal(content, "json") == told


def test_an_element_past_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr("evals.domain.jsonarrays.LINE_LIMIT", 1024 * 1024)
    told = "line 1: a row of the array is longer than 1 MiB"
    assert refusal(f'[{{"a": "{"x" * 3_000_000}"}}]', "json") == told


# --- Parquet


def test_parquet_scalars_come_as_json_has_them():
    moment = datetime(2026, 5, 1, 9, 30, 0, 250_000, tzinfo=UTC)
    table = {
        "text": pa.array(["é", None]),
        "large": pa.array(["a", "b"], pa.large_string()),
        "view": pa.array(["a", "b"], pa.string_view()),
        "word": pa.array(["a", None]).dictionary_encode(),
        "whole": pa.array([2**63, None], pa.uint64()),
        "real": pa.array([0.5, None], pa.float32()),
        "flag": pa.array([True, None]),
        "nothing": pa.nulls(2),
        "bytes": pa.array(["é".encode(), None]),
        "fixed": pa.array([b"ab", None], pa.binary(2)),
        "price": pa.array([Decimal("1.50"), None]),
        "tiny": pa.array([Decimal("0.00000001"), None]),
        "day": pa.array([date(2026, 5, 10), None]),
        "clock": pa.array([time(9, 30), None], pa.time64("ns")),
        "local": pa.array([datetime(2026, 5, 10), None], pa.timestamp("ns")),  # noqa: DTZ001
        "zoned": pa.array([moment, None], pa.timestamp("ms", "Europe/Paris")),
        "nano": pa.array([1, None], pa.timestamp("ns")),
    }
    first, second = read(parquet_of(table), "parquet")
    assert first == Row(
        0,
        None,
        {
            "text": "é",
            "large": "a",
            "view": "a",
            "word": "a",
            "whole": 2**63,
            "real": 0.5,
            "flag": True,
            "nothing": None,
            "bytes": "é",
            "fixed": "ab",
            "price": "1.50",
            "tiny": "0.00000001",
            "day": "2026-05-10",
            "clock": "09:30:00",
            "local": "2026-05-10T00:00:00",
            "zoned": "2026-05-01T09:30:00.25Z",
            "nano": "1970-01-01T00:00:00.000000001",
        },
    )
    assert {name for name, cell in second.cells.items() if cell is not None} == {"large", "view"}


def test_rows_are_numbered_over_all_of_a_parquet_file():
    numbers = list(range(3000))
    rows = read(parquet_of({"n": numbers}), "parquet")
    assert [row.number for row in rows] == [row.cells["n"] for row in rows] == numbers


def test_columns_that_are_no_scalars_are_refused_with_their_types():
    table = {
        "ok": ["a"],
        "tags": pa.array([["a"]]),
        "who": pa.array([{"name": "a"}]),
        "wait": pa.array([1], pa.duration("s")),
    }
    expected = "expected text, numbers, booleans, dates, times, decimals or bytes"
    assert refusal(parquet_of(table), "parquet") == (
        f"column 'tags': found the type list<element: string>, {expected}\n"
        f"column 'who': found the type struct<name: string>, {expected}\n"
        f"column 'wait': found the type duration[s], {expected}"
    )


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PAR1" + b"\1" * 20 + b"PAR1"])
def test_a_file_that_is_not_parquet_is_refused(content):
    assert refusal(content, "parquet").startswith("not a Parquet file that can be read: Parquet ")


def test_a_parquet_file_that_breaks_off_inside_is_refused():
    content = bytearray(parquet_of({"a": [os.urandom(20).hex() for _ in range(5000)]}))
    content[1000:60_000] = bytes(59_000)
    assert refusal(bytes(content), "parquet").startswith("not a Parquet file that can be read: ")


def test_a_parquet_file_without_rows_or_with_bad_names_is_refused():
    assert refusal(parquet_of({"a": pa.array([], pa.string())}), "parquet") == "no rows in the file"
    file = io.BytesIO()
    parquet.write_table(pa.table([[1], [2]], names=["a", "a"]), file)
    told = "the name 'a' stands 2 times, expected each name once"
    assert refusal(file.getvalue(), "parquet") == told


def test_parquet_cells_that_cannot_be_stored_are_told_by_row_and_column():
    claimed = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xe9")]
    )
    assert cells(parquet_of({"a": claimed}), "parquet") == [f"row 0, column 'a': {BAD_BYTE}"]
    assert cells(parquet_of({"a": [b"\xe9", b"x"]}), "parquet") == [
        f"row 0, column 'a': {BAD_BYTE}",
        {"a": "x"},
    ]
    assert cells(parquet_of({"a": ["x", "\0"]}), "parquet")[1] == f"row 1, column 'a': {NUL}"
    assert cells(parquet_of({"a": [1.0, float("nan"), float("inf")]}), "parquet") == [
        {"a": 1.0},
        "row 1, column 'a': nan is no number, expected one or null",
        "row 2, column 'a': inf is no number, expected one or null",
    ]


# --- writing


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx"])
def test_a_cell_that_a_spreadsheet_would_run_is_escaped(value):
    assert escape_cell(value) == f"'{value}"


@pytest.mark.parametrize("value", ["", "a=1", "1", " =1", "'x"])
def test_other_cells_are_written_as_they_are(value):
    assert escape_cell(value) == value
