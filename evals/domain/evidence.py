"""How the units of a subject become a judgement: once at a fixed n, or by a stop rule's prefix."""

from dataclasses import dataclass
from math import log
from typing import Protocol

from evals.domain.anytimeclaims import BettingClaim, ScaledClaim, SequentialRateClaim
from evals.domain.betting import BetPath
from evals.domain.claims import Claim, Levels, RateClaim
from evals.domain.paired import PairedTable
from evals.domain.pairedclaims import PairedClaim
from evals.domain.sequential import Floats, RatePath
from evals.domain.settling import Reading, Thresholds, read_prefix
from evals.domain.subjects import Subject
from evals.domain.units import Units


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the evidence says at given levels.

    `is_above` is None while unsettled, `places` is how much of the order was read for it, `claim`
    what bounds can be had of (None where there is no unit).
    """

    is_above: bool | None
    places: int
    claim: Claim | None
    method: str


class Evidence(Protocol):
    """The grounds of one criterion under one rule."""

    @property
    def subject(self) -> Subject:
        """What the criterion speaks of."""

    def p_go(self, levels: Levels) -> float:
        """Return the p-value of the criterion's GO claim."""

    def find(self, levels: Levels) -> Finding:
        """Return what it says at these levels."""


@dataclass(frozen=True, slots=True, eq=False)
class FixedEvidence:
    """Read once, when the run has ended: all planned units count, those never asked too."""

    subject: Subject

    def p_go(self, levels: Levels) -> float:
        """Return the p-value of the criterion's GO claim."""
        claim = self._claim(levels)
        if claim is None:
            return 1.0
        bar = self.subject.real(self.subject.bar)
        return claim.p_above(bar) if self.subject.go_above else claim.p_below(bar)

    def find(self, levels: Levels) -> Finding:
        """Return whether the bound at its level clears the bar."""
        subject, claim = self.subject, self._claim(levels)
        places = int(subject.units.ends.max()) if subject.units.count else 0
        is_above: bool | None = None
        if claim is not None:
            bar = subject.real(subject.bar)
            above, below = claim.p_above(bar) <= levels.low, claim.p_below(bar) <= levels.high
            is_above = True if above else False if below else None
        return Finding(is_above=is_above, places=places, claim=claim, method=self._method(claim))

    def _claim(self, levels: Levels) -> Claim | None:
        subject, units = self.subject, self.subject.units
        if not units.count or not subject.shown(int(units.ends.max())).n:
            return None
        if units.is_binary and subject.is_paired:
            least, most = paired_counts(units.least), paired_counts(units.most)
            return PairedClaim(least=least, most=most, levels=levels)
        if units.is_binary:
            return _rate_claim(subject, levels)
        return _betting(subject, units, levels)

    def _method(self, claim: Claim | None) -> str:
        subject = self.subject
        if claim is None:
            return subject.unknown
        name = {
            RateClaim: "one-sided Clopper-Pearson bound",
            PairedClaim: "exact paired test in Tango's order",
        }.get(type(claim), f"one-sided betting bound over {subject.units.count:,} {subject.noun}")
        gaps = subject.gaps
        return f"{subject.words}{name}" + (
            f"; {gaps} trials without a figure: counted against" if gaps else ""
        )


@dataclass(frozen=True, slots=True, eq=False)
class SequentialEvidence:
    """Read by a stop rule, in the complete prefix of the order, as often as one likes."""

    subject: Subject

    def p_go(self, levels: Levels) -> float:
        """Return the p-value of the criterion's GO claim, valid whenever one stops."""
        reading = self._read(levels)
        return reading.p_above if self.subject.go_above else reading.p_below

    def find(self, levels: Levels) -> Finding:
        """Return where in the prefix the evidence suffices, if it does."""
        subject, reading = self.subject, self._read(levels)
        units = subject.units.first(reading.n)
        claim = _anytime_claim(subject, units, levels) if reading.n else None
        return Finding(
            is_above=reading.is_above,
            places=int(units.ends.max()) if reading.n else 0,
            claim=claim,
            method=self._method(reading),
        )

    def _read(self, levels: Levels) -> Reading:
        units = self.subject.units
        return read_prefix(
            units.least,
            units.most,
            bar=self.subject.bar,
            path=RatePath if _is_rate(self.subject) else BetPath,
            thresholds=Thresholds(
                above=log(1 / levels.low), below=log(1 / levels.high), silent=self.subject.silent
            ),
        )

    def _method(self, reading: Reading) -> str:
        subject = self.subject
        if not reading.n or not subject.shown(subject.units.ends[reading.n - 1]).n:
            return subject.unknown
        kind = "rate" if _is_rate(subject) else "betting"
        end = "settled" if reading.is_above is not None else "read"
        return (
            f"{subject.words}anytime-valid {kind} bound, "
            f"{end} after {reading.n:,} {subject.noun} of the shuffled order"
        )


def _is_rate(subject: Subject) -> bool:
    return subject.units.is_binary and not subject.is_paired


def _rate_claim(subject: Subject, levels: Levels) -> RateClaim:
    units = subject.units
    return RateClaim(
        passed=float(units.least.sum()),
        n=units.count - subject.gaps,
        failed=subject.gaps - subject.missing,
        missing=subject.missing,
        levels=levels,
    )


def _anytime_claim(subject: Subject, units: Units, levels: Levels) -> Claim:
    if _is_rate(subject):
        least, most = float(units.least.sum()), float(units.most.sum())
        return SequentialRateClaim(least=least, most=most, n=units.count, levels=levels)
    return _betting(subject, units, levels)


def _betting(subject: Subject, units: Units, levels: Levels) -> Claim:
    least, most = units.scores()
    bets = BettingClaim(least=least, most=most, levels=levels, size=units.size)
    if (subject.floor, subject.ceiling) == (0.0, 1.0):
        return bets
    return ScaledClaim(bets=bets, floor=subject.floor, ceiling=subject.ceiling)


def paired_counts(figures: Floats) -> PairedTable:
    """Return paired units, 1 won and 0 lost, as a table; only who won alone counts in it."""
    won, lost = int((figures == 1).sum()), int((figures == 0).sum())
    return PairedTable(
        both=len(figures) - won - lost, only_candidate=won, only_incumbent=lost, neither=0
    )
