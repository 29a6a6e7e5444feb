"""Decides whether bars of a file or a sample may join those that are stored under the symbol."""

import pandas as pd

from db.session import Database
from services.errors import InvalidParams
from services.ingest.overlap import Overlap, compare_overlap
from services.market_data import read_bars
from services.series import Series, series_of

_BROKER, _SAMPLE = "ibkr", "sample"
_NAMES = {_BROKER: "Interactive Brokers", _SAMPLE: "the sample", "csv": "a file"}


def must_replace(
    database: Database, symbol: str, resolution: str, bars: pd.DataFrame, origin: str
) -> bool:
    """Tell whether new bars take the place of the stored ones (a sample's) or join them.

    Raises InvalidParams where they would be a mixture.
    """
    stored = series_of(database, symbol, resolution)
    if stored is None or not stored.bars:
        return False
    if stored.source == _BROKER != origin:
        raise _refused(stored, origin, "are not mixed with others")
    overlap, covered = _overlap(database, stored, bars)
    if stored.source in (origin, None):
        if overlap.rewritten and not covered:
            raise _refused(stored, origin, f"are {_difference(overlap)}")
        return False
    if overlap.bars and not overlap.rewritten and overlap.revised <= overlap.bars / 2:
        return False
    if stored.source == _SAMPLE:
        return True
    raise _refused(stored, origin, "are not the same")


def _overlap(database: Database, stored: Series, bars: pd.DataFrame) -> tuple[Overlap, bool]:
    """Compare, and tell whether there is a new bar for each stored one."""
    first, last = bars["ts"].iloc[0], bars["ts"].iloc[-1]
    with database.reading() as session:
        same_span = read_bars(
            session,
            stored.symbol,
            stored.resolution,
            with_indicators=False,
            start=first,
            end=last + pd.Timedelta(1, "us"),
        )
    overlap = compare_overlap(same_span, bars)
    return overlap, overlap.bars == stored.bars


def _difference(overlap: Overlap) -> str:
    if overlap.ratio:
        return f"adjusted otherwise (the new prices are {overlap.ratio:.6g} times the stored ones)"
    return f"counted otherwise (the new volumes are {overlap.volume_ratio:g} times the stored ones)"


def _refused(stored: Series, origin: str, why: str) -> InvalidParams:
    return InvalidParams(
        f"The stored bars of {stored.symbol} {stored.resolution} came from "
        f"{_NAMES.get(stored.source or '', 'elsewhere')} and {why}: nothing was changed. Give the "
        f"bars of {_NAMES.get(origin, origin)} a symbol of their own, or delete the series first.",
        field="symbol",
    )
