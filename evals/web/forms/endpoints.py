"""What may be changed of an endpoint: its key, and how fast it is asked."""

from dataclasses import dataclass
from typing import Any

from django import forms

from evals.models.pumping import MOST_AT_ONCE
from evals.web.forms.prices import EndpointPriceForm

MOST_A_MINUTE = 2**31 - 1
TOO_SMALL = "0 or less would stop everything. To stop, stop the evaluation instead."


class KeyForm(forms.Form):
    """A key, typed in blind."""

    key = forms.CharField(
        label="New API key",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text="It takes the place of the stored one at once, and is never shown again.",
    )

    def clean_key(self) -> str:
        """Refuse what no header can hold."""
        key: str = self.cleaned_data["key"]
        if not key.isprintable():
            raise forms.ValidationError("A key has no line breaks or control characters.")
        return key


def _limit(label: str, *, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=1,
        max_value=most,
        error_messages={
            "invalid": "A whole number, please, or nothing at all.",
            "min_value": TOO_SMALL,
            "max_value": f"At most {most:,}.",
        },
    )


class LimitsForm(forms.Form):
    """Limits of all workers together; an empty one is as the endpoint was made."""

    concurrency = _limit("Requests at once", most=MOST_AT_ONCE)
    requests_per_minute = _limit("Requests a minute", most=MOST_A_MINUTE)
    tokens_per_minute = _limit("Tokens a minute", most=MOST_A_MINUTE)

    def limits(self) -> dict[str, Any]:
        """Return the limits by name."""
        return {name: self.cleaned_data[name] for name in self.fields}


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointForms:
    """The forms of an endpoint's page; None: nothing is shared, or no model is served."""

    key: KeyForm
    limits: LimitsForm | None
    price: EndpointPriceForm | None

    @property
    def errors(self) -> bool:
        """Whether any of them was sent and is not right."""
        return any(form is not None and form.errors for form in (self.key, self.limits, self.price))
