"""What waits for a person, as lists and files have it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem:
    """One thing to look at: where it is, why it waits, and what is to be done about it.

    `level` is the tone of its badge, `since` None where no moment is known.
    """

    title: str
    url: str
    badge: str
    level: str
    why: str
    action: str
    since: datetime | None = None

    @property
    def iso(self) -> str:
        """Since when it waits, "" where that is not known."""
        return self.since.isoformat() if self.since else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewList:
    """Things of one kind; `more` counts those that are not shown."""

    key: str
    title: str
    lead: str
    nothing: str
    items: tuple[ReviewItem, ...]
    more: int = 0
    more_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """All lists, those first that hold others up."""

    lists: tuple[ReviewList, ...]

    @property
    def waiting(self) -> tuple[ReviewList, ...]:
        """The lists with something in them."""
        return tuple(each for each in self.lists if each.items)

    @property
    def quiet(self) -> tuple[ReviewList, ...]:
        """The empty ones."""
        return tuple(each for each in self.lists if not each.items)

    @property
    def total(self) -> int:
        """How much waits."""
        return sum(len(each.items) + each.more for each in self.lists)
