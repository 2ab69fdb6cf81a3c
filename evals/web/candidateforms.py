"""Which form a candidate is typed into, and what becomes of it."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone

from evals.domain.problems import InputError
from evals.domain.specs import EndpointKind
from evals.models import Candidate, Endpoint
from evals.queries import access
from evals.queries.candidatefacts import endpoint_label
from evals.queries.candidatesettings import TYPED_KINDS, CandidateSetting
from evals.queries.specs import endpoint_spec
from evals.services.newcandidates import add_candidate
from evals.web.auth import TeamRequest
from evals.web.forms.candidatekinds import RecordedForm, StandInForm, StoredEndpointForm
from evals.web.forms.candidates import CandidateForm, OpenAIForm
from evals.web.forms.problems import add_input_problems
from evals.web.pages import posted, sent_files
from evals.web.parameters import row_number
from evals.web.uploading import was_too_large

SWITCH = "switch"  # pressed to go on with another kind
KEPT = ("model_", "harness_", "price_")
TABS = {
    EndpointKind.OPENAI: "OpenAI-compatible server",
    EndpointKind.RECORDED: "Recorded answers",
    EndpointKind.STAND_IN: "Simulated stand-in",
}


@dataclass(frozen=True, slots=True)
class KindTab:
    """One way to serve a candidate, with the address of its form."""

    label: str
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class KindTabs:
    """The ways there are, the endpoints that could be used again, and the setting of the form."""

    setting: CandidateSetting
    kinds: tuple[KindTab, ...]
    stored: tuple[KindTab, ...]


def chosen_endpoint(request: TeamRequest) -> Endpoint | None:
    """Return the stored endpoint that the address names.

    None whose model would be a path on a worker's machine: such paths are never typed in.
    """
    number = row_number(request.GET.get("endpoint"))
    if number is None:
        return None
    stored = access.endpoints_for(request.team).filter(kind__in=TYPED_KINDS)
    return get_object_or_404(stored.select_related("secret"), pk=number)


def open_form(request: HttpRequest, setting: CandidateSetting) -> CandidateForm:
    """Return the form that fits: by the endpoint that is kept, the edited kind, or the address."""
    switched = SWITCH in request.POST
    form = _form(request, setting, data=None if switched else posted(request))
    if switched:
        _keep_typed(form, request.POST)
    return form


def _form(
    request: HttpRequest, setting: CandidateSetting, *, data: QueryDict | None
) -> CandidateForm:
    if setting.endpoint:
        return StoredEndpointForm(data, setting=setting)
    kind = _kind(request, setting)
    if kind is EndpointKind.RECORDED:
        files = None if data is None else sent_files(request)
        too_large = data is not None and was_too_large(request)
        return RecordedForm(data, files, setting=setting, too_large=too_large)
    form = StandInForm if kind is EndpointKind.STAND_IN else OpenAIForm
    return form(data, setting=setting)


def _keep_typed(form: CandidateForm, typed: QueryDict) -> None:
    """Begin with what was typed in for another kind; an endpoint's own fields are that kind's."""
    kept = {name: str(typed[name]) for name in typed if name == "name" or name.startswith(KEPT)}
    form.initial.update({name: text for name, text in kept.items() if name in form.fields})
    form.carried = tuple(item for item in kept.items() if item[0] not in form.fields)


def save_typed(request: TeamRequest, form: CandidateForm) -> Candidate | None:
    """Store what was typed in and say so; None with the problems in the form."""
    setting = form.setting
    try:
        saved = add_candidate(
            task=setting.task,
            draft=form.draft(),
            version=setting.version,
            user=request.user,
            now=timezone.now(),
        )
    except InputError as error:
        column = error.problems[0].column
        fields = (column, f"endpoint_{column}", "endpoint_file")
        add_input_problems(form, error, field=next((f for f in fields if f in form.fields), None))
        return None
    earlier = (
        " The earlier one is archived, and its page can bring it back." if setting.edited else ""
    )
    messages.success(request, f"{saved.name} is saved.{earlier}")
    return saved


def tabs(request: HttpRequest, setting: CandidateSetting) -> KindTabs:
    """Return the ways to serve a candidate, the current one marked."""
    kind, endpoint = _kind(request, setting), setting.endpoint
    return KindTabs(
        setting=setting,
        kinds=tuple(
            KindTab(label, f"kind={name.value}", endpoint is None and name == kind)
            for name, label in TABS.items()
        ),
        stored=tuple(
            KindTab(_label(stored), f"endpoint={stored.pk}", stored == endpoint)
            for stored in setting.endpoints
        ),
    )


def _label(stored: Endpoint) -> str:
    key = f" · key “{stored.secret.name}”" if stored.secret else ""
    return endpoint_label(endpoint_spec(stored)) + key


def _kind(request: HttpRequest, setting: CandidateSetting) -> EndpointKind:
    if setting.spec:
        return setting.spec.endpoint.kind
    named = request.GET.get("kind", "")
    return EndpointKind(named) if named in set(TYPED_KINDS) else EndpointKind.OPENAI
