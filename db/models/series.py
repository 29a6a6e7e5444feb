"""What is known of each stored series beside its bars: how it came in, how it is kept current."""

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base
from db.types import BigId, UtcDateTime


class PriceSeries(Base):
    """One symbol at one resolution; its row changes in the transaction that changes its bars.

    Stored indicators from `stale_from` on are not those of the bars: readers compute them.
    """

    __tablename__ = "price_series"

    symbol: Mapped[str] = mapped_column(
        String(32), ForeignKey("instruments.symbol", ondelete="CASCADE"), primary_key=True
    )
    resolution: Mapped[str] = mapped_column(String(8), primary_key=True)
    first: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bars: Mapped[int] = mapped_column(Integer)
    stale_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    source: Mapped[str | None] = mapped_column(String(32))
    adjustment: Mapped[str | None] = mapped_column(String(32))
    regular_hours: Mapped[bool | None] = mapped_column(Boolean)
    coverage: Mapped[float | None] = mapped_column(Double)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StagedBar(Base):
    """A bar of a history that is fetched anew; it replaces the stored one when all is there."""

    __tablename__ = "staged_bars"
    __table_args__ = (UniqueConstraint("symbol", "resolution", "ts"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    symbol: Mapped[str] = mapped_column(String(32))
    resolution: Mapped[str] = mapped_column(String(8))
    ts: Mapped[datetime] = mapped_column(UtcDateTime)
    open: Mapped[float] = mapped_column(Double)
    high: Mapped[float] = mapped_column(Double)
    low: Mapped[float] = mapped_column(Double)
    close: Mapped[float] = mapped_column(Double)
    volume: Mapped[float | None] = mapped_column(Double)


class StagedHistory(Base):
    """How far the fetching of a whole history anew has come, so that it goes on after a kill."""

    __tablename__ = "staged_histories"

    symbol: Mapped[str] = mapped_column(String(32), primary_key=True)
    resolution: Mapped[str] = mapped_column(String(8), primary_key=True)
    start: Mapped[datetime] = mapped_column(UtcDateTime)
    reached: Mapped[datetime] = mapped_column(UtcDateTime)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    details: Mapped[dict | None] = mapped_column(JSON(none_as_null=True))


class UpdateSchedule(Base):
    """When an instrument is brought up to date by itself: `mode` is off or daily."""

    __tablename__ = "update_schedules"

    symbol: Mapped[str] = mapped_column(
        String(32), ForeignKey("instruments.symbol", ondelete="CASCADE"), primary_key=True
    )
    mode: Mapped[str] = mapped_column(String(16))
    last_session: Mapped[date | None] = mapped_column(Date)


class QuarantinedBar(Base):
    """A row that a source gave and that is no bar, or a bar that someone dropped, with the reason.

    `digest` names the row by its content, so that the same one is listed once. `state` is open,
    accepted (known, listed no more) or dropped (kept out when the source gives it again).
    """

    __tablename__ = "quarantined_bars"
    __table_args__ = (
        UniqueConstraint("digest"),
        Index(None, "symbol", "resolution", "ts"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    symbol: Mapped[str] = mapped_column(String(32))
    resolution: Mapped[str] = mapped_column(String(8))
    ts: Mapped[datetime | None] = mapped_column(UtcDateTime)
    open: Mapped[float | None] = mapped_column(Double)
    high: Mapped[float | None] = mapped_column(Double)
    low: Mapped[float | None] = mapped_column(Double)
    close: Mapped[float | None] = mapped_column(Double)
    volume: Mapped[float | None] = mapped_column(Double)
    reason: Mapped[str] = mapped_column(String(200))
    source: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AcceptedFinding(Base):
    """A finding of the quality report that someone looked at and found right."""

    __tablename__ = "accepted_findings"
    __table_args__ = (UniqueConstraint("symbol", "resolution", "kind", "start"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    symbol: Mapped[str] = mapped_column(String(32))
    resolution: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(32))
    start: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime)
