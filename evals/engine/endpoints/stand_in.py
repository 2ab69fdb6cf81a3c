"""A simulated endpoint for demos, dry runs and benchmarks. Nothing here talks to a model."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import exp, isfinite
from typing import Any

from evals.domain.trials import Question, Reply, TrialState, Usage
from evals.engine.endpoints.protocol import EndpointError

WRONG = "(simulated wrong answer)"

_CHARACTERS_PER_TOKEN = 4
_SHARES = ("accuracy", "error_rate", "no_answer_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How a stand-in behaves.

    `accuracy` is the share of right answers among the answers, `latency_seconds` the median and
    `latency_spread` the standard deviation of its logarithm (0: always the same). Token counts
    that are not given are estimated from the length of the text. Wrong answers are drawn from
    `labels`. With `ttft_seconds`, the median time to the first token, answers seem streamed.
    """

    accuracy: float = 1.0
    latency_seconds: float = 0.0
    latency_spread: float = 0.0
    error_rate: float = 0.0
    no_answer_rate: float = 0.0
    seed: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    ttft_seconds: float | None = None
    labels: tuple[str, ...] = ()


def parse_simulation(settings: Mapping[str, Any]) -> Simulation:
    """Return the simulation that `settings` describe.

    Raises:
        EndpointError: If a name is unknown or a value makes no sense.
    """
    known = [field.name for field in fields(Simulation)]
    for name, value in settings.items():
        if name not in known:
            raise EndpointError(f"simulation.{name}: unknown, expected one of {', '.join(known)}")
        if name != "labels":
            _check_number(name, value)
    labels = settings.get("labels", ())
    if isinstance(labels, str) or not isinstance(labels, Sequence):
        raise EndpointError(f"simulation.labels: found {labels!r}, expected a list of answers")
    return Simulation(**{**settings, "labels": tuple(map(str, labels))})


class StandIn:
    """Answers as the simulation says; the same sample and epoch always meet the same fate."""

    batch_size = 1

    def __init__(self, simulation: Simulation, *, concurrency: int) -> None:
        self.concurrency = concurrency
        self._simulation = simulation
        self._slots = asyncio.Semaphore(concurrency)

    async def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return one simulated reply per question, after the simulated wait."""
        return [await self._answer(question) for question in questions]

    async def close(self) -> None:
        """Do nothing; there is nothing to let go of."""

    async def _answer(self, question: Question) -> Reply:
        simulation = self._simulation
        chance = random.Random(f"{simulation.seed}/{question.sample}/{question.epoch}")  # noqa: S311
        spread = simulation.latency_spread * chance.gauss()
        seconds = simulation.latency_seconds * exp(spread)
        fate = chance.random()
        output = _output(simulation, question.target, chance)
        async with self._slots:
            await asyncio.sleep(seconds)
        return _reply(simulation, question, output=output, fate=fate, seconds=seconds)


def _check_number(name: str, value: Any) -> None:
    is_whole = name in ("seed", "input_tokens", "output_tokens")
    kinds = int if is_whole else (int, float)
    number = value if isinstance(value, kinds) and not isinstance(value, bool) else -1
    if value is None and (name.endswith("tokens") or name == "ttft_seconds"):
        return
    most = 1 if name in _SHARES else float("inf")
    if not isfinite(number) or not 0 <= number <= most:
        limit = "between 0 and 1" if name in _SHARES else "0 or more"
        kind = "a whole number" if is_whole else "a number"
        raise EndpointError(f"simulation.{name}: found {value!r}, expected {kind}, {limit}")


def _output(simulation: Simulation, target: str, chance: random.Random) -> str:
    if chance.random() < simulation.accuracy:
        return target
    others = [label for label in simulation.labels if label != target]
    return chance.choice(others) if others else WRONG


def _reply(
    simulation: Simulation, question: Question, *, output: str, fate: float, seconds: float
) -> Reply:
    if fate < simulation.error_rate:
        return Reply(
            state=TrialState.INFRA_ERROR, error="simulated failure", latency_seconds=seconds
        )
    is_silent = fate < simulation.error_rate + simulation.no_answer_rate or not output.strip()
    said = "" if is_silent else output
    asked = question.prompt + (question.system or "")
    return Reply(
        state=TrialState.NO_ANSWER if is_silent else TrialState.OK,
        output=said or None,
        error="simulated silence" if is_silent else "",
        finish_reason="stop",
        usage=Usage(
            input_tokens=_tokens(simulation.input_tokens, asked),
            output_tokens=_tokens(simulation.output_tokens, said),
        ),
        latency_seconds=seconds,
        ttft_seconds=None if is_silent else _first_token(simulation, seconds),
    )


def _first_token(simulation: Simulation, seconds: float) -> float | None:
    """Return when the first token came: as much later than usual as the whole answer."""
    if simulation.ttft_seconds is None or not simulation.latency_seconds:
        return None
    return min(seconds, simulation.ttft_seconds * seconds / simulation.latency_seconds)


def _tokens(given: int | None, text: str) -> int:
    return given if given is not None else -(-len(text) // _CHARACTERS_PER_TOKEN)
