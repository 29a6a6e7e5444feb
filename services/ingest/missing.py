"""Fetches the bars of a series that has none, from a source that has them."""

from sqlalchemy import select

from db.models import Instrument
from db.session import Database
from services.errors import NoBars, did_you_mean
from services.ingest.sample_source import RESOLUTION, SAMPLES, ingest_sample
from services.instruments import normalise_symbol
from services.market_data import last_bar_time
from services.progress import Report, silent
from services.timespan import check_resolution


def fetch_missing(
    database: Database, symbol: str, resolution: str, report: Report = silent
) -> bool:
    """Bring in the bars of a series unless some are stored; tell whether any were fetched.

    Raises InvalidParams, and NoBars when no source has them.
    """
    symbol, resolution = normalise_symbol(symbol), check_resolution(resolution)
    if last_bar_time(database, symbol, resolution) is not None:
        return False
    if symbol not in SAMPLES or resolution != RESOLUTION:
        raise _no_source(database, symbol, resolution)
    ingest_sample(database, symbol, resolution, report=report)
    return True


def _no_source(database: Database, symbol: str, resolution: str) -> NoBars:
    with database.reading() as session:
        known = {*session.scalars(select(Instrument.symbol)), *SAMPLES}
    suggestion = "" if symbol in known else did_you_mean(symbol, known)
    bring = f".{suggestion} Bring" if suggestion else "; bring"
    return NoBars(
        f'No {resolution} bars of "{symbol}" are stored and no source can fetch them: Interactive '
        f"Brokers is not connected yet{bring} them in with: "
        f'python -m scripts.ingest -s "{symbol}" -r {resolution} --file prices.csv'
    )
