"""What to look at in an eval set before a verdict rests on it. Nothing here stops anybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from evals.domain.intervals import wilson_interval
from evals.domain.setfigures import RARE, SetFigures

FEWEST_ROWS = 20  # before them, shares say nothing
ROWS_A_LABEL = 5  # on average: below that, targets are free text and no labels
TWO_LABELS = 2
DOMINANT, DOMINANT_OF_TWO = 0.5, 0.75
FEWEST_LEAKS, LEAST_LEAK = 5, 0.05


class Concern(StrEnum):
    """A kind of finding; the value is the name of its examples."""

    CONTRADICTED = "contradicted"
    REPEATED = "repeated"
    LEAKED = "leaked"
    NEAR_EMPTY = "near_empty"
    IMBALANCE = "imbalance"
    RARE = "rare"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWarning:
    """What was found and how often, why it matters, and the positions of a few such samples."""

    concern: Concern
    title: str
    why: str
    examples: tuple[int, ...] = ()


def set_warnings(figures: SetFigures) -> tuple[SetWarning, ...]:
    """Return what to look at, the gravest first."""
    return tuple(
        warning
        for warnings in (_contradicted, _repeated, _leaked, _near_empty, _imbalance, _rare)
        for warning in warnings(figures)
    )


def _contradicted(figures: SetFigures) -> Iterator[SetWarning]:
    if figures.contradicted:
        yield SetWarning(
            concern=Concern.CONTRADICTED,
            title=f"{_rows(figures.contradicted, figures)} share their input with a row that has "
            "another target",
            why="No candidate can be right on both: the best possible score is below 1, and the "
            "bar may be out of reach. Where prompts use further columns, these may tell the rows "
            "apart.",
            examples=_examples(figures, Concern.CONTRADICTED),
        )


def _repeated(figures: SetFigures) -> Iterator[SetWarning]:
    if figures.repeated:
        verb = "repeats" if figures.repeated == 1 else "repeat"
        yield SetWarning(
            concern=Concern.REPEATED,
            title=f"{_rows(figures.repeated, figures)} {verb} the input of an earlier row",
            why="The same question twice is no second piece of evidence: intervals come out "
            "narrower than they should. A cluster column tells which rows belong together.",
            examples=_examples(figures, Concern.REPEATED),
        )


def _leaked(figures: SetFigures) -> Iterator[SetWarning]:
    if figures.leaked < FEWEST_LEAKS or figures.leaked < LEAST_LEAK * figures.leak_looked:
        return
    chance = 0.0
    if figures.chance_looked:
        chance = wilson_interval(figures.chance_hits, figures.chance_looked).high
    if wilson_interval(figures.leaked, figures.leak_looked).low <= chance:
        return
    expected = _share(figures.chance_hits, figures.chance_looked)
    yield SetWarning(
        concern=Concern.LEAKED,
        title=f"{_rows(figures.leaked, figures)} have their target in the input, word for word",
        why=f"That is {figures.leaked / figures.leak_looked:.0%} where the target of another row "
        f"is found in {expected}. A candidate may copy instead of understand, and score better "
        "here than on real inputs. It is as it should be where answers are quoted from a text.",
        examples=_examples(figures, Concern.LEAKED),
    )


def _near_empty(figures: SetFigures) -> Iterator[SetWarning]:
    if figures.near_empty:
        yield SetWarning(
            concern=Concern.NEAR_EMPTY,
            title=f"{_rows(figures.near_empty, figures)} have a target that says next to nothing",
            why="Such as n/a, null or a dash. If these mark missing answers, candidates are "
            "judged by what nobody knows.",
            examples=_examples(figures, Concern.NEAR_EMPTY),
        )


def _imbalance(figures: SetFigures) -> Iterator[SetWarning]:
    if figures.rows < FEWEST_ROWS or figures.labels * ROWS_A_LABEL > figures.rows:
        return
    share = figures.top_count / figures.rows
    if figures.labels == 1:
        title = f"Every row has the target {figures.top_label!r}"
    elif share >= (DOMINANT_OF_TWO if figures.labels == TWO_LABELS else DOMINANT):
        title = f"{_rows(figures.top_count, figures)} have the target {figures.top_label!r}"
    else:
        return
    yield SetWarning(
        concern=Concern.IMBALANCE,
        title=title,
        why=f"Who always answers that is right {share:.0%} of the time. A bar below it shows "
        "nothing; slices or an F1 score tell more.",
    )


def _rare(figures: SetFigures) -> Iterator[SetWarning]:
    is_labelled = figures.labels * ROWS_A_LABEL <= figures.rows
    if figures.rows >= FEWEST_ROWS and is_labelled and figures.rare_labels:
        yield SetWarning(
            concern=Concern.RARE,
            title=f"{figures.rare_labels:,} of {figures.labels:,} labels have fewer than {RARE} "
            "rows",
            why="Nothing can be said about these by themselves: add rows before a slice or a "
            "criterion rests on them.",
        )


def _rows(count: int, figures: SetFigures) -> str:
    return f"{count:,} of {figures.rows:,} row{'' if figures.rows == 1 else 's'}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _examples(figures: SetFigures, concern: Concern) -> tuple[int, ...]:
    return tuple(dict.fromkeys(figures.examples.get(concern, ())))
