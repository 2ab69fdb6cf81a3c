"""A field for an amount of US dollars, which says what it makes of other currencies."""

from decimal import Decimal
from typing import Any

from django import forms

from evals.domain.dollars import AmountError, parse_dollars


class DollarField(forms.Field):
    """An exact amount, None where nothing is typed: unknown is never 0."""

    def __init__(self, label: str, *, help_text: str = "", is_purchase: bool = False) -> None:
        self.is_purchase = is_purchase
        attrs = {"inputmode": "decimal", "autocomplete": "off", "size": "10"}
        widget = forms.TextInput(attrs=attrs)
        super().__init__(label=label, required=False, widget=widget, help_text=help_text)

    def to_python(self, value: Any) -> Decimal | None:
        """Return the amount that was typed."""
        if value in (None, ""):
            return None
        if not str(value).strip():
            return None
        try:
            return parse_dollars(str(value), is_purchase=self.is_purchase)
        except AmountError as error:
            raise forms.ValidationError(str(error)) from None

    def prepare_value(self, value: Any) -> Any:
        """Return an amount as people write it."""
        return f"{value:f}" if isinstance(value, Decimal) else value
