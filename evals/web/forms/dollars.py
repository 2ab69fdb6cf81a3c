"""A field for an amount in US dollars, as people type it."""

from decimal import Decimal

from django import forms

from evals.domain.dollars import read_usd


class DollarField(forms.CharField):
    """Reads "$2.50"; refuses other currencies in words. Empty is unknown, never 0."""

    def __init__(self, *, label: str, help_text: str = "", required: bool = False) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(
            label=label, help_text=help_text, required=required, max_length=40, widget=widget
        )

    def clean(self, value: object) -> Decimal | None:
        """Return the amount, None where nothing was typed."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_usd(text)
        except ValueError as error:
            message = str(error)
            raise forms.ValidationError(message[:1].upper() + message[1:]) from None
