"""The budget of requests for history, kept in the database: every process asks it before it asks.

The broker counts the requests of an account, not of a process: at most 60 in ten minutes, fewer
than six for one contract within two seconds, none like another of the last fifteen seconds. The
numbers are the broker's for bars of up to 30 seconds; for longer bars it only slows down, and the
budget keeps to them all the same. A request is counted when it is allowed, and reaches the broker
a little later: the windows here are a little longer than the broker's.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from db.models import BrokerRequest
from db.session import Database
from services.timespan import utc_now

WINDOW, MOST = pd.Timedelta(seconds=605), 60
BURST, MOST_IN_BURST = pd.Timedelta(seconds=3), 5
IDENTICAL = pd.Timedelta(seconds=18)
_STEP = 0.5  # seconds between two looks at the budget, and between two chances to cancel

Waiting = Callable[[float], None]


@dataclass(frozen=True)
class Asked:
    """One request that was counted."""

    made_at: pd.Timestamp
    contract: str
    request: str
    weight: float = 1.0


class PacingBudget:
    """The budget of all processes that share a database."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], pd.Timestamp] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._database = database
        self._now = now
        self._sleep = sleep

    def acquire(self, contract: str, request: str, waiting: Waiting, weight: float = 1.0) -> None:
        """Wait until one more request is allowed, and count it.

        `waiting` is told the seconds still to wait, again and again; what it raises ends the wait.
        """
        while (seconds := self._try(contract, request, weight)) > 0:
            waiting(seconds)
            self._sleep(min(seconds, _STEP))

    def _try(self, contract: str, request: str, weight: float) -> float:
        with self._database.writing() as session:
            _take_turns(session)
            now = self._now()
            asked = _recent(session, now)
            seconds = seconds_to_wait(asked, now, contract, request, weight)
            if seconds <= 0:
                session.execute(
                    insert(BrokerRequest).values(
                        made_at=now.to_pydatetime(),
                        contract=contract,
                        request=request,
                        weight=weight,
                    )
                )
        return seconds


def seconds_to_wait(
    asked: list[Asked], now: pd.Timestamp, contract: str, request: str, weight: float = 1.0
) -> float:
    """Return the seconds until a request breaks no rule, 0 when it breaks none now."""
    free_at = [now]
    free_at += [old.made_at + IDENTICAL for old in asked if old.request == request]
    same = sorted(old.made_at for old in asked if old.contract == contract)
    if len(same) >= MOST_IN_BURST:
        free_at.append(same[-MOST_IN_BURST] + BURST)
    free_at.append(_free_in_window(asked, now, weight))
    return max((max(free_at) - now).total_seconds(), 0.0)


def _free_in_window(asked: list[Asked], now: pd.Timestamp, weight: float) -> pd.Timestamp:
    """Return the moment at which enough of the last requests have left the window."""
    used = sum(old.weight for old in asked)
    for old in sorted(asked, key=lambda one: one.made_at):
        if used + weight <= MOST:
            break
        used -= old.weight
        now = max(now, old.made_at + WINDOW)
    return now


def _recent(session: Session, now: pd.Timestamp) -> list[Asked]:
    """Return what still counts; forget what no longer does."""
    session.execute(
        delete(BrokerRequest).where(BrokerRequest.made_at < (now - WINDOW).to_pydatetime())
    )
    rows = session.execute(
        select(
            BrokerRequest.made_at,
            BrokerRequest.contract,
            BrokerRequest.request,
            BrokerRequest.weight,
        )
    )
    return [Asked(pd.Timestamp(row.made_at), *row[1:]) for row in rows]


def _take_turns(session: Session) -> None:
    """Let one process at a time look and count; SQLite's writers take turns already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE broker_requests IN EXCLUSIVE MODE"))
