"""The scorers of a task, each a card that can be ticked."""

from collections.abc import Sequence
from typing import Any

from django import forms

from evals.domain.specs import ScorerSpec
from evals.web.forms.problems import lines_of

# What each scorer is called and does, in the words of somebody who has not met it before.
WORDS = {
    "exact_match": ("Exact match", "The whole output equals the target."),
    "contains": ("Contains", "The target stands somewhere in the output."),
    "choice": ("Choice", "The output names the target, and none of the other labels."),
    "last_number": ("Last number", "The last number of the output is the last of the target."),
    "regex": ("Pattern", "A regular expression finds something in the output."),
    "f1": ("F1", "The words that output and target share, with partial credit."),
    "lm_eval": ("lm-eval metric", "Any metric and filter chain that lm-eval knows."),
}
FLAGS = {
    "exact_match": ("ignore_case", "ignore_punctuation", "ignore_numbers"),
    "contains": ("ignore_case",),
}
LABELS = {
    "ignore_case": "Ignore case",
    "ignore_punctuation": "Ignore punctuation",
    "ignore_numbers": "Ignore numbers",
}


class OptionsField(forms.JSONField):
    """JSON that is blank where nothing is given, instead of `null`."""

    def prepare_value(self, value: Any) -> Any:
        """Return what the text area holds."""
        return "" if value is None else super().prepare_value(value)


class ScorersForm(forms.Form):
    """Every scorer by its name; the fields of an option are called `scorer_option`."""

    regex_pattern = forms.CharField(label="Pattern", required=False, strip=False)
    last_number_tolerance = forms.FloatField(label="Tolerance", required=False)
    choice_labels = forms.CharField(
        label="Labels, one a line",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    lm_eval_options = OptionsField(
        label="Options as JSON",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text='For example <code>{"metric": "bleu"}</code>; keys: metric, filters, name.',
    )

    def __init__(self, data: Any, *, scorers: Sequence[ScorerSpec]) -> None:
        super().__init__(data, initial=_initial(scorers))
        for name, (label, _) in WORDS.items():
            self.fields[f"use_{name}"] = forms.BooleanField(label=label, required=False)
            for flag in FLAGS.get(name, ()):
                self.fields[f"{name}_{flag}"] = forms.BooleanField(
                    label=LABELS[flag], required=False
                )
            if name != "lm_eval":
                self.fields[f"{name}_extract"] = forms.CharField(
                    label="Take the answer out first, by a pattern", required=False, strip=False
                )

    def clean(self) -> dict[str, Any]:
        """Want at least one scorer, and whole options."""
        data = super().clean() or {}
        if not any(data.get(f"use_{name}") for name in WORDS):
            raise forms.ValidationError("No scorer is ticked, expected at least one.")
        options = data.get("lm_eval_options")
        is_complete = isinstance(options, dict) and options.get("metric")
        if data.get("use_lm_eval") and not is_complete and "lm_eval_options" not in self.errors:
            self.add_error("lm_eval_options", "Expected a JSON object with a metric.")
        return data

    def specs(self) -> tuple[ScorerSpec, ...]:
        """Return the scorers that are ticked, once the form is valid."""
        data = self.cleaned_data
        return tuple(
            ScorerSpec(
                name=name, options=_options(name, data), extract=data.get(f"{name}_extract") or None
            )
            for name in WORDS
            if data[f"use_{name}"]
        )

    def cards(self) -> list[dict[str, Any]]:
        """Return what the template lays out: each scorer with its own fields."""
        return [self._card(name, about) for name, (_, about) in WORDS.items()]

    def _card(self, name: str, about: str) -> dict[str, Any]:
        fields = [self[field] for field in self.fields if _is_option(field, name)]
        is_open = any(field.value() or field.errors for field in fields)
        return {"use": self[f"use_{name}"], "about": about, "fields": fields, "is_open": is_open}


def _is_option(field: str, name: str) -> bool:
    return field.startswith(f"{name}_")


def _options(name: str, data: dict[str, Any]) -> dict[str, Any]:
    if name == "lm_eval":
        return dict(data["lm_eval_options"] or {})
    flags = {flag: True for flag in FLAGS.get(name, ()) if data[f"{name}_{flag}"]}
    if name == "regex":
        return {"pattern": data["regex_pattern"]}
    if name == "choice":
        return {"labels": lines_of(data["choice_labels"])}
    if name == "last_number" and data["last_number_tolerance"] is not None:
        return {"tolerance": data["last_number_tolerance"]}
    return flags


def _initial(scorers: Sequence[ScorerSpec]) -> dict[str, Any]:
    initial: dict[str, Any] = {} if scorers else {"use_exact_match": True}
    for scorer in scorers:
        initial |= {f"use_{scorer.name}": True, f"{scorer.name}_extract": scorer.extract}
        initial |= {f"{scorer.name}_{key}": value for key, value in scorer.options.items()}
        if scorer.name == "lm_eval":
            initial["lm_eval_options"] = dict(scorer.options)
        if scorer.name == "choice":
            initial["choice_labels"] = "\n".join(scorer.options["labels"])
    return initial
