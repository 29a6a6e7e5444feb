"""Saved backtests: what was asked, what came out, and the series to draw it again."""

from datetime import datetime

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base
from db.types import UtcDateTime


class BacktestRun(Base):
    """One backtest; it outlives its data, so its symbol refers to no other table.

    A run with `deleted_at` is out of sight and can be brought back.
    """

    __tablename__ = "backtest_runs"
    __table_args__ = (
        Index(None, "fingerprint", unique=True),
        Index(None, "created_at"),
        Index(None, "deleted_at", "symbol", "strategy"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    name: Mapped[str | None] = mapped_column(String(200))
    symbol: Mapped[str] = mapped_column(String(32))
    resolution: Mapped[str] = mapped_column(String(8))
    strategy: Mapped[str] = mapped_column(String(100))
    params: Mapped[dict] = mapped_column(JSON)
    request: Mapped[dict] = mapped_column(JSON)
    start: Mapped[datetime] = mapped_column(UtcDateTime)
    end: Mapped[datetime] = mapped_column(UtcDateTime)
    bars: Mapped[int] = mapped_column(Integer)
    metrics: Mapped[dict] = mapped_column(JSON)
    benchmark_metrics: Mapped[dict] = mapped_column(JSON)
    trades: Mapped[list] = mapped_column(JSON)
    versions: Mapped[dict] = mapped_column(JSON)
    metrics_version: Mapped[int] = mapped_column(Integer)
    bars_hash: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    notes: Mapped[str | None] = mapped_column(Text)
    favourite: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    look_ahead: Mapped[dict | None] = mapped_column(JSON(none_as_null=True))


class BacktestSeries(Base):
    """The packed series of one run, kept apart so that lists of runs stay light."""

    __tablename__ = "backtest_series"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("backtest_runs.id", ondelete="CASCADE"), primary_key=True
    )
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class RunTag(Base):
    """One word that somebody gave a run to find it again."""

    __tablename__ = "run_tags"
    __table_args__ = (Index(None, "tag"),)

    run_id: Mapped[int] = mapped_column(
        ForeignKey("backtest_runs.id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(40), primary_key=True)
