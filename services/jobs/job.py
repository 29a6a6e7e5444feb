"""A job as people and pages see it: what was asked, how far it is, what came of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

QUEUED, RUNNING, DONE = "queued", "running", "done"
FAILED, CANCELLED, INTERRUPTED = "failed", "cancelled", "interrupted"
ACTIVE = frozenset({QUEUED, RUNNING})
RETRIABLE = frozenset({FAILED, CANCELLED, INTERRUPTED})
STATES = (QUEUED, RUNNING, DONE, FAILED, CANCELLED, INTERRUPTED)

STOPPED = "The worker stopped in the middle: retry to go on from what was stored."
CANCELLED_WAITING = "Cancelled before it began."


@dataclass(frozen=True)
class JobView:
    """One job; `progress` is a fraction of 1, None while it is not known. All times are UTC."""

    id: int
    kind: str
    title: str
    queue: str
    state: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    progress: float | None = None
    message: str = ""
    result: Mapping[str, Any] | None = None
    attempt: int = 1
    worker: str | None = None
    cancel_requested: bool = False
    created_at: datetime | None = None
    started_at: datetime | None = None
    heartbeat: datetime | None = None
    finished_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Tell whether it waits or runs."""
        return self.state in ACTIVE

    @property
    def can_retry(self) -> bool:
        """Tell whether it ended without its result."""
        return self.state in RETRIABLE

    def elapsed(self, now: datetime | None = None) -> timedelta | None:
        """Return how long it has run, None before it began."""
        if self.started_at is None:
            return None
        return max((self.finished_at or now or utc_now()) - self.started_at, timedelta(0))

    def rest(self, now: datetime | None = None) -> timedelta | None:
        """Estimate how long it will still run, None when there is nothing to judge by."""
        elapsed = self.elapsed(now)
        if self.state != RUNNING or elapsed is None or not self.progress:
            return None
        return elapsed * (1 / min(self.progress, 1.0) - 1)

    def interrupted(self) -> "JobView":
        """Return the same job as one whose worker is gone."""
        return replace(self, state=INTERRUPTED, message=STOPPED, finished_at=self.heartbeat)


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def fingerprint(kind: str, arguments: Mapping[str, Any]) -> str:
    """Name what is asked: equal requests have equal names."""
    text = json.dumps([kind, arguments], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
