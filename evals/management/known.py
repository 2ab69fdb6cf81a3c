"""Which evaluation a spec on the command line means: the one it had, a retry of it, a new one."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from evals.domain.problems import InputError, Problem
from evals.domain.trials import TrialState
from evals.engine.inputs import SpecInputs, check_environment, check_inputs, read_inputs
from evals.engine.slicerows import check_slices
from evals.engine.specpricing import with_prices
from evals.models import Evaluation
from evals.models.evaluations import FINAL
from evals.services.intake import find_evaluation, store_inputs
from evals.services.retries import begin_again, reopen_failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for beyond the spec. `retried`: the failures to ask again, if any."""

    is_fresh: bool = False
    retried: Collection[TrialState] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The evaluation to carry out, and what to say about where it comes from."""

    evaluation: Evaluation
    note: str = ""


def choose_evaluation(path: Path, wish: Wish) -> Chosen:
    """Return the spec's evaluation, stored now if no earlier command had stored it.

    Raises:
        InputError: With where, found and expected; nothing is stored then.
    """
    inputs = read_inputs(path, limit_bytes=settings.UPLOAD_LIMIT_BYTES)
    known = find_evaluation(inputs)
    if known is None:
        check_environment(inputs)
        return Chosen(evaluation=_stored(inputs, wish))
    if wish.is_fresh and (known.reuse_answers or known.state in FINAL):
        return _afresh(inputs, known, wish)
    if wish.retried:
        return _retried(inputs, known, wish)
    if known.state not in FINAL:
        check_environment(inputs)
    note = f"{name_of(known)} is known: going on with what is stored"
    return Chosen(evaluation=known, note=note)


def name_of(evaluation: Evaluation) -> str:
    """Return "evaluation 3 of 'Support intent'"."""
    return f"evaluation {evaluation.number} of {evaluation.task.name!r}"


def _stored(inputs: SpecInputs, wish: Wish, instead_of: Evaluation | None = None) -> Evaluation:
    now = timezone.now()
    priced = with_prices(inputs, on=now.date())
    check_inputs(priced)
    check_slices(priced)
    return store_inputs(
        inputs=priced,
        now=now,
        reuse_answers=not wish.is_fresh,
        instead_of=instead_of,
    )


def _afresh(inputs: SpecInputs, known: Evaluation, wish: Wish) -> Chosen:
    if known.state not in FINAL:
        message = (
            f"--fresh: {name_of(known)} has not ended; end it first:"
            f" viability control {known.pk} stop (or cancel)"
        )
        raise InputError(Problem(message=message))
    check_environment(inputs)
    note = f"{name_of(known)} is known: asking all of it again, in another evaluation"
    return Chosen(evaluation=_stored(inputs, wish, instead_of=known), note=note)


def _retried(inputs: SpecInputs, known: Evaluation, wish: Wish) -> Chosen:
    check_environment(inputs)
    if known.state not in FINAL:
        reopen_failed(evaluation=known, states=wish.retried, user=None)
        note = f"{name_of(known)} is known: going on with it, and asking again what failed"
        return Chosen(evaluation=known, note=note)
    made = begin_again(evaluation=known, states=wish.retried, user=None, identity=inputs.identity)
    if made is None:
        return Chosen(evaluation=known, note=f"{name_of(known)} is known: nothing failed in it")
    note = f"{name_of(known)} is known: asking again what failed, in evaluation {made.number}"
    return Chosen(evaluation=made, note=note)
