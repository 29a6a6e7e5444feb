"""The contract of a frame of price bars, checked at the doors: file, broker, database.

A frame of bars has the columns ts (UTC, aware, the bar's start; a daily bar carries its session
date at 00:00 UTC), open, high, low, close, volume as floats, in ascending order of ts without
repeats, on a RangeIndex. Volume may be NaN (unknown); a price may not.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.timespan import RESOLUTIONS, is_session_based, utc_now

PRICE_COLUMNS = ["open", "high", "low", "close"]
BAR_COLUMNS = ["ts", *PRICE_COLUMNS, "volume"]
HIGHEST_PRICE = 1e12
NO_TIME, REPEATED = "time missing or not readable", "duplicate time"
UNORDERED = "time out of order"
FORMING = "bar still forming"  # the one reason that is no fault of the source

_REJECTED_COLUMNS = ["row", *BAR_COLUMNS, "reason"]


@dataclass(frozen=True)
class CheckedBars:
    """What passed the check, and what did not: `rejected` adds `row` (position) and `reason`."""

    bars: pd.DataFrame
    rejected: pd.DataFrame

    @property
    def reasons(self) -> dict[str, int]:
        """Count the rejected rows by reason."""
        return {str(k): int(v) for k, v in self.rejected["reason"].value_counts().items()}


def check_bars(
    frame: pd.DataFrame, resolution: str, now: pd.Timestamp | None = None
) -> CheckedBars:
    """Split a frame with the bar columns into bars that keep the contract and rows that break it.

    `resolution` tells when a bar is complete: one whose end lies after `now` is still forming.
    A row is rejected for the first rule that it breaks; nothing is repaired.
    """
    frame = _with_types(frame)
    reason = _broken_rule(frame, resolution, now or utc_now())
    reason = _broken_order(frame["ts"], reason)
    good = reason == ""
    bars = frame.loc[good, BAR_COLUMNS].reset_index(drop=True)
    rejected = frame.loc[~good].assign(row=np.flatnonzero(~good), reason=reason[~good])
    return CheckedBars(bars, rejected[_REJECTED_COLUMNS].reset_index(drop=True))


def first_fault(frame: pd.DataFrame) -> tuple[int, str] | None:
    """Return the first row that breaks a rule of bars of any resolution, and the rule.

    None where all keep them. The frame has aware times and prices that are numbers.
    """
    ts, prices = frame["ts"], frame[PRICE_COLUMNS].to_numpy(np.float64)
    stamps = ts.dt.tz_localize(None).to_numpy().astype("datetime64[us]").astype("int64")
    steps = np.diff(stamps, prepend=stamps[:1] - 1)
    rules = [
        (ts.isna().to_numpy(), NO_TIME),
        *_price_rules(prices),
        (steps == 0, REPEATED),
        (steps < 0, UNORDERED),
    ]
    broken = [(int(mask.argmax()), text) for mask, text in rules if mask.any()]
    return min(broken, key=lambda found: found[0], default=None)


def _with_types(frame: pd.DataFrame) -> pd.DataFrame:
    typed = frame[BAR_COLUMNS].reset_index(drop=True)
    typed["ts"] = pd.to_datetime(typed["ts"], utc=True).astype("datetime64[us, UTC]")
    return typed.astype(dict.fromkeys(BAR_COLUMNS[1:], "float64"))


def _broken_rule(frame: pd.DataFrame, resolution: str, now: pd.Timestamp) -> np.ndarray:
    ts = frame["ts"]
    rules = [
        (ts.isna().to_numpy(), NO_TIME),
        *_price_rules(frame[PRICE_COLUMNS].to_numpy()),
        (np.isinf(frame["volume"].to_numpy()), "volume not a number"),
        ((ts > now).to_numpy(), "bar in the future"),
        ((ts + RESOLUTIONS[resolution] > now).to_numpy(), FORMING),
    ]
    if is_session_based(resolution):
        rules.insert(1, ((ts != ts.dt.normalize()).to_numpy(), "not at the start of a day"))
    return np.select([broken for broken, _ in rules], [text for _, text in rules], default="")


def _price_rules(prices: np.ndarray) -> list[tuple[np.ndarray, str]]:
    open_, high, low, close = prices.T
    return [
        (~np.isfinite(prices).all(axis=1), "price missing or not a number"),
        ((prices <= 0).any(axis=1), "price zero or negative"),
        ((prices > HIGHEST_PRICE).any(axis=1), "price beyond any market"),
        (high < low, "high below low"),
        ((close > high) | (close < low), "close outside the range of high and low"),
        ((open_ > high) | (open_ < low), "open outside the range of high and low"),
    ]


def _broken_order(ts: pd.Series, reason: np.ndarray) -> np.ndarray:
    """Add the reasons that depend on the rows accepted before: repeated or earlier times."""
    good = np.flatnonzero(reason == "")
    stamps = ts.dt.tz_localize(None).to_numpy()[good].astype("int64")
    if len(stamps) == 0:
        return reason
    latest_before = np.concatenate(([np.iinfo("int64").min], np.maximum.accumulate(stamps)[:-1]))
    repeated = pd.Series(stamps).duplicated().to_numpy()
    reason = reason.astype(object)
    reason[good[stamps <= latest_before]] = UNORDERED
    reason[good[repeated]] = REPEATED
    return reason
