"""Writes bars: a row is new or replaces the one with its symbol, resolution and time."""

import io
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from db.types import sqlite_text

KEY = ("symbol", "resolution", "ts")
COPY_FROM = 1_000  # rows; below, one INSERT is quicker than a temporary table

Rows = Sequence[tuple]
Series = tuple[str, str]


def upsert_bars(
    session: Session, symbol: str, resolution: str, columns: Sequence[str], rows: Rows
) -> None:
    """Insert or replace bars of one series; only the rows and columns given are touched.

    A row is (ts, *values): an aware time, then a float, an int or None for each of `columns`.
    """
    if not rows:
        return
    connection = session.connection()
    series = (symbol, resolution)
    if connection.dialect.name == "sqlite":
        _executemany(connection, series, columns, rows)
    elif len(rows) < COPY_FROM:
        _insert_values(connection, series, columns, rows)
    else:
        _copy(connection, series, columns, rows)


def _executemany(
    connection: Connection, series: Series, columns: Sequence[str], rows: Rows
) -> None:
    marks = ", ".join("?" * (len(KEY) + len(columns)))
    connection.exec_driver_sql(
        f"{_insert_into(columns)} VALUES ({marks}) {_on_conflict(columns)}",
        [(*series, sqlite_text(row[0]), *row[1:]) for row in rows],
    )


def _insert_values(
    connection: Connection, series: Series, columns: Sequence[str], rows: Rows
) -> None:
    marks = f"({', '.join(['%s'] * (len(KEY) + len(columns)))})"
    connection.exec_driver_sql(
        f"{_insert_into(columns)} VALUES {', '.join([marks] * len(rows))} {_on_conflict(columns)}",
        tuple(value for row in rows for value in (*series, *row)),
    )


def _copy(connection: Connection, series: Series, columns: Sequence[str], rows: Rows) -> None:
    fields = ", ".join(["ts", *columns])
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE incoming_bars ON COMMIT DROP AS "
        f"SELECT {fields} FROM market_prices WITH NO DATA"
    )
    with connection.connection.cursor() as cursor:
        cursor.copy_expert(f"COPY incoming_bars ({fields}) FROM STDIN", _copy_text(rows))
    connection.exec_driver_sql(
        f"{_insert_into(columns)} SELECT %s, %s, {fields} FROM incoming_bars ORDER BY ts "
        f"{_on_conflict(columns)}",
        series,
    )
    connection.exec_driver_sql("DROP TABLE incoming_bars")


def _copy_text(rows: Rows) -> io.StringIO:
    """Write rows in COPY's text form; repr gives the shortest digits that read back the same."""
    return io.StringIO("".join(_copy_lines(rows)))


def _copy_lines(rows: Rows) -> Iterator[str]:
    for ts, *values in rows:
        cells = ["\\N" if value is None else repr(value) for value in values]
        yield "\t".join([ts.isoformat(), *cells]) + "\n"


def _insert_into(columns: Sequence[str]) -> str:
    return f"INSERT INTO market_prices ({', '.join([*KEY, *columns])})"


def _on_conflict(columns: Sequence[str]) -> str:
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
    return f"ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET {changes}"
