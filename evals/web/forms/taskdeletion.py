"""Deleting a task: its name has to be typed."""

from typing import Any

from django import forms

from evals.models import Task


class TaskDeletionForm(forms.Form):
    """The name of the task, as it is written."""

    name = forms.CharField(
        label="Name of the task, to be sure", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, data: Any, *, task: Task) -> None:
        super().__init__(data)
        self.task = task

    def clean_name(self) -> str:
        """Want the very name."""
        name: str = self.cleaned_data["name"]
        if name != self.task.name:
            raise forms.ValidationError(f"found {name!r}, expected {self.task.name!r}")
        return name
