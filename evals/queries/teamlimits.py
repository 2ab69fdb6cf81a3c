"""What a spec that comes from outside may name of a team's: its keys, its files, public prices."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from evals.domain.addresses import AddressPolicy, url_problem
from evals.domain.specproblems import Path, one_of
from evals.domain.specs import CandidateSpec, EndpointKind, Spec
from evals.models import Endpoint, EvalSetVersion, Secret, Team
from evals.queries.publicprices import PriceKeyError, price_for_key


def stored_files(team: Team) -> set[str]:
    """Return the names of the files that the team has sent before, in two queries."""
    versions = EvalSetVersion.objects.filter(eval_set__task__team=team).order_by()
    recorded = Endpoint.objects.filter(team=team, kind=EndpointKind.RECORDED.value)
    return {
        *versions.values_list("source_name", flat=True).distinct(),
        *recorded.values_list("settings__file", flat=True),
    }


def team_problems(
    team: Team, spec: Spec, *, policy: AddressPolicy, on: date
) -> Iterator[tuple[Path, str]]:
    """Yield what only a team's tables and this instance's settings can say against a spec."""
    if spec.eval_set.hf:
        message = "loading a data set from a hub is for specs on the command line"
        yield ("eval_set", "hf"), f"{message}, expected file: an uploaded one"
    secrets = sorted(Secret.objects.filter(team=team).values_list("name", flat=True))
    for place, candidate in enumerate(spec.candidates):
        at, endpoint = ("candidates", place), candidate.endpoint
        if endpoint.secret and endpoint.secret not in secrets:
            message = f"found {endpoint.secret!r}, which is no stored key, {one_of(secrets)}"
            yield (*at, "endpoint", "secret"), message
        if endpoint.base_url and (problem := url_problem(endpoint.base_url, policy)):
            yield (*at, "endpoint", "base_url"), problem
        if isinstance(found := with_public_price(candidate, on=on), str):
            yield (*at, "price", "catalogue"), found


def with_public_price(candidate: CandidateSpec, *, on: date) -> CandidateSpec | str:
    """Return the candidate with the figures of the price that it names, or why there are none."""
    price = candidate.price
    if price is None or price.catalogue is None or price.has_figures:
        return candidate
    try:
        found = price_for_key(price.catalogue, on=on)
    except PriceKeyError as error:
        return str(error)
    return replace(candidate, price=replace(found, batch_multiplier=price.batch_multiplier))
