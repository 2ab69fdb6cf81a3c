"""Every page over a million trials: server time, queries and weight."""

import gzip
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import quote

from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from evals.models import Evaluation, Trial
from tests import everypage
from tests.bench.millionrows import Vocabulary

Address = Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One page: seconds of the first request and of all others, the most queries, bytes.

    `cpu` is this process's part of the median, without PostgreSQL's. `whole` is everything but
    plotly.js before compression, `sent` what of it goes over the line.
    """

    name: str
    first: float
    median: float
    p95: float
    cpu: float
    queries: int
    fewest: int
    html: int
    whole: int
    sent: int

    @property
    def limit(self) -> float:
        """Seconds that its p95 may take."""
        return 0.3 if self.name.startswith("search") else 0.15


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer: how long it took, on the wall and of this process, and what was sent."""

    seconds: float
    cpu: float
    content: bytes


def measure(client: Client, name: str, address: Address, *, requests: int) -> Measured:
    """Ask for a page so many times, each time at another address if it has several."""
    first = _asked(client, address())
    html = _plain(first.content)
    assets = set(_assets(html))
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as context:
            client.get(address())
        counts.append(len(context))
    times = [_asked(client, address()) for _ in range(requests)]
    seconds = [each.seconds for each in times]
    return Measured(
        name=name,
        first=first.seconds,
        median=quantiles(seconds, n=2)[0],
        p95=quantiles(seconds, n=20, method="inclusive")[18],
        cpu=quantiles([each.cpu for each in times], n=2)[0],
        queries=max(counts),
        fewest=min(counts),
        html=len(html),
        whole=len(html) + sum(map(_size, assets)),
        sent=len(first.content) + sum(_size(each, ending=".br") for each in assets),
    )


def _asked(client: Client, address: str) -> Asked:
    begun, busy = time.perf_counter(), time.process_time()
    response = client.get(address, headers={"Accept-Encoding": "gzip"})
    took, cpu = time.perf_counter() - begun, time.process_time() - busy
    if response.status_code != 200:
        raise RuntimeError(f"{address}: found {response.status_code}, expected 200")
    return Asked(took, cpu, response.content)


def _plain(sent: bytes) -> bytes:
    return gzip.decompress(sent) if sent.startswith(b"\x1f\x8b") else sent


def _assets(html: bytes) -> Iterator[str]:
    for found in re.findall(rb'(?:src|href)="/static/([^"?]+)', html):
        if b"plotly" not in found:
            yield found.decode()


def _size(name: str, *, ending: str = "") -> int:
    path = finders.find(f"{name}{ending}")
    return Path(path).stat().st_size if isinstance(path, str) else 0


def addresses(made: Mapping[str, Evaluation], places: Mapping[str, Any]) -> dict[str, Address]:
    """Return every page of the URL table, and those whose address says what is shown."""
    large, live = made["large"], made["live"]
    plain = everypage.pages(places) | {
        "evaluation, live": reverse("evals:evaluation", args=[live.pk]),
        "its fragment": reverse("evals:evaluation_progress", args=[live.pk]) + "?stage=running",
    }
    fixed = {name: _fixed(address) for name, address in plain.items()}
    return fixed | _samples(large, live) | _comparisons(large)


def api_addresses(places: Mapping[str, Any]) -> dict[str, Address]:
    """Return everything that the API reads, but files."""
    read = everypage.api_pages(places)
    return {name: _fixed(address) for name, address in read.items()}


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
