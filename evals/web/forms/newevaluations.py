"""A new evaluation: its grounds, and the plan that is fixed before the first result."""

from typing import Any

from django import forms

from evals.domain.specdrafts import read_draft
from evals.domain.specfile import SpecError
from evals.domain.specs import PlanSpec
from evals.models import Candidate, EvalSetVersion, QualityBar
from evals.queries.newevaluations import (
    CandidateChoice,
    Chosen,
    EvaluationChoice,
    bar_label,
    new_hosts,
    version_label,
)
from evals.services.evaluations import Grounds
from evals.web.forms.problems import add_spec_problems

PLAN = ("alpha", "seed", "epochs", "stop_early", "max_samples", "budget_usd")


class EvaluationForm(forms.Form):
    """Which rows are evaluated, and by which plan."""

    version = forms.ChoiceField(label="Eval set")
    bar = forms.ChoiceField(label="Quality bar")
    candidates = forms.MultipleChoiceField(
        error_messages={"required": "No candidate is ticked, expected at least one."}
    )
    incumbent = forms.ChoiceField(
        label="In use today", required=False, help_text="The others are compared with it."
    )
    alpha = forms.FloatField(
        initial=0.05,
        label="Risk of a wrong GO, alpha",
        help_text="0.05: at most one in twenty such bars is called met by luck.",
    )
    seed = forms.IntegerField(initial=0, label="Order seed", help_text="Which samples come first.")
    epochs = forms.IntegerField(initial=1, label="Times each is asked")
    max_samples = forms.IntegerField(
        required=False, label="Most samples", help_text="Empty: all of them."
    )
    budget_usd = forms.DecimalField(
        required=False, label="Budget in US dollars", help_text="Empty: no cap."
    )
    stop_early = forms.BooleanField(
        required=False,
        label="Stop early",
        help_text="Stops as soon as every required criterion is settled; the sequential bound "
        "judges, also at the end.",
    )
    ask_again = forms.BooleanField(
        required=False,
        label="Ask again even where an answer is stored",
        help_text="Else the same question to the same candidate is answered by what is stored,"
        " and nothing is paid for it.",
    )
    agree = forms.BooleanField(required=False, label="Yes, these hosts may see the inputs")
    plan = PlanSpec()

    def __init__(self, data: Any, *, choice: EvaluationChoice) -> None:
        self.choice = choice
        self.is_preview = data is not None and "preview" in data
        super().__init__(data, initial=_initial(choice))
        candidates = [(str(c.row.pk), c.spec.name) for c in choice.candidates]
        options = {
            "version": [(str(v.pk), version_label(v)) for v in choice.versions],
            "bar": [(str(b.pk), bar_label(b)) for b in choice.bars],
            "candidates": candidates,
            "incumbent": [("", "None of them"), *candidates],
        }
        for name, pairs in options.items():
            self.fields[name].choices = pairs  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Read the plan by the rules of the spec file, and want an agreement for new hosts."""
        data = super().clean() or {}
        if not any(name in self.errors for name in PLAN):
            self._read_plan()
        if data.get("incumbent") and data["incumbent"] not in data.get("candidates", ()):
            self.add_error("incumbent", "It is not ticked above: tick it, or choose another one.")
        if new_hosts(self.ticked) and not (self.is_preview or data.get("agree")):
            self.add_error("agree", "Inputs would leave this server. Tick this to allow it.")
        return data

    @property
    def ticked(self) -> tuple[CandidateChoice, ...]:
        """The candidates that are ticked."""
        chosen = {str(value) for value in self["candidates"].value() or ()}
        return tuple(c for c in self.choice.candidates if str(c.row.pk) in chosen)

    @property
    def chosen_version(self) -> EvalSetVersion:
        """The version that is chosen, the latest where none is."""
        wanted, offered = str(self["version"].value()), self.choice.versions
        return next((version for version in offered if str(version.pk) == wanted), offered[0])

    @property
    def chosen_bar(self) -> QualityBar:
        """The bar that is chosen, the latest where none is."""
        wanted, offered = str(self["bar"].value()), self.choice.bars
        return next((bar for bar in offered if str(bar.pk) == wanted), offered[0])

    @property
    def chosen_incumbent(self) -> Candidate | None:
        """The candidate in use today, once the form is valid."""
        wanted = self.cleaned_data["incumbent"]
        return next((c.row for c in self.ticked if str(c.row.pk) == wanted), None)

    @property
    def chosen(self) -> Chosen:
        """What is chosen so far, also where some of it is not right."""
        incumbent = str(self["incumbent"].value() or "")
        return Chosen(
            version=self.chosen_version,
            bar=self.chosen_bar,
            candidates=self.ticked,
            incumbent=next((c.spec.name for c in self.ticked if str(c.row.pk) == incumbent), None),
            plan=self.plan,
        )

    @property
    def is_plan_unread(self) -> bool:
        """Whether fields of the plan are not right, so that `plan` is the usual one."""
        return self.is_bound and any(name in self.errors for name in PLAN)

    def grounds(self) -> Grounds:
        """Return the rows that were chosen, once the form is valid."""
        return Grounds(
            version=self.chosen_version,
            bar=self.chosen_bar,
            scorer_set=self.choice.scorer_set,
            candidates=[choice.row for choice in self.ticked],
            reuse_answers=not self.cleaned_data["ask_again"],
        )

    def candidate_rows(self) -> list[dict[str, Any]]:
        """Return every candidate with whether it is ticked, for the template."""
        ticked = self.ticked
        return [{"choice": c, "is_ticked": c in ticked} for c in self.choice.candidates]

    def hosts(self) -> tuple[str, ...]:
        """Return the hosts that have to be agreed to, whichever candidates are ticked."""
        return new_hosts(self.choice.candidates)

    def _read_plan(self) -> None:
        try:
            plan = PlanSpec(**{name: self.cleaned_data[name] for name in PLAN})
            self.plan = read_draft(plan=plan).plan
        except SpecError as error:
            add_spec_problems(self, error, under=("plan",))


def _initial(choice: EvaluationChoice) -> dict[str, Any]:
    closed = next((c.row.pk for c in choice.candidates if not c.name.is_open), None)
    return {
        "version": str(choice.versions[0].pk),
        "bar": str(choice.bars[0].pk),
        "candidates": [str(c.row.pk) for c in choice.candidates],
        "incumbent": str(choice.task.incumbent_id or closed or ""),
    }
