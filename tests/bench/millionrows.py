"""A million trials as a team would have them: a large evaluation, smaller ones, and a live one."""

import itertools
import json
import random
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.utils import timezone

from evals.domain.evalsets import Mapping
from evals.domain.order import shuffled_order
from evals.domain.rows import Row, RowFile
from evals.models import (
    EvalSetVersion,
    Evaluation,
    Run,
    Sample,
    Shard,
    Task,
    Team,
    Trial,
    User,
    WordIndex,
)
from evals.models.evaluations import RunState, ShardState
from evals.queries.samplewords import READ_THROUGH
from evals.services.copying import copy_rows
from evals.services.evalsets import Origin, create_version, eval_set_for
from evals.services.trialpacks import pack_trials
from evals.services.wordindexes import index_words
from tests import make

LARGE, SMALL, LIVE = (100_000, 4), (10_000, 5), (10_000, 4)
SMALLER = 12
UNDER_WAY = 256
LABELS = ("billing", "refunds", "technical", "account", "other")
CHANNELS = ("phone", "mail", "chat")
COLUMNS = (
    *("run_id", "sample_id", "place", "epoch", "state", "output", "answer", "scores", "details"),
    *("input_tokens", "output_tokens", "latency_seconds", "attempts", "finish_reason", "error"),
    *("is_reused", "created_at"),
)


class Vocabulary:
    """Words as rare as those of a language: the n-th is found 1 / n as often as the first."""

    def __init__(self, *, seed: int, size: int = 20_000) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same each time
        syllables = [c + v for c in "bdfglmnprstvz" for v in "aeiou"]
        made = ("".join(self._random.choices(syllables, k=3)) for _ in itertools.count())
        self.words = list(itertools.islice(dict.fromkeys(itertools.islice(made, 4 * size)), size))
        self._weights = list(itertools.accumulate(1 / n for n in range(1, len(self.words) + 1)))

    def text(self, words: int) -> str:
        """Return a sentence without sense."""
        return " ".join(self._random.choices(self.words, cum_weights=self._weights, k=words))


def fill(team: Team, user: User, *, share: float) -> dict[str, Evaluation]:
    """Make the evaluations; `share` of a million trials, for a dry run."""
    vocabulary = Vocabulary(seed=7)
    large = _evaluation(team, "Ticket routing", LARGE, share, vocabulary)
    for number in range(SMALLER):
        _evaluation(team, f"Task {number + 1}", SMALL, share, vocabulary)
    live = _evaluation(team, "Live task", LIVE, share, vocabulary, is_live=True)
    _do_what_workers_do()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return {"large": large, "live": live}


def _do_what_workers_do() -> None:
    """Store the words of the samples, and pack the trials of what has ended."""
    for version in EvalSetVersion.objects.filter(sample_count__gt=READ_THROUGH):
        while not WordIndex.objects.filter(pk=version.pk, finished_at__isnull=False).exists():
            index_words(version.pk)
    for run in Run.objects.filter(evaluation__finished_at__isnull=False):
        pack_trials(run.pk, now=timezone.now())


def _evaluation(
    team: Team,
    name: str,
    size: tuple[int, int],
    share: float,
    vocabulary: Vocabulary,
    *,
    is_live: bool = False,
) -> Evaluation:
    samples, candidates = max(60, int(size[0] * share)), size[1]
    task = make.task(team, name=name)
    _version(task, samples, vocabulary)
    specs = [make.incumbent_spec(f"closed-{task.pk}")]
    specs += [make.candidate_spec(f"open-{task.pk}-{n}") for n in range(candidates - 1)]
    evaluation = make.live_evaluation(task, samples=samples, candidates=specs)
    asked_of = Sample.objects.of(evaluation.version_id).order_by("pk")
    known = list(asked_of.values_list("pk", "target"))
    for run in evaluation.runs.all():
        asked = samples // 2 if is_live else samples
        order = shuffled_order(evaluation.version.sample_count, seed=0)[:asked]
        copy_rows(Trial, COLUMNS, _trials(run, [known[p] for p in order], vocabulary))
        if not is_live:
            make.complete(run)
    if is_live:
        # As workers leave them: done up to here, and a few shards under way behind.
        done = Shard.objects.filter(run__evaluation=evaluation, stop__lte=samples // 2 - UNDER_WAY)
        done.update(state=ShardState.DONE, attempts=1)
        evaluation.runs.update(state=RunState.RUNNING, started_at=timezone.now())
        return evaluation
    return make.finish(evaluation)


def _version(task: Task, samples: int, vocabulary: Vocabulary) -> EvalSetVersion:
    rows = (
        Row(
            number,
            number + 2,
            {
                "text": f"ticket {number} {vocabulary.text(30)}",
                "queue": LABELS[number % len(LABELS)],
                "channel": CHANNELS[number % len(CHANNELS)],
            },
        )
        for number in range(samples)
    )
    return create_version(
        eval_set=eval_set_for(task=task, name="tickets"),
        rows=RowFile(("text", "queue", "channel"), iter(list(rows))),
        mapping=Mapping("text", "queue", ("channel",)),
        origin=Origin(name="tickets.csv", user=None),
    )


def _trials(
    run: Run, samples: list[tuple[int, str]], vocabulary: Vocabulary
) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(run.pk)  # noqa: S311 - the same each time
    for place, (sample, target) in enumerate(samples):
        yield (run.pk, sample, place, 0, *_answer(target, chance, vocabulary))


def _answer(target: str, chance: random.Random, vocabulary: Vocabulary) -> tuple[Any, ...]:
    luck = chance.random()
    rest: tuple[Any, ...]
    latency = chance.lognormvariate(-0.5, 0.6)
    if luck < 0.002:
        failed = ("infra_error", None, None, json.dumps({"exact_match": None}))
        rest = ("{}", None, None, latency, 3, None, "time-out", False, timezone.now())
        return (*failed, *rest)
    answer = target if luck < 0.9 else LABELS[int(luck * 1000) % len(LABELS)]
    score = json.dumps({"exact_match": float(answer == target)})
    reason = "length" if luck > 0.99 else "stop"
    output = f"{vocabulary.text(10)}: {answer}"
    rest = ("{}", 60, 12, latency, 1, reason, "", False, timezone.now())
    return ("ok", output, answer, score, *rest)
