"""Asks one gateway for the bars of one contract: within the budget, and again after a mishap."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd

from services.bars import BAR_COLUMNS
from services.errors import (
    BrokerError,
    ConnectionLost,
    EmptyAnswer,
    NotConnected,
    PacingViolation,
    RequestTimedOut,
    UnreadableAnswer,
)
from services.ibkr.contracts import Contract
from services.ingest.chunks import IN_DAYS, Chunk
from services.ingest.pacing import PacingBudget

_TRIES = {RequestTimedOut: 2, UnreadableAnswer: 2, PacingViolation: 8}
# A gateway restarts every night: so many times the patience with one request it may be away.
_AWAY_TIMES = 5
_THROUGH_THE_NIGHT = ("CASH", "CRYPTO", "FUT", "CONTFUT")
WHAT = {"CASH": "MIDPOINT", "CRYPTO": "AGGTRADES"}

Tell = Callable[[str], None]


class Gateway(Protocol):
    """What is needed of a gateway to fetch history."""

    def connect(self) -> None:
        """Connect unless connected."""

    def history(self, contract: Contract, resolution: str, end, duration: str, **how):
        """Return bars as they were sent; raise a BrokerError."""

    def server_time(self) -> pd.Timestamp:
        """Return the broker's clock."""


@dataclass
class BrokerHistory:
    """The history of one contract at one resolution; `timeout` is the patience with a request."""

    gateway: Gateway
    contract: Contract
    resolution: str
    regular_hours: bool
    budget: PacingBudget
    timeout: float
    clock: Callable[[], float] = time.monotonic
    _told: tuple[pd.Timestamp, float] | None = field(default=None, init=False)

    def now(self) -> pd.Timestamp:
        """Return the broker's clock, asked once and carried on."""
        if self._told is None:
            self._told = (self.gateway.server_time(), self.clock())
        moment, since = self._told
        return (moment + pd.Timedelta(seconds=self.clock() - since)).floor("ms")

    def fetch(self, chunk: Chunk, tell: Tell) -> pd.DataFrame:
        """Return the rows of a chunk as the broker gave them, ascending; none when it has none.

        `tell` hears why it takes longer, and may raise to end it. Raises a BrokerError when asking
        again does not help.
        """
        failures: list[type[BrokerError]] = []
        away_since = None
        while True:
            try:
                self.gateway.connect()
                self.budget.acquire(*self._names(chunk), lambda seconds: tell(_waiting(seconds)))
                return self._within(self._ask(chunk), chunk)
            except EmptyAnswer:
                return pd.DataFrame(columns=BAR_COLUMNS)
            except (ConnectionLost, NotConnected) as error:
                away_since = away_since or self.clock()
                if self.clock() - away_since > _AWAY_TIMES * self.timeout:
                    raise
                tell(f"connecting again: {error}")
                time.sleep(min(1.0, self.timeout / 10))
            except (RequestTimedOut, UnreadableAnswer, PacingViolation) as error:
                failures.append(type(error))
                if failures.count(type(error)) >= _TRIES[type(error)]:
                    raise
                tell(f"asking again: {error}")

    def _ask(self, chunk: Chunk) -> pd.DataFrame:
        return self.gateway.history(
            self.contract,
            self.resolution,
            None if chunk.asked_until >= self.now() else chunk.asked_until,
            self._duration(chunk),
            regular_hours=self.regular_hours,
            what=WHAT.get(self.contract.sec_type, "TRADES"),
        )

    def _duration(self, chunk: Chunk) -> str:
        """Return how long a span is asked for: one day more where sessions cross midnight.

        The broker counts days in sessions, and one that has begun when the chunk ends is one; a
        week in which the clocks change may have an hour more.
        """
        count, unit = chunk.duration.split()
        in_days = {"D": 1, "W": 7}.get(unit) if self.resolution in IN_DAYS else None
        if in_days is None or self.contract.sec_type not in _THROUGH_THE_NIGHT:
            return chunk.duration
        return f"{int(count) * in_days + 1} D"

    def _names(self, chunk: Chunk) -> tuple[str, str]:
        """Name the contract and the request as the budget counts them."""
        what = WHAT.get(self.contract.sec_type, "TRADES")
        end = "" if chunk.asked_until >= self.now() else f"{chunk.asked_until:%Y%m%d%H%M%S}"
        contract = f"{self.contract.con_id} {self.contract.exchange} {what}"
        return contract, f"{contract} {self.resolution} {end} {self._duration(chunk)}"[:64]

    def _within(self, frame: pd.DataFrame, chunk: Chunk) -> pd.DataFrame:
        """Keep the rows of the chunk, in order; one without a readable time is for the check."""
        ts = pd.to_datetime(frame["ts"], utc=True)
        wanted = ts.isna() | ((ts >= chunk.start) & (ts < chunk.end))
        return frame.assign(ts=ts)[wanted].sort_values("ts", kind="stable", ignore_index=True)


def _waiting(seconds: float) -> str:
    return f"waiting {seconds:.0f} s: the broker allows so many requests in ten minutes and no more"
