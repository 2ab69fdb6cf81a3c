"""Readers of numbers, from the text they are written as: money never passes through a float."""

import math
import re
from collections.abc import Callable
from decimal import Decimal

from evals.domain.specnodes import ScalarKind
from evals.domain.specvalues import Value

MAX_WHOLE = 2**63 - 1  # what a database keeps as a whole number
_DIGITS = r"(0|[1-9][0-9]*(_[0-9]+)*)"  # no leading zero: YAML 1.1 would read 010 as 8
WHOLE = re.compile(rf"[-+]?{_DIGITS}")
_NUMBER = re.compile(rf"[-+]?({_DIGITS}(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{{1,3}})?")
_LONGEST_NUMBER = 60
ALPHA_LIMIT = 0.5  # where a bound is on the wrong side of the estimate
LEAST_ALPHA = 1e-9  # below any use, and divided among many candidates still apart from 0


def whole(*, minimum: int = 0, maximum: int = MAX_WHOLE) -> Callable[[Value], int]:
    """Return a reader of whole numbers between the two, both included."""
    expected = f"a whole number from {minimum} to {maximum}"
    if maximum == MAX_WHOLE:
        expected = f"a whole number, {minimum} or more"

    def read(value: Value) -> int:
        written = number_text(value)
        if WHOLE.fullmatch(written) and minimum <= int(written) <= maximum:
            return int(written)
        value.refuse(expected)
        return minimum

    return read


def number(
    expected: str = "a finite number", fits: Callable[[float], bool] = math.isfinite
) -> Callable[[Value], float]:
    """Return a reader of numbers that `fits`, which `expected` says in words."""

    def read(value: Value) -> float:
        written = number_text(value)
        result = float(written.replace("_", "")) if _NUMBER.fullmatch(written) else math.nan
        if math.isfinite(result) and fits(result):
            return result + 0.0  # no negative zero
        value.refuse(expected)
        return 0.0

    return read


not_negative = number("a number, 0 or more", lambda result: result >= 0)
positive = number("a number above 0", lambda result: result > 0)
share = number("a share between 0 and 1", lambda result: 0 <= result <= 1)
_risk = number("a number above 0 and below 0.5", lambda result: 0 < result < ALPHA_LIMIT)


def alpha(value: Value) -> float:
    """Read a risk, which has to leave 1 - alpha apart from 1."""
    risk = _risk(value)
    if 0 < risk < LEAST_ALPHA:
        value.refuse(f"{LEAST_ALPHA:g} or more")
    return risk


LEAST_MONEY, MOST_MONEY = Decimal("1e-15"), Decimal("1e15")


def money(value: Value) -> Decimal:
    """Read an amount of dollars, exactly as it was written."""
    written = number_text(value)
    if _NUMBER.fullmatch(written):
        amount = Decimal(written)
        if amount == 0 or LEAST_MONEY <= amount <= MOST_MONEY:
            return amount.copy_abs()
        if amount > 0:
            value.refuse(f"0, or an amount in dollars from {LEAST_MONEY} to {MOST_MONEY}")
            return Decimal(0)
    value.refuse("an amount in dollars, 0 or more")
    return Decimal(0)


def number_text(value: Value) -> str:
    """Return a number as written; nothing where there is none, or one of absurd length."""
    written = value.written(ScalarKind.NUMBER) or ""
    return written if len(written) <= _LONGEST_NUMBER else ""
