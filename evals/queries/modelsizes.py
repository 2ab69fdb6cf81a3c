"""How large models are, as far as what is known of them says."""

from collections.abc import Iterable

from evals.domain.memoryneeds import ModelSize
from evals.domain.modelfacts import ModelFacts
from evals.models import Team
from evals.queries.modelfacts import facts_for


def model_sizes(team: Team, identifiers: Iterable[str]) -> dict[str, ModelSize]:
    """Return the sizes that are on record by the models' identifiers, in one query."""
    return {name: _size(facts) for name, facts in facts_for(team, identifiers).items()}


def _size(facts: ModelFacts) -> ModelSize:
    return ModelSize(
        parameters_billion=facts.parameters_billion,
        active_billion=facts.active_parameters_billion,
        layers=facts.layers,
        kv_heads=facts.kv_heads,
        head_dim=facts.head_dim,
    )
