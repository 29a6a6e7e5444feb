"""What the tests of the broker adapter share: a clock, a contract, errors that come in time."""

import logging
import time

import pandas as pd
import pytest

from services.errors import BrokerError
from services.ibkr import Contract, Gateway
from services.ibkr.backoff import Backoff
from services.settings import Settings

PATIENCE = 0.7  # seconds for one request
SLACK = 1.5  # seconds that a slow machine may add
NOW = pd.Timestamp("2013-03-01 22:00", tz="UTC")  # the evening of the sample's last session
AAPL = Contract(265598, "AAPL", "STK", "SMART", "USD", timezone="America/New_York")


def gateway_at(port: int, client_id: int | None = None, **settings) -> Gateway:
    """Make the adapter for a port of this machine, impatient unless said otherwise."""
    wanted = Settings(**{"ib_port": port, "ib_timeout": PATIENCE} | settings)
    return Gateway(wanted, client_id, backoff=Backoff(chance=lambda: 0.0))


def days(gateway, duration="5 D", **how) -> pd.DataFrame:
    """Ask for daily bars, of which the sample has five in its last week."""
    return gateway.history(AAPL, "1d", None, duration, **how)


def failure(error: type[BrokerError], call, within: float = 2 * PATIENCE) -> BrokerError:
    """Make a call that must end with this very error in time, and return the error."""
    started = time.monotonic()
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    assert time.monotonic() - started < within + SLACK
    return caught.value


def errors_logged(caplog) -> list[str]:
    """Return the log's lines that tell of errors."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def wait_until_lost(gateway: Gateway) -> None:
    """Wait until the adapter has noticed that its connection is gone."""
    until = time.monotonic() + 5
    while gateway.connected and time.monotonic() < until:
        time.sleep(0.005)
    assert not gateway.connected
