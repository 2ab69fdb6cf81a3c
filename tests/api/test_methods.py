"""Methods that an address does not take are refused in JSON, like all else."""

import pytest
from django.test import Client

from evals.models import Team


@pytest.mark.parametrize("method", ["delete", "put", "patch"])
def test_a_method_that_is_not_taken_is_said_in_json(team: Team, method: str):
    response = getattr(Client(), method)("/api/v1/tasks")
    assert (response.status_code, response["Content-Type"]) == (405, "application/json")
    assert response["Allow"] == "GET"
    assert response.json() == {"detail": f"found {method.upper()}, expected GET", "problems": []}


def test_pages_refuse_as_before(team: Team):
    response = Client().post("/healthz")
    assert response.status_code == 405
    assert response["Content-Type"].startswith("text/html")
