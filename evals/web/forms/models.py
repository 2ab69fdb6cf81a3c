"""What a team knows of a model, typed in; and a file of the Model Openness Tool."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from evals.domain.licences import licence_called
from evals.domain.modelfacts import LicenceKind, ModelFacts, Source
from evals.domain.modelfactsreading import PARTS, facts_from, facts_mapping
from evals.domain.motfiles import MotRelease, read_mot_file
from evals.domain.openness import close_component, component_called
from evals.domain.specproblems import SpecError
from evals.web.forms.modellines import component_lines, host_lines, text_of

LARGEST_FILE = 1_000_000
YES_NO = [("", "unknown"), ("yes", "yes"), ("no", "no")]
ANSWERS = {"": None, "yes": True, "no": False}
LICENCES = tuple(kind.value for kind in LicenceKind)
FLAGS = {
    "is_open": "Are its weights published?",
    "has_version_pin": "Can a version that never changes be asked for?",
    "is_fine_tunable": "Can it be fine-tuned?",
    "has_tokenizer": "Is its tokenizer published?",
}
DAYS = {"released_on": "Released on", "retires_on": "Retires on"}
COUNTS = {
    "notice_days": "Days of notice before it retires",
    "log_retention_days": "Days that requests are kept",
    "layers": "Layers",
    "kv_heads": "Key-value heads",
    "head_dim": "Size of a head",
}
SIZES = {
    "parameters_billion": "Parameters, billion",
    "active_parameters_billion": "Active for a token, billion",
}


class DateInput(forms.DateInput):
    """A day, picked or typed as 2026-12-31."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class FactsForm(forms.Form):
    """Every fact on a model; an empty field is unknown."""

    name = forms.CharField(max_length=300)
    developer = forms.CharField(max_length=300, required=False)
    jurisdiction = forms.CharField(
        label="Developer's country", max_length=2, required=False, help_text="Two letters: US, FR."
    )
    components = forms.CharField(
        label="Components that came with it",
        required=False,
        widget=forms.Textarea,
        help_text="One a line, with its licence where it has its own: Training code | MIT. "
        "Nothing at all: unknown. The word none: none came with it.",
    )
    hosts = forms.CharField(
        label="Who serves it",
        required=False,
        widget=forms.Textarea,
        help_text="One a line, with the country, and gateway where it passes requests on: "
        "Example Cloud | US, Example Router | US | gateway. Nothing: unknown. none: nobody.",
    )
    source_url = forms.URLField(
        label="Where you know it from", required=False, assume_scheme="https"
    )
    source_says = forms.CharField(label="What that page says", max_length=300, required=False)

    def __init__(self, data: Any, *, facts: ModelFacts, today: date) -> None:
        super().__init__(data, initial=_initial(facts))
        self._before, self._today = facts, today
        for name in LICENCES:
            self.fields[f"licence_{name}"] = _text(f"Licence of the {name}", most=500)
        for name, label in FLAGS.items():
            self.fields[name] = forms.ChoiceField(label=label, choices=YES_NO, required=False)
        for name, label in DAYS.items():
            self.fields[name] = forms.DateField(label=label, required=False, widget=DateInput())
        for name, label in COUNTS.items():
            self.fields[name] = forms.IntegerField(label=label, required=False, min_value=0)
        for name, label in SIZES.items():
            self.fields[name] = forms.DecimalField(label=label, required=False, max_value=100_000)
        for part in PARTS:
            self.fields[f"mirror_{part}"] = _text(f"SHA-256 of our copy of the {part}", most=80)
            self.fields[f"tested_{part}"] = forms.DateField(
                label=f"We tested the {part} on", required=False, widget=DateInput()
            )

    @property
    def groups(self) -> Mapping[str, Sequence[Any]]:
        """The fields by heading, in rows of two or three."""
        rows: dict[str, list[tuple[str, ...]]] = {
            "What it is": [("name", "developer", "jurisdiction"), ("is_open", "released_on")],
            "Licences": [tuple(f"licence_{name}" for name in LICENCES)],
            "What came with it": [("components",), ("has_tokenizer", "is_fine_tunable")],
            "Supply": [
                ("hosts",),
                ("has_version_pin", "retires_on", "notice_days", "log_retention_days"),
            ],
            "Size, for what hardware it takes": [tuple(SIZES), ("layers", "kv_heads", "head_dim")],
            "What we hold ourselves": [(f"mirror_{part}", f"tested_{part}") for part in PARTS],
            "Source": [("source_url", "source_says")],
        }
        return {title: [[self[n] for n in row] for row in each] for title, each in rows.items()}

    def clean(self) -> dict[str, Any]:
        """Read all of it as facts; what cannot be read is told at its field."""
        data = super().clean() or {}
        if not self.errors:
            try:
                self.facts = facts_from(self._mapping(data))
            except SpecError as error:
                for problem in error.problems:
                    self.add_error(_field_of(problem.path, self), problem.message)
        return data

    def clean_components(self) -> str:
        """Refuse a line that names none of the 17."""
        written: str = self.cleaned_data["components"]
        for line in component_lines(written) or ():
            name = str(line["name"])
            if component_called(name) is None:
                meant = close_component(name)
                hint = f" Did you mean {meant.name!r}?" if meant else ""
                self.add_error("components", f"{name!r} is none of the 17 components.{hint}")
        return written

    def warnings(self) -> Iterator[str]:
        """Yield what was saved and deserves a second look."""
        if self.facts.retires_on and self.facts.retires_on <= self._today:
            yield f"It retired on {self.facts.retires_on}, which is past: it is shown as retired."
        named = [written for _, written in self.facts.licences]
        own = [each.licence for each in self.facts.components or () if each.licence]
        for written in dict.fromkeys([*named, *own]):
            if licence_called(written).is_open is None:
                yield f"Nobody here knows the licence {written!r}: its terms stay unknown."

    def _mapping(self, data: dict[str, Any]) -> dict[str, Any]:
        plain = {name: data[name] or None for name in ("name", "developer", "jurisdiction")}
        return {
            **plain,
            "identifier": self._before.identifier,
            "licences": {kind: data[f"licence_{kind}"] or None for kind in LICENCES},
            "components": component_lines(data["components"]),
            "hosts": host_lines(data["hosts"]),
            **{name: ANSWERS[data[name]] for name in FLAGS},
            **{name: text_of(data[name]) for name in (*DAYS, *SIZES)},
            **{name: data[name] for name in COUNTS},
            "evidence": self._evidence(data),
            "sources": facts_mapping(self._with_source(data)).get("sources"),
            "noted_on": str(self._today),
        }

    def _evidence(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        notes = {held.part: held.note for held in self._before.evidence}
        held = (
            {
                "part": part,
                "mirror_sha256": data[f"mirror_{part}"] or None,
                "tested_on": text_of(data[f"tested_{part}"]),
                "note": notes.get(part, ""),
            }
            for part in PARTS
        )
        return [each for each in held if each["mirror_sha256"] or each["tested_on"]]

    def _with_source(self, data: dict[str, Any]) -> ModelFacts:
        sources = self._before.sources
        if data["source_url"]:
            added = Source(url=data["source_url"], opened_on=self._today, says=data["source_says"])
            sources = (*sources, added)
        return ModelFacts(identifier="-", name="-", sources=sources)


class MotFileForm(forms.Form):
    """One file of the Model Openness Tool; `model` is the model it is for, if one was chosen."""

    file = forms.FileField(
        label="YAML file of the Model Openness Tool",
        max_length=300,
        help_text="One release a file. What the file does not speak of stays as it is.",
    )
    model = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)

    def clean_file(self) -> "UploadedFile[Any]":
        """Read the release in it."""
        upload: UploadedFile[Any] = self.cleaned_data["file"]
        if (upload.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(f"More than {LARGEST_FILE:,} bytes, expected one release.")
        try:
            text = upload.read().decode("utf-8-sig")
            self.release: MotRelease = read_mot_file(text, file=upload.name or "file.yml")
        except UnicodeDecodeError:
            raise forms.ValidationError("Bytes that are no UTF-8, expected text.") from None
        except SpecError as error:
            raise forms.ValidationError([str(problem) for problem in error.problems]) from error
        return upload


def _text(label: str, *, most: int) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=most)


def _field_of(path: Sequence[str | int], form: forms.Form) -> str | None:
    """Return the field that a problem belongs to; None: the form as a whole."""
    if path[:1] == ("licences",) and len(path) > 1:
        return f"licence_{path[1]}"
    first = str(path[0]) if path else ""
    return first if first in form.fields else None


def _initial(facts: ModelFacts) -> dict[str, Any]:
    words = {value: word for word, value in ANSWERS.items()}
    licences = dict(facts.licences)
    held = {each.part: each for each in facts.evidence}
    return {
        **{name: getattr(facts, name) for name in ("name", "developer", "jurisdiction")},
        **{f"licence_{kind.value}": licences.get(kind, "") for kind in LicenceKind},
        **{name: words[getattr(facts, name)] for name in FLAGS},
        **{name: getattr(facts, name) for name in (*DAYS, *COUNTS, *SIZES)},
        "components": text_of(facts.components),
        "hosts": text_of(facts.hosts),
        **{f"mirror_{part}": each.mirror_sha256 for part, each in held.items()},
        **{f"tested_{part}": each.tested_on for part, each in held.items()},
    }
