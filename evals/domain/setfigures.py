"""What stands out in an eval set, in figures: repeats, contradictions, labels, leaked targets."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

# Signs of ASCII alone: what letters other scripts have, a database may not know.
SIGNS = re.compile(r"[\x01-/:-@\[-`{-\x7f]+")
BLANKS = ("n/a", "na", "nan", "null", "none", "nil", "undefined", "missing", "tbd", "todo", "#n/a")
SHORTEST_LEAK = 3  # characters: shorter ones stand in any text
INPUT_LOOKED_AT, TARGET_LOOKED_AT = 20_000, 2_000  # characters
RARE = 5  # rows of a label: fewer settle nothing about it
SHOWN = 3
LABEL_SHOWN = 120


class Pair(NamedTuple):
    """What is asked and the right answer, with the place of the sample."""

    position: int
    input: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFigures:
    """Counts over all rows that were looked at; `examples` are positions, by the kind of finding.

    `chance_looked` and `chance_hits` ask the same of the target of another row, which should not
    be there: what is found so is found by chance.
    """

    rows: int
    repeated: int = 0
    contradicted: int = 0
    near_empty: int = 0
    labels: int = 0
    rare_labels: int = 0
    top_label: str = ""
    top_count: int = 0
    leak_looked: int = 0
    leaked: int = 0
    chance_looked: int = 0
    chance_hits: int = 0
    examples: dict[str, list[int]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the figures as they are stored."""
        return asdict(self)


def figures_of(pairs: Sequence[Pair]) -> SetFigures:
    """Return the figures of samples in memory."""
    repeats, against = _repeats(pairs)
    empty = [pair.position for pair in pairs if is_near_empty(pair.target)]
    labels = Counter(pair.target for pair in pairs)
    top = min(labels.items(), key=lambda item: (-item[1], item[0].encode()), default=("", 0))
    leaks = _leaks(pairs)
    by_chance = _by_chance(pairs)
    return SetFigures(
        rows=len(pairs),
        repeated=sum(len(group) - 1 for group in repeats),
        contradicted=sum(map(len, against)),
        near_empty=len(empty),
        labels=len(labels),
        rare_labels=sum(count < RARE for count in labels.values()),
        top_label=top[0][:LABEL_SHOWN],
        top_count=top[1],
        leak_looked=len(leaks),
        leaked=sum(found for _, found in leaks),
        chance_looked=len(by_chance),
        chance_hits=sum(by_chance),
        examples={
            "repeated": _ends(repeats),
            "contradicted": _ends(against),
            "near_empty": empty[:SHOWN],
            "leaked": [place for place, found in leaks if found][:SHOWN],
        },
    )


def is_near_empty(target: str) -> bool:
    """Return whether a target says nothing: no letter or digit, or a word for a missing value."""
    return not SIGNS.sub("", target) or target.strip().lower() in BLANKS


def shift(rows: int) -> int:
    """Return how far away the other row is whose target is looked for by chance."""
    return rows // 2 + 1


def _repeats(pairs: Iterable[Pair]) -> tuple[list[list[Pair]], list[list[Pair]]]:
    """Return the groups of one input, and those of them whose targets differ."""
    groups: defaultdict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.input].append(pair)
    repeats = [group for group in groups.values() if len(group) > 1]
    return repeats, [group for group in repeats if len({pair.target for pair in group}) > 1]


def _ends(groups: Sequence[Sequence[Pair]]) -> list[int]:
    return [pair.position for group in groups[:SHOWN] for pair in (group[0], group[-1])]


def _leaks(pairs: Iterable[Pair]) -> list[tuple[int, bool]]:
    found = [(pair.position, _holds(pair.input, pair.target)) for pair in pairs]
    return [(place, held) for place, held in found if held is not None]


def _by_chance(pairs: Sequence[Pair]) -> list[bool]:
    count = len(pairs)
    others = [pairs[(place + shift(count)) % count].target for place in range(count)]
    found = [
        _holds(pair.input, other)
        for pair, other in zip(pairs, others, strict=True)
        if _plain(other[:TARGET_LOOKED_AT]) != _plain(pair.target[:TARGET_LOOKED_AT])
    ]
    return [held for held in found if held is not None]


def _holds(text: str, target: str) -> bool | None:
    """Return whether a text has a target as whole words; None for one too short to say."""
    words = _plain(target[:TARGET_LOOKED_AT])
    if len(words) < SHORTEST_LEAK:
        return None
    return f" {words} " in f" {_plain(text[:INPUT_LOOKED_AT])} "


def _plain(text: str) -> str:
    return SIGNS.sub(" ", text.lower()).strip()
