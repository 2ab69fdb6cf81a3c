"""A cap in dollars, kept before the money is spent: what is in flight counts at its worst."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from math import ceil

from evals.domain.costs import trial_cost
from evals.domain.specs import HarnessSpec, PriceSpec
from evals.domain.tokenrates import worst_price
from evals.domain.trials import Question, Reply, Usage

MESSAGE_TOKENS = 8  # what a chat template writes around one message, roughly
DENSEST = 2.0  # times the estimate: a token for each byte, which no text passes
_NOTHING = Decimal(0)


def text_tokens(text: str) -> int:
    """Return about the most tokens that a text can have.

    Half of its UTF-8 bytes: English has four to five bytes a token, digits and most other scripts
    three or two. A text of nothing but rare characters can have more.
    """
    size = len(text) if text.isascii() else len(text.encode(errors="replace"))
    return -(-size // 2)


def question_tokens(question: Question) -> int:
    """Return about the most tokens that a question's prompt and system prompt can have."""
    texts = (question.prompt, question.system)
    return sum(MESSAGE_TOKENS + text_tokens(text) for text in texts if text is not None)


def worst_case_usd(
    question: Question,
    *,
    price: PriceSpec | None,
    harness: HarnessSpec,
    attempts: int = 1,
    seen: "SeenTokens | None" = None,
) -> Decimal | None:
    """Return the most that asking a question can cost, None where the price is unknown.

    Hardware by the hour costs nothing more for a request.

    Args:
        question: With its prompt as it will be sent.
        price: What the endpoint charges.
        harness: Gives the longest answer.
        attempts: Requests that may be paid for; most vendors charge no failed one.
        seen: What answers used so far, which raises the bound.
    """
    if price is not None and price.usd_per_hour is not None:
        return _NOTHING
    read, written = question_tokens(question), harness.max_tokens
    if seen is not None:
        read, written = seen.most_read(read), seen.most_written(written)
    usage = Usage(input_tokens=attempts * read, output_tokens=attempts * written)
    dearest = None if price is None else worst_price(price, read)
    return trial_cost(usage, dearest, attempts=attempts)


def may_ask(
    *, budget: Decimal | None, spent: Decimal, in_flight: Decimal, following: Decimal | None
) -> bool:
    """Return whether one more request keeps within the budget whatever the answers will cost.

    Args:
        budget: The cap; None is none.
        spent: What the stored answers cost.
        in_flight: The worst case of the requests under way.
        following: The worst case of the next one; None is unknown, which no budget can stop.
    """
    if budget is None or following is None:
        return True
    return spent + in_flight + following <= budget


class SeenTokens:
    """What answers used, set against what their questions were taken for.

    A text can be denser than estimated. What even a token a byte does not explain was added by the
    server, such as a template or tools, and comes on top of every prompt.
    """

    def __init__(self) -> None:
        self._density = 1.0
        self._added = self._written = 0

    def heed(self, question: Question, usage: Usage) -> None:
        """Learn from one answer, so that its question asked again is bounded by what it used."""
        self._written = max(self._written, usage.output_tokens or 0)
        bound, read = question_tokens(question), usage.input_tokens or 0
        if read > bound:
            self._density = max(self._density, min(DENSEST, read / bound))
            self._added = max(self._added, read - ceil(DENSEST * bound))

    def most_read(self, bound: int) -> int:
        """Return the most input tokens of a question that is taken for `bound` of them."""
        return ceil(bound * self._density) + self._added

    def most_written(self, bound: int) -> int:
        """Return the most output tokens where at most `bound` are asked for."""
        return max(bound, self._written)


class Purse:
    """What one worker may spend: filled from the budget, drawn on before each request.

    `spent` is what its answers cost, as far as that is known; one whose usage is not reported
    counts at its worst case. What nobody fills again does not grow. The worst case is raised by
    what answers were seen to use; what is under way keeps the one that was set aside for it.
    """

    may_grow = False

    def __init__(
        self, allowance: Decimal | None, *, price: PriceSpec | None, harness: HarnessSpec
    ) -> None:
        self.allowance = allowance
        self.spent = self.reserved = _NOTHING
        self._price = price
        self._harness = harness
        self._seen = SeenTokens()
        self._held: defaultdict[tuple[int, int], list[Decimal]] = defaultdict(list)

    def reserve(self, question: Question) -> bool:
        """Set the worst case of a question aside; False where there is not enough left."""
        return self.reserve_all([question])

    def reserve_all(self, questions: Sequence[Question]) -> bool:
        """Set the worst case of all the questions aside, or of none; False where it is too much."""
        each = [self.worst_usd([question]) for question in questions]
        worst = sum(each, _NOTHING)
        following = worst or None  # what costs nothing, or nobody knows what, is never too much
        if not may_ask(
            budget=self.allowance, spent=self.spent, in_flight=self.reserved, following=following
        ):
            return False
        for question, usd in zip(questions, each, strict=True):
            self._held[question.sample, question.epoch].append(usd)
        self.reserved += worst
        return True

    def worst_usd(self, questions: Sequence[Question]) -> Decimal:
        """Return the most that the questions can cost; those of an unknown price count nothing."""
        worst = (
            worst_case_usd(q, price=self._price, harness=self._harness, seen=self._seen)
            for q in questions
        )
        return sum((usd for usd in worst if usd is not None), _NOTHING)

    def settle(self, question: Question, reply: Reply | None) -> None:
        """Put what a question really cost in the place of its worst case; None: it had no reply."""
        worst = self._let_go(question)
        if reply is None:
            self.spent += worst  # it may have been paid for all the same
            return
        self._seen.heed(question, reply.usage)
        cost = trial_cost(reply.usage, self._price, attempts=reply.attempts)
        self.spent += worst if cost is None and reply.output else cost or _NOTHING

    def release(self, question: Question) -> None:
        """Put back what was set aside for a question that was never asked."""
        self._let_go(question)

    def _let_go(self, question: Question) -> Decimal:
        """Return what was set aside for a question, no longer counted as reserved."""
        key = question.sample, question.epoch
        held = self._held[key]
        usd = held.pop() if held else _NOTHING
        if not held:
            del self._held[key]
        self.reserved -= usd
        return usd
