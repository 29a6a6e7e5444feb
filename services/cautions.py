"""What a reader of a backtest must know about its bars before trusting the numbers."""

import math
from datetime import date

import pandas as pd
from sqlalchemy import select

from db.models import SymbolEvent
from db.session import Database


def split_cautions(database: Database, symbol: str, bars: pd.DataFrame) -> tuple[str, ...]:
    """Name the known splits that the bars still show as a fall or a jump of the price.

    The bars themselves tell whether they are adjusted: at a split of ratio r, unadjusted prices
    step by about 1/r from one close to the next open. A list may have the ratio the wrong way
    round; the step is there all the same.
    """
    days = [
        f"{day:%Y-%m-%d}" for day, ratio in _splits(database, symbol) if _shows(bars, day, ratio)
    ]
    if not days:
        return ()
    noun = "split" if len(days) == 1 else "splits"
    return (
        f"These bars of {symbol} are not adjusted for its {noun} on {' and '.join(days)}: the "
        "step of the price on such a day is no gain or loss, and every number across it is wrong. "
        "Choose a span without one.",
    )


def _splits(database: Database, symbol: str) -> list[tuple[date, float]]:
    query = (
        select(SymbolEvent.date, SymbolEvent.value)
        .where(SymbolEvent.symbol == symbol, SymbolEvent.event_type == "split")
        .order_by(SymbolEvent.date)
    )
    with database.reading() as session:
        return [(day, ratio) for day, ratio in session.execute(query) if ratio and ratio > 0]


def _shows(bars: pd.DataFrame, day: date, ratio: float) -> bool:
    """Tell whether the step over a split is nearer to the split's own than to none."""
    first = int(bars["ts"].searchsorted(pd.Timestamp(day, tz="UTC")))
    if not 0 < first < len(bars):
        return False
    step = abs(math.log(bars["close"].iloc[first - 1] / bars["open"].iloc[first]))
    return abs(step - abs(math.log(ratio))) < step
