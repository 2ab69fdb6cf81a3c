"""One line of a quality bar."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms

from evals.domain.attempts import AttemptMetric
from evals.domain.measured import MEASURED
from evals.domain.slices import slice_text
from evals.domain.specs import Comparator, CriterionSpec
from evals.queries.bars import SliceChoices
from evals.queries.figures import metric_label
from evals.web.forms.scorers import WORDS

METRICS = (
    ("", "—"),
    ("Scorers", [(name, label) for name, (label, _) in WORDS.items()]),
    ("Measured", [(name, metric_label(name)) for name in MEASURED]),
    (
        "First scorer, several attempts",
        [
            *((f"pass@{k}", f"pass@{k}: one of {k} attempts passes") for k in (2, 3, 5)),
            *((f"pass^{k}", f"pass^{k}: all of {k} attempts pass") for k in (2, 3, 5)),
        ],
    ),
)
COMPARATORS = (
    (Comparator.AT_LEAST.value, "at least"),
    (Comparator.AT_MOST.value, "at most"),
    (Comparator.WITHIN.value, "within … of the incumbent"),
)


class CriterionForm(forms.Form):
    """One line of a bar; a blank one is left out. `slices` are those that can be chosen."""

    metric = forms.ChoiceField(choices=METRICS, required=False)
    comparator = forms.ChoiceField(choices=COMPARATORS, label="Has to be")
    threshold = forms.FloatField(required=False, widget=forms.NumberInput(attrs={"step": "any"}))
    slice = forms.ChoiceField(required=False, label="Of which samples")
    advisory = forms.BooleanField(required=False)
    alpha = forms.FloatField(
        required=False, label="Own alpha", widget=forms.NumberInput(attrs={"step": "any"})
    )

    def __init__(self, *args: Any, slices: SliceChoices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["metric"].choices = [*METRICS, *self._other_metric()]  # type: ignore[attr-defined]
        if slices.is_offered:
            self.fields["slice"].choices = _choices(slices)  # type: ignore[attr-defined]
        else:
            del self.fields["slice"]
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = field.label or name.capitalize()

    def _other_metric(self) -> list[Any]:
        """Return the line's own metric where it is one of attempts that the list has not."""
        name = str(self["metric"].value() or "")
        is_listed = any(name in dict(group) for _, group in METRICS[1:])
        return [] if is_listed or AttemptMetric.of(name) is None else [(name, name)]

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
            slice=json.loads(data["slice"]) if data.get("slice") else None,
            alpha=data["alpha"],
        )

    def cells(self) -> list[Any]:
        """Return the fields that have a column each."""
        return [field for field in self if field.name != "alpha"]

    @property
    def is_advanced(self) -> bool:
        """Whether there is something to see behind "Advanced"."""
        alpha = self["alpha"]
        return alpha.value() not in (None, "") or bool(alpha.errors)


def initial_of(criterion: CriterionSpec) -> dict[str, Any]:
    """Return what the form of a line that is there already begins with."""
    return {
        "metric": criterion.metric,
        "comparator": criterion.comparator.value,
        "threshold": criterion.threshold,
        "slice": _key(criterion.slice) if criterion.slice else "",
        "advisory": criterion.advisory,
        "alpha": criterion.alpha,
    }


def _choices(slices: SliceChoices) -> list[Any]:
    groups = [
        (column, [(_key({column: value}), f"{column} is {value}") for value in values])
        for column, values in slices.values.items()
    ]
    others = [(_key(slice_), slice_text(slice_)) for slice_ in slices.others]
    return [("", "all"), *groups, *([("In this bar", others)] if others else [])]


def _key(slice_: Mapping[str, str]) -> str:
    return json.dumps(dict(slice_), sort_keys=True)
