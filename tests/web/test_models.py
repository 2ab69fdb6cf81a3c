"""The models pages: what they say, what is typed in, imported and undone; and the control card."""

from datetime import date, timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from evals.domain.modelfacts import Component, Host, LicenceKind, ModelFacts
from evals.domain.openness import KINDS
from evals.domain.specs import EndpointKind
from evals.models import AuditEntry, Model, ModelFactsRow
from evals.models.evaluations import RunState
from evals.queries.modelfacts import facts_for
from evals.services.modelfacts import save_facts
from evals.services.tasks import set_incumbent
from tests import make

APACHE = ((LicenceKind.DISTRIBUTION, "Apache-2.0"),)


def text_of(response):
    return " ".join(unescape(response.content.decode()).split())


def know(team, identifier="lab/Whole-7B", **known):
    facts = ModelFacts(identifier=identifier, name=identifier, **known)
    save_facts(team=team, facts=facts, source="a test", user=None)
    return facts


def whole(team):
    return know(
        team,
        is_open=True,
        licences=APACHE,
        components=tuple(Component(name=kind.name) for kind in KINDS),
        hosts=(Host(name="One", jurisdiction="FR"), Host(name="Two", jurisdiction="US")),
    )


def model_address(identifier):
    return reverse("evals:model", args=[identifier])


def form_data(page, **changed):
    """Return the fields of the edit form as the page filled them in."""
    form = page.context["page"].form
    initial = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in {**initial, **changed}.items() if value is not None}


def save(client, identifier, **changed):
    address = reverse("evals:model_edit", args=[identifier])
    return client.post(address, form_data(client.get(address), **changed), follow=True)


def test_an_empty_list_leads_to_the_candidates(editor_client, monkeypatch):
    monkeypatch.setattr("evals.queries.models.catalogue", dict)
    text = text_of(editor_client.get(reverse("evals:models")))
    assert "No models yet" in text
    assert reverse("evals:candidates") in text


def test_the_list_has_the_teams_models_first_with_what_is_known(editor_client, team):
    make.candidate(make.task(team))
    day = timezone.now().date() + timedelta(days=18)
    know(team, "closed-api", is_open=False, retires_on=day)
    whole(team)
    text = text_of(editor_client.get(reverse("evals:models")))
    assert "lab/open-model" in text
    assert "in 18 days" in text
    assert "Class I" in text
    assert "R5, rebuild it" in text
    assert "2 independent, HHI 5,000" in text
    assert "no date known" in text


def test_the_list_is_searched_by_its_address(editor_client, team):
    know(team, "lab/red", is_open=True)
    know(team, "lab/blue", is_open=False)
    address = reverse("evals:models")
    assert "lab/blue" not in text_of(editor_client.get(address + "?q=RED"))
    assert "lab/red" not in text_of(editor_client.get(address + "?openness=closed"))
    assert "No model fits" in text_of(editor_client.get(address + "?q=green"))
    assert editor_client.get(address + "?openness=x&q=%00").status_code == 200


def test_a_viewer_reads_and_is_offered_nothing_to_write(viewer_client, team):
    whole(team)
    text = text_of(viewer_client.get(reverse("evals:models")))
    assert "lab/Whole-7B" in text
    page = text_of(viewer_client.get(model_address("lab/Whole-7B")))
    for name in ("model_edit", "model_restore"):
        assert reverse(f"evals:{name}", args=["lab/Whole-7B"]) not in page
    assert reverse("evals:model_import") not in text + page


def test_the_list_asks_the_anonymous_to_sign_in(client, db):
    assert client.get(reverse("evals:models")).status_code == 302


def test_a_model_page_says_class_progress_ladder_and_supply(editor_client, team):
    whole(team)
    text = text_of(editor_client.get(model_address("lab/Whole-7B")))
    assert "100 %: 14 of 14 required components count" in text
    assert "counts, though its licence was made for something else" in text
    assert "Nothing is above: it can be rebuilt without the lab." in text
    assert "FR, US" in text
    assert "What can you reproduce without the lab?" in text


def test_a_model_of_which_nothing_is_known_says_unknown(editor_client, team):
    candidate = make.candidate(make.task(team), make.incumbent_spec())
    text = text_of(editor_client.get(model_address(candidate.model_id)))
    assert "Which components came with this release is unknown." in text
    assert "no date known" in text
    assert "R0, nothing: an API alone" in text


def test_a_page_is_found_in_any_case_and_by_number(editor_client, team):
    candidate = make.candidate(make.task(team))
    for key in (candidate.model_id, "lab/open-model", "LAB/Open-Model"):
        assert editor_client.get(model_address(key)).status_code == 200
    assert editor_client.get(model_address("lab/nobody")).status_code == 404
    assert editor_client.get(model_address("9" * 30)).status_code == 404


def test_another_teams_facts_do_not_exist(stranger_client, team):
    whole(team)
    assert stranger_client.get(model_address("lab/Whole-7B")).status_code == 404


def test_the_folder_of_a_local_model_is_nobodys_business(editor_client, team):
    Model.objects.create(team=team, identifier="/srv/secret/m.gguf", is_open=True)
    text = text_of(editor_client.get(reverse("evals:models")))
    assert "m.gguf" in text
    assert "secret" not in text


def test_facts_are_typed_in_with_source_and_audit_line(editor_client, editor, team):
    candidate = make.candidate(make.task(team))
    page = save(
        editor_client,
        candidate.model_id,
        developer="Lab",
        jurisdiction="fr",
        components="Model card | CC-BY-4.0\nmodel architecture",
        hosts="Cloud | US\nRouter | gateway",
        retires_on="2030-01-02",
        parameters_billion="7.24",
        mirror_weights="AB" * 32,
        tested_weights="2026-06-01",
        source_url="https://example.com/card",
        source_says="the card",
    )
    facts = facts_for(team, ["lab/open-model"])["lab/open-model"]
    assert facts.components == (
        Component(name="Model card", licence="CC-BY-4.0"),
        Component(name="model architecture"),
    )
    assert facts.hosts == (
        Host(name="Cloud", jurisdiction="US"),
        Host(name="Router", is_gateway=True),
    )
    assert (facts.jurisdiction, facts.retires_on) == ("FR", date(2030, 1, 2))
    assert facts.evidence[0].mirror_sha256 == "ab" * 32
    assert facts.sources[0].url == "https://example.com/card"
    assert "33 %: 2 of 6 required components count" in text_of(page)
    row = ModelFactsRow.objects.get()
    assert (row.updated_by, row.source) == (editor, "https://example.com/card")
    assert AuditEntry.objects.get(action="model facts changed").user == editor  # fmt: skip


def test_saving_nothing_new_writes_no_audit_line(editor_client, team):
    whole(team)
    before = AuditEntry.objects.count()
    save(editor_client, "lab/Whole-7B", noted_on=None)
    kept = facts_for(team, ["lab/Whole-7B"])["lab/Whole-7B"]
    assert len(kept.components or ()) == 17
    save(editor_client, "lab/Whole-7B")
    assert AuditEntry.objects.count() == before + 1  # the day it was noted on, once


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("jurisdiction", "1", "expected a country's two letters, as in US"),
        ("components", "Wishes", "'Wishes' is none of the 17 components"),
        ("components", "Trainning code", "Did you mean 'Training code'?"),
        ("hosts", "Cloud | Norway", "expected a country's two letters"),
        ("mirror_weights", "abc", "expected a SHA-256"),
        ("retires_on", "soon", "Enter a valid date."),
        ("notice_days", "-1", "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_right_is_said_and_nothing_is_stored(
    editor_client, team, field, value, said
):
    candidate = make.candidate(make.task(team))
    response = save(editor_client, candidate.model_id, **{field: value})
    assert response.status_code == 422
    assert said in text_of(response)
    assert value in text_of(response)
    assert not ModelFactsRow.objects.exists()


def test_a_retirement_that_is_past_is_shown_and_warned_of(editor_client, team):
    candidate = make.candidate(make.task(team))
    text = text_of(save(editor_client, candidate.model_id, retires_on="2026-01-02"))
    assert "It retired on 2026-01-02, which is past" in text
    assert "retired on 2026-01-02" in text
    edit = editor_client.get(reverse("evals:model_edit", args=[candidate.model_id]))
    assert "The retirement date is past" in text_of(edit)


def test_a_licence_that_nobody_knows_is_warned_of(editor_client, team):
    candidate = make.candidate(make.task(team))
    text = text_of(save(editor_client, candidate.model_id, licence_distribution="Fairy rules"))
    assert "Nobody here knows the licence 'Fairy rules'" in text
    assert "its terms are not known here" in text


def test_the_teams_facts_can_be_forgotten(editor_client, team):
    candidate = make.candidate(make.task(team))
    save(editor_client, candidate.model_id, developer="Wrong Lab")
    address = reverse("evals:model_restore", args=[candidate.model_id])
    text = text_of(editor_client.post(address, follow=True))
    assert "Wrong Lab" not in text
    assert not ModelFactsRow.objects.exists()
    entry = AuditEntry.objects.get(action="model facts restored")
    assert entry.details["forgotten"]["developer"] == "Wrong Lab"


def test_a_file_is_imported_into_the_model_one_came_from(editor_client, team):
    candidate = make.candidate(make.task(team))
    text = b"release: {name: Other, components: [{name: Model card, license: MIT}]}"
    sent = {"file": SimpleUploadedFile("other.yml", text), "model": str(candidate.model_id)}
    page = text_of(editor_client.post(reverse("evals:model_import"), sent, follow=True))
    assert "other.yml was read into lab/open-model" in page
    assert "the key 'framework' is missing" in page
    assert "17 %: 1 of 6 required components count" in page


def test_a_file_that_is_none_of_the_tool_is_refused_with_its_line(editor_client):
    for text, said in [
        (b"release:\n  name: X\n  components: all", "x.yml:3: release.components: found 'all'"),
        (b"\xff", "Bytes that are no UTF-8"),
    ]:
        sent = {"file": SimpleUploadedFile("x.yml", text)}
        response = editor_client.post(reverse("evals:model_import"), sent)
        assert response.status_code == 422
        assert said in text_of(response)
    assert not ModelFactsRow.objects.exists()


def test_the_control_card_sets_the_incumbent_against_the_candidates(editor_client, team):
    task = make.task(team)
    closed, opened = make.candidate(task, make.incumbent_spec()), make.candidate(task)
    set_incumbent(task=task, candidate=closed, user=None)
    know(team, "lab/gpt-x", is_open=False, notice_days=60, has_version_pin=True)
    know(
        team,
        opened.model.identifier,
        is_open=True,
        has_tokenizer=True,
        components=(Component(name="Model parameters (Final)"), Component(name="Inference code")),
        licences=((LicenceKind.DISTRIBUTION, "gemma"),),
        hosts=(Host(name="A", jurisdiction="FR"), Host(name="B", jurisdiction="US")),
    )
    text = text_of(editor_client.get(reverse("evals:task", args=[task.pk])))
    assert "A move to open-model goes from R0, nothing: an API alone to R2, adapt it." in text
    for said in ("R5 rebuild it", "Gemma Terms of Use", "revocable", "60 days", "HHI 5,000"):
        assert said in text
    assert text.index("gpt-x</a>") < text.index("open-model</a>")


def test_a_model_that_ran_on_ones_own_hardware_is_known_to_run(editor_client, team):
    task = make.task(team)
    spec = make.candidate_spec("local", kind=EndpointKind.OPENVINO, file="m.gguf")
    evaluation = make.live_evaluation(task, candidates=[make.incumbent_spec(), spec])
    address = reverse("evals:task", args=[task.pk])
    assert "R2, adapt it" not in text_of(editor_client.get(address))
    evaluation.runs.update(state=RunState.COMPLETED, finished_at=make.NOON)
    assert "R2, adapt it" in text_of(editor_client.get(address))
    model = Model.objects.get(identifier="lab/local")
    assert "ran here on 2026-06-01" in text_of(editor_client.get(model_address(model.pk)))


def test_a_bare_task_has_no_control_card(editor_client, team):
    page = editor_client.get(reverse("evals:task", args=[make.task(team).pk]))
    assert "if the lab went away" not in text_of(page)
