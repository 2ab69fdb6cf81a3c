"""A candidate as it is typed in: one form for each way in which a model can be served."""

from typing import Any, ClassVar, cast

from django import forms
from django.utils.html import format_html

from evals.domain.prompts import PromptError, column_template, render
from evals.domain.specdrafts import read_draft
from evals.domain.specfile import SpecError, SpecOrigin
from evals.domain.specproblems import Path
from evals.domain.specs import CandidateSpec, EndpointKind, EndpointSpec
from evals.queries.candidatesettings import CandidateSetting
from evals.services.newcandidates import CandidateDraft
from evals.web.forms.candidatefields import HarnessFields, ModelFields
from evals.web.forms.prices import PriceFields
from evals.web.forms.problems import add_spec_problems

UNDER: Path = ("candidates", 0)
NAMES = {"price": "price_input_usd_per_mtok"}
# Fields that stand beside each other, a line each.
Layout = tuple[str, ...]
MODEL_LAYOUT = ("id", "open", "lab revision licence")
HARNESS_LAYOUT = ("prompt", "system", "max_tokens temperature top_p seed", "stop")
PRICE_LAYOUT = (
    "catalogue",
    "input_usd_per_mtok output_usd_per_mtok",
    "cached_input_usd_per_mtok cache_write_usd_per_mtok",
    "usd_per_request",
    "usd_per_hour gpu",
    "source dated_on",
)


class CandidateForm(PriceFields, HarnessFields, ModelFields):
    """What every kind has. A kind adds its endpoint's fields and says what they describe."""

    name = forms.CharField(
        max_length=200,
        help_text="What tables and verdicts call it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    endpoint_layout: ClassVar[Layout] = ()
    endpoint_title: ClassVar[str] = "The endpoint"
    endpoint_note: ClassVar[str] = ""
    carried: tuple[tuple[str, str], ...] = ()  # typed in for another kind, which this one lacks
    spec: CandidateSpec

    def __init__(self, data: Any, files: Any = None, *, setting: CandidateSetting) -> None:
        self.setting = setting
        self.kept_price = setting.spec.price if setting.spec else None
        super().__init__(data, files, initial=self._initial())
        self.fields["harness_prompt"].help_text = format_html(
            "Jinja over the columns of a sample: <code>{}</code>",
            " ".join(column_template(name) for name in setting.prompt_columns),
        )
        self.prepare()

    @property
    def pool(self) -> str:
        """The pool of workers; an edit keeps it."""
        return self.setting.spec.endpoint.pool if self.setting.spec else "default"

    def prepare(self) -> None:
        """Fit the fields to the setting."""

    def leave_out(self, prefix: str) -> None:
        """Take away the fields of a group."""
        for name in [name for name in self.fields if name.startswith(prefix)]:
            del self.fields[name]

    def endpoint_spec(self) -> EndpointSpec:
        """Return the endpoint that the fields describe."""
        raise NotImplementedError

    def endpoint_initial(self, _: EndpointSpec) -> dict[str, Any]:
        """Return what the endpoint's fields begin with in an edit."""
        return {}

    def draft(self) -> CandidateDraft:
        """Return what is to be stored, once the form is valid."""
        return CandidateDraft(spec=self.spec, replaces=self.setting.edited)

    def clean(self) -> dict[str, Any]:
        """Read the candidate by the rules of the spec file, and try its prompt."""
        data = super().clean() or {}
        if self.errors:
            return data
        try:
            self.spec = self._read()
            self._try_prompt()
        except SpecError as error:
            add_spec_problems(self, error, under=UNDER, names=NAMES)
        return data

    def endpoint_fields(self) -> list[list[forms.BoundField]]:
        """Return the endpoint's fields as they are laid out."""
        return self._rows("endpoint", self.endpoint_layout)

    def model_fields(self) -> list[list[forms.BoundField]]:
        """Return the model's fields as they are laid out."""
        return self._rows("model", MODEL_LAYOUT)

    def harness_fields(self) -> list[list[forms.BoundField]]:
        """Return the harness's fields as they are laid out."""
        return self._rows("harness", HARNESS_LAYOUT)

    def price_fields(self) -> list[list[forms.BoundField]]:
        """Return the price's fields as they are laid out."""
        return self._rows("price", PRICE_LAYOUT)

    def _rows(self, group: str, layout: Layout) -> list[list[forms.BoundField]]:
        rows = [[f"{group}_{name}" for name in line.split()] for line in layout]
        found = [[self[name] for name in row if name in self.fields] for row in rows]
        return [row for row in found if row]

    def _initial(self) -> dict[str, Any]:
        spec = self.setting.spec
        if spec is None and self.setting.harness:
            return self.harness_initial(self.setting.harness)
        if spec is None:
            return {"harness_prompt": column_template(self.setting.eval_set.input)}
        return {
            "name": spec.name,
            **self.model_initial(spec.model),
            **self.harness_initial(spec.harness),
            **self.price_initial(spec.price),
            **self.endpoint_initial(spec.endpoint),
        }

    def _read(self, origin: SpecOrigin = SpecOrigin.BROWSER) -> CandidateSpec:
        typed = CandidateSpec(
            name=self.cleaned_data["name"],
            model=self.model_spec(),
            endpoint=self.endpoint_spec(),
            harness=self.harness_spec(),
            price=self.price_spec(),
        )
        files = [typed.endpoint.file] if typed.endpoint.file else []
        eval_set = self.setting.eval_set
        spec = read_draft(origin=origin, uploads=files, eval_set=eval_set, candidates=(typed,))
        return spec.candidates[0]

    def _try_prompt(self) -> None:
        target = self.setting.eval_set.target
        try:
            render(self.spec.harness.prompt, self.setting.sample, target=target)
        except PromptError as error:
            self.add_error("harness_prompt", f"On the first sample: {error}")


class OpenAIForm(CandidateForm):
    """Any server that speaks OpenAI's protocol, with a key where it needs one."""

    endpoint_title = "The server"
    endpoint_layout = (
        "base_url",
        "secret new_key new_key_name",
        "concurrency requests_per_minute timeout_seconds",
        "stream",
    )
    endpoint_base_url = forms.CharField(
        label="Base URL",
        widget=forms.URLInput(attrs={"placeholder": "https://api.example.com/v1"}),
        help_text="vLLM, SGLang, llama.cpp, Ollama, TGI or a vendor. An address in a private "
        "network needs the setting ALLOW_PRIVATE_ENDPOINTS.",
    )
    endpoint_secret = forms.ChoiceField(label="Stored API key", required=False)
    endpoint_new_key = forms.CharField(
        label="New API key",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text="Stored encrypted, and never shown again.",
    )
    endpoint_new_key_name = forms.CharField(
        label="Name of the new key", required=False, max_length=120
    )
    endpoint_concurrency = forms.IntegerField(label="Requests at once", initial=8, min_value=1)
    endpoint_requests_per_minute = forms.IntegerField(label="Requests a minute", required=False)
    endpoint_timeout_seconds = forms.FloatField(label="Seconds until a time-out", initial=60)
    endpoint_stream = forms.BooleanField(
        label="Stream the answers",
        required=False,
        help_text="Shows when the first token comes, which a bar can ask for.",
    )

    def prepare(self) -> None:
        """Offer the keys that are stored."""
        stored = [(name, name) for name in self.setting.secrets]
        field = cast("forms.ChoiceField", self.fields["endpoint_secret"])
        field.choices = [("", "None"), *stored]

    def clean(self) -> dict[str, Any]:
        """Want a key once at most, and a name with a new one."""
        new, name = (self.cleaned_data.get(f"endpoint_{n}") for n in ("new_key", "new_key_name"))
        if new and self.cleaned_data.get("endpoint_secret"):
            self.add_error("endpoint_new_key", "Choose a stored key or enter a new one, not both.")
        if new and not name:
            self.add_error("endpoint_new_key_name", "A new key needs a name to be found by.")
        if new and not new.isprintable():
            self.add_error("endpoint_new_key", "A key has no line breaks or control characters.")
        return super().clean()

    def endpoint_spec(self) -> EndpointSpec:
        """Return the server, with its key by name."""
        data = self.cleaned_data
        new = data["endpoint_new_key_name"] if data["endpoint_new_key"] else None
        return EndpointSpec(
            kind=EndpointKind.OPENAI,
            pool=self.pool,
            base_url=data["endpoint_base_url"],
            secret=new or data["endpoint_secret"] or None,
            concurrency=data["endpoint_concurrency"],
            requests_per_minute=data["endpoint_requests_per_minute"],
            timeout_seconds=data["endpoint_timeout_seconds"],
            stream=data["endpoint_stream"],
        )

    def endpoint_initial(self, endpoint: EndpointSpec) -> dict[str, Any]:
        """Return what the fields begin with in an edit; of the key its name."""
        limits = ("concurrency", "requests_per_minute", "timeout_seconds")
        names = ("base_url", "secret", *limits, "stream")
        return {f"endpoint_{name}": getattr(endpoint, name) for name in names}

    def draft(self) -> CandidateDraft:
        """Return the candidate with its new key, if there is one."""
        key = self.cleaned_data["endpoint_new_key"] or None
        return CandidateDraft(spec=self.spec, new_key=key, replaces=self.setting.edited)
