"""What a spec on the command line names: its own text, files of this machine, sets of a hub."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from evals.domain.evalsets import Mapping, SampleRow, read_samples
from evals.domain.prompts import PromptError, render
from evals.domain.problems import InputError, Problem
from evals.domain.recorded import recorded_rows
from evals.domain.rowfiles import FileKind, RowFile, open_rows
from evals.domain.specfile import identity_json, read_spec, referenced_files
from evals.domain.specs import CandidateSpec, EvalSetSpec, Spec
from evals.domain.trials import RecordedAnswer
from evals.engine.harness import check_scorers, load_hf_rows

CHUNK = 1 << 20
PROBED = 20  # samples whose prompts are rendered before anything is asked


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SpecInputs:
    """A spec file as read: its spec, the folder its paths start from, and its files' hashes."""

    spec: Spec
    folder: Path
    hashes: dict[str, str]

    @property
    def identity(self) -> str:
        """The hash by which the same evaluation is found again: parsed content and file hashes."""
        return hashlib.sha256(identity_json(self.spec, self.hashes).encode()).hexdigest()

    def path(self, name: str) -> Path:
        return self.folder / name


def read_inputs(path: Path, *, limit_bytes: int) -> SpecInputs:
    """Read a spec file and hash the files it names.

    Raises:
        SpecError: With every problem of the text.
        InputError: If a file is missing, is no file or is over the limit, or the text is not UTF-8.
    """
    spec = read_spec(_text(path), file=str(path))
    inputs = SpecInputs(spec=spec, folder=path.parent, hashes={})
    names = referenced_files(spec)
    problems = [p for name in names if (p := _file_problem(inputs.path(name), limit_bytes))]
    if problems:
        raise InputError(*problems, file=str(path))
    hashes = {name: _sha256(inputs.path(name)) for name in names}
    return dataclasses.replace(inputs, spec=_with_model_paths(inputs), hashes=_as_written(inputs, hashes))  # noqa: E501  # fmt: skip


@contextmanager
def eval_set_rows(inputs: SpecInputs) -> Iterator[RowFile]:
    """Open the rows that the spec's eval set names."""
    eval_set = inputs.spec.eval_set
    if eval_set.file is None:
        with _hub_rows(eval_set) as rows:
            yield rows
        return
    try:
        with inputs.path(eval_set.file).open("rb") as file:
            yield open_rows(file, FileKind.of(eval_set.file))
    except InputError as error:
        raise error.in_file(eval_set.file) from None


def read_whole_set(inputs: SpecInputs) -> list[SampleRow]:
    """Return every sample of the eval set, in memory.

    Raises:
        InputError: With every bad row.
    """
    eval_set = inputs.spec.eval_set
    with eval_set_rows(inputs) as rows:
        items = list(read_samples(rows, mapping_of(eval_set)))
    if problems := [item for item in items if isinstance(item, Problem)]:
        raise InputError(*problems, file=eval_set.file)
    return [item for item in items if isinstance(item, SampleRow)]


def mapping_of(eval_set: EvalSetSpec) -> Mapping:
    return Mapping(eval_set.input, eval_set.target, eval_set.slices, eval_set.cluster)


def check_inputs(inputs: SpecInputs) -> None:
    """Refuse scorers that cannot be built and prompts that name what no sample has.

    Raises:
        InputError: With every problem found.
    """
    problems = [*check_scorers(inputs.spec.scorers), *_prompt_problems(inputs)]
    if problems:
        raise InputError(*problems)


def recorded_file_answers(
    inputs: SpecInputs, candidate: CandidateSpec
) -> Iterator[tuple[str, RecordedAnswer]]:
    """Yield the keys and answers of a candidate's recorded file.

    Raises:
        InputError: For a bad row, a column that is not there, or a key that stands twice.
    """
    name = candidate.endpoint.file or ""
    try:
        with inputs.path(name).open("rb") as file:
            yield from recorded_rows(open_rows(file, FileKind.of(name)), candidate.endpoint)
    except InputError as error:
        raise error.in_file(name) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(Problem(message=f"cannot read {path}: {error.strerror}")) from None
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        message = f"byte {byte:#04x} at {error.start} is not UTF-8"
        raise InputError(Problem(message=message), file=str(path)) from None


def _file_problem(path: Path, limit_bytes: int) -> Problem | None:
    if not path.is_file():
        return Problem(message=f"{path}: found no such file, expected one that can be read")
    size = path.stat().st_size
    if size > limit_bytes:
        found = f"{size / 1e6:,.0f} MB"
        return Problem(message=f"{path}: {found}, over the limit of {limit_bytes / 1e6:,.0f} MB")
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _with_model_paths(inputs: SpecInputs) -> Spec:
    """Return the spec with local models by their full paths, since workers stand elsewhere."""
    return dataclasses.replace(
        inputs.spec,
        candidates=tuple(_with_model_path(inputs, c) for c in inputs.spec.candidates),
    )


def _with_model_path(inputs: SpecInputs, candidate: CandidateSpec) -> CandidateSpec:
    path = inputs.path(candidate.model.id)
    if candidate.endpoint.kind not in {"openvino", "hf"} or not path.exists():
        return candidate
    model = dataclasses.replace(candidate.model, id=str(path.resolve()))
    return dataclasses.replace(candidate, model=model)


def _as_written(inputs: SpecInputs, hashes: dict[str, str]) -> dict[str, str]:
    """Return the hashes under the full paths of models too."""
    return hashes | {str(inputs.path(name).resolve()): sha for name, sha in hashes.items()}


@contextmanager
def _hub_rows(eval_set: EvalSetSpec) -> Iterator[RowFile]:
    """Read a hub's set through a temporary file of lines, so that one reader checks all rows."""
    with TemporaryFile() as file:
        for row in load_hf_rows(eval_set.hf or "", eval_set.split or "test"):
            file.write(json.dumps(row, default=str, ensure_ascii=False).encode() + b"\n")
        file.seek(0)
        yield open_rows(file, FileKind.JSONL)


def _prompt_problems(inputs: SpecInputs) -> Iterator[Problem]:
    spec = inputs.spec
    with eval_set_rows(inputs) as rows:
        items = read_samples(rows, mapping_of(spec.eval_set))
        first = [s for s, _ in zip(items, range(PROBED), strict=False) if not isinstance(s, Problem)]
    for place, candidate in enumerate(spec.candidates):
        for sample in first:
            try:
                render(candidate.harness.prompt, sample.input, target=spec.eval_set.target)
            except PromptError as error:
                yield Problem(message=f"candidates[{place}].harness.prompt: {error}")
                break
