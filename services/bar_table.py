"""Moves bars between numpy arrays and a table of the database, at the speed of each driver.

Times are arrays of datetime64[us] in UTC; values have a row a bar and a column a name, NaN where
the database has NULL.
"""

from collections.abc import Sequence
from itertools import chain, repeat

import numpy as np
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.bulk import (
    copy_out,
    copy_rows,
    copy_updates,
    insert_rows,
    is_sqlite,
    update_rows,
)
from services.bars import BAR_COLUMNS
from services.copy_binary import INTEGERS, MOMENT, RowReader, encode_rows
from services.indicators import INDICATOR_COLUMNS

VALUE_COLUMNS = [*BAR_COLUMNS[1:], *INDICATOR_COLUMNS]
PRICES = "market_prices"
_FETCH = 20_000  # rows held as Python objects at a time: a million bars never are

Key = tuple[str, str]


def insert_bars(
    session: Session,
    key: Key,
    ts: np.ndarray,
    columns: Sequence[str],
    values: np.ndarray,
    table: str = PRICES,
) -> None:
    """Insert bars that are not stored yet."""
    if len(ts) == 0:
        return
    if is_sqlite(session):
        cells = _cells(columns, values)
        rows = zip(repeat(key[0]), repeat(key[1]), sqlite_texts(ts), *cells, strict=False)
        insert_rows(session, table, columns, rows)
    else:
        copy_rows(session, table, columns, encode_rows(key, ts, columns, values))


def update_bars(
    session: Session, key: Key, ts: np.ndarray, columns: Sequence[str], values: np.ndarray
) -> None:
    """Write these columns of bars that are stored."""
    if len(ts) == 0:
        return
    if is_sqlite(session):
        cells = _cells(columns, values)
        rows = zip(*cells, repeat(key[0]), repeat(key[1]), sqlite_texts(ts), strict=False)
        update_rows(session, PRICES, columns, rows)
    else:
        copy_updates(session, PRICES, columns, encode_rows(key, ts, columns, values))


def select_bars(
    session: Session,
    key: Key,
    columns: Sequence[str],
    *,
    start: np.datetime64 | None = None,
    end: np.datetime64 | None = None,
    last: int | None = None,
    first: int | None = None,
    table: str = PRICES,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return times and columns of the bars with start <= ts < end, ascending.

    With `first` or `last` only that many of them, from that side.
    """
    sqlite = is_sqlite(session)
    parameters = {"symbol": key[0], "resolution": key[1]}
    where = f"symbol = {_mark('symbol', sqlite)} AND resolution = {_mark('resolution', sqlite)}"
    for name, sign, moment in (("start", ">=", start), ("end", "<", end)):
        if moment is not None:
            where += f" AND ts {sign} {_mark(name, sqlite)}"
            parameters[name] = moment_value(moment, sqlite)
    order = "ts" if last is None else "ts DESC"
    limit = first if last is None else last
    tail = f"FROM {table} WHERE {where} ORDER BY {order}"
    if limit is not None:
        tail += f" LIMIT {int(limit)}"
    read = _select_sqlite if sqlite else _select_postgresql
    ts, values = read(session, columns, tail, parameters)
    if last is not None:
        ts, values = ts[::-1], [column[::-1] for column in values]
    return ts, values


def sqlite_texts(ts: np.ndarray) -> list[str]:
    """Return the texts that SQLite stores for moments (numpy's own take as long as the writing)."""
    days = ts.astype("datetime64[D]")
    dates, day_of = np.unique(days, return_inverse=True)
    digits = np.empty((len(ts), 26), dtype=np.uint32)
    names = np.datetime_as_string(dates).astype("U10")
    digits[:, :10] = names.view(np.uint32).reshape(-1, 10)[day_of]
    digits[:, [10, 13, 16, 19]] = [ord(sign) for sign in " ::."]
    rest = (ts - days).astype("int64")
    for start, width, unit in ((11, 2, 3_600_000_000), (14, 2, 60_000_000), (17, 2, 1_000_000)):
        part, rest = np.divmod(rest, unit)
        _write_digits(digits, start, width, part)
    _write_digits(digits, 20, 6, rest)
    return digits.view("U26").ravel().tolist()


def moment_value(moment: np.datetime64, sqlite: bool) -> object:
    """Return a moment as the driver compares it with a stored one."""
    moment = np.datetime64(moment, "us")
    if sqlite:
        return sqlite_texts(np.array([moment]))[0]
    return pd.Timestamp(moment, tz="UTC").to_pydatetime()


def times_of(bars: pd.DataFrame) -> np.ndarray:
    """Return the times of a frame of bars as datetime64[us]."""
    return bars["ts"].dt.tz_localize(None).to_numpy().astype(MOMENT)


def _cells(columns: Sequence[str], values: np.ndarray) -> list[list]:
    return [_column_cells(name, values[:, i]) for i, name in enumerate(columns)]


def _column_cells(name: str, column: np.ndarray) -> list:
    missing = np.isnan(column)
    if missing.any():
        cells = column.astype(object)
        if name in INTEGERS:
            cells[~missing] = column[~missing].astype(int)
        cells[missing] = None
        return cells.tolist()
    return (column.astype(int) if name in INTEGERS else column).tolist()


def _write_digits(digits: np.ndarray, start: int, width: int, numbers: np.ndarray) -> None:
    if not numbers.any():
        digits[:, start : start + width] = ord("0")
        return
    for place in range(width):
        digits[:, start + place] = numbers // 10 ** (width - 1 - place) % 10 + ord("0")


def _mark(name: str, sqlite: bool) -> str:
    return f":{name}" if sqlite else f"%({name})s"


def _select_sqlite(
    session: Session, columns: Sequence[str], tail: str, parameters: dict
) -> tuple[np.ndarray, list[np.ndarray]]:
    result = session.execute(text(f"SELECT {', '.join(['ts', *columns])} {tail}"), parameters)
    width = 1 + len(columns)
    times, values = [], []
    while rows := result.cursor.fetchmany(_FETCH):
        cells = np.fromiter(chain.from_iterable(rows), object, len(rows) * width)
        cells = cells.reshape(len(rows), width)
        times.append(cells[:, 0].astype("U26").astype(MOMENT))
        values.append(np.ascontiguousarray(cells[:, 1:].T.astype(float)))
    result.close()
    if not times:
        return np.empty(0, MOMENT), [np.empty(0) for _ in columns]
    return np.concatenate(times), [
        np.concatenate([part[i] for part in values]) for i in range(len(columns))
    ]


def _select_postgresql(
    session: Session, columns: Sequence[str], tail: str, parameters: dict
) -> tuple[np.ndarray, list[np.ndarray]]:
    # Rows without NULL have one width, so that numpy reads them as they come.
    cells = ", ".join(f"coalesce({name}::float8, 'NaN')" for name in columns)
    reader = RowReader(len(columns), _FETCH)
    copy_out(session, f"SELECT {', '.join(filter(None, ['ts', cells]))} {tail}", parameters, reader)
    return reader.arrays()
