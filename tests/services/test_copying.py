"""What waits to be sent to COPY stays little."""

from queue import Queue

import pytest
from django.db import connection

from evals.services.copying import QUEUED, BoundedWriter

pytestmark = pytest.mark.django_db


def test_the_queue_of_psycopgs_writer_is_the_short_one():
    with connection.cursor() as cursor:
        parts = vars(BoundedWriter(cursor.cursor)).values()
    [queue] = [part for part in parts if isinstance(part, Queue)]
    assert queue.maxsize == QUEUED
