"""Whether a spec's plan and the slices of its bar have rows in the files that it names."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evals.domain.evalsets import SampleRow, read_samples
from evals.domain.slices import (
    SKIPPED,
    asked_positions,
    empty_slice,
    nothing_asked,
    reach_of,
)
from evals.domain.specfile import SpecError, SpecProblem, line_of
from evals.domain.specproblems import Path
from evals.engine.inputs import SpecInputs, eval_set_rows, mapping_of


@dataclass(slots=True)
class _Sliced:
    """What one pass over the rows found: positions by slice, values by column."""

    slices: Sequence[Mapping[str, str]]
    size: int = 0
    positions: list[list[int]] = field(default_factory=list)
    values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    clusters: list[str | None] = field(default_factory=list)

    def add(self, sample: SampleRow) -> None:
        for place, wanted in enumerate(self.slices):
            if wanted.items() <= sample.slices.items():
                self.positions[place].append(self.size)
        for column, value in sample.slices.items():
            self.values[column].add(value)
        self.clusters.append(sample.cluster)
        self.size += 1


def check_slices(inputs: SpecInputs) -> None:
    """Refuse criteria about slices that no row is in, or none of those that the plan asks about.

    A plan that skips every row is refused too. Rows that cannot be used are left out: they are
    refused when the rows are stored.

    Raises:
        SpecError: With the line of each, and for a slice with the values that there are.
    """
    bar = inputs.spec.bar
    lines = [(index, line.slice) for index, line in enumerate(bar) if line.slice is not None]
    if not lines and not inputs.spec.plan.skip_samples:
        return
    found = _read(inputs, [slice_ for _, slice_ in lines])
    if skipped := nothing_asked(found.size, inputs.spec.plan):
        raise SpecError([_problem(inputs, SKIPPED, skipped)])
    has_clusters = inputs.spec.eval_set.cluster is not None
    clusters = found.clusters if has_clusters else ()
    asked = asked_positions(found.size, inputs.spec.plan, clusters)
    values = {column: sorted(values) for column, values in found.values.items()}
    problems = [
        _problem(inputs, ("bar", index, "slice"), message)
        for (index, slice_), positions in zip(lines, found.positions, strict=True)
        if (message := empty_slice(slice_, reach_of(positions, asked), values))
    ]
    if problems:
        raise SpecError(problems)


def _read(inputs: SpecInputs, slices: Sequence[Mapping[str, str]]) -> _Sliced:
    found = _Sliced(slices, positions=[[] for _ in slices])
    with eval_set_rows(inputs) as rows:
        for item in read_samples(rows, mapping_of(inputs.spec.eval_set)):
            if isinstance(item, SampleRow):
                found.add(item)
    return found


def _problem(inputs: SpecInputs, path: Path, message: str) -> SpecProblem:
    line = line_of(inputs.file.read_text(encoding="utf-8-sig"), path)
    return SpecProblem(file=str(inputs.file), line=line, path=path, message=message)
