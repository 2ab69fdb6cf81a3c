"""The lines of a quality bar, and bar and scorers judged together."""

from collections.abc import Sequence
from typing import Any

from django import forms

from evals.domain.specbars import MEASURED
from evals.domain.specdrafts import read_draft
from evals.domain.specfile import SpecError
from evals.domain.specproblems import SpecProblem
from evals.domain.specs import Comparator, CriterionSpec, ScorerSpec, Spec
from evals.queries.figures import metric_label
from evals.web.forms.problems import add_spec_problems
from evals.web.forms.scorers import WORDS, ScorersForm

METRICS = (
    ("", "—"),
    ("Scorers", [(name, label) for name, (label, _) in WORDS.items()]),
    ("Measured", [(name, metric_label(name)) for name in MEASURED]),
)
COMPARATORS = ((Comparator.AT_LEAST.value, "at least"), (Comparator.AT_MOST.value, "at most"))
SPARE_LINES = 2
FEWEST_LINES = 4


class CriterionForm(forms.Form):
    """One line of a bar; a blank one is left out."""

    metric = forms.ChoiceField(choices=METRICS, required=False)
    comparator = forms.ChoiceField(choices=COMPARATORS)
    threshold = forms.FloatField(required=False, widget=forms.NumberInput(attrs={"step": "any"}))
    advisory = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label or ""

    def clean(self) -> dict[str, Any]:
        """Want both a metric and a threshold, or neither."""
        data = super().clean() or {}
        if "threshold" in self.errors:
            return data
        if data.get("metric") and data.get("threshold") is None:
            self.add_error("threshold", "This line has a metric and no threshold.")
        if not data.get("metric") and data.get("threshold") is not None:
            self.add_error("metric", "This line has a threshold and no metric.")
        return data

    def spec(self) -> CriterionSpec | None:
        """Return the line, None where it is blank."""
        data = self.cleaned_data
        if not data.get("metric"):
            return None
        return CriterionSpec(
            metric=data["metric"],
            comparator=Comparator(data["comparator"]),
            threshold=data["threshold"],
            advisory=data["advisory"],
        )


class BarForm:
    """Scorers and lines as one form, since a line speaks of a scorer; `spec` once it is valid."""

    def __init__(
        self, data: Any, *, criteria: Sequence[CriterionSpec], scorers: Sequence[ScorerSpec]
    ) -> None:
        lines = max(FEWEST_LINES - len(criteria), SPARE_LINES)
        formset = forms.formset_factory(CriterionForm, extra=lines, max_num=100)
        self.scorers = ScorersForm(data, scorers=scorers)
        self.lines = formset(data, prefix="lines", initial=[_initial(c) for c in criteria])
        self.spec: Spec | None = None

    def is_valid(self) -> bool:
        """Return whether scorers and bar can be stored; every problem is beside its field."""
        if not (self.scorers.is_valid() & self.lines.is_valid()):
            return False
        written = [(form, spec) for form in self.lines.forms if (spec := form.spec())]
        if not written:
            self.scorers.add_error(None, "The bar has no line, expected at least one.")
            return False
        bar = tuple(spec for _, spec in written)
        try:
            self.spec = read_draft(scorers=self.scorers.specs(), bar=bar)
        except SpecError as error:
            for problem in error.problems:
                self._tell(problem, [form for form, _ in written])
        return self.spec is not None

    @property
    def errors(self) -> Any:
        """What is wrong, as of any form: empty where nothing is."""
        return self.scorers.errors or any(self.lines.errors)

    def summary(self) -> list[tuple[str, str, str]]:
        """Return every problem with the id and the label of its field, "" where it has none."""
        told = [("", "", str(error)) for error in self.scorers.non_field_errors()]
        told += _told(self.scorers, "")
        for number, line in enumerate(self.lines.forms, start=1):
            told += _told(line, f"Line {number} of the bar, ")
        return told

    def _tell(self, problem: SpecProblem, lines: Sequence[forms.Form]) -> None:
        error, path = SpecError([problem]), problem.path
        if path[0] == "bar" and len(path) > 1:
            place = int(path[1])
            names = {c.value: "threshold" for c in Comparator}
            add_spec_problems(lines[place], error, under=path[:2], names=names)
            return
        names = {name: f"use_{name}" for name in WORDS} | {"lm_eval": "lm_eval_options"}
        add_spec_problems(self.scorers, error, under=("scorers",), names=names)


def _told(form: forms.Form, before: str) -> list[tuple[str, str, str]]:
    return [
        (field.auto_id, f"{before}{field.label}", str(error))
        for field in form
        for error in field.errors
    ]


def _initial(criterion: CriterionSpec) -> dict[str, Any]:
    return {
        "metric": criterion.metric,
        "comparator": criterion.comparator.value,
        "threshold": criterion.threshold,
        "advisory": criterion.advisory,
    }
