"""Reading ahead changes neither the items nor their order, and never runs far ahead."""

from collections.abc import Iterator

import pytest

from evals.services.readahead import read_ahead


def counted(made: list[int], *, end: int = 100) -> Iterator[int]:
    for number in range(end):
        made.append(number)
        yield number


@pytest.mark.parametrize("most", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_the_items_come_in_their_order(most, count):
    assert list(read_ahead(iter(range(count)), most=most)) == list(range(count))


def test_what_making_an_item_raises_comes_in_its_place():
    def breaking() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("three")

    items = read_ahead(breaking(), most=4)
    assert (next(items), next(items)) == (1, 2)
    with pytest.raises(ValueError, match="three"):
        next(items)


def test_no_more_is_made_than_was_asked_for_ahead():
    made: list[int] = []
    items = read_ahead(counted(made), most=2)
    assert next(items) == 0
    items.close()
    assert len(made) <= 4
