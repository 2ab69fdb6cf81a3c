"""What a spec on the command line names: its own text, files of this machine, sets of a hub."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from evals.domain.evalsets import Mapping, SampleRow, read_samples
from evals.domain.problems import InputError, Problem
from evals.domain.prompts import PromptError, render
from evals.domain.recorded import recorded_rows
from evals.domain.rowfiles import FileKind, RowFile, open_rows
from evals.domain.specendpoints import is_gguf, names_local_model
from evals.domain.specfile import identity_json, read_spec, referenced_files
from evals.domain.specs import CandidateSpec, EvalSetSpec, Spec
from evals.domain.trials import RecordedAnswer
from evals.engine.scorers import check_scorers

CHUNK = 1 << 20
PROBED = 20  # samples whose prompts are rendered before anything is asked


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SpecInputs:
    """A spec file as read: its spec, where it is, and the hashes of the files that it names.

    `written` is the spec before the prices that it names were looked up; None: they were not.
    """

    spec: Spec
    file: Path
    hashes: dict[str, str]
    written: Spec | None = None

    @property
    def identity(self) -> str:
        """The hash by which the same evaluation is found again: parsed content and file hashes."""
        spec = self.written or self.spec
        return hashlib.sha256(identity_json(spec, self.hashes).encode()).hexdigest()

    def path(self, name: str) -> Path:
        """Return where a file is that the spec names; names start from the spec's folder."""
        return self.file.parent / name


def read_inputs(path: Path, *, limit_bytes: int) -> SpecInputs:
    """Read a spec file and hash the files it names.

    Raises:
        SpecError: With every problem of the text.
        InputError: If a file is missing, cannot be read or is over the limit, or the text is not
            UTF-8. Models may be of any size.
    """
    spec = read_spec(_text(path), file=str(path))
    inputs = SpecInputs(spec=spec, file=path, hashes={})
    problems = []
    for name in referenced_files(spec):
        limit = None if is_gguf(name) else limit_bytes
        found = _hash(inputs.path(name), limit)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            inputs.hashes[name] = inputs.hashes[_full_path(inputs, name)] = found
    if problems:
        raise InputError(*problems, file=str(path))
    return dataclasses.replace(inputs, spec=_with_model_paths(inputs))


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
    """Return which columns of the eval set are what."""
    return Mapping(eval_set.input, eval_set.target, eval_set.slices, eval_set.cluster)


def check_inputs(inputs: SpecInputs) -> None:
    """Refuse scorers that cannot be built and prompts that name what no sample has.

    Raises:
        InputError: With every problem found.
    """
    problems = [*check_scorers(inputs.spec.scorers), *_prompt_problems(inputs)]
    if problems:
        raise InputError(*problems, file=str(inputs.file))


def check_environment(inputs: SpecInputs) -> None:
    """Refuse keys that are to be read from environment variables which are not set.

    Raises:
        InputError: With every such variable.
    """
    named = enumerate(candidate.endpoint.api_key_env for candidate in inputs.spec.candidates)
    problems = [
        Problem(
            message=f"candidates[{place}].endpoint.api_key_env: the environment variable {name} "
            "is not set, expected the API key in it"
        )
        for place, name in named
        if name is not None and not os.environ.get(name)
    ]
    if problems:
        raise InputError(*problems, file=str(inputs.file))


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


def _hash(path: Path, limit_bytes: int | None) -> str | Problem:
    """Return the hash of a file's content, or why it cannot be used."""
    if not path.is_file():
        return Problem(message=f"{path}: found no such file, expected one that can be read")
    size = path.stat().st_size
    if limit_bytes is not None and size > limit_bytes:
        found, limit = (f"{count / 1e6:,.1f} MB" for count in (size, limit_bytes))
        return Problem(
            message=f"{path}: found {found}, expected at most {limit} (set UPLOAD_LIMIT_MB)"
        )
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return Problem(message=f"{path} cannot be read: {error.strerror}")


def _full_path(inputs: SpecInputs, name: str) -> str:
    return str(inputs.path(name).resolve())


def _with_model_paths(inputs: SpecInputs) -> Spec:
    """Return the spec with local models by their full paths, since workers stand elsewhere."""
    candidates = tuple(_with_model_path(inputs, c) for c in inputs.spec.candidates)
    return dataclasses.replace(inputs.spec, candidates=candidates)


def _with_model_path(inputs: SpecInputs, candidate: CandidateSpec) -> CandidateSpec:
    if not names_local_model(candidate):
        return candidate
    model = dataclasses.replace(candidate.model, id=_full_path(inputs, candidate.model.id))
    return dataclasses.replace(candidate, model=model)


@contextmanager
def _hub_rows(eval_set: EvalSetSpec) -> Iterator[RowFile]:
    """Read a hub's set through a temporary file of lines, so that one reader checks all rows."""
    from evals.engine.hubrows import load_hf_rows  # noqa: PLC0415 - loading it takes seconds

    with TemporaryFile() as file:
        for row in load_hf_rows(eval_set.hf or "", eval_set.split or "test"):
            file.write(json.dumps(row, default=str, ensure_ascii=False).encode() + b"\n")
        file.seek(0)
        yield open_rows(file, FileKind.JSONL)


def _prompt_problems(inputs: SpecInputs) -> Iterator[Problem]:
    spec = inputs.spec
    with eval_set_rows(inputs) as rows:
        items = read_samples(rows, mapping_of(spec.eval_set))
        first = [
            s for s, _ in zip(items, range(PROBED), strict=False) if not isinstance(s, Problem)
        ]
    for place, candidate in enumerate(spec.candidates):
        for sample in first:
            try:
                render(candidate.harness.prompt, sample.input, target=spec.eval_set.target)
            except PromptError as error:
                yield Problem(message=f"candidates[{place}].harness.prompt: {error}")
                break
