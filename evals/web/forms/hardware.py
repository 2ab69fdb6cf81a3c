"""One row of hardware, as a member types it."""

import re
from datetime import date
from typing import Any

from django import forms

from evals.domain.hardware import Hardware
from evals.domain.hardwarerows import TEXTS, read_hardware
from evals.domain.modelfacts import Source
from evals.domain.problems import InputError
from evals.web.forms.dollars import DollarField
from evals.web.forms.problems import lines_of

NUMBERS = (
    "memory_gb",
    "bandwidth_gb_per_second",
    "on_demand_usd_per_hour",
    "spot_usd_per_hour",
    "purchase_usd",
    "amortisation_months",
    "power_watts",
    "electricity_usd_per_kwh",
)


def _number(label: str) -> forms.DecimalField:
    return forms.DecimalField(label=label, required=False, max_digits=12, decimal_places=4)


class HardwareForm(forms.Form):
    """A row; `hardware` once it is valid, under no key yet. What is left empty is unknown."""

    name = forms.CharField(max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    maker = forms.CharField(max_length=100, required=False)
    memory_gb = _number("Memory, GB")
    bandwidth_gb_per_second = _number("Memory bandwidth, GB/s")
    power_watts = _number("Power, W")
    provider = forms.CharField(
        label="Who charges it", max_length=100, required=False, help_text="And for which instance."
    )
    on_demand_usd_per_hour = DollarField("On demand, $ / h")
    spot_usd_per_hour = DollarField("Spot, $ / h")
    purchase_usd = DollarField("To buy, $", is_purchase=True)
    amortisation_months = forms.IntegerField(label="Written off over, months", required=False)
    electricity_usd_per_kwh = DollarField("Electricity, $ / kWh")
    dated_on = forms.DateField(
        label="Prices as of", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    sources = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One line each: the address of the page, then what it says.",
    )
    note = forms.CharField(max_length=300, required=False)
    hardware: Hardware

    def __init__(self, data: Any, *, today: date, row: Hardware | None = None) -> None:
        self.today, self.edited = today, row
        super().__init__(data, initial=_initial(row, today))

    def clean(self) -> dict[str, Any]:
        """Read the row by the rules of the catalogue."""
        data = super().clean() or {}
        if self.errors:
            return data
        figures = {name: data[name] for name in ("name", "dated_on", *TEXTS, *NUMBERS)}
        try:
            self.hardware = read_hardware("", {**figures, "sources": self._sources()})
        except InputError as error:
            for problem in error.problems:
                message = problem.message[:1].upper() + problem.message[1:] + "."
                self.add_error(problem.column, message)
        return data

    def _sources(self) -> list[dict[str, Any]]:
        """Return each line as a source; one that was there already keeps its day."""
        known = {s.url: s for s in self.edited.sources} if self.edited else {}
        return [self._source(line, known) for line in lines_of(self.cleaned_data["sources"])]

    def _source(self, line: str, known: dict[str, Source]) -> dict[str, Any]:
        url, _, says = line.partition(" ")
        same = known.get(url)
        kept = same is not None and same.says == says.strip()
        opened = same.opened_on if same is not None and kept else self.today
        return {"url": url, "opened_on": opened, "says": re.sub(r"\s+", " ", says).strip()}


def _initial(row: Hardware | None, today: date) -> dict[str, Any]:
    if row is None:
        return {"dated_on": today}
    facts = {name: getattr(row, name) for name in ("name", "dated_on", *TEXTS, *NUMBERS)}
    return {**facts, "sources": "\n".join(f"{s.url} {s.says}".strip() for s in row.sources)}
