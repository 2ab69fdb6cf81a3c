"""What an admin decides on a record, and for how long a link shows it."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from evals.models import Candidate, Report
from evals.models.decisions import Outcome
from evals.services.decisions import Ruling

DAYS = ((7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "a year"))


class DecisionForm(forms.Form):
    """Go, no-go or defer, with the reason; a go names the candidate that is moved to."""

    outcome = forms.ChoiceField(choices=Outcome.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        help_text="It stands in the record as you write it, and cannot be changed afterwards.",
    )
    expires_on = forms.DateField(
        label="Holds until",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Then somebody has to look at it again. A reminder shows two weeks before.",
    )

    def __init__(self, data: Any, *, report: Report, until: str, today: str) -> None:
        super().__init__(data, initial={"expires_on": until})
        self.today = today
        self.fields["candidate"] = forms.ModelChoiceField(
            queryset=Candidate.objects.filter(
                runs__evaluation_id=report.evaluation_id, runs__is_incumbent=False
            ).order_by("name"),
            required=False,
            empty_label="nobody moves",
            label="Move to",
            help_text="For a go: the candidate that takes over.",
        )

    def clean_expires_on(self) -> Any:
        """Refuse a day that has passed."""
        day = self.cleaned_data["expires_on"]
        if day.isoformat() <= self.today:
            raise forms.ValidationError("found a day that has passed, expected a later one")
        return day

    @property
    def ruling(self) -> Ruling:
        """What was decided, once the form is valid."""
        return Ruling(
            outcome=Outcome(self.cleaned_data["outcome"]),
            candidate=self.cleaned_data["candidate"],
            reason=self.cleaned_data["reason"],
            expires_on=self.cleaned_data["expires_on"],
        )


class ShareForm(forms.Form):
    """For whom a link is, and how long it shows the report."""

    note = forms.CharField(max_length=200, required=False, label="For whom")
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, initial=30, label="Shows it for")

    def expires_at(self, now: datetime) -> datetime:
        """Return when the link ends, once the form is valid."""
        return now + timedelta(days=self.cleaned_data["days"])
