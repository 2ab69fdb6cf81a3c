"""A set of the Hugging Face hub, by its name."""

from typing import Any

from django import forms

from evals.domain.hubnames import configuration_fault, name_fault, revision_fault, split_fault

FAULTS = {
    "name": name_fault,
    "configuration": configuration_fault,
    "split": split_fault,
    "revision": revision_fault,
}


class HubForm(forms.Form):
    """Which split of which set; a worker asks the hub for it."""

    name = forms.CharField(
        label="Dataset",
        max_length=100,
        help_text="As on huggingface.co/datasets, for example mteb/banking77. Public sets only; "
        "no code of a set is ever run.",
    )
    split = forms.CharField(initial="test", max_length=100)
    configuration = forms.CharField(
        required=False, max_length=100, help_text="Where the set has several, such as languages."
    )
    revision = forms.CharField(
        required=False,
        max_length=200,
        help_text="A branch, tag or commit. The very commit is written down with the version.",
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, prefix="hub")
        for field in self.fields.values():
            field.widget.attrs |= {"spellcheck": "false", "autocapitalize": "off"}

    def clean(self) -> dict[str, Any]:
        """Want names that the hub allows."""
        data = super().clean() or {}
        for name, fault in FAULTS.items():
            if name in data and (words := fault(data[name])):
                self.add_error(name, words)
        return data

    @property
    def source(self) -> dict[str, str]:
        """Where the set is, once the form is valid; blanks are left out."""
        return {name: self.cleaned_data[name] for name in FAULTS if self.cleaned_data[name]}
