"""What a saved study is, as lists and pages see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from db.models import Study as Row
from services.jobs.job import ACTIVE
from services.metrics import METRICS_VERSION
from services.processes import is_gone
from services.studies.request import StudyRequest
from services.timespan import utc_now

RUNNING, DONE, CANCELLED, FAILED = "running", "done", "cancelled", "failed"
WAITING, INTERRUPTED = "waiting", "interrupted"
STATES = (WAITING, RUNNING, DONE, CANCELLED, FAILED, INTERRUPTED)

# Under which a summary keeps where the traded span began, and the last bar that was seen.
SINCE, UNTIL = "since", "until"


@dataclass(frozen=True)
class Extent:
    """How much there is to do: valid combinations, invalid ones, and how many make a chunk."""

    combinations: int
    dropped: int
    chunk_rows: int


@dataclass(frozen=True)
class Study:
    """One study; `done` of `combinations` are stored, `dropped` were not valid.

    `bars_hash` and `code_hash` name the bars and the strategy's file that it goes on with.
    `summary` is what was made of its results, `best` the best value of its objective: of a
    walk-forward that of its tests as one run, None while there is none.
    """

    id: int
    created_at: pd.Timestamp
    request: StudyRequest
    combinations: int
    dropped: int
    chunk_rows: int
    done: int
    state: str
    job_id: int | None
    bars_hash: str
    code_hash: str
    metrics_version: int
    versions: Mapping[str, str]
    summary: Mapping[str, Any]
    name: str = ""
    notes: str = ""
    best: float | None = None

    @property
    def is_whole(self) -> bool:
        """Tell whether all of its combinations are stored."""
        return self.state == DONE

    @property
    def is_active(self) -> bool:
        """Tell whether it waits for a worker or is worked on."""
        return self.state in (WAITING, RUNNING)

    @property
    def can_go_on(self) -> bool:
        """Tell whether it ended, or was ended, with something still to do."""
        return self.state in (CANCELLED, FAILED, INTERRUPTED)

    @property
    def chunks(self) -> int:
        """Into how many chunks its combinations are cut."""
        return -(-self.combinations // self.chunk_rows)


def study_of(row: Row, job_state: str | None = None) -> Study:
    """Return a row as a study; one whose worker is gone is interrupted, whatever is stored."""
    return Study(
        id=row.id,
        created_at=pd.Timestamp(row.created_at),
        request=StudyRequest.from_record(row.asked),
        combinations=row.combinations,
        dropped=row.dropped,
        chunk_rows=row.chunk_rows,
        done=row.done,
        state=_judged(row, job_state),
        job_id=row.job_id,
        bars_hash=row.bars_hash,
        code_hash=row.code_hash,
        metrics_version=row.metrics_version,
        versions=row.versions,
        summary=row.summary or {},
        name=row.name or "",
        notes=row.notes or "",
        best=row.best,
    )


def unsaved_study(request: StudyRequest, extent: Extent, summary: Mapping[str, Any]) -> Study:
    """Return a study that was done and not saved: it has no number."""
    return Study(
        id=0,
        created_at=utc_now(),
        request=request,
        combinations=extent.combinations,
        dropped=extent.dropped,
        chunk_rows=extent.chunk_rows,
        done=extent.combinations,
        state=DONE,
        job_id=None,
        bars_hash="",
        code_hash="",
        metrics_version=METRICS_VERSION,
        versions={},
        summary=summary,
    )


def _judged(row: Row, job_state: str | None) -> str:
    if row.state not in (WAITING, RUNNING):
        return row.state
    if row.job_id is not None and row.state == WAITING:
        return WAITING if job_state in ACTIVE else INTERRUPTED
    ended = row.job_id is not None and job_state not in ACTIVE
    return INTERRUPTED if ended or is_gone(row.worker) else row.state
