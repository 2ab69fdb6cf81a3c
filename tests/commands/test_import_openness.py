"""`viability import-openness`: what it prints, writes, warns of and refuses."""

import json
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from evals.domain.modelfacts import ModelFacts
from evals.models import AuditEntry, ModelFactsRow
from evals.queries.modelfacts import facts_for
from evals.services.modelfacts import save_facts
from evals.services.teams import default_team
from tests import make
from tests.known import known

PROJECT = Path(__file__).parents[2]
MOT = PROJECT.parent / "shared" / "data" / "mot"
CARD = "{distribution: {name: Apache-2.0, path: ''}}"
pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys):
    """Run the command; return its exit status and what it said."""

    def run(*arguments):
        try:
            call_command("import_openness", *map(str, arguments))
        except SystemExit as ended:
            status = int(ended.code or 0)
        else:
            status = 0
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def file(tmp_path):
    """Write a file of the tool with these lines of its release."""

    def write(name, *lines, licence=CARD):
        path = tmp_path / f"{name}.yml"
        head = ["framework: {}", "release:", f"  name: {name}", f"  license: {licence}"]
        path.write_text("\n".join([*head, *lines]))
        return path

    return write


def components(*names):
    return "  components: [" + ", ".join(f"{{name: {name}}}" for name in names) + "]"


def test_it_prints_class_and_progress_as_json_and_nothing_else(run, file):
    path = file("Example", components("Model architecture", "Model card"))
    status, out, err = run(path)
    assert (status, err) == (0, "")
    assert json.loads(out) == [
        {"name": "Example", "mof_class": None, "progress": {"I": 0, "II": 0, "III": 33}}
    ]


def test_with_json_the_file_has_the_list_and_people_a_table(run, file, tmp_path):
    out = tmp_path / "out.json"
    status, told, _ = run(file("Example", components("Model card")), "--json", out)
    assert status == 0
    assert json.loads(out.read_text())[0]["progress"]["III"] == 17
    assert "17 %" in told
    assert "{" not in told


def test_the_published_files_come_to_what_the_tool_publishes(run):
    if not MOT.is_dir():
        pytest.skip(f"{MOT} is not there")
    status, out, err = run(*sorted(MOT.glob("*.yml")))
    found = {each["name"]: (each["mof_class"], each["progress"]) for each in json.loads(out)}
    assert (status, err) == (0, "")
    assert found == {
        "Llama-3-8B": (None, {"I": 0, "II": 0, "III": 0}),
        "OLMo-7B": ("I", {"I": 100, "II": 100, "III": 100}),
        "gpt-oss-20b": (None, {"I": 0, "II": 0, "III": 83}),
    }


def test_what_is_odd_goes_to_standard_error(run, file):
    path = file("Odd", "  components: [{name: Wishes, license: [MIT, Fairy rules]}]")
    status, out, err = run(path)
    assert status == 0
    assert json.loads(out)[0]["mof_class"] is None
    assert f"warning: {path}:5: release.components[0]: 'Wishes' is none of the 17" in err
    assert "'Fairy rules' is no licence that is known here" in err
    assert "found 2 licences" in err


def test_without_components_nothing_counts_and_they_stay_unknown(run, file):
    status, out, err = run(file("Bare"))
    assert status == 0
    assert json.loads(out)[0]["progress"] == {"I": 0, "II": 0, "III": 0}
    assert "no list of components" in err
    assert facts_for(default_team(), ["Bare"])["Bare"].components is None


def test_a_bad_file_is_named_and_the_good_ones_are_imported(run, file, tmp_path):
    bad = tmp_path / "bad.yml"
    bad.write_text("release:\n  name: X\n  components: all\n")
    status, out, err = run(bad, file("Good", components("Model card")), tmp_path / "none.yml")
    assert status == 3
    assert [each["name"] for each in json.loads(out)] == ["Good"]
    assert f"{bad}:3: release.components: found 'all', expected a list of components" in err
    assert "none.yml: No such file or directory" in err
    assert "1 of 3 files were imported" in err
    assert [row.identifier for row in ModelFactsRow.objects.all()] == ["Good"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x: " + b"y" * 1_000_001])
def test_bytes_that_are_no_release_are_refused(run, tmp_path, content):
    path = tmp_path / "bytes.yml"
    path.write_bytes(content)
    status, out, err = run(path)
    assert (status, json.loads(out)) == (3, [])
    assert "bytes.yml" in err


def test_an_output_that_cannot_be_written_is_refused_before_anything_is_stored(run, file, tmp_path):
    status, _, err = run(file("Example"), "--json", tmp_path / "nowhere" / "out.json")
    assert status == 3
    assert "found no folder" in err
    assert not ModelFactsRow.objects.exists()


def test_a_misspelt_option_is_bad_input(run, file):
    assert run(file("Example"), "--jsn", "x")[0] == 3


def test_a_release_is_the_teams_model_of_that_repository_whatever_its_case(run, file):
    make.candidate(make.task(default_team()), make.candidate_spec("example-7b"))
    hub = "  huggingface: 'https://huggingface.co/Lab/Example-7B'"
    run(file("Seven", hub, components("Model card")))
    assert ModelFactsRow.objects.get().identifier == "lab/example-7b"


def test_a_release_without_a_repository_is_the_model_whose_identifier_ends_with_its_name(run, file):
    make.candidate(make.task(default_team()), make.candidate_spec("Example"))
    run(file("Example", components("Model card")))
    run(file("Other", components("Model card")))
    rows = ModelFactsRow.objects.order_by("pk").values_list("identifier", flat=True)
    assert list(rows) == ["lab/Example", "Other"]


def test_what_was_known_and_the_file_does_not_speak_of_stays(run, file):
    before = ModelFacts(identifier="Example", name="Seven", retires_on=date(2027, 1, 1))
    save_facts(team=default_team(), facts=before, source="by hand", user=None)
    run(file("Example", "  producer: Lab", components("Model card")))
    after = facts_for(default_team(), ["Example"])["Example"]
    assert (after.name, after.developer, after.retires_on) == ("Seven", "Lab", date(2027, 1, 1))
    assert len(known(after.components)) == 1
    row = ModelFactsRow.objects.get()
    assert row.source == "Model Openness Tool, Example.yml"


def test_an_import_leaves_an_audit_line_and_a_second_one_none(run, file):
    path = file("Example", components("Model card"))
    run(path)
    assert run(path)[0] == 0
    entries = AuditEntry.objects.filter(action="model facts changed")
    assert [entry.subject for entry in entries] == ["Example"]


def test_a_text_that_cannot_be_stored_is_refused_and_sinks_no_other_file(run, file):
    bad = file("bad", '  producer: "a\\0b"', components("Model card"))
    status, out, err = run(bad, file("good", components("Model card")))
    assert status == 3
    assert [each["name"] for each in json.loads(out)] == ["good"]
    assert f"{bad}:5: release.producer: found a NUL" in err
