"""Finds the columns of a table of bars by the usual spellings of their headers."""

import re
from dataclasses import dataclass

import pandas as pd

from services.errors import InvalidFile

# Spellings without spaces, dots, brackets and case; of several present the first listed counts.
SPELLINGS = {
    "date": ["date", "day", "tradedate", "tradingday"],
    "time": ["time"],
    "moment": [
        *["datetime", "timestamp", "ts", "dateandtime", "datetimeutc", "timestamputc", "timeutc"],
        *["gmttime", "unix", "unixtime", "epoch", "opentime"],
    ],
    "open": ["open", "openprice", "o"],
    "high": ["high", "highprice", "h"],
    "low": ["low", "lowprice", "l"],
    "close": ["close", "closeprice", "closelast", "c", "last", "lastprice", "price"],
    "adj_close": ["adjclose", "adjustedclose", "closeadj"],
    "volume": ["volume", "vol", "v", "sharevolume"],
    "ticker": ["ticker", "symbol"],
}
_IGNORED_SIGNS = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True)
class Columns:
    """The header of each field, as the file spells it; None where there is no such column.

    `moment` holds date and time in one; else there is `date`, with or without `time`.
    """

    open: str
    high: str
    low: str
    close: str
    date: str | None = None
    time: str | None = None
    moment: str | None = None
    adj_close: str | None = None
    volume: str | None = None
    ticker: str | None = None


def find_columns(headers: list[str], name: str) -> Columns:
    """Map the headers of the file `name` to fields; raise InvalidFile when one is missing."""
    found = {field: _find(headers, field, name) for field in SPELLINGS}
    if found["moment"] or not found["date"]:
        found["moment"] = found["moment"] or found["time"]
        found["date"] = found["time"] = None
    missing = [field for field in ("open", "high", "low", "close") if not found[field]]
    if not (found["moment"] or found["date"]):
        missing.insert(0, "time")
    if missing:
        raise InvalidFile(
            f"{name} has no column for {' and '.join(missing)}: its headers are "
            f"{', '.join(h[:30] for h in headers[:12])}; name them Date, Open, High, Low, Close "
            "and Volume."
        )
    return Columns(**found)


def without_ticker_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Drop the two extra header rows that yfinance writes under "Price,Close,High,…"."""
    if len(table) < 2 or list(table.iloc[:2, 0]) != ["Ticker", "Date"]:
        return table
    return table.iloc[2:].reset_index(drop=True).rename(columns={table.columns[0]: "Date"})


def format_name(headers: list[str]) -> str:
    """Name the program whose export has these headers; "csv" when it could be anyone's."""
    known = {_plain(header) for header in headers}
    if any(header.startswith("<") for header in headers):
        return "Stooq"
    if known & {"wap", "barcount", "average"}:
        return "IBKR"
    if "adjclose" in known:
        return "Yahoo"
    if headers[:5] == ["time", "open", "high", "low", "close"]:
        return "TradingView"
    return "csv"


def _find(headers: list[str], field: str, name: str) -> str | None:
    for spelling in SPELLINGS[field]:
        matching = [header for header in headers if _plain(header) == spelling]
        if len(matching) > 1 and field in ("open", "high", "low", "close"):
            raise InvalidFile(
                f"{name} has {len(matching)} columns for {field} ({', '.join(matching)}): keep one."
            )
        if matching:
            return matching[0]
    return None


def _plain(header: str) -> str:
    return _IGNORED_SIGNS.sub("", re.sub(r"\.\d+$", "", header).lower())
