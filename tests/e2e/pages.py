"""Every page as people meet it: each route once, and what else it can look like.

Routes come from the URL table; a new page needs a line only where it has another look.
"""

from typing import Any

from django.db import transaction
from django.urls import reverse

from evals.models import User
from tests import places
from tests.conftest import signed_in
from tests.places import Places

SIGNED_OUT = ("first_admin", "join", "password_reset", "shared_report", "sign_in")
GONE = {  # what somebody finds who has no account, and how it is answered
    "a page that is not there": ("/nowhere/", 404),
    "an admin link that is used": ("/first-admin/nonsense/", 410),
    "an invitation that is gone": ("/join/nonsense/", 410),
    "a password link that is gone": ("/password-reset/nonsense/", 410),
    "a shared link that is gone": ("/shared/nonsense/", 404),
}
SETTLED = {200, 204, 405}  # nothing left to poll for; only written to

LOOKS = {
    "a live evaluation": "/evaluations/{live}/",
    "a live run": "/runs/{live_run}/",
    "a task without a verdict": "/tasks/{live_task}/",
    "an undecided evaluation": "/evaluations/{undecided}/",
    "a task just made": "/tasks/{bare_task}/",
    "too early to evaluate": "/tasks/{bare_task}/evaluations/new/",
    "a trade-off by latency": "/tasks/{task_id}/?x=latency",
    "a comparison": "/compare/?runs={runs}",
    "a comparison as a grid": "/compare/?runs={runs}&view=grid",
    "a comparison of nothing": "/compare/?runs={runs}&view=grid&show=errors",
    "runs to compare": "/compare/",
    "differences in the drawer": "/runs/{run_id}/trials/{trial_id}/?diff=target",
    "wrong answers alone": "/runs/{run_id}/?show=wrong&differs=any",
    "no answer found": "/runs/{run_id}/?q=nowhere",
    "a report that waits": "/reports/{waiting}/",
    "reports that expire": "/reports/?standing=expiring",
    "a candidate from a file": "/tasks/{task_id}/candidates/new/?kind=recorded",
    "a stand-in": "/tasks/{task_id}/candidates/new/?kind=stand_in",
    "a second one of an endpoint": "/tasks/{task_id}/candidates/new/?endpoint={endpoint_id}",
    "prices searched": "/prices/?q=open",
    "price changes, all": "/prices/changes/?all",
    "models searched": "/models/?q=olmo",
    "no model found": "/models/?q=nowhere",
    "no hardware found": "/prices/hardware/?q=nowhere",
    "tasks searched": "/tasks/?q=nowhere",
    "evaluations of one state": "/evaluations/?state=failed",
    "an audit log of one kind": "/team/audit/?q=report",
    "a scenario at work": "/scenarios/?scenario={scenario_id}",
}


def looks(at: Places) -> dict[str, str]:
    return {name: address.format(**at.values) for name, address in LOOKS.items()}


def page_addresses(at: Places, user: User) -> dict[str, str]:
    """Return the address of every route that answers this user with a whole page."""
    client = signed_in(user)
    found = {}
    for route in places.routes():
        if route.name not in SIGNED_OUT:
            address = at.address(route)
            response = client.get(address)
            assert response.status_code in SETTLED, f"{route.name}: {response.status_code}"
            if is_page(response):
                found[str(route.name)] = address
    return found


def is_page(response: Any) -> bool:
    """Return whether it is more than a file, a fragment or a refusal to be read."""
    is_html = response["Content-Type"].startswith("text/html")
    is_shown = is_html and "Content-Disposition" not in response
    return response.status_code == 200 and is_shown and b"<html" in response.content


def empty_addresses(user: User) -> dict[str, str]:
    """Return the address of every page that a team has before it has anything."""
    client, found = signed_in(user), {}
    for route in places.routes():
        if route.name not in SIGNED_OUT and not route.pattern.converters:
            address = reverse(f"evals:{route.name}")
            if is_page(client.get(address)):
                found[f"{route.name} of a new team"] = address
    return found


def refused_forms(at: Places) -> dict[str, str]:
    """Return the address of every form that says what is missing when nothing is filled in."""
    client, found = signed_in(at.admin), {}
    for route in places.routes():
        if route.name not in SIGNED_OUT:
            with transaction.atomic():
                response = client.post(address := at.address(route))
                transaction.set_rollback(True)
            if response.status_code == 422 and b"<html" in response.content:
                found[f"{route.name}, refused"] = address
    return found
