"""Every page over a million trials: server time, queries and weight."""

import gzip
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from urllib.parse import quote

from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from evals.models import Candidate, Endpoint, Evaluation, Trial
from tests.bench.millionrows import Vocabulary

Address = Callable[[], str]
SEARCH = "search and filters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One page: seconds of the first request and of all others, the most queries, bytes."""

    name: str
    first: float
    median: float
    p95: float
    queries: int
    fewest: int
    html: int
    whole: int

    @property
    def limit(self) -> float:
        """Seconds that its p95 may take."""
        return 0.3 if self.name.startswith("search") else 0.15


def measure(client: Client, name: str, address: Address, *, requests: int) -> Measured:
    """Ask for a page so many times, each time at another address if it has several."""
    first, sent = _timed(client, address())
    html = _plain(sent)
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as context:
            client.get(address())
        counts.append(len(context))
    seconds = [_timed(client, address())[0] for _ in range(requests)]
    return Measured(
        name=name,
        first=first,
        median=quantiles(seconds, n=2)[0],
        p95=quantiles(seconds, n=20, method="inclusive")[18],
        queries=max(counts),
        fewest=min(counts),
        html=len(html),
        whole=len(sent) + sum(map(_size, set(_assets(html)))),
    )


def _timed(client: Client, address: str) -> tuple[float, bytes]:
    begun = time.perf_counter()
    response = client.get(address, headers={"Accept-Encoding": "gzip"})
    took = time.perf_counter() - begun
    if response.status_code != 200:
        raise RuntimeError(f"{address}: found {response.status_code}, expected 200")
    return took, response.content


def _plain(sent: bytes) -> bytes:
    return gzip.decompress(sent) if sent.startswith(b"\x1f\x8b") else sent


def _assets(html: bytes) -> Iterator[str]:
    for found in re.findall(rb'(?:src|href)="/static/([^"?]+)', html):
        if b"plotly" not in found:
            yield found.decode()


def _size(name: str) -> int:
    path = finders.find(name)
    return Path(path).stat().st_size if isinstance(path, str) else 0


def addresses(made: Mapping[str, Evaluation]) -> dict[str, Address]:
    """Return the pages, each as a source of addresses."""
    large, live = made["large"], made["live"]
    plain = {
        "portfolio": reverse("evals:portfolio"),
        "tasks": reverse("evals:tasks"),
        "task": reverse("evals:task", args=[large.task_id]),
        "evaluations": reverse("evals:evaluations"),
        "evaluation, ended": reverse("evals:evaluation", args=[large.pk]),
        "evaluation, live": reverse("evals:evaluation", args=[live.pk]),
        "its fragment": reverse("evals:evaluation_progress", args=[live.pk]) + "?stage=running",
        "new evaluation": reverse("evals:evaluation_new", args=[large.task_id]),
        "bar": reverse("evals:bar_edit", args=[large.task_id]),
        "eval set": reverse("evals:version", args=[large.version_id]),
        "candidates": reverse("evals:candidates"),
        "candidate": reverse("evals:candidate", args=[_first(Candidate)]),
        "endpoints": reverse("evals:endpoints"),
        "endpoint": reverse("evals:endpoint", args=[_first(Endpoint)]),
        "workers": reverse("evals:workers"),
        "compare, pick": reverse("evals:compare"),
    }
    fixed = {name: _fixed(address) for name, address in plain.items()}
    return fixed | _samples(large, live) | _comparisons(large)


def _first(model: type[Candidate] | type[Endpoint]) -> int:
    found = model.objects.order_by("pk").first()
    assert found is not None
    return found.pk


def _fixed(address: str) -> Address:
    return lambda: address


def _samples(large: Evaluation, live: Evaluation) -> dict[str, Address]:
    chance = random.Random(3)  # noqa: S311 - the same each time
    words = Vocabulary(seed=7).words
    run = large.runs.get(position=1)
    base = reverse("evals:run", args=[run.pk])
    live_base = reverse("evals:run", args=[live.runs.get(position=1).pk])
    trials = list(
        Trial.objects.filter(run=run).order_by("place").values_list("pk", flat=True)[:2000]
    )

    def place() -> str:
        return f"{chance.randrange(large.sample_count)}.0"

    def searching(low: int, high: int) -> Address:
        return lambda: f"{base}?q={words[chance.randrange(low, min(high, len(words)))]}"

    def ticket() -> str:
        return f"{base}?q={quote(f'ticket {chance.randrange(large.sample_count)}')}"

    return {
        "samples": lambda: f"{base}?after={place()}",
        "samples of a live run": lambda: live_base,
        "drawer": lambda: reverse("evals:trial", args=[run.pk, chance.choice(trials)]),
        "search: a rare word": searching(2000, 20_000),
        "search: a usual word": searching(20, 500),
        "search: the commonest words": searching(0, 5),
        "search: two words": ticket,
        "search: nothing found": lambda: f"{base}?q=nowhere{chance.randrange(999)}",
        "search: with filters": lambda: (
            f"{base}?show=wrong&slice.channel=mail&seconds_from=0.5"
            f"&q={words[chance.randrange(100)]}"
        ),
        "search: filters alone": lambda: (
            f"{base}?show=wrong&slice.channel=phone&usd_from=0.00001"
            f"&seconds_to={chance.uniform(0.2, 2):.2f}&after={place()}"
        ),
        "search: where candidates differ": lambda: f"{base}?differs=lost&after={place()}",
    }


def _comparisons(large: Evaluation) -> dict[str, Address]:
    chance = random.Random(5)  # noqa: S311 - the same each time
    runs = ",".join(str(pk) for pk in large.runs.values_list("pk", flat=True))
    base = f"{reverse('evals:compare')}?runs={runs}"

    def grid() -> str:
        show = chance.choice(["all", "lost", "failures", "passes", "errors", "different"])
        after = chance.randrange(large.sample_count)
        return f"{base}&view=grid&show={show}&after={after}"

    return {
        "compare, summary": lambda: base,
        "compare, summary of a slice": lambda: f"{base}&slice.channel=phone",
        "compare, grid": grid,
    }
