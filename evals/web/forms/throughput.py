"""How an endpoint is to be loaded."""

from decimal import Decimal
from typing import Any

from django import forms

from evals.domain.problems import InputError
from evals.domain.sweeplevels import read_levels
from evals.domain.throughput import SweepPlan
from evals.queries import figures
from evals.queries.throughputpages import ThroughputSetting
from evals.services.throughput import Wanted

MOST_SAMPLES, MOST_SECONDS = 2000, 600
USUAL = SweepPlan()


class ThroughputForm(forms.Form):
    """A sweep; what it may cost is shown before it can be started."""

    levels = forms.CharField(
        label="Requests at once",
        initial=",".join(map(str, USUAL.levels)),
        max_length=100,
        help_text="One level after the other. It stops where nothing more is to be had.",
    )
    samples = forms.IntegerField(
        label="Requests measured at each level",
        initial=USUAL.samples,
        min_value=10,
        max_value=MOST_SAMPLES,
    )
    seconds = forms.FloatField(
        label="Seconds for each level",
        initial=USUAL.seconds,
        min_value=1,
        max_value=MOST_SECONDS,
        help_text="At most, after the warm-up.",
    )
    latency_bar = forms.FloatField(
        label="Latency bar in seconds",
        required=False,
        min_value=0.001,
        help_text="What 95 % of the requests have to be answered within. Empty: the best "
        "throughput counts, however slow.",
    )
    hardware_key = forms.CharField(
        label="Hardware",
        required=False,
        max_length=100,
        help_text="What it runs on, by its key in the list of hardware, for costs by the hour.",
    )
    agree = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, setting: ThroughputSetting) -> None:
        self.setting = setting
        self.is_preview = data is not None and "preview" in data
        super().__init__(data, initial={"latency_bar": setting.latency_bar_seconds})
        self.fields["agree"].label = (
            f"Yes, load {setting.goes_to} so" if setting.goes_to else "Yes, load the worker so"
        )
        self._promises: dict[SweepPlan, str] = {}
        self._shown = None if data is None else data.get("shown")

    def clean_levels(self) -> str:
        """Refuse levels that cannot be read."""
        text: str = self.cleaned_data["levels"]
        try:
            read_levels(text)
        except InputError as error:
            raise forms.ValidationError(str(error)) from None
        return text

    def clean(self) -> dict[str, Any]:
        """Want an agreement to what was shown, and to nothing else."""
        data = super().clean() or {}
        if self.errors or self.is_preview:
            return data
        if self._shown != self.promise:
            self.add_error("agree", f"It is now {self.promise}. Tick this to have it so.")
        elif not data.get("agree"):
            self.add_error("agree", "Nothing is asked before you tick this.")
        return data

    @property
    def plan(self) -> SweepPlan:
        """The plan as it is typed, the usual one where that cannot be read."""
        if not self.is_bound:
            return SweepPlan(latency_bar_seconds=self.setting.latency_bar_seconds)
        data = getattr(self, "cleaned_data", {})
        if not all(name in data for name in ("levels", "samples", "seconds")):
            return USUAL
        return SweepPlan(
            levels=read_levels(data["levels"]),
            samples=data["samples"],
            seconds=data["seconds"],
            latency_bar_seconds=data.get("latency_bar"),
        )

    @property
    def promise(self) -> str:
        """What is asked at most and what that may cost, in words."""
        plan = self.plan
        if plan not in self._promises:
            requests = f"at most {plan.most_requests:,} requests, {max(plan.levels):,} at once"
            self._promises[plan] = f"{requests}, {_cost(self.setting.worst_usd(plan))}"
        return self._promises[plan]

    def wanted(self) -> Wanted:
        """Return the sweep, once the form is valid."""
        return Wanted(plan=self.plan, hardware_key=self.cleaned_data["hardware_key"].strip())


def _cost(worst: Decimal | None) -> str:
    if worst is None:
        return "at an unknown cost: its price is unknown"
    return f"at a cost of {figures.usd(worst)} at most" if worst else "at no price per request"
