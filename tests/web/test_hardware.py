"""The hardware pages: what is shown, what a team adds and changes, and what is refused."""

import pytest
from django.test import Client

from evals.models import AuditEntry, TeamHardware
from evals.queries.hardware import catalogue, hardware_for

ROW = {
    "name": "Rack card",
    "maker": "ExampleCorp",
    "memory_gb": "24",
    "on_demand_usd_per_hour": "$0.90",
    "provider": "ExampleCloud",
    "dated_on": "2026-11-20",
    "sources": "https://example.com/prices Rack card $0.90 an hour",
}


def test_the_list_shows_every_row_with_its_day_and_its_source(viewer_client):
    page = viewer_client.get("/prices/hardware/").content.decode()
    for row in catalogue().values():
        assert row.name in page
    assert "2026-05-07" in page
    assert "techbytes.app" in page
    assert "unknown" in page
    assert ">yours<" not in page


def test_a_search_lives_in_the_address_and_finds_names_and_providers(viewer_client):
    page = viewer_client.get("/prices/hardware/?q=runpod+h100").content.decode()
    assert "NVIDIA H100 SXM" in page
    assert "NVIDIA L4<" not in page
    assert "Nothing matches" in viewer_client.get("/prices/hardware/?q=abacus").content.decode()


def test_a_row_has_its_sources_in_full_and_says_what_is_unknown(viewer_client):
    page = viewer_client.get("/prices/hardware/l4/").content.decode()
    assert "L4: 24 GB GDDR6, 300 GB/s, 72 W" in page
    assert 'read <time datetime="2026-11-22">2026-11-22</time>' in page
    assert "unknown without the price, the months, what electricity costs" in page
    assert viewer_client.get("/prices/hardware/abacus/").status_code == 404


def test_a_team_adds_hardware_which_is_marked_as_theirs(team, editor, editor_client):
    response = editor_client.post("/prices/hardware/new/", ROW)
    assert response["Location"] == "/prices/hardware/rack-card/"
    row = hardware_for(team.pk)["rack-card"]
    assert (str(row.on_demand_usd_per_hour), row.sources[0].says) == (
        "0.90",
        "Rack card $0.90 an hour",
    )
    page = editor_client.get("/prices/hardware/").content.decode()
    assert page.count(">yours<") == 1
    line = AuditEntry.objects.get(action="hardware added")
    assert (line.user, line.subject, line.details["key"]) == (editor, "Rack card", "rack-card")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"on_demand_usd_per_hour": "€2.50"}, "expected US dollars: convert other currencies"),
        ({"on_demand_usd_per_hour": "-1"}, "expected an amount greater than or equal to 0"),
        ({"on_demand_usd_per_hour": "0"}, "expected 0.001 to 1000 US dollars an hour"),
        ({"spot_usd_per_hour": "9999"}, "expected 0.001 to 1000 US dollars an hour"),
        ({"memory_gb": "-24"}, "expected 0.5 to 20000 GB"),
        ({"memory_gb": "plenty"}, "Enter a number"),
        ({"amortisation_months": "0"}, "expected 1 to 240 months"),
        ({"sources": "a colleague"}, "an https address"),
        ({"dated_on": "soon"}, "Enter a valid date"),
        ({"dated_on": ""}, "required"),
        ({"name": "!!"}, "a name with letters or digits"),
        ({"name": "New"}, "a name with letters or digits"),
        ({"name": "L4"}, "there is hardware called"),
    ],
)
def test_what_cannot_be_right_is_refused_in_words_and_keeps_what_was_typed(
    editor_client, fields, message
):
    response = editor_client.post("/prices/hardware/new/", {**ROW, **fields})
    page = response.content.decode()
    assert response.status_code == 422
    assert message in page
    assert "ExampleCloud" in page
    assert not TeamHardware.objects.exists()


def test_a_changed_row_goes_before_the_catalogues_and_every_version_can_be_had_back(
    team, editor_client
):
    form = editor_client.get("/prices/hardware/l4/edit/").context["page"].form
    sent = {name: form[name].value() or "" for name in form.fields}
    assert "genai4a11.github.io" in sent["sources"]
    editor_client.post("/prices/hardware/l4/edit/", {**sent, "on_demand_usd_per_hour": "0.70"})
    changed = TeamHardware.objects.get()
    assert str(hardware_for(team.pk)["l4"].on_demand_usd_per_hour) == "0.70"
    # A source that was not touched keeps the day on which it was read.
    assert hardware_for(team.pk)["l4"].sources == catalogue()["l4"].sources
    editor_client.post("/prices/hardware/l4/remove/")
    assert "l4" not in hardware_for(team.pk)
    page = editor_client.get("/prices/hardware/l4/").content.decode()
    assert "off your team" in page
    assert "$0.70 / h on demand" in page
    assert "Taken off the list" in editor_client.get("/prices/hardware/").content.decode()
    editor_client.post("/prices/hardware/l4/restore/", {"version": changed.pk})
    assert str(hardware_for(team.pk)["l4"].on_demand_usd_per_hour) == "0.70"
    editor_client.post("/prices/hardware/l4/restore/", {"version": "0"})
    assert hardware_for(team.pk)["l4"] == catalogue()["l4"]
    assert ">yours<" not in editor_client.get("/prices/hardware/").content.decode()
    assert AuditEntry.objects.filter(action="hardware restored").count() == 2


def test_there_is_nothing_to_go_back_to_where_nothing_was(team, editor_client):
    editor_client.post("/prices/hardware/new/", ROW)
    assert editor_client.post("/prices/hardware/rack-card/restore/").status_code == 404
    assert (
        editor_client.post("/prices/hardware/rack-card/restore/", {"version": "9"}).status_code
        == 404
    )


def test_a_viewer_reads_and_writes_nothing(viewer_client):
    page = viewer_client.get("/prices/hardware/l4/").content.decode()
    assert "Take off the list" not in page
    for address in ("new/", "l4/edit/"):
        assert viewer_client.get(f"/prices/hardware/{address}").status_code == 404
        assert viewer_client.post(f"/prices/hardware/{address}", ROW).status_code == 404
    for address in ("l4/remove/", "l4/restore/"):
        assert viewer_client.post(f"/prices/hardware/{address}").status_code == 404
    assert not TeamHardware.objects.exists()


def test_somebody_who_is_not_signed_in_is_asked_to(db):
    assert Client().get("/prices/hardware/")["Location"].startswith("/sign-in/?next=")


def test_another_teams_rows_are_nobody_elses(editor_client, stranger_client):
    editor_client.post("/prices/hardware/new/", ROW)
    assert stranger_client.get("/prices/hardware/rack-card/").status_code == 404
    assert "Rack card" not in stranger_client.get("/prices/hardware/").content.decode()
