"""Decides which rows of a series must be written when new bars arrive."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.bars import BAR_COLUMNS
from services.indicators import INDICATOR_COLUMNS, compute_indicators

VALUE_COLUMNS = [*BAR_COLUMNS[1:], *INDICATOR_COLUMNS]
_BAR = slice(0, len(BAR_COLUMNS) - 1)
_TREND = VALUE_COLUMNS.index("supertrend_trend")


@dataclass(frozen=True)
class MergePlan:
    """The whole series as it shall be, and the positions of the rows that are not so yet.

    `values` has a column for each of VALUE_COLUMNS. The counts speak of bars: new, with other
    prices or volume than stored, the same as stored; `recomputed` of stored bars with the same
    prices and other indicators.
    """

    ts: np.ndarray
    values: np.ndarray
    positions: np.ndarray
    is_new: np.ndarray
    stored: int
    new: int
    changed: int
    unchanged: int
    recomputed: int


def plan_merge(stored: pd.DataFrame, bars: pd.DataFrame) -> MergePlan:
    """Lay new bars over the stored ones and compute the indicators of the whole series.

    Every indicator remembers all bars before it, so the whole series is computed and only what
    differs is written; NaN equals NaN.
    """
    old_ts, new_ts = _times(stored), _times(bars)
    ts = np.union1d(old_ts, new_ts)
    at_old, at_new = np.searchsorted(ts, old_ts), np.searchsorted(ts, new_ts)
    before = np.full((len(ts), len(VALUE_COLUMNS)), np.nan)
    before[at_old] = stored[VALUE_COLUMNS].to_numpy()
    after = before.copy()
    after[at_new, _BAR] = bars[BAR_COLUMNS[1:]].to_numpy()
    series = pd.DataFrame(after[:, _BAR], columns=BAR_COLUMNS[1:])
    after[:, _BAR.stop :] = compute_indicators(series).to_numpy()
    is_new = np.ones(len(ts), dtype=bool)
    is_new[at_old] = False
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    same_bar = same[:, _BAR].all(axis=1)
    differs = is_new | ~same.all(axis=1)
    return MergePlan(
        ts=ts,
        values=after,
        positions=np.flatnonzero(differs),
        is_new=is_new,
        stored=len(stored),
        new=int(is_new.sum()),
        changed=int((~is_new & ~same_bar).sum()),
        unchanged=int((~is_new & same_bar)[at_new].sum()),
        recomputed=int((differs & ~is_new & same_bar).sum()),
    )


def rows_to_write(plan: MergePlan, positions: np.ndarray) -> list[tuple]:
    """Return the rows at these positions as (time, *values), None where nothing is known."""
    values = plan.values[positions]
    cells = values.astype(object)
    cells[np.isnan(values)] = None
    trend = values[:, _TREND]
    known = ~np.isnan(trend)
    cells[known, _TREND] = trend[known].astype(int)
    moments = pd.DatetimeIndex(plan.ts[positions], tz="UTC").to_pydatetime()
    return [(moment, *row) for moment, row in zip(moments, cells.tolist(), strict=True)]


def _times(bars: pd.DataFrame) -> np.ndarray:
    return bars["ts"].dt.tz_localize(None).to_numpy().astype("datetime64[us]")
