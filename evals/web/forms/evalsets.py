"""The file of an eval set, and what its columns mean."""

from collections.abc import Sequence
from typing import Any, BinaryIO, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile

from evals.domain.evalsets import Mapping
from evals.domain.problems import InputError
from evals.domain.rowfiles import FileKind
from evals.queries.uploads import Column, first_rows
from evals.services.rowintake import MOST_ROWS
from evals.web.forms.problems import add_input_problems
from evals.web.uploading import limit_words

BLANKS = {
    "input": "Choose a column",
    "target": "Choose a column",
    "cluster": "None: every row stands for itself",
}
ENDINGS = ",".join(f".{kind}" for kind in (*FileKind, "ndjson"))


class FileForm(forms.Form):
    """A form with a file, which may be too large."""

    file_name = "file"

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields[self.file_name]
        if too_large:
            field.error_messages["required"] = (
                f"The file is larger than {limit_words()}, the limit. Nothing was stored."
            )
        field.error_messages["empty"] = "The file is empty: 0 bytes, expected rows."
        field.widget.attrs["accept"] = ENDINGS


class UploadForm(FileForm):
    """A file of rows; its top is read at once, so that nothing unusable is kept."""

    file = forms.FileField(label="File", max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = (
            f"CSV, TSV, JSONL, JSON or Parquet, up to {limit_words()} and {MOST_ROWS:,} rows. "
            "UTF-8, with a header or named keys: one column with what the model is asked, one with "
            "the right answer."
        )

    def clean_file(self) -> "UploadedFile[Any]":
        """Read the top of the file."""
        upload: UploadedFile[Any] = self.cleaned_data["file"]
        try:
            columns = first_rows(cast("BinaryIO", upload), upload.name or "").columns
        except InputError as error:
            add_input_problems(self, error, field="file")
        else:
            self._want_two(columns)
        upload.seek(0)
        return upload

    def _want_two(self, columns: Sequence[Column]) -> None:
        if len(columns) == 1:
            name = columns[0].name
            hint = ", separated by commas or tabs, not semicolons" if ";" in name else ""
            self.add_error("file", f"One column, {name!r}, expected at least two{hint}.")


class MappingForm(forms.Form):
    """What the columns mean, as guessed or as chosen."""

    input = forms.ChoiceField(help_text="What the model is asked about.")
    target = forms.ChoiceField(help_text="The right answer. No prompt ever sees it.")
    cluster = forms.ChoiceField(
        required=False,
        help_text="Rows of one customer, conversation or document belong together: they are no "
        "independent evidence.",
    )
    slices = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Groups that you want to see by themselves, such as channel or language.",
    )

    def __init__(self, data: Any, *, columns: Sequence[Column], guess: Mapping | None) -> None:
        super().__init__(data, initial={"slices": []} if guess is None else _initial(guess))
        named = [(column.name, f"{column.name} ({column.holds})") for column in columns]
        for name, blank in BLANKS.items():
            self.fields[name].choices = [("", blank), *named]  # type: ignore[attr-defined]
        self.fields["slices"].choices = named  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Want two columns for input and target."""
        data = super().clean() or {}
        if data.get("input") and data.get("input") == data.get("target"):
            self.add_error("target", "This is the input column, expected another one.")
        return data

    @property
    def mapping(self) -> Mapping:
        """What was chosen, once the form is valid."""
        data = self.cleaned_data
        return Mapping(
            data["input"], data["target"], tuple(data["slices"]), data["cluster"] or None
        )


def _initial(guess: Mapping) -> dict[str, Any]:
    return {
        "input": guess.input,
        "target": guess.target,
        "slices": list(guess.slices),
        "cluster": guess.cluster or "",
    }
