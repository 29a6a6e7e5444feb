"""Bars finer than those of a run: which of them make up each bar, and whether they show it whole.

A bar whose finer bars are missing, show only a part of it or contradict it is not looked into: it
stands for itself, the stop first.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.backtest.finer_check import check_finer, microseconds, usual_step
from services.backtest.pieces import Pieces
from services.bars import PRICE_COLUMNS
from services.errors import BarsDisagree
from services.sampling import is_weekly

# What the finer bars of a bar are to it.
FIT, MISSING, PARTIAL, CONTRARY = range(4)
NOBODYS = -1
_USUAL_TICK = 1e-4  # of the price, where the instrument's is not known
# The last finer bar may miss the closing auction by this part of the price.
_CLOSING = 0.0025
_US_A_DAY = 86_400_000_000
_DAYS_TO_MONDAY = 3  # 1970-01-01 was a Thursday


@dataclass(frozen=True, eq=False)
class FinerBars:
    """Finer bars of a series as a frame that keeps the contract of `services.bars`.

    `sessions` are the dates of the sessions that they belong to (datetime64[D]); without them
    a bar belongs to its date in the exchange's time zone. `tick` is the smallest step of the
    price, by default one basis point of it.
    """

    bars: pd.DataFrame
    resolution: str = ""
    sessions: np.ndarray | None = None
    tick: float | None = None


def finer_bars_of(bars: FinerBars | pd.DataFrame | None) -> FinerBars | None:
    """Take a plain frame of bars for finer bars of which nothing else is known."""
    return FinerBars(bars) if isinstance(bars, pd.DataFrame) else bars


@dataclass(frozen=True, eq=False)
class Pieced:
    """Bars in pieces for the kernel; `fit` says of each bar what its finer bars are to it."""

    pieces: Pieces
    fit: np.ndarray


def pieced(bars: pd.DataFrame, finer: FinerBars, timezone: str = "UTC") -> Pieced:
    """Take bars apart into their finer bars.

    Raises InvalidBars for a frame that is no bars or none finer, BarsDisagree where most
    contradict theirs.

    Prices of finer bars that differ from the bar's open, high or low by less than a tick are
    taken for those, so that a level is met within a bar exactly if the bar meets it.
    """
    check_finer(bars["ts"], finer.bars, finer.sessions, finer.resolution)
    owner = owners(bars["ts"], finer, timezone)
    whole = [bars[name].to_numpy(np.float64) for name in PRICE_COLUMNS]
    own = owner != NOBODYS
    parts = [finer.bars[name].to_numpy(np.float64)[own] for name in PRICE_COLUMNS]
    owner = owner[own]
    fit = _fit(whole, parts, owner, finer.tick)
    _check_agreement(fit, bars["ts"], finer.resolution)
    return Pieced(_pieces(whole, parts, owner, fit), fit)


def owners(ts: pd.Series, finer: FinerBars, timezone: str) -> np.ndarray:
    """Return the position of the bar that each finer bar is a part of, or NOBODYS.

    A bar at 00:00 UTC stands for its session, weekly ones for the sessions of their week; any
    other for the usual distance between two bars, but never beyond the next one.
    """
    begins = microseconds(ts)
    moments = microseconds(finer.bars["ts"])
    if len(moments) == 0:
        return np.empty(0, np.int64)
    if not (begins % _US_A_DAY).any():
        dates = _dates(finer, moments, timezone)
        keys = begins // _US_A_DAY
        if len(keys) > 1 and is_weekly(np.diff(begins)):
            keys, dates = ((days + _DAYS_TO_MONDAY) // 7 for days in (keys, dates))
        place = np.minimum(np.searchsorted(keys, dates), len(keys) - 1)
        return np.where(keys[place] == dates, place, NOBODYS)
    place = np.searchsorted(begins, moments, side="right") - 1
    inside = (place >= 0) & (moments < begins[place] + usual_step(begins))
    return np.where(inside, place, NOBODYS)


def _dates(finer: FinerBars, moments: np.ndarray, timezone: str) -> np.ndarray:
    """Return the session date of each finer bar, in days since 1970."""
    if finer.sessions is not None:
        return finer.sessions.astype("datetime64[D]").astype(np.int64)
    if (moments % _US_A_DAY).any():
        local = pd.DatetimeIndex(finer.bars["ts"]).tz_convert(timezone).tz_localize(None)
        moments = local.as_unit("us").asi8
    return moments // _US_A_DAY


def _fit(whole, parts, owner, tick: float | None) -> np.ndarray:
    """Say of each bar whether its finer bars are there, and show its open, range and close."""
    open_, high, low, close = whole
    fit = np.full(len(close), MISSING, np.int8)
    if len(owner) == 0:
        return fit
    first, last, filled = _ends(owner)
    top, bottom = (of.reduceat(parts[k], first) for of, k in ((np.maximum, 1), (np.minimum, 2)))
    open_, high, low, close = (prices[filled] for prices in whole)
    room = (_USUAL_TICK * close if tick is None else np.full(len(close), tick)) * (1 + 1e-6)
    auction = np.maximum(room, _CLOSING * close)
    beyond = (top > high + room) | (bottom < low - room)
    shown = (top >= high - room) & (bottom <= low + room)
    shown &= _holds(parts, first, open_, room) & _holds(parts, last, close, auction)
    fit[filled] = np.where(beyond, CONTRARY, np.where(shown, FIT, PARTIAL))
    return fit


def _holds(parts, place: np.ndarray, price: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Tell whether the finer bars at these places traded at a price, or nearly."""
    return (price <= parts[1][place] + room) & (price >= parts[2][place] - room)


def _ends(owner: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where the finer bars of a bar begin and end, and whose they are."""
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    last = np.append(first[1:], len(owner)) - 1
    return first, last, owner[first]


def _pieces(whole, parts, owner: np.ndarray, fit: np.ndarray) -> Pieces:
    counts = np.bincount(owner, minlength=len(fit))
    sizes = np.where(fit == FIT, counts, 1)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    rank = np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner]
    kept = fit[owner] == FIT
    owner, into = owner[kept], (starts[owner] + rank)[kept]
    open_, high, low = (prices[kept] for prices in parts[:3])
    top, bottom = whole[1][owner], whole[2][owner]
    open_ = np.where(rank[kept] == 0, whole[0][owner], np.clip(open_, bottom, top))
    high = np.where(_is_extreme(high, owner, np.maximum), top, np.minimum(high, top))
    low = np.where(_is_extreme(low, owner, np.minimum), bottom, np.maximum(low, bottom))
    itself = np.flatnonzero(fit != FIT)
    columns = []
    for prices, values in zip(whole[:3], (open_, high, low), strict=True):
        column = np.empty(starts[-1])
        column[into] = values
        column[starts[itself]] = prices[itself]
        columns.append(column)
    return Pieces(*columns, starts)


def _is_extreme(values: np.ndarray, owner: np.ndarray, furthest: np.ufunc) -> np.ndarray:
    """Mark the finer bars that reach the furthest of those of their bar."""
    if len(owner) == 0:
        return np.empty(0, bool)
    first, last, _ = _ends(owner)
    return values == np.repeat(furthest.reduceat(values, first), last - first + 1)


def _check_agreement(fit: np.ndarray, ts: pd.Series, resolution: str) -> None:
    contrary = np.flatnonzero(fit == CONTRARY)
    known = int((fit != MISSING).sum())
    if len(contrary) * 2 > known:
        raise BarsDisagree(
            f"The {resolution or 'finer'} bars do not belong to these: {len(contrary):,} of "
            f"{known:,}, the first on {ts.iloc[contrary[0]]:%Y-%m-%d}, lie beyond the range of "
            "their bar, as after another adjustment. Fetch both again, or let the stop come first."
        )
