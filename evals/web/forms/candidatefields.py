"""The fields that every candidate has: its model, and how it is asked.

A field is called as its path in a spec, joined with `_`, so that problems find it.
"""

from typing import Any

from django import forms

from evals.domain.specs import HarnessSpec, ModelSpec
from evals.web.forms.problems import cleaned

OPEN = (
    ("open", "Open: its weights can be downloaded"),
    ("closed", "Closed: it can only be asked through its vendor"),
)


class ModelFields(forms.Form):
    """A release; what is left empty is unknown."""

    model_id = forms.CharField(
        label="Model id",
        max_length=300,
        help_text="As the endpoint knows it, for example gpt-x-2026-06 or allenai/OLMo-2-7B.",
    )
    model_open = forms.ChoiceField(label="Open or closed", choices=OPEN, widget=forms.RadioSelect)
    model_lab = forms.CharField(label="Lab", max_length=200, required=False)
    model_revision = forms.CharField(label="Revision", max_length=200, required=False)
    model_licence = forms.CharField(label="Licence", max_length=200, required=False)

    def model_spec(self) -> ModelSpec:
        """Return the model that was typed in."""
        facts = cleaned(self, "model_lab", "model_revision", "model_licence")
        return ModelSpec(
            id=self.cleaned_data["model_id"],
            open=self.cleaned_data["model_open"] == "open",
            **{name.removeprefix("model_"): value for name, value in facts.items()},
        )

    @staticmethod
    def model_initial(model: ModelSpec) -> dict[str, Any]:
        """Return what the fields begin with in an edit."""
        return {
            "model_id": model.id,
            "model_open": "open" if model.open else "closed",
            "model_lab": model.lab,
            "model_revision": model.revision,
            "model_licence": model.licence,
        }


class HarnessFields(forms.Form):
    """How a model is asked."""

    harness_prompt = forms.CharField(
        label="Prompt", strip=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    harness_system = forms.CharField(
        label="System prompt",
        strip=False,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    harness_max_tokens = forms.IntegerField(label="Most output tokens", initial=256, min_value=1)
    harness_temperature = forms.FloatField(label="Temperature", initial=0, min_value=0)
    harness_top_p = forms.FloatField(label="Top p", required=False)
    harness_seed = forms.IntegerField(label="Seed", required=False)
    harness_stop = forms.CharField(
        label="Stop texts",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One a line. Write \\n for a line break.",
    )

    def harness_spec(self) -> HarnessSpec:
        """Return how the model is to be asked."""
        data = self.cleaned_data
        stop = [line.replace("\\n", "\n") for line in data["harness_stop"].splitlines() if line]
        return HarnessSpec(
            prompt=data["harness_prompt"].replace("\r\n", "\n"),
            system=data["harness_system"].replace("\r\n", "\n") or None,
            max_tokens=data["harness_max_tokens"],
            temperature=data["harness_temperature"],
            top_p=data["harness_top_p"],
            seed=data["harness_seed"],
            stop=tuple(stop),
        )

    @staticmethod
    def harness_initial(harness: HarnessSpec) -> dict[str, Any]:
        """Return what the fields begin with in an edit."""
        names = ("prompt", "system", "max_tokens", "temperature", "top_p", "seed")
        stop = "\n".join(text.replace("\n", "\\n") for text in harness.stop)
        initial = {f"harness_{name}": getattr(harness, name) for name in names}
        return {**initial, "harness_stop": stop}
