"""The tables, one file a family; importing this package registers them all on Base.metadata."""

from db.models.base import Base
from db.models.events import ExternalSignal, MarketEvent, SymbolEvent
from db.models.instruments import Instrument
from db.models.jobs import BrokerRequest, Job, Lease
from db.models.prices import MarketPrice
from db.models.runs import BacktestRun, BacktestSeries, RunTag
from db.models.series import (
    AcceptedFinding,
    PriceSeries,
    QuarantinedBar,
    StagedBar,
    StagedHistory,
    UpdateSchedule,
)
from db.models.studies import Study, StudyChunk, StudySeries

__all__ = [
    "AcceptedFinding",
    "BacktestRun",
    "BacktestSeries",
    "Base",
    "BrokerRequest",
    "ExternalSignal",
    "Instrument",
    "Job",
    "Lease",
    "MarketEvent",
    "MarketPrice",
    "PriceSeries",
    "QuarantinedBar",
    "RunTag",
    "StagedBar",
    "StagedHistory",
    "Study",
    "StudyChunk",
    "StudySeries",
    "SymbolEvent",
    "UpdateSchedule",
]
