"""The tables, one file a family; importing this package registers them all on Base.metadata."""

from db.models.base import Base
from db.models.events import ExternalSignal, MarketEvent, SymbolEvent
from db.models.instruments import Instrument
from db.models.prices import MarketPrice
from db.models.runs import BacktestRun, BacktestSeries

__all__ = [
    "BacktestRun",
    "BacktestSeries",
    "Base",
    "ExternalSignal",
    "Instrument",
    "MarketEvent",
    "MarketPrice",
    "SymbolEvent",
]
