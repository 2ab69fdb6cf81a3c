"""Who may see and use the pages that write, and what they cost."""

import pytest
from django.test import Client

from evals.models import ConnectionTest, Task
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
    "/throughput/{throughput}/",
    "/throughput/{throughput}/now/",
    "/throughput/{throughput}/result.json",
    "/account/",
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
    "/candidates/{candidate}/throughput/",
)
POSTS = (
    "/tasks/{task}/evaluations/new/plan/",
    "/candidates/{candidate}/archive/",
    "/candidates/{candidate}/restore/",
    "/candidates/{candidate}/test/",
    "/endpoints/{endpoint}/key/",
    "/endpoints/{endpoint}/limits/",
    "/throughput/{throughput}/stop/",
)
EVERYBODYS = {"/candidates/", "/endpoints/", "/account/", "/tasks/new/"}


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
    throughput = make.throughput_test(candidate, version)
    return {
        "task": task.pk,
        "version": version.pk,
        "candidate": candidate.pk,
        "endpoint": candidate.endpoint_id,
        "test": test.pk,
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
        assert "<form" not in main


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
