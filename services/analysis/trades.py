"""The closed trades of a run as arrays, and what the other modules ask of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.backtest.result import BacktestResult
from services.backtest.trades import signed_quantity


@dataclass(frozen=True, eq=False)
class Trades:
    """Arrays of one value a trade; `number` counts from one, as chart and table do.

    `quantity` is below zero for a short, `entry_value` never is.
    """

    number: np.ndarray
    profit: np.ndarray
    returns: np.ndarray
    entry_value: np.ndarray
    costs: np.ndarray
    mae: np.ndarray
    mfe: np.ndarray
    bars: np.ndarray
    days: np.ndarray
    entry_time: np.ndarray
    exit_time: np.ndarray
    entry_bar: np.ndarray
    quantity: np.ndarray

    def __len__(self) -> int:
        return len(self.number)

    def where(self, chosen: np.ndarray) -> "Trades":
        """Return the trades that a mask chooses."""
        return Trades(*(getattr(self, name)[chosen] for name in _FIELDS))


_FIELDS = tuple(Trades.__dataclass_fields__)
_DAY = np.timedelta64(1, "D") / np.timedelta64(1, "us")


def closed_trades(result: BacktestResult) -> Trades:
    """Return the trades that were closed."""
    return every_trade(result).where(result.trades["exit_bar"].to_numpy() >= 0)


def open_trades(result: BacktestResult) -> Trades:
    """Return the trades still open at the end, marked and lasting to the last close."""
    return every_trade(result).where(result.trades["exit_bar"].to_numpy() < 0)


def every_trade(result: BacktestResult) -> Trades:
    """Return all trades, times as datetime64[us] in UTC; one still open ends at the last bar."""
    table = result.trades
    entry, last = _times(table["entry_time"]), _times(result.bars["ts"].iloc[-1:])
    exit_ = _times(table["exit_time"])
    exit_ = np.where(np.isnat(exit_), last[0], exit_)
    return Trades(
        number=np.arange(1, len(table) + 1),
        profit=table["profit"].to_numpy(np.float64),
        returns=table["return"].to_numpy(np.float64),
        entry_value=(table["quantity"] * table["entry_price"]).to_numpy(np.float64),
        costs=table["costs"].to_numpy(np.float64),
        mae=table["mae"].to_numpy(np.float64),
        mfe=table["mfe"].to_numpy(np.float64),
        bars=table["bars"].to_numpy(np.int64),
        days=(exit_ - entry).astype(np.int64) / _DAY,
        entry_time=entry,
        exit_time=exit_,
        entry_bar=table["entry_bar"].to_numpy(np.int64),
        quantity=signed_quantity(table),
    )


def _times(column: pd.Series) -> np.ndarray:
    return column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]")
