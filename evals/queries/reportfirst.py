"""The first page of a report: what was found, what could go wrong, what would change it."""

from collections.abc import Sequence

from evals.domain.reportdocuments import Fact, Section
from evals.domain.verdicts import Verdict
from evals.queries import figures
from evals.queries.barlines import criterion_text
from evals.queries.outcomes import Outcome, Results
from evals.queries.reportconsequences import Consequences
from evals.queries.reportintervals import fits_first_page, interval_picture
from evals.queries.verdictcards import VerdictCard
from evals.queries.verdictfacts import Fact as CardFact

MOST_CHANGED = 3
CHANGED = "Its grounds have changed: {reasons}."
WORDS = {Verdict.GO: "GO", Verdict.NO_GO: "NO-GO", Verdict.UNDECIDED: "UNDECIDED"}
COST = "Monthly cost"


def headline(verdict: Verdict, cards: Sequence[VerdictCard]) -> str:
    """Return the answer in one sentence."""
    card = _deciding(cards)
    return f"{WORDS[verdict]}: " + (
        card.headline if card else "nothing but the incumbent was judged."
    )


def first_page(results: Results, cards: Sequence[VerdictCard], follows: Consequences) -> Section:
    """Return what a reader needs who reads no further."""
    card = _deciding(cards)
    outcome = next((o for o in results.outcomes if card and o.run.pk == card.run_id), None)
    if card is None or outcome is None:
        return Section(key="decision", title="What was found", paragraphs=_warnings(results))
    return Section(
        key="decision",
        title=f"What was found about {card.candidate.name}",
        paragraphs=(
            *_warnings(results),
            *filter(None, (card.evidence, card.chance, card.stopping)),
        ),
        facts=(
            *_evidence(results, outcome),
            *(_card_fact(results, outcome, fact) for fact in card.facts),
            *follows.autonomy(outcome.spec.name),
            *_until(card),
        ),
        picture=interval_picture(results) if fits_first_page(results) else None,
    )


def confirmation(cards: Sequence[VerdictCard]) -> Section:
    """Return what evidence would change the answer: that of the candidate in the headline."""
    card = _deciding(cards)
    points = [*card.changes] if card else []
    if card and card.expiry:
        points.append(f"{card.expiry.words} After that it has to be evaluated again.")
    return Section(key="confirmation", title="What would change this", points=tuple(points))


def other_changes(cards: Sequence[VerdictCard]) -> tuple[Section, ...]:
    """Return what would change the verdicts on the other candidates, if there are any."""
    points = tuple(f"{card.candidate.name}: {said}" for card in cards[1:] for said in card.changes)
    if not points:
        return ()
    return (Section(key="changes", title="What would change the other verdicts", points=points),)


def expires_on(cards: Sequence[VerdictCard]) -> str | None:
    """Return the ISO date until when the answer holds."""
    card = _deciding(cards)
    return card.expiry.on.isoformat() if card and card.expiry else None


def estimated(value: str, is_estimated: bool) -> str:  # noqa: FBT001 - a mark on the value
    """Return a cost with its mark."""
    return f"{value} (est.)" if is_estimated else value


def grounds_changed(reasons: Sequence[str]) -> tuple[str, ...]:
    """Return the warning that verdicts are stale, for page one; nothing where none is."""
    if not reasons:
        return ()
    said, more = reasons[:MOST_CHANGED], len(reasons) - MOST_CHANGED
    others = (f"and of {figures.plural(more, 'more candidate')}",) if more > 0 else ()
    return (CHANGED.format(reasons="; ".join((*said, *others))),)


def _warnings(results: Results) -> tuple[str, ...]:
    stale = [outcome for outcome in results.outcomes if outcome.stale_reason]
    return grounds_changed([f"{each.spec.name}: {each.stale_reason}" for each in stale])


def _deciding(cards: Sequence[VerdictCard]) -> VerdictCard | None:
    """Return the card that the first page speaks of: the cards come with GO first."""
    return cards[0] if cards else None


def _evidence(results: Results, outcome: Outcome) -> tuple[Fact, ...]:
    metric, plan = outcome.metric(results.headline) or {}, results.spec.plan
    estimate = outcome.estimate(results.headline)
    bars = [criterion_text(line) for line in results.spec.bar if line.required]
    rule = "by the stop rule, valid at any time" if plan.stop_early else "once, at a fixed n"
    return (
        Fact(label="Bar", value="; ".join(bars) or "no required line"),
        Fact(
            label=figures.metric_label(results.headline).capitalize(),
            value=figures.rate(estimate.value),
            note=f"95 % interval {found}"
            if (found := figures.interval(estimate.low, estimate.high))
            else "",
        ),
        Fact(
            label="Samples judged",
            value=f"n = {figures.count(metric.get('n'))}",
            note=f"of {results.planned:,} planned",
        ),
        Fact(
            label="Risk of a wrong GO",
            value=f"alpha {plan.alpha:g}",
            note=f"one-sided, judged {rule}",
        ),
    )


def _card_fact(results: Results, outcome: Outcome, fact: CardFact) -> Fact:
    spread = _spread(results, outcome) if fact.label == COST else ""
    mark = "simulated" if fact.is_simulated else ""
    return Fact(
        label=fact.label,
        value=estimated(fact.value, fact.is_estimated),
        note=", ".join(filter(None, (spread, fact.note, mark))),
    )


def _spread(results: Results, outcome: Outcome) -> str:
    """Return the 95 % interval of a month's cost, "" where it is not known."""
    cost, volume = outcome.document["cost"], results.spec.task.monthly_volume
    bounds = [cost.get(f"per_1k_tasks_{side}_usd") for side in ("low", "high")]
    if volume is None or cost["monthly_usd"] is None or None in bounds:
        return ""
    low, high = (figures.usd(bound * volume / 1000) for bound in bounds)
    return f"{low} to {high}"


def _until(card: VerdictCard) -> tuple[Fact, ...]:
    if card.expiry is None:
        return ()
    return (
        Fact(
            label="Verdict holds until",
            value=card.expiry.on.isoformat(),
            note=f"not known: {card.expiry.unknown}" if card.expiry.unknown else "",
        ),
    )
