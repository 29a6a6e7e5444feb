"""The source `csv`: price bars from a text file, as people and programs export them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from services.errors import InvalidFile
from services.ingest.headers import Columns, find_columns, format_name, without_ticker_rows
from services.ingest.numbers import read_prices, read_volumes, uses_decimal_comma
from services.ingest.source import SourceBars
from services.ingest.spacing import check_spacing
from services.ingest.text_table import read_table
from services.ingest.times import Times, read_times
from services.timespan import is_session_based

_ENOUGH = 2  # rows from which an order can be seen
_LAST_DAYS = (3, 4, 5)  # Thursday before a holiday, Friday, Saturday: where a week's label ends


@dataclass(frozen=True)
class CsvTable:
    """A file's cells as text under its own headers, and which header is which field."""

    name: str
    cells: pd.DataFrame
    columns: Columns
    delimiter: str

    @property
    def times(self) -> pd.Series:
        """Return the cells that say when each bar starts."""
        return _time_cells(self.cells, self.columns)


def open_csv(path: Path | str) -> CsvTable:
    """Read a file, plain or gzipped, and find its columns; raise InvalidFile."""
    path = Path(path)
    table, delimiter = read_table(path)
    table = without_ticker_rows(table)
    columns = find_columns(list(table.columns), path.name, delimiter)
    table = table.loc[:, ~table.columns.duplicated()]
    if table.empty:
        raise InvalidFile(f"{path.name} has headers but no rows: fetch it again.")
    return CsvTable(path.name, table, columns, delimiter)


def read_csv_bars(path: Path | str, resolution: str, timezone: str | None = None) -> SourceBars:
    """Read the bars of one symbol from a file, plain or gzipped.

    Times without a zone are in `timezone`, else in UTC. A daily or weekly bar gets its session
    date. Raises InvalidFile when the file as a whole cannot be trusted; a single cell that cannot
    be read becomes NaT, NaN or an infinite volume, for check_bars to refuse the row.
    """
    return bars_of(open_csv(path), resolution, timezone)


def bars_of(file: CsvTable, resolution: str, timezone: str | None = None) -> SourceBars:
    """Return the bars of an opened file, as read_csv_bars does."""
    table, columns = file.cells, file.columns
    notes = _ticker_notes(table, columns, file.name)
    times = read_times(file.times, resolution, timezone, file.name)
    check_spacing(times, resolution, file.name)
    ts = _bar_times(times, resolution, timezone)
    notes += _time_notes(times, resolution, timezone)
    if resolution == "1w" and _labelled_by_last_day(ts):
        ts = _mondays(ts)
        notes.append("The weeks were labelled by their last day: moved to the Monday of each.")
    frame = pd.DataFrame({"ts": ts})
    decimal_comma = _fill_numbers(frame, table, columns, file.delimiter, file.name)
    adj_close = None
    if columns.adj_close:
        adj_close = pd.Series(read_prices(table[columns.adj_close], decimal_comma))
        notes.append("The adjusted close was kept apart: the stored close is the plain one.")
    if columns.volume is None:
        notes.append("There is no volume in the file: it is stored as unknown.")
    row_numbers = np.arange(1, len(frame) + 1)
    if _newest_first(frame["ts"]):
        notes.append("The rows were newest first: they were turned round.")
        frame = frame.iloc[::-1].reset_index(drop=True)
        row_numbers = row_numbers[::-1]
        adj_close = None if adj_close is None else adj_close.iloc[::-1].reset_index(drop=True)
    return SourceBars(frame, format_name(list(table.columns)), row_numbers, adj_close, notes)


def _time_cells(table: pd.DataFrame, columns: Columns) -> pd.Series:
    if columns.moment:
        return table[columns.moment]
    if columns.time:
        return (table[columns.date] + " " + table[columns.time]).str.strip()
    return table[columns.date]


def _fill_numbers(
    frame: pd.DataFrame, table: pd.DataFrame, columns: Columns, delimiter: str, name: str
) -> bool:
    prices = {field: getattr(columns, field) for field in ("open", "high", "low", "close")}
    decimal_comma = delimiter != "," and uses_decimal_comma(table[list(prices.values())], name)
    for field, header in prices.items():
        frame[field] = read_prices(table[header], decimal_comma)
    frame["volume"] = (
        read_volumes(table[columns.volume], decimal_comma) if columns.volume else np.nan
    )
    return decimal_comma


def _bar_times(times: Times, resolution: str, timezone: str | None) -> pd.Series:
    if not is_session_based(resolution):
        return times.utc
    own = times.own
    if timezone and times.has_zone.any() and (own != own.dt.normalize()).any():
        # Moments rather than labels: the session's date is the one on its own clock.
        local = times.utc.dt.tz_convert(timezone).dt.tz_localize(None)
        own = local.where(times.has_zone, own)
    return own.dt.normalize().astype("datetime64[us]").dt.tz_localize("UTC")


def _labelled_by_last_day(ts: pd.Series) -> bool:
    usual = ts.dt.day_of_week.mode()
    return len(usual) > 0 and int(usual.iloc[0]) in _LAST_DAYS


def _mondays(ts: pd.Series) -> pd.Series:
    return ts - pd.to_timedelta(ts.dt.day_of_week, unit="D").astype("timedelta64[us]")


def _time_notes(times: Times, resolution: str, timezone: str | None) -> list[str]:
    notes = []
    if is_session_based(resolution):
        return notes
    if not timezone and not times.has_zone.all():
        notes.append("Times without a zone were read as UTC: give --timezone if they are local.")
    if times.unclear:
        notes.append(
            f"{times.unclear} times are shown twice or never by their zone's clock: their rows "
            "were rejected."
        )
    return notes


def _ticker_notes(table: pd.DataFrame, columns: Columns, name: str) -> list[str]:
    if not columns.ticker:
        return []
    tickers = [ticker for ticker in table[columns.ticker].unique() if ticker]
    if len(tickers) > 1:
        raise InvalidFile(
            f"{name} holds {len(tickers)} symbols ({', '.join(tickers[:3])}…): keep one a file."
        )
    return [f"The file names its symbol {ticker}." for ticker in tickers]


def _newest_first(ts: pd.Series) -> bool:
    known = ts.dropna()
    return len(known) >= _ENOUGH and known.is_monotonic_decreasing and known.nunique() > 1
