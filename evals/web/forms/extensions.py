"""How many more samples are asked about."""

from typing import Any

from django import forms

from evals.queries.moresamples import MoreSamples


class MoreSamplesForm(forms.Form):
    """One number: what is suggested, up to all that are left."""

    def __init__(self, data: Any, *, offer: MoreSamples) -> None:
        super().__init__(data, initial={"samples": offer.samples})
        self.fields["samples"] = forms.IntegerField(
            label="More samples" if offer.is_sequential else "Samples",
            min_value=1,
            max_value=offer.left,
            help_text=f"{offer.left:,} are left.",
        )

    @property
    def chosen(self) -> int:
        """How many are wanted, once the form is valid."""
        wanted: int = self.cleaned_data["samples"]
        return wanted
