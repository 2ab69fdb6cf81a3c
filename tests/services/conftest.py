"""What tests of services may ask for."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes import FakeOpenAI, Messages
from tests.make import QUEUES


@pytest.fixture
def server(settings: Any) -> Iterator[FakeOpenAI]:
    """An endpoint that knows every answer, on an address that this instance may reach."""
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    usage = {"prompt_tokens": 20, "completion_tokens": 2}
    with FakeOpenAI(right_answer, usage=usage) as fake:
        yield fake


def right_answer(messages: Messages) -> str:
    """Return the target of the ticket that is asked about (see `tests.make`)."""
    return QUEUES[ticket_number(messages) % len(QUEUES)]


def ticket_number(messages: Messages) -> int:
    found = re.search(r"number (\d+)", messages[-1]["content"])
    assert found is not None
    return int(found[1])
