"""Shows what a file of bars would become, before anything is stored."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from services.bars import CheckedBars, check_bars
from services.errors import InvalidFile, InvalidParams
from services.ingest.csv_source import CsvTable, bars_of, open_csv
from services.ingest.pipeline import RejectedRow
from services.ingest.source import SourceBars
from services.ingest.times import read_times
from services.instruments import check_timezone, normalise_symbol
from services.timespan import RESOLUTIONS, check_resolution, is_session_based

SHOWN = 8  # bars, and rejected rows
_SAMPLE = 2_000  # rows by whose distance the resolution is guessed
_FIELDS = ("date", "time", "moment", "open", "high", "low", "close", "volume", "adj_close",
           "ticker")  # fmt: skip
# Parts of a file's name that are no part of a symbol.
_NO_SYMBOL = re.compile(
    r"\d{1,2}|\d*(?:m|min|minute|h|hour|d|day|w|week|mo|month|y|year)s?|daily|hourly|weekly|intraday|"
    r"(?:18|19|20|21)\d{2}(?:\d{4})?|us|csv|txt|data|prices?|bars?|history|historical|stock|"
    r"export|download|table|quotes?|adjusted|raw|file|to|max|\(?\d\)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class FilePreview:
    """What would become of a file's rows.

    `columns` pairs each recognised header with its field; `bars` are the first to be stored,
    `rejected` the first that would not be, `reasons` counts all of those. `lacks_zone` tells that
    the bars' times depend on the time zone that the user names.
    """

    name: str
    format: str
    columns: tuple[tuple[str, str], ...]
    symbol: str
    resolution: str
    timezone: str
    rows: int
    stored: int
    bars: pd.DataFrame
    rejected: tuple[RejectedRow, ...]
    reasons: dict[str, int]
    notes: tuple[str, ...]
    lacks_zone: bool

    @property
    def rejected_count(self) -> int:
        """Count the rows that would not be stored."""
        return sum(self.reasons.values())


class Preview:
    """An opened file that can be looked at in several ways without reading it again."""

    def __init__(self, path: Path):
        self._file = _for_pages(lambda: open_csv(path))

    def look(self, resolution: str | None = None, timezone: str | None = None) -> FilePreview:
        """Return what the file would become; without a resolution the rows' distance tells it.

        Raises InvalidFile or InvalidParams.
        """
        resolution = check_resolution(resolution) if resolution else guess_resolution(self._file)
        zone = check_timezone(timezone) if timezone else None
        source = _for_pages(lambda: bars_of(self._file, resolution, zone))
        return self._preview(source, check_bars(source.frame, resolution), resolution, zone)

    def _preview(
        self, source: SourceBars, checked: CheckedBars, resolution: str, zone: str | None
    ) -> FilePreview:
        file = self._file
        return FilePreview(
            name=file.name,
            format=source.format,
            columns=_recognised(file),
            symbol=guess_symbol(file),
            resolution=resolution,
            timezone=zone or "",
            rows=len(source.frame),
            stored=len(checked.bars),
            bars=checked.bars.head(SHOWN),
            rejected=_first_rejected(source, checked),
            reasons=checked.reasons,
            notes=tuple(_for_page(note) for note in source.notes),
            lacks_zone=not is_session_based(resolution) and _lacks_zone(file),
        )


def preview_file(
    path: Path, resolution: str | None = None, timezone: str | None = None
) -> FilePreview:
    """Return what a file would become; raises InvalidFile or InvalidParams."""
    return Preview(path).look(resolution, timezone)


def guess_resolution(file: CsvTable) -> str:
    """Return the resolution whose length is nearest to the usual distance of the first rows."""
    times = read_times(file.times.head(_SAMPLE), "1m", None, file.name)
    moments = np.unique(times.own.dropna().to_numpy().astype("datetime64[us]"))
    if len(moments) < 2:
        return "1d"
    step = pd.Timedelta(np.median(np.diff(moments)))
    names = [name for name in RESOLUTIONS if times.has_clock or is_session_based(name)]
    return min(names, key=lambda name: abs(np.log(RESOLUTIONS[name] / step)))


def guess_symbol(file: CsvTable) -> str:
    """Return the symbol that the file's rows or its name tell, empty when neither does."""
    if file.columns.ticker:
        tickers = [ticker for ticker in file.cells[file.columns.ticker].unique() if ticker]
        return _symbol_or_nothing(tickers[0]) if len(tickers) == 1 else ""
    stem = re.sub(r"(?:\.(?:csv|txt|tsv|gz))+$", "", file.name, flags=re.IGNORECASE)
    parts = [part for part in re.split(r"[_,\s]+|-(?=\d|[a-z])", stem) if part]
    while parts and _NO_SYMBOL.fullmatch(parts[-1]):
        parts.pop()
    return _symbol_or_nothing("_".join(parts))


def _recognised(file: CsvTable) -> tuple[tuple[str, str], ...]:
    found = {getattr(file.columns, name): name for name in _FIELDS}
    return tuple((header, found[header]) for header in file.cells.columns if header in found)


def _first_rejected(source: SourceBars, checked: CheckedBars) -> tuple[RejectedRow, ...]:
    first = checked.rejected.head(SHOWN)
    return tuple(
        RejectedRow(int(source.row_numbers[row]), None if pd.isna(ts) else ts, reason)
        for row, ts, reason in zip(first["row"], first["ts"], first["reason"], strict=True)
    )


def _lacks_zone(file: CsvTable) -> bool:
    times = read_times(file.times.head(_SAMPLE), "1m", None, file.name)
    return not times.has_zone.all()


def _symbol_or_nothing(text: str) -> str:
    try:
        return normalise_symbol(text)
    except InvalidParams:
        return ""


def _for_pages(read):
    """Let what the command line would be told be said in the words of a form."""
    try:
        return read()
    except InvalidFile as error:
        raise InvalidFile(_for_page(str(error))) from error


def _for_page(text: str) -> str:
    text = re.sub(r"ingest it with -r (\w+)", r"choose the resolution \1", text)
    return text.replace("give --timezone", "choose the time zone")
