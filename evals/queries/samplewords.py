"""Words of samples as PostgreSQL sees them, and how many of a version have theirs stored."""

from dataclasses import dataclass

from evals.models import EvalSetVersion, WordIndex
from evals.queries import figures

# Sets of so few samples are read through at once; larger ones have their words stored.
READ_THROUGH = 2_000
# Of a row of evals_sample. Beyond 200,000 characters it is not searched: PostgreSQL bounds a vector
# at 1 MB.
SAMPLE_WORDS = (
    "(array_to_tsvector(ARRAY['set ' || version_id::text]) || "
    "CASE WHEN octet_length(input::text) <= 200000 "
    "THEN json_to_tsvector('simple'::regconfig, input, '[\"string\", \"numeric\"]') "
    "ELSE to_tsvector('simple'::regconfig, left(input::jsonb::text, 200000)) END)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """How many of a version's samples have their words stored, from the first position on."""

    count: int
    total: int

    @property
    def read_through(self) -> int:
        """The samples after those that are read through as well; none where there are too many."""
        rest = self.total - self.count
        return rest if rest <= READ_THROUGH else 0

    @property
    def note(self) -> str:
        """What somebody who searches has to know, "" for nothing."""
        found = self.count + self.read_through
        if found == self.total:
            return ""
        return (
            f"The words of this eval set are being indexed: {figures.count(found)} of its "
            f"{figures.count(self.total)} samples are searched so far, and all outputs."
        )


def indexed(version: EvalSetVersion) -> Indexed:
    """Return how far the version can be searched, in no query if its word index is selected."""
    try:
        count = version.word_index.indexed_count
    except WordIndex.DoesNotExist:
        count = 0
    return Indexed(count=count, total=version.sample_count)
