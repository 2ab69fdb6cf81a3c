"""Which candidate answers first, which second, and what the escalation hangs on."""

from typing import Any

from django import forms

from evals.domain.cascadesignals import LABELS, Signal, SignalKind
from evals.queries.cascadelists import CascadesPage

MOST_PATTERN = 500


class CascadeForm(forms.Form):
    """Two candidates of the evaluation and a signal; pattern and third only where it needs one."""

    first = forms.TypedChoiceField(label="Answers first", coerce=int)
    second = forms.TypedChoiceField(label="Answers what is escalated", coerce=int)
    signal = forms.ChoiceField(
        label="Escalate by",
        choices=[(kind.value, LABELS[kind]) for kind in SignalKind],
        help_text="What each of them means stands below.",
    )
    pattern = forms.CharField(
        label="Pattern",
        required=False,
        max_length=MOST_PATTERN,
        help_text="For the pattern alone: a regular expression that a good output contains.",
    )
    third = forms.TypedChoiceField(
        label="Third candidate",
        required=False,
        coerce=int,
        empty_value=None,
        help_text="For disagreement alone: whose answer the first one is compared with.",
    )

    def __init__(self, data: Any, *, page: CascadesPage) -> None:
        default = page.default
        super().__init__(
            data,
            initial={
                "first": default.first.run_id if default else None,
                "second": default.second.run_id if default else None,
                "signal": default.signal if default else SignalKind.BREVITY.value,
            },
        )
        runs = [(choice.run_id, choice.name) for choice in page.choices]
        for name, choices in (("first", runs), ("second", runs), ("third", [("", "none"), *runs])):
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    @property
    def chosen(self) -> Signal:
        """The signal, once the form is valid; what its kind does not use is left out."""
        kind = SignalKind(self.cleaned_data["signal"])
        pattern, third = self.cleaned_data["pattern"], self.cleaned_data["third"]
        return Signal(
            kind=kind,
            pattern=(pattern or None) if kind is SignalKind.PATTERN else None,
            third=third if kind is SignalKind.DISAGREEMENT else None,
        )
