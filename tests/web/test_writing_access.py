"""Who may see and use the pages that write, and what they cost."""

from decimal import Decimal

import pytest
from django.test import Client

from evals.domain.shocks import Affects, Shock, shock_mapping
from evals.models import AuditEntry, ConnectionTest, Scenario, Task
from evals.services import tasks as task_services
from tests import make

READING = (
    "/versions/{version}/",
    "/candidates/",
    "/candidates/{candidate}/",
    "/connection-tests/{test}/",
    "/connection-tests/{test}/result/",
    "/endpoints/",
    "/endpoints/{endpoint}/",
    "/models/{model}/",
    "/prices/changes/",
    "/prices/options/",
    "/throughput/{throughput}/",
    "/throughput/{throughput}/now/",
    "/throughput/{throughput}/result.json",
    "/account/",
    "/prices/hardware/l4/",
    "/scenarios/",
    "/portfolio.csv",
    "/team/",
    "/team/tokens/",
    "/team/data/",
)
WRITING = (
    "/tasks/new/",
    "/tasks/{task}/edit/",
    "/tasks/{task}/eval-set/",
    "/tasks/{task}/bar/",
    "/tasks/{task}/candidates/new/",
    "/tasks/{task}/candidates/new/?kind=recorded",
    "/tasks/{task}/candidates/new/?kind=stand_in",
    "/tasks/{task}/candidates/new/?endpoint={endpoint}",
    "/tasks/{task}/evaluations/new/",
    "/candidates/{candidate}/edit/",
    "/models/import/",
    "/models/{model}/edit/",
    "/candidates/{candidate}/hosting/",
    "/prices/hardware/new/",
    "/prices/hardware/l4/edit/",
    "/scenarios/new/",
    "/scenarios/{scenario}/",
    "/candidates/{candidate}/throughput/",
    "/team/tokens/new/",
)
POSTS = (
    "/tasks/{task}/evaluations/new/plan/",
    "/candidates/{candidate}/archive/",
    "/candidates/{candidate}/hosting/remove/",
    "/candidates/{candidate}/restore/",
    "/candidates/{candidate}/test/",
    "/endpoints/{endpoint}/key/",
    "/endpoints/{endpoint}/limits/",
    "/models/{model}/restore/",
    "/scenarios/{scenario}/delete/",
    "/scenarios/deleted/{deleted}/restore/",
    "/endpoints/{endpoint}/price/",
    "/endpoints/{endpoint}/price/end/",
    "/throughput/{throughput}/stop/",
)
EVERYBODYS = {
    "/models/import/",
    *("/prices/hardware/l4/", "/prices/hardware/l4/edit/", "/prices/hardware/new/"),
    "/scenarios/",
    "/scenarios/new/",
    *("/portfolio.csv", "/review/", "/review.csv", "/lists/tasks.csv"),
    "/candidates/",
    "/endpoints/",
    "/account/",
    "/tasks/new/",
    *("/prices/changes/", "/prices/options/"),
    *("/team/", "/team/tokens/", "/team/tokens/new/", "/team/data/"),
}


@pytest.fixture
def places(team) -> dict[str, int]:
    return fill(team)


def fill(team) -> dict[str, int]:
    """Make a task with all that the pages show; return the ids in their addresses."""
    task = make.task(team)
    version = make.version(task)
    make.bar(task)
    task_services.save_scorers(task=task, scorers=make.SCORERS, user=None)
    candidate = make.candidate(task)
    make.candidate(task, spec=make.incumbent_spec())
    test = ConnectionTest.objects.create(candidate=candidate)
    shock = shock_mapping(Shock(affects=Affects.MODEL, price_multiplier=Decimal(2)))
    scenario = Scenario.objects.create(team=team, name=f"Twice the price of {task.pk}", shock=shock)
    deleted = AuditEntry.objects.create(
        team=team,
        action="scenario deleted",
        subject="Thrice",
        details={"name": "Thrice", "shock": shock},
    )
    throughput = make.throughput_test(candidate, version)
    return {
        "task": task.pk,
        "version": version.pk,
        "candidate": candidate.pk,
        "endpoint": candidate.endpoint_id,
        "model": candidate.model_id,
        "test": test.pk,
        "scenario": scenario.pk,
        "deleted": deleted.pk,
        "throughput": throughput.pk,
    }


@pytest.mark.parametrize("address", READING + WRITING)
def test_an_editor_sees_the_page(editor_client, places, address):
    assert editor_client.get(address.format(**places)).status_code == 200


@pytest.mark.parametrize("address", READING)
def test_a_viewer_reads(viewer_client, places, address):
    page = viewer_client.get(address.format(**places))
    assert page.status_code == 200
    if address != "/account/":
        main = page.content.decode().partition("<main")[2].partition("</main>")[0]
        # A form that only chooses what is shown changes nothing.
        assert ('method="post"' if address == "/scenarios/" else "<form") not in main


@pytest.mark.parametrize("address", WRITING)
def test_a_viewer_writes_nothing(viewer_client, places, address):
    tasks = Task.objects.count()
    for send in (viewer_client.get, viewer_client.post):
        assert send(address.format(**places)).status_code == 404
    assert Task.objects.count() == tasks


@pytest.mark.parametrize("address", POSTS)
def test_what_changes_something_wants_an_editors_post(
    editor_client, viewer_client, stranger_client, places, address
):
    url = address.format(**places)
    assert editor_client.get(url).status_code == 405
    assert viewer_client.post(url).status_code == 404
    assert stranger_client.post(url).status_code == 404
    assert Client().post(url)["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("address", [a for a in READING + WRITING if a not in EVERYBODYS])
def test_for_a_stranger_the_page_does_not_exist(stranger_client, places, address):
    assert stranger_client.get(address.format(**places)).status_code == 404


@pytest.mark.parametrize("address", READING + WRITING)
def test_somebody_who_is_not_signed_in_is_asked_to(db, places, address):
    response = Client().get(address.format(**places))
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("address", READING + WRITING)
def test_a_page_costs_the_same_however_much_there_is(
    editor_client, team, places, address, django_assert_max_num_queries
):
    url = address.format(**places)
    with django_assert_max_num_queries(20) as small:
        editor_client.get(url)
    for _ in range(3):
        fill(team)
    task = Task.objects.get(pk=places["task"])
    for number in range(5):
        make.candidate(task, name=f"more-{number}", base_url=f"https://host{number}.example/v1")
        make.bar(task, criteria=make.BAR[: 1 + number % 2])
        make.version(task, samples=11 + number)
    with django_assert_max_num_queries(len(small.captured_queries)):
        editor_client.get(url)
