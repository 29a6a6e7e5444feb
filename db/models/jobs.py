"""Work that outlives a request, and what all processes that do it must agree on."""

from datetime import datetime

from sqlalchemy import JSON, Boolean, Double, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base
from db.types import BigId, UtcDateTime

_ACTIVE = text("state IN ('queued', 'running')")


class Job(Base):
    """One piece of work: what was asked, how far it is, what came of it.

    `fingerprint` names what was asked: of two active jobs no two have the same.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "uq_jobs_active_fingerprint",
            "fingerprint",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        Index(None, "state", "heartbeat"),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    arguments: Mapped[dict] = mapped_column(JSON)
    fingerprint: Mapped[str] = mapped_column(String(64))
    queue: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    done: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    progress: Mapped[float | None] = mapped_column(Double)
    message: Mapped[str] = mapped_column(Text)
    result: Mapped[dict | None] = mapped_column(JSON(none_as_null=True))
    attempt: Mapped[int] = mapped_column(Integer)
    worker: Mapped[str | None] = mapped_column(String(200))
    cancel_requested: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heartbeat: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BrokerRequest(Base):
    """One request for history that was sent to the broker: the pacing budget counts these rows."""

    __tablename__ = "broker_requests"
    __table_args__ = (Index(None, "made_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    contract: Mapped[str] = mapped_column(String(64))
    request: Mapped[str] = mapped_column(String(64))
    weight: Mapped[float] = mapped_column(Double)


class Lease(Base):
    """A right that one process holds at a time, as working on the broker's queue."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(200))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
