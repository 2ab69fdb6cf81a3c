"""Bulk writing through PostgreSQL's COPY."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models
from psycopg import Copy, Cursor, sql
from psycopg.copy import QueuedLibpqWriter

QUEUED = 64  # pieces of 128 kB at most: what waits longer has left the processor's cache


def copy_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Write rows straight into the table of `model`; a broken constraint raises IntegrityError."""
    _copy(model._meta.db_table, columns, rows)  # noqa: SLF001 - Django's documented meta API


def copy_binary(
    model: type[models.Model], columns: Sequence[str], chunks: Iterable[bytes | memoryview]
) -> None:
    """Write what is in COPY's binary format already; a broken constraint raises IntegrityError."""
    table = model._meta.db_table  # noqa: SLF001 - Django's documented meta API
    with _copying(table, columns, is_binary=True) as copy:
        for chunk in chunks:
            copy.write(chunk)


def copy_new_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Write the rows that break no unique constraint, and leave those that are there already.

    COPY knows no ON CONFLICT, so the rows pass through a temporary table that each commit empties.
    """
    table = model._meta.db_table  # noqa: SLF001 - Django's documented meta API
    staging = f"staging_{table}"
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "CREATE TEMP TABLE IF NOT EXISTS {staging} ON COMMIT DELETE ROWS "
                "AS SELECT {names} FROM {table} WITH NO DATA"
            ).format(staging=sql.Identifier(staging), names=names, table=sql.Identifier(table))
        )
    _copy(staging, columns, rows)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "INSERT INTO {table} ({names}) SELECT {names} FROM {staging} ON CONFLICT DO NOTHING"
            ).format(staging=sql.Identifier(staging), names=names, table=sql.Identifier(table))
        )


def _copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with _copying(table, columns) as copy:
        for row in rows:
            copy.write_row(row)


class BoundedWriter(QueuedLibpqWriter):
    """Sends in a thread of its own, since the server works while the next rows are made."""

    def __init__(self, cursor: Cursor[Any]) -> None:
        super().__init__(cursor)
        self._queue = type(self._queue)(maxsize=QUEUED)


@contextmanager
def _copying(table: str, columns: Sequence[str], *, is_binary: bool = False) -> Iterator[Copy]:
    statement = sql.SQL("COPY {table} ({names}) FROM STDIN{options}").format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(map(sql.Identifier, columns)),
        options=sql.SQL(" (FORMAT binary)" if is_binary else ""),
    )
    # Django translates the errors of its own cursor's methods, not those of psycopg's COPY.
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement, writer=BoundedWriter(cursor.cursor)) as copy,
    ):
        yield copy
