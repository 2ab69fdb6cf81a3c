"""How a candidate would be hosted, as a member types it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from evals.domain.hardware import Hardware, PriceBasis
from evals.domain.hostingplans import HostingFigures
from evals.queries.hardwarewords import amount, per_hour
from evals.web.forms.dollars import DollarField

BASES = (
    (PriceBasis.ON_DEMAND.value, "On demand"),
    (PriceBasis.SPOT.value, "Spot: it can be taken away"),
    (PriceBasis.PURCHASE.value, "Bought: price spread over months, and electricity"),
)
BITS = tuple((bits, f"{bits} bits") for bits in (32, 16, 8, 6, 5, 4, 3, 2))
PER_CENT = 100
NO_THROUGHPUT = "Nothing can be costed at a throughput of 0. Leave it empty where it is unknown."


def _count(label: str, *, least: int, most: int, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, help_text=help_text)


class HostingForm(forms.Form):
    """A hosting plan; `plan()` once it is valid."""

    hardware_key = forms.ChoiceField(label="Hardware")
    basis = forms.ChoiceField(label="Paid", choices=BASES)
    gpus_per_replica = _count("GPUs for one replica", least=1, most=64)
    spare_gpus = _count(
        "Spare GPUs", least=0, most=1000, help_text="Kept running in case others fail (N + 1)."
    )
    utilisation = forms.DecimalField(
        label="Highest average use, %",
        min_value=Decimal(1),
        max_value=Decimal(100),
        decimal_places=1,
        help_text="Traffic has peaks: the share of what a replica can answer that it is given.",
    )
    operations_share = forms.DecimalField(
        label="Operations, % on top",
        min_value=Decimal(0),
        max_value=Decimal(1000),
        decimal_places=1,
        help_text="People, network, storage: a share of the hardware's bill.",
    )
    bits = forms.TypedChoiceField(label="Weights in", choices=BITS, coerce=int)
    context_tokens = _count("Longest context, tokens", least=1, most=10_000_000)
    sequences = _count("Answers at once", least=1, most=10_000)
    assumed_tokens_per_second = forms.DecimalField(
        label="Supposed tokens a second",
        required=False,
        max_digits=12,
        decimal_places=2,
        help_text="Of one replica, read and written together. Counts until it is measured.",
    )
    marginal_usd_per_1k_tasks = DollarField(
        "Each 1,000 tasks besides, $", help_text="Traffic, for example. Empty: nothing."
    )

    def __init__(
        self, data: Any, *, hardware: Mapping[str, Hardware], plan: HostingFigures | None
    ) -> None:
        super().__init__(data, initial=_initial(plan))
        choices = [(row.key, _label(row)) for row in hardware.values()]
        self.fields["hardware_key"].choices = choices  # type: ignore[attr-defined]

    def clean_assumed_tokens_per_second(self) -> Decimal | None:
        """Refuse what would be a cost without end."""
        rate: Decimal | None = self.cleaned_data["assumed_tokens_per_second"]
        if rate is not None and rate <= 0:
            raise forms.ValidationError(NO_THROUGHPUT)
        return rate

    def plan(self) -> HostingFigures:
        """Return the plan that was typed."""
        data = self.cleaned_data
        shares = {name: data[name] / PER_CENT for name in ("utilisation", "operations_share")}
        return HostingFigures(
            **{
                **data,
                **shares,
                "basis": PriceBasis(data["basis"]),
                "marginal_usd_per_1k_tasks": data["marginal_usd_per_1k_tasks"] or Decimal(0),
            }
        )


def _label(row: Hardware) -> str:
    price = per_hour(row.on_demand_usd_per_hour)
    return f"{row.name} · {amount(row.memory_gb, 'GB')} · {price}"


def _initial(plan: HostingFigures | None) -> dict[str, Any]:
    shown = plan or HostingFigures(hardware_key="", operations_share=Decimal("0.2"))
    facts = {name: getattr(shown, name) for name in HostingForm.base_fields}
    return facts | {
        "basis": shown.basis.value,
        "utilisation": _per_cent(shown.utilisation),
        "operations_share": _per_cent(shown.operations_share),
        "marginal_usd_per_1k_tasks": shown.marginal_usd_per_1k_tasks or None,
    }


def _per_cent(share: Decimal) -> str:
    return f"{(PER_CENT * share).normalize():f}"
