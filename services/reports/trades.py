"""The list of trades as words: one row a trade, as the reports print it."""

from dataclasses import dataclass

import pandas as pd

from services.backtest.result import BacktestResult
from services.backtest.trades import OPEN, signed_quantity
from services.timespan import is_session_based
from services.wording import exit_names, grouped, percent_text, price_text


@dataclass(frozen=True)
class Column:
    """A column of the list: its title, what it says, and how wide it is in letters."""

    title: str
    meaning: str
    width: int
    is_number: bool = True


def trade_columns(resolution: str) -> tuple[Column, ...]:
    """Return the columns; bars finer than a day have times, in UTC."""
    time = 10 if is_session_based(resolution) else 16
    zone = "" if is_session_based(resolution) else ", UTC"
    return (
        Column("#", "Number of the trade, in the order of entry", 5),
        Column("Entry", f"Bar of the entry{zone}", time, is_number=False),
        Column("Entry price", "Price of the entry, slippage included", 12),
        Column("Exit", f"Bar of the exit{zone}", time, is_number=False),
        Column("Exit price", "Price of the exit, slippage included", 12),
        Column("Exit reason", "What ended the trade", 13, is_number=False),
        Column("Shares", "Shares of the trade, below zero for a short", 12),
        Column("Net profit", "Profit after commission and slippage", 12),
        Column("Return", "Net profit as a part of the entry value", 10),
        Column("MAE", "Worst mark within the trade, of its entry value", 9),
        Column("MFE", "Best mark within the trade, of its entry value", 9),
        Column("Costs", "Commission and slippage", 9),
        Column("Bars", "Bars from entry to exit", 6),
    )


def trade_rows(result: BacktestResult, resolution: str) -> list[list[str]]:
    """Return the texts of every trade, in the order of trade_columns."""
    form = "%Y-%m-%d" if is_session_based(resolution) else "%Y-%m-%d %H:%M"
    table = result.trades
    entries = _times(table["entry_time"], form)
    exits = _times(table["exit_time"], form)
    columns = (
        "entry_price", "exit_price", "quantity", "profit", "return", "mae", "mfe", "costs", "bars",
        "exit_name", "exit_reason",
    )  # fmt: skip
    shown = table.assign(
        quantity=signed_quantity(table), exit_name=exit_names(table["exit_reason"])
    )
    rows = zip(*(shown[name].tolist() for name in columns), strict=True)
    return [
        _row(number, entry, exit_, values)
        for number, (entry, exit_, values) in enumerate(
            zip(entries, exits, rows, strict=True), start=1
        )
    ]


def _row(number: int, entry: str, exit_: str, values: tuple) -> list[str]:
    bought, sold, shares, profit, fraction, mae, mfe, costs, bars, name, reason = values
    is_open = reason == OPEN
    return [
        str(number),
        entry,
        price_text(bought),
        "open" if is_open else exit_,
        "" if is_open else price_text(sold),
        name,
        grouped(shares, 2),
        _signed(grouped(profit, 2), profit),
        _signed(percent_text(fraction), fraction),
        percent_text(mae),
        percent_text(mfe),
        grouped(costs, 2),
        grouped(bars, 0),
    ]


def _signed(text: str, value: float) -> str:
    return f"+{text}" if value > 0 and not text.startswith(">") else text


def _times(column: pd.Series, form: str) -> list[str]:
    return column.dt.tz_convert("UTC").dt.strftime(form).fillna("").tolist()
