"""What a reader must know of a study's bars before trusting its numbers."""

import pandas as pd

from db.session import Database
from services.backtest.finer import pieced
from services.backtest.finer_use import finer_cover
from services.backtest.request import BacktestRequest
from services.cautions import split_cautions
from services.errors import BarsDisagree, NoBars
from services.finer_bars import load_finer_for
from services.instruments import get_instrument
from services.market_data import load_bars


def study_cautions(database: Database, asked: BacktestRequest) -> tuple[str, ...]:
    """Name the splits that show in the bars of a study's span, and where finer bars are missing.

    Raises what loading bars raises.
    """
    bars = load_bars(database, asked.symbol, asked.resolution, with_indicators=False)
    start, end = asked.span(bars["ts"].iloc[-1])
    ts = bars["ts"]
    within = (True if start is None else ts >= start) & (True if end is None else ts <= end)
    seen = bars if start is None and end is None else bars[within].reset_index(drop=True)
    return (
        *split_cautions(database, asked.symbol, seen),
        *_finer_cautions(database, asked, seen, (start, end)),
    )


def _finer_cautions(
    database: Database, asked: BacktestRequest, bars: pd.DataFrame, span: tuple
) -> tuple[str, ...]:
    """Say what finer bars cannot tell today; a study that is done is shown all the same."""
    try:
        finer = load_finer_for(database, asked, bars, span)
        if finer is None:
            return ()
        timezone = get_instrument(database, asked.symbol).timezone or "UTC"
        fit = pieced(bars, finer, timezone).fit
    except (NoBars, BarsDisagree) as error:
        return (str(error),)
    return tuple(filter(None, [finer_cover(fit, bars["ts"], finer.resolution).text]))
