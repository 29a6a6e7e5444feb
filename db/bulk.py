"""Statements that move many rows of one table at the speed of the driver."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Protocol

from sqlalchemy.orm import Session

KEY = ("symbol", "resolution", "ts")

# Made one at a time: thousands at once would wake the garbage collector.
Rows = Iterable[tuple]


class Sink(Protocol):
    """What takes the bytes that COPY writes."""

    def write(self, data: bytes, /) -> int: ...


def is_sqlite(session: Session) -> bool:
    """Tell which of the two engines the session speaks to."""
    return session.get_bind().dialect.name == "sqlite"


def insert_rows(session: Session, table: str, columns: Sequence[str], rows: Rows) -> None:
    """Insert rows of (symbol, resolution, ts, *columns) as SQLite's driver takes them."""
    marks = ", ".join("?" * (len(KEY) + len(columns)))
    _execute_many(session, f"INSERT INTO {table} ({_names(columns)}) VALUES ({marks})", rows)


def update_rows(session: Session, table: str, columns: Sequence[str], rows: Rows) -> None:
    """Update rows given as (*columns, symbol, resolution, ts), as SQLite's driver takes them."""
    changes = ", ".join(f"{name} = ?" for name in columns)
    keys = " AND ".join(f"{name} = ?" for name in KEY)
    _execute_many(session, f"UPDATE {table} SET {changes} WHERE {keys}", rows)


def copy_rows(
    session: Session, table: str, columns: Sequence[str], payload: Iterable[bytes]
) -> None:
    """Insert rows of (symbol, resolution, ts, *columns) by PostgreSQL's binary COPY."""
    _copy(session, f"COPY {table} ({_names(columns)}) FROM STDIN (FORMAT binary)", payload)


def copy_updates(
    session: Session, table: str, columns: Sequence[str], payload: Iterable[bytes]
) -> None:
    """Update rows of (symbol, resolution, ts, *columns) by PostgreSQL's binary COPY."""
    names = _names(columns)
    connection = session.connection()
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT {names} FROM {table} "
        "WITH NO DATA"
    )
    _copy(session, f"COPY incoming ({names}) FROM STDIN (FORMAT binary)", payload)
    connection.exec_driver_sql("ANALYZE incoming")
    changes = ", ".join(f"{name} = incoming.{name}" for name in columns)
    keys = " AND ".join(f"{table}.{name} = incoming.{name}" for name in KEY)
    connection.exec_driver_sql(f"UPDATE {table} SET {changes} FROM incoming WHERE {keys}")
    connection.exec_driver_sql("DROP TABLE incoming")


def copy_out(session: Session, query: str, parameters: dict, sink: Sink) -> None:
    """Write the rows of a query (its parameters as %(name)s) by PostgreSQL's binary COPY."""
    with session.connection().connection.cursor() as cursor:
        text = cursor.mogrify(query, parameters).decode()
        cursor.copy_expert(f"COPY ({text}) TO STDOUT (FORMAT binary)", sink)


class _Stream:
    """A file that COPY reads: the pieces of an iterable, one after the other."""

    def __init__(self, pieces: Iterable[bytes]):
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            try:
                self._rest = memoryview(next(self._pieces))
            except StopIteration:
                return b""
        end = len(self._rest) if size < 0 else size
        piece, self._rest = self._rest[:end], self._rest[end:]
        return bytes(piece)


def _execute_many(session: Session, statement: str, rows: Rows) -> None:
    with closing(session.connection().connection.cursor()) as cursor:
        cursor.executemany(statement, rows)


def _copy(session: Session, statement: str, payload: Iterable[bytes]) -> None:
    with session.connection().connection.cursor() as cursor:
        cursor.copy_expert(statement, _Stream(payload), 1 << 16)


def _names(columns: Sequence[str]) -> str:
    return ", ".join([*KEY, *columns])
