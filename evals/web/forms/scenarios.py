"""A shock that a team supposes."""

from typing import Any

from django import forms

from evals.domain.problems import InputError
from evals.domain.shocks import Affects, Availability, Shock, shock_from_mapping, shock_mapping
from evals.queries.shockwords import CUT, HIT

NOBODY = ("", "Nobody loses access")


class ScenarioForm(forms.Form):
    """A name and the figures of a shock; `shock` once it is valid."""

    name = forms.CharField(
        max_length=120,
        help_text="For example “Our vendor doubles its prices”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    affects = forms.ChoiceField(
        label="What is hit",
        choices=[(member.value, HIT[member].capitalize()) for member in Affects],
    )
    target = forms.CharField(
        label="Which one",
        required=False,
        max_length=300,
        help_text="A name as the candidates have it, or a country by its two letters. "
        "Empty: that of each task's own incumbent.",
    )
    price_multiplier = forms.DecimalField(
        label="Price, times", required=False, initial=1, help_text="1: as today. 4: four times."
    )
    quality_delta = forms.DecimalField(
        label="Quality, plus",
        required=False,
        initial=0,
        help_text="Added to every score between 0 and 1: -0.16 is 16 points lower.",
    )
    outage_hours = forms.DecimalField(
        label="Hours a month without an answer", required=False, initial=0
    )
    availability = forms.ChoiceField(
        label="Who loses access",
        required=False,
        choices=[NOBODY, *((member.value, CUT[member].capitalize()) for member in Availability)],
    )
    notice_days = forms.DecimalField(
        label="Days of notice",
        required=False,
        help_text="Empty: unknown, or what the model's retirement date leaves.",
    )
    shock: Shock

    @classmethod
    def initial_of(cls, name: str, shock: Shock) -> dict[str, Any]:
        """Return what the form of a shock that is there already begins with."""
        return {"name": name, **shock_mapping(shock)}

    def clean(self) -> dict[str, Any]:
        """Read the figures by the rules of the domain."""
        data = super().clean() or {}
        if self.errors:
            return data
        said = {name: value for name, value in data.items() if name != "name" and value != ""}
        try:
            self.shock = shock_from_mapping({**said, "notice_days": _plain(data["notice_days"])})
        except InputError as error:
            for problem in error.problems:
                self.add_error(problem.column, _sentence(problem.message))
            return data
        if self.shock.is_null:
            self.add_error(
                None, "Nothing changes: expected another price, quality, outage or access."
            )
        return data


def _plain(number: Any) -> Any:
    return None if number is None else str(number)


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:] + "."
