"""The source `sample`: four shares that ship with the program, and what happened to them."""

import csv
from datetime import date
from pathlib import Path

from sqlalchemy import select

from db.models import SymbolEvent
from db.session import Database
from services.errors import InvalidParams, UnknownSymbol, did_you_mean
from services.ingest.csv_source import read_csv_bars
from services.ingest.joining import must_replace
from services.ingest.pipeline import IngestReport, ingest
from services.ingest.source import SourceBars
from services.instruments import add_instrument, normalise_symbol
from services.progress import Report, silent
from services.quality import store_coverage
from services.settings import ROOT
from services.timespan import Duration

FOLDER = ROOT / "data" / "sample"
SAMPLES = {
    "AAPL": "Apple Inc.",
    "GOOG": "Alphabet Inc.",
    "IBM": "International Business Machines",
    "MSFT": "Microsoft",
}
RESOLUTION = "1d"


def read_sample(symbol: str, resolution: str = RESOLUTION) -> SourceBars:
    """Return the bars of a sample; raise UnknownSymbol or InvalidParams when there is none."""
    symbol = normalise_symbol(symbol)
    if symbol not in SAMPLES:
        raise UnknownSymbol(
            f'There is no sample of "{symbol}": choose {", ".join(SAMPLES)}.'
            f"{did_you_mean(symbol, SAMPLES)}",
            field="symbol",
        )
    if resolution != RESOLUTION:
        raise InvalidParams(
            f"The samples have daily bars only: ask for {RESOLUTION}.", field="resolution"
        )
    return read_csv_bars(FOLDER / "daily" / f"{symbol}.csv", resolution)


def ingest_sample(
    database: Database,
    symbol: str,
    resolution: str = RESOLUTION,
    *,
    duration: str | Duration | None = None,
    report: Report = silent,
) -> IngestReport:
    """Store a sample's bars, what is known of the instrument, and its splits and dividends."""
    source = read_sample(symbol, resolution)
    symbol = normalise_symbol(symbol)
    must_replace(database, symbol, resolution, source.frame, "sample")  # before anything is written
    add_instrument(
        database,
        symbol,
        name=SAMPLES[symbol],
        asset_class="equity",
        exchange="SMART",
        currency="USD",
        timezone="America/New_York",
        contract_spec={"adjustment": "raw"},
    )
    _store_events(database, symbol)
    stored = ingest(
        database,
        symbol,
        resolution,
        source,
        duration=duration,
        origin="sample",
        adjustment="raw",
        report=report,
    )
    store_coverage(database, symbol, resolution)
    return stored


def _store_events(database: Database, symbol: str) -> None:
    with database.writing() as session:
        stored = session.execute(
            select(SymbolEvent.date, SymbolEvent.event_type).where(SymbolEvent.symbol == symbol)
        )
        known = {tuple(row) for row in stored}
        for event in _events(FOLDER / "events" / "corporate_actions.csv", symbol):
            if (event.date, event.event_type) not in known:
                session.add(event)


def _events(path: Path, symbol: str) -> list[SymbolEvent]:
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["symbol"] == symbol]
    return [
        SymbolEvent(
            symbol=symbol,
            date=date.fromisoformat(row["ts"]),
            event_type=row["event"],
            value=float(row["factor_ratio" if row["event"] == "split" else "implied_dividend"]),
            details={"source": "derived from adjusted prices"},
        )
        for row in rows
    ]
