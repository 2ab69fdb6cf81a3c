"""Prices as they are typed in: a candidate's, and what a team says of an endpoint."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.urls import reverse_lazy
from django.utils import timezone

from evals.domain.specdrafts import read_price
from evals.domain.specfile import SpecError
from evals.domain.specs import PriceSpec
from evals.models import Model
from evals.queries.endpointprices import model_label
from evals.queries.publicprices import PriceKeyError, price_for_key
from evals.web.forms.dollars import DollarField
from evals.web.forms.problems import cleaned

AMOUNTS = (
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cached_input_usd_per_mtok",
    "cache_write_usd_per_mtok",
    "usd_per_request",
    "usd_per_hour",
)
VISIBLE = (*AMOUNTS, "gpu", "source", "dated_on")
FIRST_DAY = date(2015, 1, 1)  # before anybody sold answers by the token
OTHER_FIGURES = (
    "The figures below are not the catalogue's. Empty them to take its figures, "
    "or empty this field to keep yours."
)


def _day(label: str) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


def check_day(day: date | None) -> date | None:
    """Refuse a date on which nobody can have seen a price.

    Raises:
        ValidationError: With what was found.
    """
    if day is not None and not FIRST_DAY <= day <= timezone.now().date():
        raise forms.ValidationError(
            f"Found {day.isoformat()}, expected the day on which the price was seen."
        )
    return day


class PriceFields(forms.Form):
    """What an endpoint charges; nothing filled in is unknown, never 0."""

    kept_price: PriceSpec | None = None

    price_catalogue = forms.CharField(
        label="Take the price from the catalogue",
        required=False,
        max_length=400,
        help_text="A provider and a model, such as openai:gpt-4.1. It fills in the figures with "
        "their source, and new evaluations take those of their day.",
        widget=forms.TextInput(
            attrs={
                "list": "price-options",
                "autocomplete": "off",
                "hx-get": reverse_lazy("evals:price_options"),
                "hx-trigger": "input changed delay:200ms, focus once",
                "hx-target": "#price-options",
            }
        ),
    )
    price_input_usd_per_mtok = DollarField("$ per million input tokens")
    price_output_usd_per_mtok = DollarField("$ per million output tokens")
    price_cached_input_usd_per_mtok = DollarField(
        "$ per million cached input tokens", help_text="Empty: charged as input."
    )
    price_cache_write_usd_per_mtok = DollarField(
        "$ per million tokens put into the cache", help_text="Empty: charged as input."
    )
    price_usd_per_request = DollarField("or $ per request")
    price_usd_per_hour = DollarField("or $ per hour")
    price_gpu = forms.CharField(label="on this hardware", required=False, max_length=200)
    price_source = forms.CharField(
        label="Source", required=False, max_length=1000, help_text="A page, an offer, a contract."
    )
    price_dated_on = _day("Seen on")

    def clean_price_dated_on(self) -> date | None:
        """Refuse a day to come."""
        return check_day(self.cleaned_data["price_dated_on"])

    def price_spec(self) -> PriceSpec | None:
        """Return the price, None where nothing was said; a key that has no price is an error."""
        typed = cleaned(self, *(f"price_{name}" for name in VISIBLE))
        said = {name.removeprefix("price_"): value for name, value in typed.items()}
        key = (self.cleaned_data.get("price_catalogue") or "").strip()
        kept = self.kept_price
        if kept and key == (kept.catalogue or "") and said == _visible(kept):
            return kept
        if key:
            return self._from_catalogue(key, _amounts(said))
        if all(value is None for value in said.values()):
            return None
        is_same = kept and _amounts(said) == _amounts(_visible(kept))
        return replace(kept if kept and is_same else PriceSpec(), catalogue=None, **said)

    def price_initial(self, price: PriceSpec | None) -> dict[str, Any]:
        """Return what the fields begin with in an edit."""
        visible = _visible(price) if price else dict.fromkeys(VISIBLE)
        initial = {f"price_{name}": value for name, value in visible.items()}
        return {**initial, "price_catalogue": price.catalogue if price else None}

    def _from_catalogue(self, key: str, typed: dict[str, Any]) -> PriceSpec | None:
        try:
            price = price_for_key(key, on=timezone.now().date())
        except PriceKeyError as error:
            self.add_error("price_catalogue", str(error))
            return None
        kept = _amounts(_visible(self.kept_price)) if self.kept_price else {}
        if typed and typed not in (kept, _amounts(_visible(price))):
            self.add_error("price_catalogue", OTHER_FIGURES)
        return price


class EndpointPriceForm(forms.Form):
    """What a team says that an endpoint charges for one of its models."""

    model = forms.ChoiceField(label="Model")
    input_usd_per_mtok = DollarField("$ per million input tokens")
    output_usd_per_mtok = DollarField("$ per million output tokens")
    cached_input_usd_per_mtok = DollarField(
        "$ per million cached input tokens", help_text="Empty: charged as input."
    )
    cache_write_usd_per_mtok = DollarField(
        "$ per million tokens put into the cache", help_text="Empty: charged as input."
    )
    usd_per_request = DollarField("or $ per request")
    usd_per_hour = DollarField("or $ per hour of hardware")
    source = forms.CharField(
        label="Source", max_length=1000, help_text="Who says so: a contract, an offer, a page."
    )
    dated_on = _day("Seen on")
    LAYOUT: ClassVar[tuple[str, ...]] = (
        "model",
        "input_usd_per_mtok output_usd_per_mtok",
        "cached_input_usd_per_mtok cache_write_usd_per_mtok",
        "usd_per_request usd_per_hour",
        "source dated_on",
    )

    def __init__(self, data: Any = None, *, models: Sequence[Model]) -> None:
        super().__init__(data, initial={"dated_on": timezone.now().date()})
        self._models = {str(model.pk): model for model in models}
        choices = [(pk, model_label(model)) for pk, model in self._models.items()]
        self.fields["model"].choices = choices  # type: ignore[attr-defined]

    def rows(self) -> list[list[forms.BoundField]]:
        """Return the fields as they are laid out."""
        return [[self[name] for name in line.split()] for line in self.LAYOUT]

    def clean_dated_on(self) -> date | None:
        """Refuse a day to come."""
        return check_day(self.cleaned_data["dated_on"])

    def clean(self) -> dict[str, Any]:
        """Read the price by the rules of the spec file."""
        data = super().clean() or {}
        if self.errors:
            return data
        typed = PriceSpec(**cleaned(self, *AMOUNTS, "source", "dated_on"))
        try:
            self.price = read_price(typed)
        except SpecError as error:
            for problem in error.problems:
                self.add_error(None, f"{problem.message[:1].upper()}{problem.message[1:]}.")
        return data

    @property
    def chosen_model(self) -> Model:
        """The model that the price is of, once the form is valid."""
        return self._models[self.cleaned_data["model"]]


class PriceEndForm(forms.Form):
    """Which model's price is ended."""

    model = forms.IntegerField(min_value=1, max_value=2**63 - 1)


def _visible(price: PriceSpec) -> dict[str, Any]:
    return {name: getattr(price, name) for name in VISIBLE}


def _amounts(said: dict[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in (*AMOUNTS, "gpu") if said[name] is not None}
