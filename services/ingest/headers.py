"""Finds the columns of a table of bars by the usual spellings of their headers."""

import re
import unicodedata
from dataclasses import dataclass

import pandas as pd

from services.errors import InvalidFile

# Spellings without spaces, dots, brackets, accents and case; of several present the first listed
# counts. The Polish ones are Stooq's; without their ż they come from files in Windows-1250.
SPELLINGS = {
    "date": ["date", "day", "tradedate", "tradingday", "data"],
    "time": ["time", "czas"],
    "moment": [
        *["datetime", "timestamp", "ts", "dateandtime", "datetimeutc", "timestamputc", "timeutc"],
        *["gmttime", "unix", "unixtime", "epoch", "opentime"],
    ],
    "open": ["open", "openprice", "o", "otwarcie"],
    "high": ["high", "highprice", "h", "najwyzszy", "najwyszy"],
    "low": ["low", "lowprice", "l", "najnizszy", "najniszy"],
    "close": [
        *["close", "closeprice", "closelast", "c", "zamkniecie", "last", "lastprice", "price"],
    ],
    "adj_close": ["adjclose", "adjustedclose", "closeadj"],
    "volume": ["volume", "vol", "v", "sharevolume", "wolumen"],
    "ticker": ["ticker", "symbol"],
}
_IGNORED_SIGNS = re.compile(r"[^a-z0-9]")
_NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,]*")
_LEAST_NUMBERS = 4  # open, high, low, close
_SHOWN = 40  # signs of a file's first line


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


def find_columns(headers: list[str], name: str, delimiter: str = ",") -> Columns:
    """Map the headers of the file `name` to fields; raise InvalidFile when one is missing."""
    if sum(bool(_NUMBER.fullmatch(header)) for header in headers) >= _LEAST_NUMBERS:
        raise _no_header_line(headers, name, delimiter)
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


def _no_header_line(headers: list[str], name: str, delimiter: str) -> InvalidFile:
    first = delimiter.join(headers)
    wanted = delimiter.join(["date", "open", "high", "low", "close", "volume"])
    return InvalidFile(
        f"{name} has no header line: its first line is "
        f"{first[:_SHOWN]}{'…' * (len(first) > _SHOWN)}; add one: {wanted}"
    )


def without_ticker_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Drop the two extra header rows that yfinance writes under "Price,Close,High,…"."""
    if len(table) < 2 or list(table.iloc[:2, 0]) != ["Ticker", "Date"]:
        return table
    return table.iloc[2:].reset_index(drop=True).rename(columns={table.columns[0]: "Date"})


def format_name(headers: list[str]) -> str:
    """Name the program whose export has these headers; "csv" when it could be anyone's."""
    known = {_plain(header) for header in headers}
    if "otwarcie" in known or any(header.startswith("<") for header in headers):
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
    letters = unicodedata.normalize("NFKD", re.sub(r"\.\d+$", "", header).lower())
    return _IGNORED_SIGNS.sub("", letters)
