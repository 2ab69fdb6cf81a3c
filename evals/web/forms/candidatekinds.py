"""Other ways to serve a candidate: recorded answers, a simulation, an endpoint that is stored."""

from typing import Any, BinaryIO, cast

from django import forms

from evals.domain.prompts import column_template
from evals.domain.specfile import SpecOrigin
from evals.domain.specs import CandidateSpec, EndpointKind, EndpointSpec, HarnessSpec, ModelSpec
from evals.models import Endpoint
from evals.queries.candidatefacts import endpoint_label
from evals.queries.candidatesettings import TYPED_KINDS
from evals.queries.specs import endpoint_spec
from evals.services.newcandidates import CandidateDraft
from evals.web.forms.candidates import CandidateForm
from evals.web.forms.evalsets import FileForm
from evals.web.forms.problems import cleaned, lines_of

NUMBERS = (
    "accuracy",
    "error_rate",
    "no_answer_rate",
    "latency_seconds",
    "latency_spread",
    "seed",
)
UNTYPED = ("input_tokens", "output_tokens", "ttft_seconds")


class RecordedForm(FileForm, CandidateForm):
    """Answers that exist already: production logs, or another tool's results."""

    endpoint_title = "The answers"
    endpoint_note = (
        "One row for each answer, found by exactly the input of a sample, or by its id. Nothing is "
        "asked. Every sample of the eval set has to have its answer."
    )
    endpoint_layout = ("file", "key output", "latency_seconds input_tokens output_tokens")
    file_name = "endpoint_file"
    endpoint_file = forms.FileField(label="File of answers", max_length=300)
    endpoint_key = forms.CharField(label="Column with the input, or the id", max_length=300)
    endpoint_output = forms.CharField(label="Column with the answer", max_length=300)
    endpoint_latency_seconds = forms.CharField(
        label="Column with the seconds it took", required=False, max_length=300
    )
    endpoint_input_tokens = forms.CharField(
        label="Column with input tokens", required=False, max_length=300
    )
    endpoint_output_tokens = forms.CharField(
        label="Column with output tokens", required=False, max_length=300
    )

    def prepare(self) -> None:
        """Leave out how a model is asked, and offer the usual columns."""
        self.leave_out("harness_")
        self.fields["endpoint_key"].initial = self.setting.eval_set.input
        self.fields["endpoint_output"].initial = "output"

    def harness_spec(self) -> HarnessSpec:
        """Return the plain harness: nothing is asked any more."""
        return HarnessSpec(prompt=column_template(self.setting.eval_set.input))

    def endpoint_spec(self) -> EndpointSpec:
        """Return the file and the columns in it."""
        columns = ("key", "output", "latency_seconds", "input_tokens", "output_tokens")
        named = cleaned(self, *(f"endpoint_{column}" for column in columns))
        return EndpointSpec(
            kind=EndpointKind.RECORDED,
            file=self.cleaned_data["endpoint_file"].name,
            **{name.removeprefix("endpoint_"): column for name, column in named.items()},
        )

    def draft(self) -> CandidateDraft:
        """Return the candidate with its file."""
        answers = cast("BinaryIO", self.cleaned_data["endpoint_file"])
        return CandidateDraft(spec=self.spec, answers=answers)


class StandInForm(CandidateForm):
    """A simulated endpoint: nothing is asked of any model, and every page says so."""

    endpoint_title = "The simulation"
    endpoint_note = "For dry runs. No model is asked; every page marks the answers as simulated."
    endpoint_layout = (
        "simulation_accuracy simulation_error_rate simulation_no_answer_rate",
        "simulation_latency_seconds simulation_latency_spread simulation_seed concurrency",
        "simulation_labels",
    )
    endpoint_simulation_accuracy = forms.FloatField(
        label="Share of right answers", initial=0.9, help_text="From 0 to 1."
    )
    endpoint_simulation_latency_seconds = forms.FloatField(label="Median seconds", initial=0.5)
    endpoint_simulation_latency_spread = forms.FloatField(
        label="Spread of the seconds", initial=0.3, help_text="Standard deviation of their log."
    )
    endpoint_simulation_error_rate = forms.FloatField(label="Share of failures", initial=0)
    endpoint_simulation_no_answer_rate = forms.FloatField(label="Share of silences", initial=0)
    endpoint_simulation_seed = forms.IntegerField(label="Seed", initial=0)
    endpoint_simulation_labels = forms.CharField(
        label="Wrong answers are drawn from",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line.",
    )
    endpoint_concurrency = forms.IntegerField(label="Requests at once", initial=8, min_value=1)

    def endpoint_spec(self) -> EndpointSpec:
        """Return how the stand-in behaves; what a spec would leave out is left out."""
        data = self.cleaned_data
        simulation = {name: data[f"endpoint_simulation_{name}"] for name in NUMBERS}
        if labels := lines_of(data["endpoint_simulation_labels"]):
            simulation["labels"] = labels
        told = {name: value for name, value in simulation.items() if value or name == "accuracy"}
        return EndpointSpec(
            kind=EndpointKind.STAND_IN,
            pool=self.pool,
            concurrency=data["endpoint_concurrency"],
            simulation={**self._untyped(), **told},
        )

    def _untyped(self) -> dict[str, Any]:
        """Return the settings of an edited stand-in that the form has no field for."""
        stored = self.setting.spec.endpoint.simulation if self.setting.spec else {}
        return {name: stored[name] for name in UNTYPED if name in stored}

    def endpoint_initial(self, endpoint: EndpointSpec) -> dict[str, Any]:
        """Return what the fields begin with in an edit."""
        settings = {name: endpoint.simulation.get(name, 0) for name in NUMBERS}
        settings["accuracy"] = endpoint.simulation.get("accuracy", 1)
        settings["labels"] = "\n".join(endpoint.simulation.get("labels", ()))
        initial = {f"endpoint_simulation_{name}": value for name, value in settings.items()}
        return {**initial, "endpoint_concurrency": endpoint.concurrency}


class StoredEndpointForm(CandidateForm):
    """An endpoint that is stored already, taken as it is.

    Where its model is a file on the workers' machine, which only the command line and the demo may
    name, the model is kept as well.
    """

    def prepare(self) -> None:
        """Leave out what cannot be changed."""
        if self._keeps_model:
            self.leave_out("model_")
        if self._endpoint.kind == EndpointKind.RECORDED:
            self.leave_out("harness_")

    @property
    def endpoint_note(self) -> str:  # type: ignore[override]
        """What is kept, and why it cannot be changed here."""
        label = endpoint_label(self.endpoint_spec())
        if self._keeps_model:
            return f"{label}. It and its model are kept: the command line alone names such models."
        return f"{label}. It is used as it is."

    @property
    def _endpoint(self) -> Endpoint:
        return cast("Endpoint", self.setting.endpoint)

    @property
    def _keeps_model(self) -> bool:
        return self._endpoint.kind not in TYPED_KINDS

    def model_spec(self) -> ModelSpec:
        """Return the model that was typed in, or the one that is kept."""
        if self._keeps_model and self.setting.spec:
            return self.setting.spec.model
        return super().model_spec()

    def harness_spec(self) -> HarnessSpec:
        """Return how the model is asked, or the plain harness of recorded answers."""
        if self._endpoint.kind != EndpointKind.RECORDED:
            return super().harness_spec()
        if self.setting.spec:
            return self.setting.spec.harness
        return HarnessSpec(prompt=column_template(self.setting.eval_set.input))

    def endpoint_spec(self) -> EndpointSpec:
        """Return the endpoint that is stored."""
        return endpoint_spec(self._endpoint)

    def _read(self, origin: SpecOrigin = SpecOrigin.BROWSER) -> CandidateSpec:
        return super()._read(SpecOrigin.STORED if self._keeps_model else origin)

    def draft(self) -> CandidateDraft:
        """Return the candidate at its stored endpoint."""
        return CandidateDraft(spec=self.spec, endpoint=self._endpoint, replaces=self.setting.edited)
