"""What a replayed cascade found, in words: the same for its page, the list and the chart."""

from collections.abc import Mapping
from typing import Any

from evals.domain.cascadesignals import LABELS, Signal, SignalKind, longest_kept
from evals.queries import figures

Document = Mapping[str, Any]
LEAST_SHOWN = 0.005
CHECKED = {
    SignalKind.ANSWERED: "where no answer was found",
    SignalKind.COMPLETE: "where the answer was cut or missing",
    SignalKind.PATTERN: "where the pattern is not found",
}


def percent(share: float | None) -> str:
    """Return "31 %", and never nothing or everything for what is neither."""
    if share is None:
        return figures.UNKNOWN
    if 0 < share < LEAST_SHOWN:
        return "under 1 %"
    if 1 - LEAST_SHOWN < share < 1:
        return "over 99 %"
    return f"{100 * share:.0f} %"


def usd(text: str | float | None) -> str:
    """Return a stored amount as it reads on a page."""
    return figures.usd(None if text is None else float(text))


def or_unknown(text: str) -> str:
    """Return the text of a figure in a sentence, where a dash would not be read."""
    return "unknown" if text == figures.UNKNOWN else text


def estimate(document: Document) -> str:
    """Return "0.843 [0.815, 0.868]"."""
    interval = figures.interval(document["low"], document["high"])
    return " ".join(filter(None, (figures.rate(document["value"]), interval)))


def usd_interval(document: Document | None) -> str:
    """Return "[$0.0038, $0.0042]", or nothing where there is none."""
    if document is None or document["low"] is None:
        return ""
    return f"[{usd(document['low'])}, {usd(document['high'])}]"


def signal_words(signal: Signal, *, third: str = "") -> str:
    """Return the signal with what it hangs on: a pattern, the third candidate."""
    if signal.kind is SignalKind.PATTERN and signal.pattern:
        return f"Validator: the output matches {signal.pattern}"
    if signal.kind is SignalKind.DISAGREEMENT and third:
        return f"Disagreement with {third}"
    return LABELS[signal.kind]


def where_words(signal: Signal, point: Document, *, unit: str = "", third: str = "") -> str:
    """Return which a threshold escalates: "where the answer is longer than 126 tokens"."""
    if not point["escalated"]:
        return "nothing"
    threshold = point["threshold"]
    if threshold is None:
        return "everything"
    if signal.kind is SignalKind.AGREEMENT:
        return f"where less than {percent(threshold)} of the repeats agree"
    if signal.kind is SignalKind.BREVITY:
        return f"where the answer is longer than {longest_kept(threshold):,} {unit}"
    if signal.kind is SignalKind.DISAGREEMENT:
        return f"where {third or 'the third candidate'} says something else"
    return CHECKED[signal.kind]


def row_words(signal: Signal, point: Document, *, unit: str = "", third: str = "") -> str:
    """Return the same in as few words as a row of a table has room for: "over 126 tokens"."""
    said = where_words(signal, point, unit=unit, third=third).removeprefix("where ")
    return said.replace("the answer is longer than", "over").replace("less than", "under")


def headline(*, first: str, second: str, where: str, reported: Document) -> str:
    """Return the replay in one sentence, by the half that had no part in the choice."""
    point, alone = reported["point"], reported["second"]
    found = f"{estimate(reported['quality'])}, {each(point['usd'])}"
    against = f"against {figures.rate(alone['quality'])}, {each(alone['usd'])}, with {second} alone"
    if not point["escalated"]:
        return f"{first} alone: {found}, {against}."
    if point["escalated"] == reported["n"]:
        return f"{first} first, and {second} for everything: {found}, {against}."
    share = percent(point["escalation"])
    return f"{first} first, {second} for the {share} {where}: {found}, {against}."


def each(paid: str | None) -> str:
    """Return "$0.0040 a task"."""
    return "at an unknown cost" if paid is None else f"{usd(paid)} a task"


def saving(reported: Document) -> str:
    """Return what the cascade saves against the second model alone, "" where it is unknown."""
    paid, alone = reported["point"]["usd"], reported["second"]["usd"]
    if paid is None or alone is None or not float(alone):
        return ""
    share = 1 - float(paid) / float(alone)
    if share < 0:
        return f"{percent(-share)} dearer than the second model alone"
    return f"{percent(share)} less than the second model alone"


def against_random(document: Document) -> str:
    """Return whether the signal did better than chance on the reporting half, "" if unknown."""
    if document["low"] is None:
        return ""
    if document["low"] > 0:
        return "It does better than escalating as many at random."
    if document["high"] < 0:
        return "It does worse than escalating as many at random."
    return "That it does better than escalating as many at random is not shown."


def telling(auroc: Document) -> str:
    """Return how well the signal tells right answers from wrong ones, and what follows."""
    area, interval = auroc["area"], figures.interval(auroc["low"], auroc["high"])
    if area is None:
        side = "right" if auroc["right"] else "wrong"
        return f"Every first answer is {side}, so no signal can tell right from wrong."
    value = " ".join(filter(None, (f"AUROC {figures.rate(area)}", interval)))
    if auroc["tells_apart"] is None:
        return f"{value}: too few answers to say how sure that is."
    if auroc["tells_apart"]:
        return f"{value}: surer answers are right more often than the others."
    if auroc["high"] < 0.5:  # noqa: PLR2004 - of a signal that knows nothing
        return f"{value}: below 0.5, so surer answers are wrong more often. Escalating by it harms."
    return (
        f"{value}: 0.5 is within reach, which is what a signal that knows nothing gives. No cascade"
        " on it beats escalating at random."
    )
