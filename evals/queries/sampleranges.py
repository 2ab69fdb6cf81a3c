"""The samples of a version in SQL: by their primary key, which is the only index they have."""

from evals.models.evalsets import POSITION_BITS


def in_version(
    version: str = "%(version)s", *, sample: str = "", start: str = "0", stop: str = ""
) -> str:
    """Return the condition that a row of evals_sample belongs to a version.

    Args:
        version: SQL of the version's id.
        sample: The alias of the table, if it has one.
        start: SQL of the first position.
        stop: SQL of the position after the last one; without, all that follow.
    """
    column = f"{sample}.id" if sample else "id"
    least = f"(({version})::bigint << {POSITION_BITS}) + ({start})"
    beyond = f"(({version})::bigint << {POSITION_BITS}) + ({stop})"
    if not stop:
        beyond = f"(({version})::bigint + 1) << {POSITION_BITS}"
    return f"({column} >= ({least}) AND {column} < ({beyond}))"
