"""The facts of a task."""

from typing import Any

from django import forms

from evals.domain.specdrafts import read_draft
from evals.domain.specfile import SpecError
from evals.domain.specs import TaskSpec
from evals.models import Task
from evals.web.forms.problems import add_spec_problems, cleaned

INTERACTIVE = (
    ("", "Not said"),
    ("yes", "Yes: somebody waits for the answer"),
    ("no", "No: it runs in the background"),
)


class TaskForm(forms.Form):
    """What a task is; `spec` once it is valid."""

    name = forms.CharField(
        max_length=200,
        help_text="What your product does with the answers, for example “Support intent”.",
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    description = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One sentence for those who see the verdict.",
    )
    interactive = forms.ChoiceField(label="Is it interactive?", choices=INTERACTIVE, required=False)
    monthly_volume = forms.IntegerField(
        label="Requests a month",
        required=False,
        min_value=0,
        max_value=10**15,
        help_text="Turns cost per request into a monthly bill.",
    )
    failure_cost_usd = forms.DecimalField(
        label="Cost of one wrong answer, in US dollars",
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=6,
        help_text="What it takes to catch it and do it again. Leave it empty where it is unknown.",
    )
    switch_days = forms.IntegerField(
        label="Days to switch to another candidate",
        required=False,
        min_value=0,
        max_value=3650,
        help_text="From the decision to the last request moved. Held against a vendor's notice.",
    )
    spec: TaskSpec

    @classmethod
    def initial_of(cls, task: Task) -> dict[str, Any]:
        """Return what the form of a task that is there already begins with."""
        interactive = {True: "yes", False: "no", None: ""}[task.is_interactive]
        names = ("name", "description", "monthly_volume", "failure_cost_usd", "switch_days")
        return {"interactive": interactive, **{name: getattr(task, name) for name in names}}

    def clean(self) -> dict[str, Any]:
        """Read the facts by the rules of the spec file."""
        data = super().clean() or {}
        if self.errors:
            return data
        said = cleaned(self, "monthly_volume", "failure_cost_usd")
        interactive = {"yes": True, "no": False}.get(data["interactive"])
        description = data["description"].replace("\r\n", "\n")
        spec = TaskSpec(name=data["name"], description=description, interactive=interactive, **said)
        try:
            self.spec = read_draft(task=spec).task
        except SpecError as error:
            add_spec_problems(self, error, under=("task",))
        return data
