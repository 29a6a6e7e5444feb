"""Saved studies: many combinations of one strategy's parameters, and what came of each."""

from datetime import datetime

from sqlalchemy import JSON, Float, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base
from db.types import UtcDateTime


class Study(Base):
    """One sweep, search or walk-forward: what was asked, with which bars and code, how far it is.

    `worker` names the process that works on it, `best` is the best value of its objective so far.
    A deleted study keeps its row: what was tried counts as tried.
    """

    __tablename__ = "studies"
    __table_args__ = (Index(None, "created_at"), Index(None, "symbol", "resolution", "strategy"))

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    name: Mapped[str | None] = mapped_column(String(200))
    notes: Mapped[str | None] = mapped_column(Text)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    symbol: Mapped[str] = mapped_column(String(32))
    resolution: Mapped[str] = mapped_column(String(8))
    strategy: Mapped[str] = mapped_column(String(100))
    method: Mapped[str] = mapped_column(String(16))
    asked: Mapped[dict] = mapped_column(JSON)
    combinations: Mapped[int] = mapped_column(Integer)
    dropped: Mapped[int] = mapped_column(Integer)
    chunk_rows: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    worker: Mapped[str | None] = mapped_column(String(200))
    job_id: Mapped[int | None] = mapped_column(Integer)
    bars_hash: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    metrics_version: Mapped[int] = mapped_column(Integer)
    versions: Mapped[dict] = mapped_column(JSON)
    summary: Mapped[dict | None] = mapped_column(JSON(none_as_null=True))
    best: Mapped[float | None] = mapped_column(Float)


class StudyChunk(Base):
    """Some rows of a study's results, packed; they are there as a whole or not at all.

    `rows` is how many combinations were tried for it; `state` is what the next one goes on from.
    """

    __tablename__ = "study_chunks"

    study_id: Mapped[int] = mapped_column(
        ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    rows: Mapped[int] = mapped_column(Integer)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[bytes | None] = mapped_column(LargeBinary)


class StudySeries(Base):
    """The packed curves of one study, kept apart so that lists of studies stay light."""

    __tablename__ = "study_series"

    study_id: Mapped[int] = mapped_column(
        ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True
    )
    payload: Mapped[bytes] = mapped_column(LargeBinary)
