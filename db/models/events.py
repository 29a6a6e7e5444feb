"""Dated facts beside the prices: of the whole market, of one symbol, and signals from outside."""

from datetime import date

from sqlalchemy import JSON, Date, Double, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class MarketEvent(Base):
    """An event of the whole market, such as a rate decision."""

    __tablename__ = "market_events"
    __table_args__ = (Index(None, "date"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    date: Mapped[date] = mapped_column(Date)
    event_type: Mapped[str] = mapped_column(String(64))
    value: Mapped[float | None] = mapped_column(Double)
    description: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict | None] = mapped_column(JSON(none_as_null=True))


class SymbolEvent(Base):
    """An event of one symbol, such as a split or a dividend."""

    __tablename__ = "symbol_events"
    __table_args__ = (Index(None, "symbol", "date"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    symbol: Mapped[str] = mapped_column(String(32))
    date: Mapped[date] = mapped_column(Date)
    event_type: Mapped[str] = mapped_column(String(64))
    value: Mapped[float | None] = mapped_column(Double)
    details: Mapped[dict | None] = mapped_column(JSON(none_as_null=True))


class ExternalSignal(Base):
    """A signal that someone else computed, for one symbol or for all."""

    __tablename__ = "external_signals"
    __table_args__ = (Index(None, "date"), Index(None, "symbol"))

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    date: Mapped[date] = mapped_column(Date)
    symbol: Mapped[str | None] = mapped_column(String(32))
    category: Mapped[str] = mapped_column(String(64))
    event_type: Mapped[str] = mapped_column(String(64))
    severity: Mapped[str | None] = mapped_column(String(32))
    value: Mapped[float | None] = mapped_column(Double)
    description: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict | None] = mapped_column(JSON(none_as_null=True))
