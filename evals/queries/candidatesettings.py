"""What a candidate's form has to know: the samples it is for, the keys and endpoints there are."""

from dataclasses import dataclass
from typing import Any

from evals.domain.specs import CandidateSpec, EndpointKind, EvalSetSpec, HarnessSpec
from evals.models import Candidate, Endpoint, EvalSetVersion, Secret, Task
from evals.queries.preparation import Preparation, first_sample, latest_version, preparation
from evals.queries.specs import candidate_spec, eval_set_spec, harness_spec

TYPED_KINDS = (EndpointKind.OPENAI, EndpointKind.RECORDED, EndpointKind.STAND_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSetting:
    """Where a candidate's form stands.

    `endpoint` is the stored one that is to be used as it is; `edited` the candidate that is to be
    replaced, and `spec` what it says. `endpoints` are those that can be chosen. `harness` is that
    of the candidate before, since the same harness makes a fair comparison.
    """

    task: Task
    version: EvalSetVersion
    eval_set: EvalSetSpec
    sample: dict[str, Any]
    prompt_columns: tuple[str, ...]
    secrets: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    preparation: Preparation
    harness: HarnessSpec | None
    endpoint: Endpoint | None = None
    edited: Candidate | None = None
    spec: CandidateSpec | None = None


def candidate_setting(
    task: Task, *, endpoint: Endpoint | None = None, edited: Candidate | None = None
) -> CandidateSetting | None:
    """Return what the form has to know, None while the task has no eval set; in six queries."""
    version = latest_version(task)
    if version is None:
        return None
    eval_set = eval_set_spec(version)
    return CandidateSetting(
        task=task,
        version=version,
        eval_set=eval_set,
        sample=first_sample(version).input,
        prompt_columns=tuple(name for name in version.columns if name != eval_set.target),
        secrets=tuple(_secrets(task)),
        endpoints=tuple(_endpoints(task)),
        preparation=preparation(task),
        harness=_harness(task),
        endpoint=endpoint or _kept(edited),
        edited=edited,
        spec=candidate_spec(edited) if edited else None,
    )


def _harness(task: Task) -> HarnessSpec | None:
    asked = task.candidates.filter(archived_at__isnull=True)
    asked = asked.exclude(endpoint__kind=EndpointKind.RECORDED).select_related("harness")
    latest = asked.order_by("-pk").first()
    return harness_spec(latest.harness) if latest else None


def _kept(edited: Candidate | None) -> Endpoint | None:
    """Return the endpoint that an edit cannot describe anew: a file of answers, a local model."""
    anew = (EndpointKind.OPENAI, EndpointKind.STAND_IN)
    return edited.endpoint if edited and edited.endpoint.kind not in anew else None


def _secrets(task: Task) -> list[str]:
    return list(
        Secret.objects.filter(team=task.team_id).order_by("name").values_list("name", flat=True)
    )


def _endpoints(task: Task) -> list[Endpoint]:
    """Return the endpoints that may be chosen: none whose model would be a path on a worker."""
    stored = Endpoint.objects.filter(team=task.team_id, archived_at__isnull=True)
    return list(stored.filter(kind__in=TYPED_KINDS).select_related("secret").order_by("-pk")[:50])
