"""Shocks that a team supposes: made, changed, deleted, and brought back."""

from django.db import transaction

from evals.domain.problems import InputError, Problem
from evals.domain.shocks import Shock, shock_from_mapping, shock_mapping
from evals.models import AuditEntry, Scenario, Team, User
from evals.services.audit import record


@transaction.atomic
def create_scenario(*, team: Team, name: str, shock: Shock, user: User) -> Scenario:
    """Store a scenario.

    Raises:
        InputError: If the team has one of that name.
    """
    _check_name_is_free(team, name)
    scenario = Scenario.objects.create(
        team=team, name=name, shock=shock_mapping(shock), created_by=user
    )
    record(
        team=team, user=user, action="scenario created", subject=name, shock=shock_mapping(shock)
    )
    return scenario


@transaction.atomic
def change_scenario(*, scenario: Scenario, name: str, shock: Shock, user: User) -> None:
    """Give a scenario another name or other figures; the audit line keeps the old ones.

    Raises:
        InputError: If another scenario of the team has that name.
    """
    _check_name_is_free(scenario.team, name, but_for=scenario)
    before = {"name": scenario.name, "shock": scenario.shock}
    after = {"name": name, "shock": shock_mapping(shock)}
    if before == after:
        return
    scenario.name, scenario.shock = name, shock_mapping(shock)
    scenario.save(update_fields=["name", "shock"])
    record(
        team=scenario.team,
        user=user,
        action="scenario changed",
        subject=name,
        before=before,
        after=after,
    )


@transaction.atomic
def delete_scenario(*, scenario: Scenario, user: User) -> AuditEntry:
    """Delete a scenario; return the audit line, from which it can be brought back."""
    entry = record(
        team=scenario.team,
        user=user,
        action="scenario deleted",
        subject=scenario.name,
        name=scenario.name,
        shock=scenario.shock,
    )
    scenario.delete()
    return entry


@transaction.atomic
def restore_scenario(*, entry: AuditEntry, user: User) -> Scenario:
    """Bring a deleted scenario back from its audit line.

    Raises:
        InputError: If the team has one of that name by now.
    """
    shock = shock_from_mapping(entry.details["shock"])
    return create_scenario(team=entry.team, name=entry.details["name"], shock=shock, user=user)


def _check_name_is_free(team: Team, name: str, *, but_for: Scenario | None = None) -> None:
    Team.objects.select_for_update().get(pk=team.pk)  # two requests may not take one name
    same = Scenario.objects.filter(team=team, name__iexact=name).first()
    if same and same != but_for:
        raise InputError(
            Problem(message=f"there is a scenario {name!r} already, expected another name")
        )
