"""Answers that earlier evaluations were given to the same questions."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from evals.domain.trials import Reply, TrialState, Usage
from evals.models import Run, Trial

ANSWERED = (TrialState.OK.value, TrialState.NO_ANSWER.value)
# Prompts that are alike are few; where a template ignores its sample, one query stays small.
MOST_EACH = 20
FIELDS = (
    "prompt_hash",
    "epoch",
    "sample_id",
    "state",
    "output",
    "error",
    "finish_reason",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "latency_seconds",
    "ttft_seconds",
)


class Asked(NamedTuple):
    """What is asked in one trial: the question, which time it is asked, and about what."""

    prompt_hash: UUID
    epoch: int
    sample: int


def earlier_runs(run: Run) -> list[int]:
    """Return the runs of other evaluations with the same model, endpoint and harness.

    These rows belong to one team, so another team's runs are never among them.
    """
    candidate = run.candidate
    same = Run.objects.filter(
        candidate__model=candidate.model_id,
        candidate__endpoint=candidate.endpoint_id,
        candidate__harness=candidate.harness_id,
    )
    return list(same.exclude(evaluation=run.evaluation_id).values_list("pk", flat=True))


def stored_answers(run_ids: Collection[int], asked: Collection[Asked]) -> dict[Asked, Reply]:
    """Return what those runs were answered, by what is asked, in one query.

    The newest original counts, and one about the very same sample before one about another
    sample with the same prompt. Copies and failures are no answers.
    """
    rows = (
        Trial.objects.filter(
            prompt_hash__in={each.prompt_hash for each in asked},
            run__in=run_ids,
            state__in=ANSWERED,
            is_reused=False,
        )
        .order_by("prompt_hash", "epoch", "sample", "-pk")
        .distinct("prompt_hash", "epoch", "sample")
        .values_list(*FIELDS)[: MOST_EACH * len(asked)]
    )
    same, alike = {}, {}
    for row in rows:
        found = Asked(*row[:3])
        same[found] = alike[found[:2]] = row
    return {each: _reply(row) for each in asked if (row := same.get(each) or alike.get(each[:2]))}


def _reply(row: tuple[Any, ...]) -> Reply:
    _, _, _, state, output, error, finish_reason, *tokens, latency, ttft = row
    return Reply(
        state=TrialState(state),
        output=output,
        error=error,
        finish_reason=finish_reason,
        usage=Usage(
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            cached_tokens=tokens[2],
            cache_write_tokens=tokens[3],
            reasoning_tokens=tokens[4],
        ),
        latency_seconds=latency,
        ttft_seconds=ttft,
        attempts=0,
    )
