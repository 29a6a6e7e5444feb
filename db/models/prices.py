"""Price bars with their indicators: one row a bar."""

from datetime import datetime

from sqlalchemy import Double, ForeignKey, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base
from db.types import BigId, UtcDateTime


class MarketPrice(Base):
    """A bar that starts at `ts`; indicators are NULL while they warm up."""

    __tablename__ = "market_prices"
    __table_args__ = (UniqueConstraint("symbol", "resolution", "ts"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    symbol: Mapped[str] = mapped_column(String(32), ForeignKey("instruments.symbol"))
    resolution: Mapped[str] = mapped_column(String(8))
    ts: Mapped[datetime] = mapped_column(UtcDateTime)
    open: Mapped[float] = mapped_column(Double)
    high: Mapped[float] = mapped_column(Double)
    low: Mapped[float] = mapped_column(Double)
    close: Mapped[float] = mapped_column(Double)
    volume: Mapped[float | None] = mapped_column(Double)
    ma20: Mapped[float | None] = mapped_column(Double)
    ma50: Mapped[float | None] = mapped_column(Double)
    ema_fast: Mapped[float | None] = mapped_column(Double)
    ema_slow: Mapped[float | None] = mapped_column(Double)
    macd: Mapped[float | None] = mapped_column(Double)
    macd_signal: Mapped[float | None] = mapped_column(Double)
    bb_mid: Mapped[float | None] = mapped_column(Double)
    bb_upper: Mapped[float | None] = mapped_column(Double)
    bb_lower: Mapped[float | None] = mapped_column(Double)
    rsi: Mapped[float | None] = mapped_column(Double)
    atr: Mapped[float | None] = mapped_column(Double)
    tr: Mapped[float | None] = mapped_column(Double)
    ath: Mapped[float | None] = mapped_column(Double)
    supertrend: Mapped[float | None] = mapped_column(Double)
    supertrend_upper: Mapped[float | None] = mapped_column(Double)
    supertrend_lower: Mapped[float | None] = mapped_column(Double)
    supertrend_trend: Mapped[int | None] = mapped_column(SmallInteger)
