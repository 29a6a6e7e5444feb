"""What a reader must know of a study's bars before trusting its numbers."""

from db.session import Database
from services.backtest.request import BacktestRequest
from services.cautions import split_cautions
from services.market_data import load_bars


def study_cautions(database: Database, asked: BacktestRequest) -> tuple[str, ...]:
    """Name the splits that show in the bars of a study's span; raise what loading bars raises."""
    bars = load_bars(database, asked.symbol, asked.resolution, with_indicators=False)
    start, end = asked.span(bars["ts"].iloc[-1])
    ts = bars["ts"]
    within = (True if start is None else ts >= start) & (True if end is None else ts <= end)
    seen = bars if start is None and end is None else bars[within].reset_index(drop=True)
    return split_cautions(database, asked.symbol, seen)
