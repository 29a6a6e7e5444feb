"""The sources by name, as the command line and the pages offer them."""

from collections.abc import Callable

from services.adjustment import check_adjustment
from services.errors import InvalidParams, did_you_mean
from services.ingest.csv_source import read_csv_bars
from services.ingest.ibkr_source import ingest_ibkr
from services.ingest.pipeline import IngestReport, ingest
from services.ingest.request import IngestRequest
from services.ingest.sample_source import ingest_sample
from services.instruments import check_timezone, normalise_symbol
from services.progress import Report, silent
from services.quality import store_coverage
from services.timespan import check_resolution
from services.workspace import Workspace


def ingest_from(
    workspace: Workspace, source: str, request: IngestRequest, report: Report = silent
) -> IngestReport:
    """Bring bars in from a source by its name, ready for charts; raises UserErrors."""
    if source not in SOURCES:
        raise InvalidParams(
            f'Unknown source "{source}": use one of {", ".join(SOURCES)}.'
            f"{did_you_mean(source, SOURCES)}",
            field="source",
        )
    stored = SOURCES[source](workspace, request, report)
    workspace.columns.prepare(stored.symbol, stored.resolution)
    return stored


def _from_csv(workspace: Workspace, request: IngestRequest, report: Report) -> IngestReport:
    if request.file is None:
        raise InvalidParams("The source csv needs a file: name it with --file.", field="file")
    normalise_symbol(request.symbol)
    check_resolution(request.resolution)
    zone = check_timezone(request.timezone) if request.timezone else None
    stored = ingest(
        workspace.database,
        request.symbol,
        request.resolution,
        lambda: read_csv_bars(request.file, request.resolution, zone),
        duration=request.duration,
        adjustment=check_adjustment(request.adjustment) if request.adjustment else None,
        report=report,
    )
    store_coverage(workspace.database, stored.symbol, stored.resolution)
    return stored


def _from_sample(workspace: Workspace, request: IngestRequest, report: Report) -> IngestReport:
    return ingest_sample(
        workspace.database,
        request.symbol,
        check_resolution(request.resolution),
        duration=request.duration,
        report=report,
    )


SOURCES: dict[str, Callable[[Workspace, IngestRequest, Report], IngestReport]] = {
    "ibkr": ingest_ibkr,
    "csv": _from_csv,
    "sample": _from_sample,
}
