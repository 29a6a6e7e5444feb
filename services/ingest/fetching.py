"""One series that is being fetched: its chunks, its checked bars, what became of them."""

from collections.abc import Iterator, Sized
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from db.session import Database
from services.bar_table import select_bars
from services.bars import BAR_COLUMNS, FORMING, check_bars
from services.calendars import ALWAYS
from services.ingest.broker_history import BrokerHistory, Tell
from services.ingest.chunks import Chunk, backward_chunks, forward_chunks
from services.ingest.quarantine import quarantine
from services.ingest.store import refresh_indicators, store_bars
from services.market_data import read_bars
from services.progress import Progress, Report
from services.series import Series, series_of
from services.series_row import moment64
from services.timespan import is_session_based

SOURCE = "ibkr"


@dataclass
class Tally:
    """What became of the fetched rows; `rejected` holds time and reason of each refused one."""

    received: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    kept_out: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    rejected: list[tuple[pd.Timestamp, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, counts: Any) -> None:
        """Count what storing some bars did."""
        self.new += counts.new
        self.changed += counts.changed
        self.unchanged += counts.unchanged


@dataclass
class Fetching:
    """The series and where its bars come from; `calendar` None: sessions are not known."""

    database: Database
    symbol: str
    history: BrokerHistory
    timezone: str
    adjustment: str | None
    report: Report
    calendar: Any | None = None
    tally: Tally = field(default_factory=Tally)
    bars: int = 0  # stored or staged so far, for those who watch

    @property
    def key(self) -> tuple[Database, str, str]:
        """What the functions of the store are called with."""
        return self.database, self.symbol, self.history.resolution

    @property
    def facts(self) -> dict[str, Any]:
        """What is noted with the series."""
        return {
            "source": SOURCE,
            "adjustment": self.adjustment,
            "regular_hours": self.history.regular_hours,
        }

    def stored(self) -> Series | None:
        """Return what is stored of the series, None when there is no bar."""
        series = series_of(*self.key)
        return series if series and series.bars else None

    def neighbours(
        self, start: pd.Timestamp, end: pd.Timestamp
    ) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Return the times of the stored bars next to a span, its own where there is none."""
        key = self.symbol, self.history.resolution
        with self.database.reading() as session:
            before, _ = select_bars(session, key, ["close"], end=_moment64(start), last=1)
            after, _ = select_bars(session, key, ["close"], start=_moment64(end), first=2)
        return (
            pd.Timestamp(before[0], tz="UTC") if len(before) else start,
            pd.Timestamp(after[-1], tz="UTC") if len(after) else end,
        )

    def staged_bars(self, chunk: Chunk) -> pd.DataFrame:
        """Return the bars of a chunk's span that a new history has already."""
        key, names = (self.symbol, self.history.resolution), BAR_COLUMNS[1:]
        span = {"start": _moment64(chunk.start), "end": _moment64(chunk.end)}
        with self.database.reading() as session:
            ts, values = select_bars(session, key, names, **span, table="staged_bars")
        times = pd.Series(ts).dt.tz_localize("UTC")
        return pd.DataFrame({"ts": times, **dict(zip(names, values, strict=True))})

    def stored_bars(self, chunk: Chunk) -> pd.DataFrame:
        """Return the stored bars of a chunk's span."""
        with self.database.reading() as session:
            return read_bars(
                session,
                self.symbol,
                self.history.resolution,
                with_indicators=False,
                start=chunk.start,
                end=chunk.end,
            )

    def forward(self, start: pd.Timestamp, end: pd.Timestamp | None = None) -> list[Chunk]:
        """Cut the span from `start` to now, oldest first."""
        end = self.history.now() if end is None else end
        return self._traded(forward_chunks(start, end, self.history.resolution, self._midnights))

    def backward(self, start: pd.Timestamp, end: pd.Timestamp) -> list[Chunk]:
        """Cut a span, newest first."""
        return self._traded(backward_chunks(start, end, self.history.resolution, self._midnights))

    def fetched(self, chunks: list[Chunk]) -> Iterator[tuple[Chunk, pd.DataFrame]]:
        """Fetch chunk after chunk: check the rows, quarantine the bad ones, give the bars."""
        for position, chunk in enumerate(chunks):
            tell = self._teller(position, len(chunks), chunk)
            tell("")
            now = self.history.now()
            yield chunk, self._checked(self.history.fetch(chunk, tell), now)
        if chunks:
            self._teller(len(chunks), len(chunks), chunks[-1])("")

    def store(self, bars: pd.DataFrame, *, refresh: bool = True) -> None:
        """Store the bars of a chunk; without `refresh` their indicators come later."""
        if bars.empty:
            return
        counts = store_bars(*self.key, bars, **self.facts, refresh=refresh)
        self.tally.add(counts)
        self.tally.kept_out += counts.kept_out
        self.bars += counts.new + counts.changed

    def refresh(self) -> None:
        """Compute the indicators that stored bars still lack."""
        refresh_indicators(*self.key, self.report)

    def _checked(self, rows: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
        if rows.empty:
            return rows[BAR_COLUMNS]
        checked = check_bars(rows, self.history.resolution, now)
        # The bar that is still forming is no bad one: it comes again when it is complete.
        bad = checked.rejected[checked.rejected["reason"] != FORMING]
        self.tally.received += len(checked.bars) + len(bad)
        quarantine(*self.key, SOURCE, bad)
        for ts, reason in zip(bad["ts"], bad["reason"], strict=True):
            self.tally.reasons[reason] = self.tally.reasons.get(reason, 0) + 1
            self.tally.rejected.append((ts, reason))
        return checked.bars

    def _traded(self, chunks: list[Chunk]) -> list[Chunk]:
        """Leave out chunks without a session, as weekends."""
        if self.calendar is None:
            return chunks
        return [chunk for chunk in chunks if len(self._sessions(chunk))]

    def _sessions(self, chunk: Chunk) -> Sized:
        """Return the sessions of a chunk; a session may begin on the evening before its date."""
        if is_session_based(self.history.resolution):
            return self.calendar.sessions(*self._dates(chunk))
        return self.calendar.schedule_around(chunk.start, chunk.end - pd.Timedelta(seconds=1))

    def _dates(self, chunk: Chunk) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Return the first and the last date of a chunk, at midnight UTC."""
        last = chunk.end - pd.Timedelta(seconds=1)
        return tuple(
            moment.tz_convert(self._midnights).tz_localize(None).normalize().tz_localize("UTC")
            for moment in (chunk.start, last)
        )

    @property
    def _midnights(self) -> str:
        """Return the clock on whose midnights chunks end: a daily bar carries a date, no moment."""
        always = self.calendar is not None and self.calendar.name == ALWAYS
        return "UTC" if always or is_session_based(self.history.resolution) else self.timezone

    def _teller(self, position: int, total: int, chunk: Chunk) -> Tell:
        first, last = (f"{moment:%Y-%m-%d}" for moment in self._dates(chunk))
        span = f"{self.symbol} {self.history.resolution}, {first} to {last}"

        def tell(text: str) -> None:
            message = f"{span}: {text}" if text else span
            self.report(Progress(position, total, message, self.bars))

        return tell


def _moment64(moment: pd.Timestamp) -> np.datetime64:
    return moment64(moment.tz_convert("UTC").to_pydatetime())
