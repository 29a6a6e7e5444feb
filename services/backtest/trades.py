"""The list of trades as a table."""

from typing import Any

import numpy as np
import pandas as pd
from pandas.arrays import DatetimeArray

from services.backtest import ledger

OPEN = "open"
LONG, SHORT = "long", "short"
# By the kernel's numbers: BY_SIGNAL, BY_STOP and so on.
EXIT_REASONS = ("signal", "stop", "target", "trailing", "ruin")
TRADE_COLUMNS = [
    "entry_time",
    "entry_price",
    "exit_time",
    "exit_price",
    "quantity",
    "costs",
    "profit",
    "return",
    "exit_reason",
    "commission",
    "slippage",
    "mae",
    "mfe",
    "entry_bar",
    "exit_bar",
    "bars",
    "side",
]


# Words as pandas keeps them: picking one costs less than turning it into a word again.
_REASONS = pd.array([*EXIT_REASONS, OPEN], dtype="str")
_SIDES = pd.array([LONG, SHORT], dtype="str")
_COLUMN_INDEX = pd.Index(TRADE_COLUMNS)


def trades_table(rows: np.ndarray, times: DatetimeArray) -> pd.DataFrame:
    """Turn the kernel's trade rows into a table with TRADE_COLUMNS.

    Prices are those paid and received, slippage included; costs are commission plus slippage in
    money; profit is net of both, return is profit over entry value (quantity times entry price).
    exit_reason says what ended it: "signal", "stop", "target", "trailing", or "ruin" when equity
    was gone. A short's entry is its sale; its costs and commission include the loan of the shares.
    A trade still open has exit_reason "open", no exit time and price, and exit_bar -1: its
    profit is marked to the last close.
    """
    entry_bar = rows[:, ledger.ENTRY_BAR].astype(np.int64)
    exit_bar = rows[:, ledger.EXIT_BAR].astype(np.int64)
    is_open = exit_bar == ledger.STILL_OPEN
    entry_price, shares = rows[:, ledger.ENTRY_PRICE], rows[:, ledger.SHARES]
    commission, slippage = rows[:, ledger.COMMISSION], rows[:, ledger.SLIPPAGE]
    is_short = rows[:, ledger.SIDE] < 0
    lowest, highest = (rows[:, mark] / entry_price - 1.0 for mark in (ledger.WORST, ledger.BEST))
    reasons = np.where(is_open, len(EXIT_REASONS), rows[:, ledger.REASON].astype(np.int64))
    exit_time = times.take(exit_bar)
    if is_open.any():
        exit_time[is_open] = pd.NaT
    columns = {
        "entry_time": times.take(entry_bar),
        "entry_price": entry_price,
        "exit_time": exit_time,
        "exit_price": np.where(is_open, np.nan, rows[:, ledger.EXIT_PRICE]),
        "quantity": shares,
        "costs": commission + slippage,
        "profit": rows[:, ledger.PROFIT],
        "return": rows[:, ledger.PROFIT] / (shares * entry_price),
        "exit_reason": _REASONS.take(reasons),
        "commission": commission,
        "slippage": slippage,
        "mae": np.where(is_short, -highest, lowest),
        "mfe": np.where(is_short, -lowest, highest),
        "entry_bar": entry_bar,
        "exit_bar": exit_bar,
        "bars": np.where(is_open, len(times), exit_bar) - entry_bar,
        "side": _SIDES.take(is_short.astype(np.int64)),
    }
    # Numbers first: an index of words is made anew for each table, this one is there.
    index = pd.RangeIndex(len(rows))
    table = pd.DataFrame(dict(enumerate(columns.values())), index=index, copy=False)
    table.columns = _COLUMN_INDEX
    return table


def signed_quantity(trades: pd.DataFrame) -> np.ndarray:
    """Return the shares of every trade, below zero for a short."""
    quantity = trades["quantity"].to_numpy(np.float64)
    return np.where(trades["side"] == SHORT, -quantity, quantity)


def fills_of(trades: pd.DataFrame, side: str) -> pd.DataFrame:
    """Return the fills of a side, "buy" or "sell", by bar: bar, price, quantity, number.

    The entry of a long and the cover of a short are bought, the others sold. `number` is the
    trade's, from one.
    """
    is_short = (trades["side"] == SHORT).to_numpy()
    enters = is_short if side == "sell" else ~is_short
    leaves = ~enters & (trades["exit_bar"] >= 0).to_numpy()
    number = trades.index.to_numpy() + 1
    fills = pd.concat(
        pd.DataFrame(
            {
                "bar": trades[f"{end}_bar"].to_numpy()[chosen],
                "price": trades[f"{end}_price"].to_numpy(np.float64)[chosen],
                "quantity": trades["quantity"].to_numpy(np.float64)[chosen],
                "number": number[chosen],
            }
        )
        for end, chosen in (("entry", enters), ("exit", leaves))
    )
    return fills.sort_values("bar", kind="stable", ignore_index=True)


def trade_records(trades: pd.DataFrame) -> list[dict]:
    """Return the trades as plain records: ISO times, None where a value is undefined."""
    records = trades.to_dict("records")
    return [{name: _plain(value) for name, value in record.items()} for record in records]


def trades_from_records(records: list[dict]) -> pd.DataFrame:
    """Return the table that trade_records was given."""
    table = pd.DataFrame(records, columns=TRADE_COLUMNS)
    for name in ("entry_time", "exit_time"):
        table[name] = pd.to_datetime(table[name], utc=True).astype("datetime64[us, UTC]")
    numbers = [name for name in TRADE_COLUMNS if name not in _NOT_FLOATS]
    types = dict.fromkeys(numbers, "float64") | dict.fromkeys(_WHOLE, "int64")
    side = table["side"].astype(object)
    table["side"] = side.where(side.notna(), LONG)  # runs of before shorts did not say it
    return table.astype(types | {"exit_reason": "str", "side": "str"})


_WHOLE = ("entry_bar", "exit_bar", "bars")
_NOT_FLOATS = {"entry_time", "exit_time", "exit_reason", "side", *_WHOLE}


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return iso_time(value)
    return None if pd.isna(value) else value


def iso_time(moment: pd.Timestamp) -> str:
    """Write a moment as ISO 8601 in UTC, as in 2024-01-31T14:30:00Z."""
    return moment.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ")
