"""Reads from the database what the indicators of one block are computed from."""

import numpy as np
from sqlalchemy.orm import Session

from services.bar_table import Key, select_bars
from services.indicators import INDICATOR_COLUMNS
from services.indicators.blocks import INPUTS, Window, block_begin, window_begin, window_values


def values_at_end(session: Session, key: Key, stored: int, inputs: list[np.ndarray]) -> np.ndarray:
    """Return the indicators of bars that come after the `stored` ones of a series.

    `inputs` has an array a column of INPUTS; the bars lie in one block.
    """
    return _values(session, key, stored, None, inputs)


def values_from(
    session: Session, key: Key, position: int, ts: np.datetime64, inputs: list[np.ndarray]
) -> np.ndarray:
    """Return the indicators of stored bars: the first has this number and time."""
    return _values(session, key, position, ts, inputs)


def _values(
    session: Session,
    key: Key,
    position: int,
    ts: np.datetime64 | None,
    inputs: list[np.ndarray],
) -> np.ndarray:
    begin, block = window_begin(position), block_begin(position)
    window = _window(session, key, position, ts, begin, block)
    values = window_values(_extended(window, inputs), block)
    if values is None:
        window = _window(session, key, position, ts, 0, block)
        values = window_values(_extended(Window(0, window.inputs), inputs), block)
    return values[position - block :]


def _window(
    session: Session, key: Key, position: int, ts: np.datetime64 | None, begin: int, block: int
) -> Window:
    """Read the bars from number `begin` up to `position`, at whose time `ts` they end."""
    if position == 0:
        return Window(0, [np.empty(0)] * len(INPUTS))
    before = 1 if begin else 0  # one more, whose ath counts
    times, inputs = select_bars(session, key, INPUTS, end=ts, last=position - begin + before)
    ath, seam = -np.inf, None
    if begin:
        ath = _stored(session, key, times[0], ["ath"])[0]
    if block:
        seam = _stored(session, key, times[block - begin - 1 + before], INDICATOR_COLUMNS)
    return Window(begin, [column[before:] for column in inputs], ath, seam)


def _stored(session: Session, key: Key, ts: np.datetime64, columns: list[str]) -> np.ndarray:
    _, values = select_bars(session, key, columns, start=ts, first=1)
    return np.array([column[0] for column in values])


def _extended(window: Window, inputs: list[np.ndarray]) -> Window:
    columns = [np.concatenate(pair) for pair in zip(window.inputs, inputs, strict=True)]
    return Window(window.start, columns, window.ath, window.seam)
