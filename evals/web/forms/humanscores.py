"""What a person says an output is worth."""

from collections.abc import Sequence
from typing import Any

from django import forms

LONGEST_NOTE = 2000


class HumanScoreForm(forms.Form):
    """One scorer's value, as a person sees it: 0 or 1, or a number between for partial credit."""

    scorer = forms.ChoiceField()
    value = forms.FloatField(
        label="Your score",
        min_value=0,
        max_value=1,
        error_messages={
            "required": "No score was given, expected a number from 0 to 1.",
            "invalid": "This is no number, expected one from 0 to 1.",
        },
    )
    note = forms.CharField(label="Why", required=False, max_length=LONGEST_NOTE)

    def __init__(self, data: Any, *, choices: Sequence[tuple[str, bool]]) -> None:
        super().__init__(data)
        self._is_graded = dict(choices)
        self.fields["scorer"].choices = [(name, name) for name, _ in choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse partial credit where the scorer gives none."""
        cleaned = super().clean() or {}
        value, scorer = cleaned.get("value"), cleaned.get("scorer")
        if value is not None and scorer and not self._is_graded[scorer] and value not in {0, 1}:
            said = f"{scorer} is right or wrong: found {value:g}, expected 0 or 1."
            self.add_error("value", said)
        return cleaned
