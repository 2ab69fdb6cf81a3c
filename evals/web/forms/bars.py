"""Bar and scorers judged together: a line speaks of a scorer, and of a slice of the eval set."""

from collections.abc import Sequence
from typing import Any

from django import forms

from evals.domain.specdrafts import read_draft
from evals.domain.specfile import SpecError
from evals.domain.specnumbers import ALPHA_LIMIT
from evals.domain.specproblems import SpecProblem
from evals.domain.specs import Comparator, CriterionSpec, EvalSetSpec, PlanSpec, ScorerSpec, Spec
from evals.queries.bars import SliceChoices
from evals.web.forms.criteria import CriterionForm, initial_of
from evals.web.forms.problems import add_spec_problems
from evals.web.forms.scorers import WORDS, ScorersForm

SPARE_LINES = 2
FEWEST_LINES = 4
MOST_LINES = 100


class BarForm:
    """Scorers and lines as one form, since a line speaks of a scorer; `spec` once it is valid."""

    def __init__(
        self,
        data: Any,
        *,
        criteria: Sequence[CriterionSpec],
        scorers: Sequence[ScorerSpec],
        slices: SliceChoices,
    ) -> None:
        lines = max(FEWEST_LINES - len(criteria), SPARE_LINES)
        formset = forms.formset_factory(
            CriterionForm, extra=lines, max_num=MOST_LINES, absolute_max=MOST_LINES
        )
        self.scorers = ScorersForm(data, scorers=scorers)
        self.lines = formset(
            data,
            prefix="lines",
            initial=[initial_of(criterion) for criterion in criteria],
            form_kwargs={"slices": slices},
        )
        self.spec: Spec | None = None
        self._columns = slices.columns

    def is_valid(self) -> bool:
        """Return whether scorers and bar can be stored; every problem is beside its field."""
        if not (self.scorers.is_valid() & self.lines.is_valid()):
            return False
        written = [(form, spec) for form in self.lines.forms if (spec := form.spec())]
        if not written:
            self.scorers.add_error(None, "The bar has no line, expected at least one.")
            return False
        try:
            self.spec = self._draft(tuple(spec for _, spec in written))
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

    def _draft(self, bar: tuple[CriterionSpec, ...]) -> Spec:
        """Return bar and scorers as read; the plan comes later, so the least strict will do."""
        own = [line.alpha for line in bar if line.alpha is not None and line.alpha < ALPHA_LIMIT]
        return read_draft(
            scorers=self.scorers.specs(),
            bar=bar,
            eval_set=EvalSetSpec(
                file="rows.csv", input="input", target="target", slices=self._columns
            ),
            plan=PlanSpec(alpha=max([PlanSpec().alpha, *own])),
        )

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
