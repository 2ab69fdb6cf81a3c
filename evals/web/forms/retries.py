"""Which failures are asked again."""

from typing import Any

from django import forms

from evals.domain.trials import TrialState
from evals.queries.retries import RetryPage


class RetryForm(forms.Form):
    """The kinds of failure that there are; what the network lost is ticked."""

    states = forms.MultipleChoiceField(
        label="Ask again what ended so",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Nothing is ticked, expected at least one kind of failure."},
    )

    def __init__(self, data: Any, *, page: RetryPage) -> None:
        super().__init__(data, initial={"states": [TrialState.INFRA_ERROR.value]})
        self.fields["states"].choices = page.choices  # type: ignore[attr-defined]

    def chosen(self) -> tuple[TrialState, ...]:
        """Return the states that are ticked, once the form is valid."""
        return tuple(TrialState(state) for state in self.cleaned_data["states"])
