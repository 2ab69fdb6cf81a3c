"""The options that say which failed trials are asked again."""

from argparse import ArgumentParser
from collections.abc import Iterable

from evals.domain.trials import TrialState

ALWAYS = TrialState.INFRA_ERROR
BY_CHOICE = (TrialState.SCORER_ERROR, TrialState.MODEL_ERROR)


def add_retry_arguments(parser: ArgumentParser, flag: str | None = None) -> None:
    """Take the flag, if there is one, and which failures it means beside those of the network."""
    if flag is not None:
        parser.add_argument(
            flag,
            action="store_true",
            help="ask again the trials that ended in infra_error, and those alone",
        )
    parser.add_argument(
        "--retry-also",
        action="append",
        default=[],
        choices=[state.value for state in BY_CHOICE],
        help="ask these again too, with a retry",
    )


def retried_states(also: Iterable[str]) -> tuple[TrialState, ...]:
    """Return the states whose trials are asked again."""
    return (ALWAYS, *map(TrialState, also))
