"""Until when a stored verdict still answers the question."""

from datetime import date, timedelta

from evals.domain.positions import Option

DAYS = 90
SOON = timedelta(days=21)


def expires_on(option: Option) -> date | None:
    """Return the day on which an option's verdict is too old, None where it has none.

    Source: house methods, section 5: the earlier of 90 days and the model's retirement.
    """
    if option.judged_on is None:
        return None
    aged = option.judged_on + timedelta(days=DAYS)
    return aged if option.retires_on is None else min(aged, option.retires_on)
