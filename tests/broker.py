"""What the tests of the broker adapter share: a contract, and time that passes when it is told."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest
from gateway import StandIn
from waiting import until

from services.errors import BrokerError, RequestTimedOut
from services.ibkr import Contract, Gateway
from services.ibkr.backoff import Backoff
from services.settings import Settings

PATIENCE = 30.0  # seconds for one request: far more than a busy machine needs for any answer
NOW = pd.Timestamp("2013-03-01 22:00", tz="UTC")  # the evening of the sample's last session
AAPL = Contract(265598, "AAPL", "STK", "SMART", "USD", timezone="America/New_York")


def gateway_at(port: int, client_id: int | None = None, **settings) -> Gateway:
    """Make the adapter for a port of this machine, patient unless said otherwise."""
    wanted = Settings(**{"ib_port": port, "ib_timeout": PATIENCE} | settings)
    return Gateway(wanted, client_id, backoff=Backoff(chance=lambda: 0.0))


def days(gateway, duration="5 D", **how) -> pd.DataFrame:
    """Ask for daily bars, of which the sample has five in its last week."""
    return gateway.history(AAPL, "1d", None, duration, **how)


def failure(error: type[BrokerError], call: Callable[[], object]) -> BrokerError:
    """Make a call that must end with this very error, waiting out no patience; return the error."""
    started = time.monotonic()
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    assert time.monotonic() - started < PATIENCE
    return caught.value


def asked(broker: StandIn, *kinds: str) -> Callable[[], bool]:
    """Give a condition: from now on, requests of all these kinds have come in."""
    before = len(broker.requests)
    return lambda: {*kinds} <= {request.kind for request in broker.requests[before:]}


def meanwhile(call: Callable[[], Any], *acts: tuple[Callable[[], bool], Callable[[], object]]):
    """Return what a call returns, or raise what it raises; act when each condition holds."""
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(call)
        for condition, act in acts:
            until(condition, seconds=PATIENCE)
            act()
        return outcome.result()


def in_vain(gateway: Gateway, call: Callable[[], Any], *conditions: Callable[[], bool]):
    """Make a call, and let the time for an answer pass as soon as each condition holds.

    Nothing else can run out of time, however slow the machine is.
    """
    return meanwhile(call, *((condition, lambda: let_pass(gateway)) for condition in conditions))


def timed_out(gateway: Gateway, call: Callable[[], Any], *conditions) -> BrokerError:
    """Make a call in vain, and return the error that tells of it."""
    return failure(RequestTimedOut, lambda: in_vain(gateway, call, *conditions))


def let_pass(whose: Gateway | StandIn, seconds: float = PATIENCE) -> None:
    """Move the clock by which a gateway, or the stand-in for one, waits."""
    loop = whose._loop if isinstance(whose, StandIn) else whose._thread._loop

    def move() -> None:
        before = loop.time
        loop.time = lambda: before() + seconds

    # Between two steps of its work: who waits from now on waits from the new time.
    loop.call_soon_threadsafe(move)


def errors_logged(caplog) -> list[str]:
    """Return the log's lines that tell of errors."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def wait_until_lost(gateway: Gateway) -> None:
    """Wait until the adapter has noticed that its connection is gone."""
    until(lambda: not gateway.connected, seconds=PATIENCE)
