"""`make bench`: the pump against the endpoint's own limit and against a bare aiohttp loop."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
import uvloop
from rich.console import Console
from rich.table import Table

from evals.domain.specs import CandidateSpec, EndpointKind, EndpointSpec, HarnessSpec, ModelSpec
from evals.domain.trials import Question
from evals.engine.endpoints import open_endpoint
from evals.engine.pump import Pump

SAMPLES = 5000
SECONDS = 0.1
ROUNDS = 3
PROMPT = "Message {}: my card has not come yet, what should I do?\nIntent:"
Client = Callable[[str, int], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Wall seconds over the limit SAMPLES * SECONDS / connections, and processor time."""

    over_limit: float
    cpu_ms_per_sample: float


async def pump(url: str, connections: int) -> None:
    """Ask through our endpoint and pump."""
    candidate = CandidateSpec(
        name="bench",
        model=ModelSpec(id="bench", open=True),
        endpoint=EndpointSpec(kind=EndpointKind.OPENAI, base_url=url, concurrency=connections),
        harness=HarnessSpec(prompt="", max_tokens=16),
    )
    endpoint = open_endpoint(candidate)
    async with Pump(endpoint, questions()) as running:
        answered = [len(batch) async for batch in running.batches()]
    await endpoint.close()
    assert sum(answered) == SAMPLES


async def questions() -> AsyncIterator[Question]:
    for number in range(SAMPLES):
        yield Question(sample=number, epoch=0, prompt=PROMPT.format(number))


async def bare(url: str, connections: int) -> None:
    """Ask with aiohttp alone: the least that a client of its kind can take."""
    numbers = iter(range(SAMPLES))
    connector = aiohttp.TCPConnector(limit=connections)

    async def ask(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            message = {"role": "user", "content": PROMPT.format(number)}
            body = {"model": "bench", "messages": [message], "max_tokens": 16, "temperature": 0}
            async with session.post(f"{url}/chat/completions", json=body) as response:
                await response.json()

    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(ask(session) for _ in range(connections)))


def measure(client: Client, url: str, connections: int) -> Timing:
    """Return how one client did."""
    wall, cpu = time.perf_counter(), time.process_time()
    uvloop.run(client(url, connections))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    limit = SAMPLES * SECONDS / connections
    return Timing(over_limit=wall / limit, cpu_ms_per_sample=1000 * cpu / SAMPLES)


@contextmanager
def endpoint() -> Iterator[str]:
    """Start the local endpoint in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.server", str(SECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.kill()


def main() -> None:
    """Print the table: medians are for the reader to take, so every round is shown."""
    table = Table("in flight", "client", "wall over limit", "processor ms per sample")
    with endpoint() as url:
        for connections in (64, 256):
            timings: dict[str, list[Timing]] = {"pump": [], "bare aiohttp": []}
            for _ in range(ROUNDS):
                timings["pump"].append(measure(pump, url, connections))
                timings["bare aiohttp"].append(measure(bare, url, connections))
            for name, found in timings.items():
                walls = ", ".join(f"{timing.over_limit:.2f}" for timing in found)
                cpus = ", ".join(f"{timing.cpu_ms_per_sample:.2f}" for timing in found)
                table.add_row(str(connections), name, walls, cpus)
    Console().print(table)


if __name__ == "__main__":
    main()
