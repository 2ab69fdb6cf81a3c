"""Files of the Model Openness Tool as they are, as people write them, and as they should not be."""

from datetime import date
from pathlib import Path

import pytest

from evals.domain.modelfacts import Component, LicenceKind, ModelFacts
from evals.domain.motfiles import read_mot_file
from evals.domain.specproblems import SpecError

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "mot"
GOOD = """\
framework: {name: Model Openness Framework, version: '1.0', date: '2024-12-15'}
release:
  name: Example-7B
  date: '2026-05-01'
  producer: Example Lab
  huggingface: 'https://huggingface.co/example/Example-7B'
  license: {distribution: {name: Apache-2.0, path: ''}}
  components:
    - {name: Model architecture, description: Code}
    - {name: Model card, license: CC-BY-4.0}
"""


def read(text):
    return read_mot_file(text, file="model.yml")


def release(*lines, name="X"):
    return read("\n".join(["framework: {}", "release:", f"  name: {name}", *lines]))


def component(line):
    made = release("  license: {distribution: {name: MIT}}", "  components:", f"    - {line}")
    return made.components[0], made


def test_a_file_is_read():
    made = read(GOOD)
    assert (made.name, made.repository, made.producer) == (
        "Example-7B",
        "example/Example-7B",
        "Example Lab",
    )
    assert made.licences == ((LicenceKind.DISTRIBUTION, "Apache-2.0"),)
    assert made.components == (
        Component(name="Model architecture"),
        Component(name="Model card", licence="CC-BY-4.0"),
    )
    assert made.openness.progress["III"] == 33
    assert made.warnings == ()


@pytest.mark.parametrize(
    ("line", "licence"),
    [
        ("{name: Model card}", None),
        ("{name: Model card, license: }", None),
        ("{name: Model card, license: ~}", None),
        ("{name: Model card, license: ''}", ""),
        ("{name: Model card, license: unlicensed}", "unlicensed"),
        ("{name: Model card, license: {name: ISC, path: ''}}", "ISC"),
        ("{name: Model card, license: [ISC, CC0-1.0]}", "ISC AND CC0-1.0"),
        ("{name: Model card, license: []}", ""),
        ("{name: Model card, license_name: ISC, location: ''}", "ISC"),
        ("Model card", None),
    ],
)
def test_a_components_licence_is_its_own_none_or_inherited(line, licence):
    assert component(line)[0] == Component(name="Model card", licence=licence)


@pytest.mark.parametrize(
    ("line", "warning"),
    [
        ("{name: Wishes}", "model.yml:6: release.components[0]: 'Wishes' is none of the 17"),
        ("{name: Trainning code}", "did you mean 'Training code'?"),
        ("{name: Model card, license: MIT license}", "only 'MIT' would count as open"),
        ("{name: Model card, license: Fairy rules}", "'Fairy rules' is no licence that is known"),
        ("{name: Model card, license: Pending evaluation}", "still to be evaluated"),
        ("{name: Model card, license: [MIT, ISC]}", "found 2 licences"),
    ],
)
def test_what_is_odd_is_told_with_its_line(line, warning):
    (told,) = component(line)[1].warnings
    assert warning in told
    assert told.startswith("model.yml:6: ")


@pytest.mark.parametrize(
    ("written", "licences"),
    [
        ("{ }", ()),
        ("''", ()),
        ("null", ()),
        ("[]", ()),
        ("{distribution: {name: '', path: ''}, code: {name: MIT}}", ((LicenceKind.CODE, "MIT"),)),
        ("{distribution: MIT}", ((LicenceKind.DISTRIBUTION, "MIT"),)),
        ("MIT", ((LicenceKind.DISTRIBUTION, "MIT"),)),
        ("{weights: MIT}", ()),
    ],
)
def test_the_licences_of_the_release_come_in_many_shapes(written, licences):
    assert release(f"  license: {written}", "  components: []").licences == licences


@pytest.mark.parametrize("line", ["", "  components:", "  components: null"])
def test_without_a_list_of_components_they_are_unknown_and_nothing_counts(line):
    made = release(line)
    assert made.components is None
    assert made.openness.mof_class is None
    assert set(made.openness.progress.values()) == {0}
    assert "no list of components" in made.warnings[0]


def test_of_a_component_that_is_there_twice_the_last_counts():
    made = release("  components:", "    - {name: Model card, license: MIT}", "    - {name: model card}")  # noqa: E501  # fmt: skip
    assert made.components == (Component(name="model card"),)
    assert "'Model card' is there twice" in made.warnings[0]


def test_tabs_are_read_as_spaces_and_told():
    made = read(GOOD.replace("  name: Example", "\tname:\tExample"))
    assert made.name == "Example-7B"
    assert made.warnings == ("model.yml:3: found tabs, read as spaces",)


def test_an_odd_date_and_a_missing_framework_are_told():
    made = read("release: {name: 3.5, date: 31/12/2024, components: []}")
    assert (made.name, made.dated) == ("3.5", None)
    assert "'framework' is missing" in made.warnings[0]
    assert "found '31/12/2024', expected a day" in made.warnings[1]


@pytest.mark.parametrize(
    ("address", "repository"),
    [
        ("https://huggingface.co/openai/gpt-oss-20b", "openai/gpt-oss-20b"),
        ("huggingface.co/openai/gpt-oss-20b/tree/main", "openai/gpt-oss-20b"),
        ("openai/gpt-oss-20b", "openai/gpt-oss-20b"),
        ("https://huggingface.co/collections/ibm/granite", None),
        ("https://huggingface.co/openai", None),
        ("https://huggingface.co", None),
        ("", None),
    ],
)
def test_the_repository_is_taken_from_its_address(address, repository):
    assert release(f"  huggingface: '{address}'", "  components: []").repository == repository


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("- a", "model.yml:1: found a list, expected a mapping with framework and release"),
        ("a: b", "the key 'release' is missing"),
        ("release: [1]", "release: found a list, expected a mapping with name and components"),
        ("release: {components: []}", "the key 'name' is missing or blank"),
        ("release: {name: ' '}", "the key 'name' is missing or blank"),
        ("release:\n  name: X\n  components: all", "model.yml:3: release.components: found 'all'"),
        ("release:\n  name: X\n  components:\n  - license: MIT", "model.yml:4: release.comp"),
        ("release:\n  name: X\n  components:\n  - 3", "found 3, expected a mapping with a name"),
        ("release: {name: X", "model.yml:1: not valid YAML"),
    ],
)
def test_what_is_no_file_of_the_tool_is_refused_with_line_found_and_expected(text, said):
    with pytest.raises(SpecError) as refused:
        read(text)
    assert said in str(refused.value)


def test_what_a_file_does_not_speak_of_stays():
    before = ModelFacts(
        identifier="example/Example-7B", name="Seven", retires_on=date(2027, 1, 1), is_open=False
    )
    after = read(GOOD).into(before, today=date(2026, 11, 22))
    assert (after.name, after.retires_on, after.is_open) == ("Seven", date(2027, 1, 1), False)
    assert after.developer == "Example Lab"
    assert len(after.components or ()) == 2
    assert after.sources[-1].says == "openness: model.yml of 2026-05-01"


@pytest.mark.parametrize(
    ("name", "mof_class", "progress"),
    [
        ("OLMo-7B", "I", {"III": 100, "II": 100, "I": 100}),
        ("gpt-oss-20b", None, {"III": 83, "II": 0, "I": 0}),
        ("Llama-3-8B", None, {"III": 0, "II": 0, "I": 0}),
    ],
)
def test_published_files_come_to_what_the_tool_publishes(name, mof_class, progress):
    path = FOLDER / f"{name}.yml"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    made = read_mot_file(path.read_text(encoding="utf-8"), file=path.name)
    assert (made.name, made.openness.mof_class) == (name, mof_class)
    assert made.openness.progress == progress
    assert made.warnings == ()
