"""Tickets as tensors: the tokenizer, the rows it makes and the batches a router learns from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor

from evals.demo.export import END_OF_TEXT, END_OF_TEXT_ID
from evals.demo.tickets import PROMPT_TEMPLATE, Ticket

IGNORED = -100  # the target that cross_entropy leaves out

# The split that GGUF readers know as "qwen2". openvino-genai knows four splits and quietly takes
# its own default for any other name, and a router that reads other tokens than it learnt from
# loses two points.
_WORDS = Regex(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True, slots=True)
class Lesson:
    """One ticket in tokens: what the router reads and what it must write."""

    prompt: list[int]
    answer: list[int]


@dataclass(frozen=True, slots=True)
class Batch:
    """Lessons side by side, each of shape (batch, position).

    Attributes:
        tokens: Prompt and answer, filled up on the right.
        answers: The next token where it belongs to the answer, IGNORED elsewhere.
        prompts: The next token where it belongs to the prompt, IGNORED elsewhere.
    """

    tokens: Tensor
    answers: Tensor
    prompts: Tensor


def trained_tokenizer(tickets: Sequence[Ticket], *, vocabulary: int) -> Tokenizer:
    """Return a byte-level BPE learnt from the tickets' prompts and queues."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_WORDS, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    texts = (_prompt(ticket) + ticket.queue for ticket in tickets)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def lessons_from(tickets: Sequence[Ticket], tokenizer: Tokenizer) -> list[Lesson]:
    """Return one lesson per ticket; answers end with the end-of-text token."""
    return [
        Lesson(
            prompt=tokenizer.encode(_prompt(ticket)).ids,
            answer=[*tokenizer.encode(ticket.queue).ids, END_OF_TEXT_ID],
        )
        for ticket in tickets
    ]


def shuffled_batches(lessons: Sequence[Lesson], *, size: int, seed: int) -> Iterator[Batch]:
    """Return batches without end, lessons of like length together to save on filling."""
    random = Random(seed)  # noqa: S311 - an order to learn in, nothing secret
    pool = size * 16
    while True:
        order = random.sample(lessons, k=len(lessons))
        for start in range(0, len(order) - pool + 1, pool):
            alike = sorted(order[start : start + pool], key=lambda lesson: len(lesson.prompt))
            for place in random.sample(range(0, pool, size), k=pool // size):
                yield batch_of(alike[place : place + size])


def batch_of(lessons: Sequence[Lesson]) -> Batch:
    """Return the lessons as one batch."""
    length = max(len(lesson.prompt) + len(lesson.answer) for lesson in lessons)
    tokens = torch.zeros(len(lessons), length, dtype=torch.long)
    answers = torch.full((len(lessons), length), IGNORED)
    prompts = torch.full((len(lessons), length), IGNORED)
    for row, lesson in enumerate(lessons):
        full = torch.tensor(lesson.prompt + lesson.answer)
        border = len(lesson.prompt)
        tokens[row, : len(full)] = full
        answers[row, border - 1 : len(full) - 1] = full[border:]
        prompts[row, : border - 1] = full[1:border]
    return Batch(tokens, answers, prompts)


def _prompt(ticket: Ticket) -> str:
    return PROMPT_TEMPLATE.replace("{{ text }}", ticket.text)
