"""Synthetic support tickets with a known queue: the demo's eval set and its training rows."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from random import Random
from zlib import crc32

from evals.demo.phrases import (
    CLOSERS,
    FILLERS,
    LEADS,
    OPENERS,
    SLOTS,
    WORDING,
    Wording,
)

QUEUES = tuple(WORDING)
CHANNELS = tuple(OPENERS)
STYLES = tuple(LEADS)

HELD_OUT_SEED = 20260
TRAINING_SEED = 7

# The answer follows the colon at once: exact_match strips nothing, and a template that ended in
# a space would lose it in forms that trim their fields.
PROMPT_TEMPLATE = "{{ text }}\nQueue:"

_UNSEEN_SHARE = 0.15
_ASIDES_WEIGHTS = (45, 40, 15)
_TYPO_RATE = {"email": 0.03, "chat": 0.15, "phone": 0.0}
_DROPPED_ARTICLES = 0.6
_FILLED_GAPS = 0.07
_SHORTEST_MISTYPED = 5
_ARTICLES = re.compile(r"\b(?:the|an?) ")


@dataclass(frozen=True, slots=True)
class Ticket:
    """One row: the columns of the demo's CSV, in their order."""

    id: str
    text: str
    queue: str
    channel: str
    style: str

    def row(self) -> dict[str, str]:
        """Return the ticket as a row for a CSV or JSONL writer."""
        return asdict(self)


def held_out_tickets(count: int = 500, *, seed: int = HELD_OUT_SEED) -> list[Ticket]:
    """Return tickets that no call of `training_tickets` returns, whatever the seeds.

    About one in seven states its problem in words that no training ticket uses.
    """
    return _distinct(count, seed, prefix="H", unseen=_UNSEEN_SHARE, keep=_is_held_out)


def training_tickets(count: int = 20_000, *, seed: int = TRAINING_SEED) -> list[Ticket]:
    """Return tickets to train on, none of which can be in the held-out split."""
    return _distinct(count, seed, prefix="T", unseen=0.0, keep=_is_for_training)


def _is_held_out(text: str) -> bool:
    """Split by the text itself, so that no pair of seeds can put one text on both sides."""
    return crc32(text.encode()) % 8 == 0


def _is_for_training(text: str) -> bool:
    return not _is_held_out(text)


def _distinct(
    count: int, seed: int, *, prefix: str, unseen: float, keep: Callable[[str], bool]
) -> list[Ticket]:
    random = Random(seed)  # noqa: S311 - made-up rows, nothing secret
    tickets: dict[str, Ticket] = {}
    for text, queue, channel, style in _stream(random, unseen):
        if len(tickets) == count:
            break
        if keep(text) and text not in tickets:
            name = f"{prefix}{len(tickets) + 1:05}"
            tickets[text] = Ticket(name, text, queue, channel, style)
    return list(tickets.values())


def _stream(random: Random, unseen: float) -> Iterator[tuple[str, str, str, str]]:
    while True:
        queue = random.choice(QUEUES)
        channel = random.choices(CHANNELS, weights=(5, 3, 2))[0]
        style = random.choice(STYLES)
        sentences = _sentences(random, queue, style, use_unseen=random.random() < unseen)
        yield _voice(random, sentences, channel, style), queue, channel, style


def _sentences(random: Random, queue: str, style: str, *, use_unseen: bool) -> list[str]:
    """Return the lead, the problem with asides around it, and the closer, slots filled."""
    body = [random.choice(_problems(WORDING[queue], style, use_unseen=use_unseen))]
    others = [name for name in QUEUES if name != queue]
    asides = random.choices((0, 1, 2), weights=_ASIDES_WEIGHTS)[0] if style != "terse" else 0
    for other in random.sample(others, k=asides):
        body.insert(random.randint(0, len(body)), random.choice(WORDING[other].asides))
    parts = [random.choice(LEADS[style]), *body, random.choice(CLOSERS[style])]
    return [_fill(random, part) for part in parts if part]


def _problems(wording: Wording, style: str, *, use_unseen: bool) -> tuple[str, ...]:
    if use_unseen:
        return wording.unseen
    return wording.fragments if style == "terse" else wording.problems


def _fill(random: Random, template: str) -> str:
    values = {name: random.choice(options) for name, options in SLOTS.items()}
    values["feature_start"] = values["feature"].capitalize()
    values["amount"], values["amount2"] = (_amount(random) for _ in range(2))
    values["order"] = f"#{random.randint(10_000, 99_999)}"
    values["invoice"] = f"INV-{random.randint(1_000, 9_999)}"
    return template.format(**values)


def _amount(random: Random) -> str:
    return f"${random.randint(5, 900)}.{random.choice(('00', '50', '90', '99'))}"


def _voice(random: Random, sentences: list[str], channel: str, style: str) -> str:
    """Return the sentences as somebody with this style puts them through this channel."""
    text = " ".join(sentences)
    if style == "non-native":
        text = _ARTICLES.sub(lambda match: _maybe_drop(random, match.group()), text)
    if style == "frustrated":
        text = _shout(random, text)
    if channel == "phone":
        text = _speak(random, text)
    if channel == "chat":
        text = text.lower().rstrip(".")
    text = _mistype(random, text, rate=_TYPO_RATE[channel] * (2 if style == "terse" else 1))
    opener = random.choice(OPENERS[channel])
    return f"{opener} {text}".strip()


def _maybe_drop(random: Random, article: str) -> str:
    return "" if random.random() < _DROPPED_ARTICLES else article


def _shout(random: Random, text: str) -> str:
    words = text.split(" ")
    place = random.randrange(len(words))
    words[place] = words[place].upper()
    return " ".join(words).replace(".", "!", random.randint(0, 2))


def _speak(random: Random, text: str) -> str:
    """Return a transcript: no capitals, no sentence marks, a filler here and there."""
    plain = re.sub(r"[,!?]|\.(?=\s|$)", "", text.lower())
    words: list[str] = []
    for word in plain.split():
        if random.random() < _FILLED_GAPS:
            words.append(random.choice(FILLERS))
        words.append(word)
    return " ".join(words)


def _mistype(random: Random, text: str, *, rate: float) -> str:
    """Return the text with slips in about `rate` of its longer words, numbers left alone."""
    return " ".join(
        _slip(random, word) if len(word) >= _SHORTEST_MISTYPED and random.random() < rate else word
        for word in text.split(" ")
    )


def _slip(random: Random, word: str) -> str:
    """Return the word with two letters swapped, one left out or one doubled."""
    if not word.strip(string.punctuation).isalpha():
        return word
    place = random.randrange(1, len(word.rstrip(string.punctuation)) - 1)
    before, here, following, after = (
        word[:place],
        word[place],
        word[place + 1],
        word[place + 2 :],
    )
    swapped = before + following + here + after
    left_out = before + following + after
    doubled = before + here + here + following + after
    return random.choice((swapped, left_out, doubled))
