"""After a scenario: what is stored against what the endpoint wrote down."""

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from evals.models import Evaluation, Run
from evals.models.evaluations import RunState
from evals.queries.results import candidate_documents
from evals.queries.specs import frozen_spec
from tests.bench.behaviour import Behaviour
from tests.chaos.endpoint import Book
from tests.make import TOKEN_PRICE

COMMIT_SECONDS = 0.3  # a trial is dated before the commit that stores it; a machine may be busy
_BEHAVIOUR = Behaviour()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one run; `recovery_seconds` None: nothing was interrupted."""

    scenario: str
    state: str
    verdict: str | None
    passed: int | None
    samples: int
    trials: int
    requests: int
    attempts: int
    in_flight: int
    asked_again: int
    stored_usd: Decimal | None
    unconfirmed_usd: Decimal
    billed_usd: Decimal
    seconds: float
    recovery_seconds: float | None
    problems: tuple[str, ...] = ()


def outcome(
    name: str,
    run: Run,
    book: Book,
    *,
    seconds: float,
    disturbed_at: float | None,
    over_at: float | None,
    over_a_dead_line: bool,
) -> Outcome:
    """Return what is stored, what was asked, and every way in which they do not agree.

    `over_a_dead_line`: attempts may have been made that could not reach the endpoint.
    """
    evaluation = Evaluation.objects.get(pk=run.evaluation_id)
    [document] = candidate_documents(evaluation, frozen_spec(evaluation))
    stored = _stored(run)
    asked = book.asked
    attempts = _attempts(stored)
    again = {prompt for prompt in asked if asked[prompt] > attempts[prompt]}
    unseen = {prompt for prompt in attempts if asked[prompt] < attempts[prompt]}
    flight = _in_flight(stored, book, disturbed_at, within=COMMIT_SECONDS)
    found = Outcome(
        scenario=name,
        state=document["state"],
        verdict=document["verdict"],
        passed=document["metrics"][0]["passed"],
        samples=evaluation.sample_count * evaluation.epochs,
        trials=len(stored),
        requests=asked.total(),
        attempts=sum(trial["attempts"] for trial in stored),
        in_flight=len(_in_flight(stored, book, disturbed_at, within=0)),
        asked_again=len(again),
        stored_usd=_dollars(document["cost"]["total_usd"]),
        unconfirmed_usd=_dollars(document["cost"].get("unconfirmed_usd")) or Decimal(0),
        billed_usd=book.billed * price_of_a_request(),
        seconds=seconds,
        recovery_seconds=_recovery(stored, over_at),
    )
    unexplained = (again - flight) | (set() if over_a_dead_line else unseen)
    return _with(found, _problems(found, stored, unexplained))


def price_of_a_request() -> Decimal:
    """Return what the endpoint takes for one answer."""
    rates = (TOKEN_PRICE.input_usd_per_mtok, TOKEN_PRICE.output_usd_per_mtok)
    tokens = (_BEHAVIOUR.input_tokens, _BEHAVIOUR.output_tokens)
    dollars = [(rate or Decimal(0)) * count for rate, count in zip(rates, tokens, strict=True)]
    return sum(dollars, Decimal(0)) / 1_000_000


def differences(found: Outcome, undisturbed: Outcome) -> Outcome:
    """Return the outcome with what differs from the run that nothing happened to."""
    wrong = [
        f"{name} is {getattr(found, name)}, undisturbed {getattr(undisturbed, name)}"
        for name in ("verdict", "passed")
        if getattr(found, name) != getattr(undisturbed, name)
    ]
    return _with(found, wrong)


def _with(found: Outcome, wrong: list[str]) -> Outcome:
    return replace(found, problems=(*found.problems, *wrong))


def _stored(run: Run) -> list[dict[str, Any]]:
    trials = run.trials.values("sample__input", "epoch", "sample_id", "attempts", "created_at")
    return [
        {**trial, "prompt": f"{trial['sample__input']['text']}\nQueue:"}
        for trial in trials.order_by("created_at")
    ]


def _attempts(stored: list[dict[str, Any]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for trial in stored:
        found[trial["prompt"]] += trial["attempts"]
    return found


def _in_flight(
    stored: list[dict[str, Any]], book: Book, moment: float | None, *, within: float
) -> set[str]:
    """Return the prompts that had been asked at that moment and were not stored."""
    if moment is None:
        return set()
    safe = {
        trial["prompt"] for trial in stored if trial["created_at"].timestamp() < moment - within
    }
    return book.asked_before(moment + within) - safe


def _recovery(stored: list[dict[str, Any]], over_at: float | None) -> float | None:
    """Return the seconds from the end of the disturbance to the next trial that was stored."""
    if over_at is None:
        return None
    later = [t["created_at"].timestamp() for t in stored if t["created_at"].timestamp() > over_at]
    return min(later) - over_at if later else None


def _problems(found: Outcome, stored: list[dict[str, Any]], unexplained: set[str]) -> list[str]:
    wrong = []
    if found.state != RunState.COMPLETED:
        wrong.append(f"the run is {found.state}")
    keys = Counter((trial["sample_id"], trial["epoch"]) for trial in stored)
    if len(keys) != found.samples or found.trials != found.samples:
        wrong.append(f"{found.trials} trials of {found.samples}")
    if unexplained:
        wrong.append(f"{len(unexplained)} samples asked in a way that is not stored")
    if not _is_paid_for(found):
        wrong.append("billed is not within what is stored and unconfirmed")
    return wrong


def _is_paid_for(found: Outcome) -> bool:
    if found.stored_usd is None:
        return False
    most = found.stored_usd + found.unconfirmed_usd
    return found.stored_usd <= found.billed_usd <= most


def _dollars(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("1e-9"))
