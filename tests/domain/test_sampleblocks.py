"""The quick way of reading samples makes what the plain way makes, of every file."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain import textlines
from evals.domain.evalsets import ContentHash, Mapping, SampleRow, read_samples
from evals.domain.problems import InputError, Problem
from evals.domain.rowfiles import FileKind, open_rows
from evals.domain.sampleblocks import SampleBlock, read_sample_blocks

BITS = [
    *("a", "id", "é", "漢", "😀", "%", "%s", "{}", "\\", "\\r\\n", "\\u0000", '"', '""', ",", "\t"),
    *(" ", "\u00a0", "\u2003", "\u2028", "\x0c", "\x1c", "\x1f", "\x7f", "\x85", "\n", "\r\n"),
    *("\r", "\0", "\ufeff", "null", "1", "'", ";"),
]
cells = st.lists(st.sampled_from(BITS), max_size=4).map("".join)
names = st.sampled_from(["text", "label", "b", "a", "id", "%s", "é", 'q"', "c\r\nd", "c\nd", "\\"])
ends = st.sampled_from(["\n", "\r\n"])


def quoted(cell: str, delimiter: str, *, always: bool) -> str:
    if always or any(sign in cell for sign in ('"', "\n", "\r", delimiter)):
        return '"' + cell.replace('"', '""') + '"'
    return cell


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, FileKind, Mapping]:
    """Return a file, mostly of good rows, with a mapping of its columns."""
    kind = draw(st.sampled_from([FileKind.CSV, FileKind.TSV]))
    delimiter = "," if kind is FileKind.CSV else "\t"
    columns = draw(st.lists(names, min_size=2, max_size=5, unique=True))
    good = st.lists(cells.map(lambda cell: cell or "x"), min_size=len(columns)).map(
        lambda row: row[: len(columns)]
    )
    rows = draw(st.lists(st.one_of(good, good, good, st.lists(cells, max_size=6)), max_size=12))
    always = draw(st.booleans())
    text = ""
    for row in [columns, *rows]:
        text += delimiter.join(quoted(cell, delimiter, always=always) for cell in row)
        text += draw(ends)
    content = (text + draw(st.sampled_from(["", "", "x", '"open', "a,b", "\n\n"]))).encode()
    spoilt = draw(st.one_of(st.none(), st.none(), st.integers(0, len(content))))
    if spoilt is not None:
        bad = draw(st.sampled_from([b"\xff", b"\0", b"\xe9", b'"', b'x"', b"\r", b"\n", b" "]))
        content = content[:spoilt] + bad + content[spoilt:]
    chosen = st.sampled_from(columns)
    mapping = Mapping(
        input=draw(chosen),
        target=draw(chosen),
        slices=tuple(draw(st.lists(chosen, max_size=3))),
        cluster=draw(st.one_of(st.none(), chosen)),
    )
    return content, kind, mapping


def plainly(content: bytes, kind: FileKind, mapping: Mapping) -> Iterator[object]:
    hashed = ContentHash(mapping)
    for item in read_samples(open_rows(io.BytesIO(content), kind), mapping):
        if isinstance(item, SampleRow):
            hashed.add(item)
        yield item if isinstance(item, Problem) else tuple(item)
    yield hashed.hexdigest()


def quickly(content: bytes, kind: FileKind, mapping: Mapping) -> Iterator[object]:
    hashed = ContentHash(mapping)
    for item in read_sample_blocks(open_rows(io.BytesIO(content), kind), mapping):
        if isinstance(item, SampleBlock):
            hashed.add_lines(item.hashed)
            yield from singly(item)
        else:
            yield item
    yield hashed.hexdigest()


def singly(block: SampleBlock) -> Iterator[object]:
    """Return the samples of a block as the plain way has them."""
    keys = [None] * len(block.rows) if block.keys is None else block.keys.to_pylist()
    inputs = list(map(json.loads, block.inputs.to_pylist()))
    slices = map(json.loads, block.slices.to_pylist())
    targets, clusters = block.targets.to_pylist(), block.clusters.to_pylist()
    yield from zip(block.rows.tolist(), keys, inputs, targets, slices, clusters, strict=True)


def told(items: Iterator[object]) -> tuple[list[object], list[object], object]:
    """Return samples (where nothing ended the reading, with the hash), problems and the error."""
    samples: list[object] = []
    problems: list[object] = []
    try:
        for item in items:
            (problems if isinstance(item, Problem) else samples).append(item)
    except InputError as error:
        return [], problems, error.problems
    return samples, problems, None


@given(files(), st.sampled_from([1, 7, 64, 1 << 18]))
def test_blocks_hold_the_same_samples_problems_and_hash(
    given_file: tuple[bytes, FileKind, Mapping], size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textlines, "BLOCK_BYTES", size)
        assert told(quickly(*given_file)) == told(plainly(*given_file))


def read(text: str, mapping: Mapping) -> tuple[list[Any], list[Any]]:
    """Return the samples with their hash, and the problems: the same by both ways."""
    samples, problems, error = told(quickly(text.encode(), FileKind.CSV, mapping))
    assert (samples, problems, error) == told(plainly(text.encode(), FileKind.CSV, mapping))
    return samples, problems


def blocks_of(text: str, mapping: Mapping) -> list[SampleBlock]:
    file = io.BytesIO(text.encode())
    items = read_sample_blocks(open_rows(file, FileKind.CSV), mapping)
    return [item for item in items if isinstance(item, SampleBlock)]


TEXT = Mapping("text", "label")
ALL = Mapping("text", "label", ("tone", "b"), "who")


def test_many_good_rows_come_in_few_blocks() -> None:
    rows = "".join(f"question {n},yes\n" for n in range(3000))
    assert len(blocks_of(f"text,label\n{rows}", TEXT)) < 12
    samples, problems = read(f"text,label\n{rows}", TEXT)
    assert (len(samples), problems) == (3001, [])


def test_one_bad_row_in_the_middle_of_many_is_the_only_one() -> None:
    rows = [f"question {n},yes" for n in range(2000)]
    rows[1234] = "one cell"
    _, problems = read("\n".join(["text,label", *rows]), TEXT)
    assert [(problem.line, problem.row) for problem in problems] == [(1236, 1234)]


@pytest.mark.parametrize("kind", [FileKind.CSV, FileKind.JSONL])
def test_the_columns_of_an_input_stay_in_the_order_of_the_file(kind: FileKind) -> None:
    csv, jsonl = b"text,z,label,a\nq,1,yes,2\nr,1,no,2\n", b'{"text":"q","z":1,"label":"y","a":2}\n'
    file = io.BytesIO(csv if kind is FileKind.CSV else jsonl)
    for block in read_sample_blocks(open_rows(file, kind), TEXT):
        assert isinstance(block, SampleBlock)
        for text in block.inputs.to_pylist():
            assert list(json.loads(text)) == ["text", "z", "label", "a"]


def test_a_bad_row_here_and_there_leaves_the_others_in_blocks() -> None:
    rows = [f"question {n},yes" for n in range(20_000)]
    for place in (500, 9_000, 15_000):
        rows[place] = ",blank"
    text = "\n".join(["text,label", *rows])
    assert sum(len(block.rows) > 400 for block in blocks_of(text, TEXT)) > 20
    samples, problems = read(text, TEXT)
    assert (len(samples), [problem.row for problem in problems]) == (19_998, [500, 9_000, 15_000])


def test_names_much_longer_than_the_cells_make_no_large_blocks() -> None:
    long = [f"{'n' * 5000}{n}" for n in range(20)]
    rows = "".join(f"a,y{',' * len(long)}\n" for _ in range(5000))
    blocks = blocks_of(f"text,label,{','.join(long)}\n{rows}", TEXT)
    assert sum(len(block.rows) for block in blocks) == 5000
    assert max(len(block.hashed) for block in blocks) < 4_000_000


def test_the_line_of_a_repeated_id_is_known_behind_cells_of_several_lines() -> None:
    rows = "".join(f'{n},"a\nb\nc",yes\n' for n in range(900))
    _, [problem] = read(f"id,text,label\n{rows}7,again,no\n", TEXT)
    assert (problem.line, problem.row) == (2702, 900)
    assert "stands on line 23 already" in problem.message


@pytest.mark.parametrize("blank", ["", " ", "\u00a0", "\u2003\t"])
def test_blank_slices_and_clusters_are_left_out_in_a_block(blank: str) -> None:
    rows = f"q,yes,warm,x,c1\nq,yes,{blank},x,{blank}\nq,yes,cold,{blank},c2\n"
    [*samples, _], _ = read(f"text,label,tone,b,who\n{rows}", ALL)
    assert [sample[4:] for sample in samples] == [
        ({"b": "x", "tone": "warm"}, "c1"),
        ({"b": "x"}, None),
        ({"tone": "cold"}, "c2"),
    ]


def test_line_ends_in_cells_are_stored_as_they_are_and_hashed_as_line_feeds() -> None:
    windows, _ = read('text,label\nx,y\n"a\r\nb",yes\nc,"\r\nz"\n', TEXT)
    unix, _ = read('text,label\nx,y\n"a\nb",yes\nc,"\nz"\n', TEXT)
    assert windows[-1] == unix[-1]
    assert windows[1] != unix[1]


def test_json_rows_come_in_blocks_of_bounded_size() -> None:
    file = io.BytesIO(b"\n".join(b'{"text": "%s", "label": 1}' % (b"x" * 9000) for _ in range(99)))
    items = list(read_sample_blocks(open_rows(file, FileKind.JSONL), TEXT))
    assert max(len(item.rows) for item in items if isinstance(item, SampleBlock)) < 35
    assert sum(len(item.rows) for item in items if isinstance(item, SampleBlock)) == 99
