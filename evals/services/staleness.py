"""Verdicts whose grounds have changed: they keep what they say, and say why it is old."""

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.db.models import Q

from evals.domain.pricefigures import same_figures
from evals.domain.specs import PriceSpec, Spec
from evals.models import (
    Candidate,
    EndpointPrice,
    EvalSetVersion,
    Evaluation,
    Model,
    QualityBar,
    Task,
    VerdictRow,
)
from evals.queries.pricewords import price_change
from evals.queries.repricing import frozen_price
from evals.queries.todaysprices import todays_prices

# How each reason of a kind begins.
BY_PRICE = "the price of "
BY_SET = "eval set v"
AT_ONCE = 200  # verdicts looked at together: their grounds are long


def mark_older_verdicts(*, task: Task, bar: QualityBar) -> int:
    """Mark the task's verdicts that rest on other bars than this, its newest; return how many.

    A new bar stays, a price may come back: the bar's reason takes the place of a price's.
    The incumbent has no verdict to mark.
    """
    older = VerdictRow.objects.filter(run__evaluation__task=task, state__isnull=False)
    older = older.filter(_by_price_or_not()).exclude(run__evaluation__bar=bar)
    return older.update(stale_reason=_reason(bar))


def mark_repriced_verdicts(*, on: date, price: EndpointPrice | None = None) -> int:
    """Mark the verdicts whose candidate has another price by now; return how many have changed.

    A verdict is stale by the price that it rests on, and the incumbent's row too, whose cost
    stands beside the others'. The reason says the price of today, and goes where the price that
    it rests on is back; that of a new bar stays. `price` says that only those of its endpoint and
    model are looked at.
    """
    rows = VerdictRow.objects.filter(_by_price_or_not()).filter(_may_have_changed(price))
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return sum(_mark(ids[at : at + AT_ONCE], on) for at in range(0, len(ids), AT_ONCE))


def mark_older_sets(version: EvalSetVersion) -> int:
    """Mark the verdicts that rest on an older version of the set; return how many.

    The reason names the newest version, also where one before it was the reason so far.
    """
    older = VerdictRow.objects.filter(
        run__evaluation__version__eval_set=version.eval_set_id,
        run__evaluation__version__number__lt=version.number,
        state__isnull=False,
    )
    older = older.filter(_by_price_or_not() | _by(BY_SET))
    return older.update(stale_reason=_set_reason(version))


def mark_other_model(*, candidate: Candidate, model: Model) -> int:
    """Mark the verdicts on a candidate whose model is another release now; return how many."""
    verdicts = VerdictRow.objects.filter(run__candidate=candidate, state__isnull=False)
    reason = _model_reason(candidate, model)
    return verdicts.filter(_by_price_or_not()).update(stale_reason=reason)


def reason_at_the_end(evaluation: Evaluation) -> str:
    """Return why the verdicts of an evaluation that ends now are stale at once, "" if they are not.

    Holds the task until the verdicts are stored, so that no bar is written, no version sealed and
    no candidate replaced in between. An older version of the set that was chosen on purpose is
    none: only one that was sealed since is a reason.
    """
    Task.objects.select_for_update(no_key=True).get(pk=evaluation.task_id)
    newest = QualityBar.objects.filter(task=evaluation.task_id).order_by("-number").first()
    if newest and newest.pk != evaluation.bar_id:
        return _reason(newest)
    later = EvalSetVersion.objects.filter(
        eval_set=evaluation.version.eval_set_id,
        number__gt=evaluation.version.number,
        created_at__gt=evaluation.created_at,
    )
    version = later.order_by("-number").first()
    return _set_reason(version) if version else ""


def model_reasons_at_the_end(evaluation: Evaluation) -> Mapping[int, str]:
    """Return why verdicts are stale at once, by place: another release took a candidate's name.

    To be asked while `reason_at_the_end` holds the task, as who replaces a candidate does.
    """
    gone = evaluation.runs.filter(candidate__archived_at__isnull=False)
    runs = list(gone.select_related("candidate__model"))
    heirs = Candidate.objects.filter(
        task=evaluation.task_id,
        name__in=[run.candidate.name for run in runs],
        archived_at__isnull=True,
    )
    models = {heir.name: heir.model for heir in heirs.select_related("model")} if runs else {}
    return {
        run.position: _model_reason(run.candidate, models[run.candidate.name])
        for run in runs
        if run.candidate.name in models and models[run.candidate.name].pk != run.candidate.model_id
    }


def price_reasons_at_the_end(evaluation: Evaluation, spec: Spec, *, on: date) -> Mapping[int, str]:
    """Return why verdicts are stale at once, by place: their prices changed meanwhile."""
    runs = evaluation.runs.select_related("candidate").order_by("position")
    candidates = {run.position: run.candidate for run in runs}
    prices = todays_prices(_repriced_since(evaluation, list(candidates.values())), on=on)
    return {
        place: price_reason(candidate, spec.candidates[place].price, prices[candidate.pk])
        for place, candidate in candidates.items()
        if candidate.pk in prices
        and not same_figures(spec.candidates[place].price, prices[candidate.pk])
    }


def price_reason(candidate: Candidate, old: PriceSpec | None, new: PriceSpec | None) -> str:
    """Return "the price of gpt-x has changed: output $10.00 → $8.00 per million tokens"."""
    return f"{BY_PRICE}{candidate.name} has changed: {price_change(old, new)}"


def _by_price_or_not() -> Q:
    return Q(stale_reason="") | _by(BY_PRICE)


def _by(kind: str) -> Q:
    return Q(stale_reason__startswith=kind)


def _may_have_changed(price: EndpointPrice | None) -> Q:
    if price is not None:
        return Q(run__candidate__endpoint=price.endpoint_id, run__candidate__model=price.model_id)
    return Q(run__candidate__price__has_key="catalogue")


@transaction.atomic
def _mark(ids: list[int], on: date) -> int:
    rows = VerdictRow.objects.filter(_by_price_or_not(), pk__in=ids)
    rows = rows.select_related("run__candidate")
    verdicts = list(rows.select_for_update(of=("self",), no_key=True))
    prices = todays_prices([verdict.run.candidate for verdict in verdicts], on=on)
    marked = []
    for verdict in verdicts:
        candidate, old = verdict.run.candidate, frozen_price(verdict)
        new = prices[candidate.pk]
        reason = "" if same_figures(old, new) else price_reason(candidate, old, new)
        if reason != verdict.stale_reason:
            verdict.stale_reason = reason
            marked.append(verdict)
    VerdictRow.objects.bulk_update(marked, ["stale_reason"])
    return len(marked)


def _repriced_since(evaluation: Evaluation, candidates: list[Candidate]) -> list[Candidate]:
    """Return those whose price may have changed since the evaluation began.

    What a spec file says goes before what a team had said by then, and is no change.
    """
    later = EndpointPrice.objects.filter(
        created_at__gt=evaluation.created_at,
        endpoint__in={candidate.endpoint_id for candidate in candidates},
    )
    pairs = set(later.values_list("endpoint", "model"))
    return [
        candidate
        for candidate in candidates
        if (candidate.endpoint_id, candidate.model_id) in pairs
        or "catalogue" in (candidate.price or {})
    ]


def _reason(bar: QualityBar) -> str:
    return f"bar v{bar.number} has replaced the one it rests on"


def _set_reason(version: EvalSetVersion) -> str:
    return f"{BY_SET}{version.number} has replaced the one it rests on"


def _model_reason(candidate: Candidate, model: Model) -> str:
    """Return "open-model is another release by now: lab/model at 1a2b → at 3c4d"."""
    old, new = candidate.model, model
    revisions = [f"at {each.revision}" if each.revision else "not pinned" for each in (old, new)]
    if old.identifier == new.identifier and old.revision != new.revision:
        change = f"{old.identifier} {revisions[0]} → {revisions[1]}"
    else:
        change = f"{old.identifier} → {new.identifier}"
    return f"{candidate.name} is another release by now: {change}"
