"""What an admin decides on a record, and for how long a link shows it."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms

from evals.domain.verdicts import Verdict
from evals.models import Candidate, Report
from evals.models.decisions import Outcome
from evals.services.decisions import Ruling

DAYS = ((7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "a year"))


if TYPE_CHECKING:  # Django's class takes no parameter while the program runs
    CandidateChoice = forms.ModelChoiceField[Candidate]
else:
    CandidateChoice = forms.ModelChoiceField


class TakerSelect(forms.Select):
    """A choice whose empty option is an answer, so that a browser must not ask for another."""

    def use_required_attribute(self, initial: Any) -> bool:  # noqa: ARG002 - Django's signature
        """Never demand an option that has a value."""
        return False


class TakerField(CandidateChoice):
    """The candidate that is moved to; None where nobody moves."""

    widget = TakerSelect

    def clean(self, value: Any) -> Candidate | None:
        """Return the candidate; the empty option is no missing answer."""
        return None if value in self.empty_values else super().clean(value)


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
        super().__init__(data, initial={"expires_on": until, "candidate": _taker(report)})
        self.today = today
        self.fields["candidate"] = TakerField(
            queryset=Candidate.objects.filter(
                runs__evaluation_id=report.evaluation_id, runs__is_incumbent=False
            ).order_by("name"),
            empty_label="nobody moves",
            label="Move to",
            help_text="For a go, the candidate that takes over; else nobody moves.",
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a go to nobody, and a candidate that nothing but a go would move to."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if "outcome" in found and "candidate" in found:
            is_go = found["outcome"] == Outcome.GO
            if is_go and found["candidate"] is None:
                self.add_error("candidate", "A go names the candidate that is moved to.")
            elif not is_go and found["candidate"] is not None:
                said = "Found a candidate, but only a go names one: choose nobody moves."
                self.add_error("candidate", said)
        return found

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


def _taker(report: Report) -> Candidate | None:
    """Return the GO candidate that page one speaks of, or else the first; None without a GO."""
    going = Candidate.objects.filter(
        runs__evaluation_id=report.evaluation_id, runs__verdict__state=Verdict.GO
    )
    found = list(going.order_by("runs__position"))
    about = report.document["first"]["title"]
    named = (candidate for candidate in found if about.endswith(f" {candidate.name}"))
    return next(named, found[0] if found else None)


class ShareForm(forms.Form):
    """For whom a link is, and how long it shows the report."""

    note = forms.CharField(max_length=200, required=False, label="For whom")
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, initial=30, label="Shows it for")

    def expires_at(self, now: datetime) -> datetime:
        """Return when the link ends, once the form is valid."""
        return now + timedelta(days=self.cleaned_data["days"])
