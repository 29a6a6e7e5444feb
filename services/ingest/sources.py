"""The sources by name, as the command line and the pages offer them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from db.session import Database
from services.errors import InvalidParams, UserError, did_you_mean
from services.ingest.csv_source import read_csv_bars
from services.ingest.pipeline import IngestReport, ingest
from services.ingest.sample_source import ingest_sample
from services.instruments import check_timezone, normalise_symbol
from services.progress import Report, silent
from services.timespan import check_resolution


@dataclass(frozen=True)
class IngestRequest:
    """What is to be brought in; `file` and `timezone` are for the source csv."""

    symbol: str
    resolution: str
    duration: str | None = None
    file: Path | None = None
    timezone: str | None = None


def ingest_from(
    database: Database, source: str, request: IngestRequest, report: Report = silent
) -> IngestReport:
    """Bring bars in from a source by its name; raises UserErrors."""
    if source not in SOURCES:
        raise InvalidParams(
            f'Unknown source "{source}": use one of {", ".join(SOURCES)}.'
            f"{did_you_mean(source, SOURCES)}",
            field="source",
        )
    return SOURCES[source](database, request, report)


def _from_csv(database: Database, request: IngestRequest, report: Report) -> IngestReport:
    if request.file is None:
        raise InvalidParams("The source csv needs a file: name it with --file.", field="file")
    normalise_symbol(request.symbol)
    check_resolution(request.resolution)
    zone = check_timezone(request.timezone) if request.timezone else None
    return ingest(
        database,
        request.symbol,
        request.resolution,
        lambda: read_csv_bars(request.file, request.resolution, zone),
        duration=request.duration,
        report=report,
    )


def _from_sample(database: Database, request: IngestRequest, report: Report) -> IngestReport:
    return ingest_sample(
        database,
        request.symbol,
        check_resolution(request.resolution),
        duration=request.duration,
        report=report,
    )


def _from_ibkr(_database: Database, _request: IngestRequest, _report: Report) -> IngestReport:
    raise UserError(
        "Interactive Brokers is not connected yet: use --source csv with --file, or --source "
        "sample."
    )


SOURCES: dict[str, Callable[[Database, IngestRequest, Report], IngestReport]] = {
    "ibkr": _from_ibkr,
    "csv": _from_csv,
    "sample": _from_sample,
}
