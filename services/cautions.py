"""What a reader of a backtest must know about its bars before trusting the numbers."""

import pandas as pd
from sqlalchemy import select

from db.models import SymbolEvent
from db.session import Database
from services.instruments import Instrument

RAW = "raw"


def split_cautions(
    database: Database, instrument: Instrument, start: pd.Timestamp, end: pd.Timestamp
) -> tuple[str, ...]:
    """Name the splits inside a span of bars that are stored as traded, not adjusted for them."""
    if (instrument.contract_spec or {}).get("adjustment") != RAW:
        return ()
    query = (
        select(SymbolEvent.date)
        .where(
            SymbolEvent.symbol == instrument.symbol,
            SymbolEvent.event_type == "split",
            SymbolEvent.date > start.date(),
            SymbolEvent.date <= end.date(),
        )
        .order_by(SymbolEvent.date)
    )
    with database.reading() as session:
        days = [f"{day:%Y-%m-%d}" for day in session.scalars(query)]
    if not days:
        return ()
    return (
        f"These bars of {instrument.symbol} are not adjusted for its "
        f"{'split' if len(days) == 1 else 'splits'} on {' and '.join(days)}: the fall on such a "
        "day is not a loss, and every number across it is wrong. Choose a span without one.",
    )
