"""The states of trials as the database knows them."""

from evals.domain.trials import JUDGED

JUDGED_STATES = sorted(state.value for state in JUDGED)
