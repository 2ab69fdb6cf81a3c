"""How large models are, as far as the team's facts on them say."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from evals.domain.memoryneeds import ModelSize
from evals.models import ModelFactsRow


def model_sizes(team_id: int, identifiers: Iterable[str]) -> dict[str, ModelSize]:
    """Return the sizes that are on record by the models' identifiers, in one query."""
    rows = ModelFactsRow.objects.filter(team_id=team_id, identifier__in=set(identifiers))
    return {row.identifier: _size(row.facts) for row in rows}


def _size(facts: dict[str, Any]) -> ModelSize:
    return ModelSize(
        parameters_billion=_amount(facts.get("parameters_billion")),
        active_billion=_amount(facts.get("active_parameters_billion")),
        layers=facts.get("layers"),
        kv_heads=facts.get("kv_heads"),
        head_dim=facts.get("head_dim"),
    )


def _amount(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
