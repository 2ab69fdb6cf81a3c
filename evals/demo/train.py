"""The recipe: train both ticket routers from scratch on one thread and write their files.

Run it with `python -m evals.demo.train --out evals/demo/models` and the extra `train`.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional

from evals.demo.card import Card, Router, write_card
from evals.demo.export import write_checkpoint, write_gguf
from evals.demo.lessons import (
    IGNORED,
    Batch,
    Lesson,
    batch_of,
    lessons_from,
    shuffled_batches,
    trained_tokenizer,
)
from evals.demo.router import (
    Shape,
    Weights,
    initial_weights,
    next_token_scores,
    parameter_count,
)
from evals.demo.tickets import held_out_tickets, training_tickets

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What the training depends on, next to the tickets and the shape.

    Attributes:
        stops: The steps whose weights are kept; the last one ends the training.
        prompt_weight: What continuing the ticket itself counts; it speeds up the start.
    """

    seed: int
    stops: tuple[int, ...]
    batch_size: int = 32
    peak_rate: float = 2e-3
    warm_up_steps: int = 30
    prompt_weight: float = 0.3

    @property
    def steps(self) -> int:
        """Return the length of the whole training."""
        return self.stops[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The weights after some steps of a training."""

    step: int
    seconds: float
    weights: Weights


def main() -> None:
    """Train, then write the GGUF files, the checkpoint if asked for, and the card."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    recipe = Recipe(seed=options.seed, stops=(options.early_step, options.steps))
    tickets, unseen = training_tickets(options.tickets), held_out_tickets()
    shape = Shape()
    tokenizer = trained_tokenizer(tickets, vocabulary=shape.vocabulary)
    exam = lessons_from(unseen, tokenizer)
    options.out.mkdir(parents=True, exist_ok=True)
    routers: list[Router] = []
    for snapshot in snapshots(lessons_from(tickets, tokenizer), shape, recipe):
        early = snapshot.step < recipe.steps
        path = options.out / f"ticket-router-1m{'-early' if early else ''}.gguf"
        write_gguf(path, snapshot.weights, shape, tokenizer)
        routers.append(_router(path, snapshot, shape, exam))
        if options.hf and not early:
            write_checkpoint(options.hf, snapshot.weights, shape, tokenizer)
    count = parameter_count(initial_weights(shape, seed=0))
    card = Card(parameters=count, tickets=len(tickets), seed=recipe.seed, routers=routers)
    write_card(options.out / "README.md", card)


def snapshots(lessons: Sequence[Lesson], shape: Shape, recipe: Recipe) -> Iterator[Snapshot]:
    """Train from scratch, returning the weights at each stop."""
    weights = initial_weights(shape, seed=recipe.seed)
    for weight in weights.values():
        weight.requires_grad_()
    optimiser = torch.optim.AdamW(weights.values(), betas=(0.9, 0.95), weight_decay=0.01)
    batches = shuffled_batches(lessons, size=recipe.batch_size, seed=recipe.seed)
    started = time.perf_counter()
    for step in range(1, recipe.steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = _rate(step, recipe)
        loss = _loss(weights, shape, next(batches), recipe)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(weights.values(), 1.0)
        optimiser.step()
        seconds = time.perf_counter() - started
        if step % 20 == 0:
            logger.info(
                "step %d of %d, %.0f s, loss %.3f", step, recipe.steps, seconds, loss.detach()
            )
        if step in recipe.stops:
            copy = {name: weight.detach().clone() for name, weight in weights.items()}
            yield Snapshot(step=step, seconds=seconds, weights=copy)


def answered_right(weights: Weights, shape: Shape, lessons: Sequence[Lesson]) -> int:
    """Return how many lessons get exactly the right answer, end-of-text included.

    Reading the right answer along is enough: a greedy answer equals the target if and only if
    every next token is the likeliest one given the target up to there.
    """
    right = 0
    with torch.no_grad():
        for start in range(0, len(lessons), 50):
            batch = batch_of(lessons[start : start + 50])
            likeliest = next_token_scores(weights, shape, batch.tokens).argmax(dim=-1)
            agrees = (likeliest == batch.answers) | (batch.answers == IGNORED)
            right += int(agrees.all(dim=1).sum())
    return right


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for GGUF files and card")
    parser.add_argument("--hf", type=Path, help="folder for the full router as a checkpoint")
    parser.add_argument("--tickets", type=int, default=20_000, help="training tickets")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--early-step", type=int, default=50, help="where the early router stops")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def _rate(step: int, recipe: Recipe) -> float:
    """Return the learning rate: a short warm-up, then a half cosine down to a twentieth."""
    warm_up = min(1.0, step / recipe.warm_up_steps)
    decay = 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
    return recipe.peak_rate * warm_up * (0.05 + 0.95 * decay)


def _loss(weights: Weights, shape: Shape, batch: Batch, recipe: Recipe) -> torch.Tensor:
    scores = next_token_scores(weights, shape, batch.tokens).flatten(0, 1)
    answers = functional.cross_entropy(scores, batch.answers.flatten())
    prompts = functional.cross_entropy(scores, batch.prompts.flatten())
    return answers + recipe.prompt_weight * prompts


def _router(path: Path, snapshot: Snapshot, shape: Shape, exam: Sequence[Lesson]) -> Router:
    right = answered_right(snapshot.weights, shape, exam)
    logger.info("%s: %d of %d held-out tickets right", path.name, right, len(exam))
    return Router(
        path=path,
        step=snapshot.step,
        seconds=snapshot.seconds,
        right=right,
        asked=len(exam),
    )


if __name__ == "__main__":
    main()
