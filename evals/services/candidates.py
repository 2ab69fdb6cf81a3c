"""Candidates and what they are made of: models, endpoints, harnesses, recorded answers."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from evals.domain.evalsets import text_of
from evals.domain.pricefigures import price_figures
from evals.domain.problems import InputError, Problem
from evals.domain.specs import CandidateSpec, EndpointSpec, HarnessSpec, ModelSpec
from evals.domain.trials import RecordedAnswer
from evals.models import (
    Candidate,
    ConnectionTest,
    Endpoint,
    Harness,
    Model,
    RecordedAnswerRow,
    Sample,
    Secret,
    Task,
    Team,
    User,
)
from evals.queries.work import AskedSample
from evals.queue import Job, enqueue
from evals.services.audit import record
from evals.services.copying import copy_rows
from evals.services.staleness import mark_other_model

ANSWER_COLUMNS = (
    "endpoint_id",
    "key_hash",
    "output",
    "input_tokens",
    "output_tokens",
    "latency_seconds",
)
# What an Endpoint row keeps in columns of its own.
OWN_COLUMNS = frozenset({"kind", "pool", "secret"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFile:
    """A recorded endpoint's answers by their keys, and the hash of the file they came in."""

    sha256: str
    answers: Iterable[tuple[str, RecordedAnswer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedBy:
    """What an endpoint needs beyond its description: a stored key, or recorded answers.

    `endpoint` is one that is stored already, and then used as it is.
    """

    secret: Secret | None = None
    recorded: RecordedFile | None = None
    endpoint: Endpoint | None = None


NOTHING_MORE = ServedBy()


@transaction.atomic
def save_candidate(
    *,
    task: Task,
    spec: CandidateSpec,
    user: User | None,
    now: datetime,
    served_by: ServedBy = NOTHING_MORE,
) -> Candidate:
    """Return the task's candidate as `spec` says; another one of that name is archived."""
    parts: dict[str, Any] = {
        "model": _save_model(task.team, spec.model),
        "endpoint": served_by.endpoint or _save_endpoint(task.team, spec, served_by),
        "harness": _save_harness(task.team, spec.harness),
        "price": None if spec.price is None else price_figures(spec.price),
    }
    Task.objects.select_for_update(no_key=True).get(pk=task.pk)  # see `model_reasons_at_the_end`
    active = task.candidates.filter(name=spec.name, archived_at__isnull=True).first()
    if active and all(getattr(active, name) == value for name, value in parts.items()):
        return active
    if active:
        archive_candidate(candidate=active, user=user, now=now)
        if active.model_id != parts["model"].pk:
            mark_other_model(candidate=active, model=parts["model"])
    candidate = Candidate.objects.create(task=task, name=spec.name, **parts)
    if active and task.incumbent_id == active.pk:
        Task.objects.filter(pk=task.pk).update(incumbent=candidate)
    record(team=task.team, user=user, action="candidate saved", subject=spec.name, task=task.name)
    return candidate


@transaction.atomic
def archive_candidate(*, candidate: Candidate, user: User | None, now: datetime) -> None:
    """Take a candidate out of the choice; its runs and verdicts stay."""
    Candidate.objects.filter(pk=candidate.pk).update(archived_at=now)
    team = candidate.task.team
    record(team=team, user=user, action="candidate archived", subject=candidate.name)


@transaction.atomic
def restore_candidate(*, candidate: Candidate, user: User | None) -> None:
    """Undo an archiving.

    Raises:
        InputError: If another candidate of that name has taken its place.
    """
    team, task = (
        candidate.task.team,
        Task.objects.select_for_update(no_key=True).get(pk=candidate.task_id),
    )
    others = task.candidates.filter(name=candidate.name, archived_at__isnull=True)
    if others.exclude(pk=candidate.pk).exists():
        message = f"{candidate.name!r} is the name of another candidate by now"
        raise InputError(Problem(message=message))
    Candidate.objects.filter(pk=candidate.pk).update(archived_at=None)
    record(team=team, user=user, action="candidate restored", subject=candidate.name)


@transaction.atomic
def start_connection_test(*, candidate: Candidate, user: User) -> ConnectionTest:
    """Ask a worker of the candidate's pool to try its endpoint once."""
    test = ConnectionTest.objects.create(candidate=candidate, created_by=user)
    enqueue(Job.TRY_ENDPOINT, test.pk, pool=candidate.endpoint.pool)
    team = candidate.task.team
    record(team=team, user=user, action="endpoint tested", subject=candidate.endpoint.name)
    return test


def key_hash(key: str) -> str:
    """Return what a recorded answer is found by; keys match exactly."""
    return hashlib.sha256(key.encode()).hexdigest()


def recorded_key(sample: Sample | AskedSample, *, key_column: str | None, input_column: str) -> str:
    """Return what a recorded answer is found by: the sample's input, or its `id` if that is key."""
    if key_column == "id" and sample.key is not None:
        return sample.key
    return text_of(sample.input[input_column])


def _save_model(team: Team, spec: ModelSpec) -> Model:
    known = {
        name: value for name in ("lab", "licence") if (value := getattr(spec, name)) is not None
    }
    model, made = Model.objects.get_or_create(
        team=team,
        identifier=spec.id,
        revision=spec.revision,
        is_open=spec.open,
        defaults=known,
    )
    if not made and any(getattr(model, name) != value for name, value in known.items()):
        Model.objects.filter(pk=model.pk).update(**known)
        model.refresh_from_db()
    return model


def _save_endpoint(team: Team, spec: CandidateSpec, served_by: ServedBy) -> Endpoint:
    settings = endpoint_settings(spec.endpoint)
    secret, recorded = served_by.secret, served_by.recorded
    facts = {
        "kind": spec.endpoint.kind.value,
        "pool": spec.endpoint.pool,
        "settings": settings,
        "secret": secret.pk if secret else None,
        "recorded": recorded.sha256 if recorded else None,
    }
    endpoint, made = Endpoint.objects.get_or_create(
        team=team,
        identity=_identity(facts),
        defaults={
            "name": _endpoint_name(spec.endpoint),
            "kind": spec.endpoint.kind.value,
            "pool": spec.endpoint.pool,
            "settings": settings,
            "secret": secret,
        },
    )
    if made and recorded:
        _store_answers(endpoint, recorded.answers)
    return endpoint


def endpoint_settings(spec: EndpointSpec) -> dict[str, Any]:
    """Return what differs from the defaults, but for what has a column of its own."""
    return {
        field.name: dict(value) if isinstance(value, Mapping) else value
        for field in dataclasses.fields(spec)
        if field.name not in OWN_COLUMNS and (value := getattr(spec, field.name)) != _default(field)
    }


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _endpoint_name(spec: EndpointSpec) -> str:
    place = spec.base_url or spec.file or spec.device
    return f"{spec.kind.value} · {place}"[:200]


def _store_answers(endpoint: Endpoint, answers: Iterable[tuple[str, RecordedAnswer]]) -> None:
    try:
        with transaction.atomic():
            copy_rows(RecordedAnswerRow, ANSWER_COLUMNS, _answer_rows(endpoint.pk, answers))
    except IntegrityError:
        # The reader names duplicates; this is the last guard of the constraint.
        raise InputError(Problem(message="two answers for one key")) from None


def _answer_rows(
    endpoint_id: int, answers: Iterable[tuple[str, RecordedAnswer]]
) -> Iterator[tuple[Any, ...]]:
    for key, answer in answers:
        yield (
            endpoint_id,
            key_hash(key),
            answer.output,
            answer.usage.input_tokens,
            answer.usage.output_tokens,
            answer.latency_seconds,
        )


def _save_harness(team: Team, spec: HarnessSpec) -> Harness:
    facts = dataclasses.asdict(spec)
    decoding = {
        name: value
        for name, value in facts.items()
        if name not in {"prompt", "system"} and (value is not None or name == "temperature")
    }
    return Harness.objects.get_or_create(
        team=team,
        identity=_identity(facts),
        defaults={"prompt": spec.prompt, "system": spec.system, "decoding": decoding},
    )[0]


def _identity(facts: dict[str, Any]) -> str:
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
