"""What could mix, cut or lose bars while they are fetched, each a test."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fake_gateway import TESLA, FakeGateway
from real_bars import real_bars

from services.ingest import IngestRequest
from services.ingest.ibkr_source import ingest_ibkr
from services.ingest.pacing import PacingBudget
from services.market_data import load_bars
from services.settings import Settings
from services.timespan import Duration
from services.workspace import Workspace

IBM = real_bars("IBM")
NOW = pd.Timestamp("2013-03-04 18:00", tz="UTC")
PRICES = ["open", "high", "low", "close"]
HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


@pytest.fixture
def workspace(database):
    return Workspace(Settings(ib_timeout=1), database)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Let the budget allow everything: its own tests hold its rules."""
    monkeypatch.setattr(PacingBudget, "acquire", lambda *_, **__: None)


@pytest.fixture
def gateway():
    return FakeGateway(IBM, NOW)


class Truncating(FakeGateway):
    """Makes the bars from smaller ones, and the last only from those before the asked end."""

    size = "1w"

    def history(self, contract, resolution, end, duration, **how):
        until = end or self.now
        since = Duration.parse(duration).before(until)
        self.requests.append((resolution, end, duration))
        ts = self.bars["ts"]
        return grouped(self.bars[(ts >= since) & (ts < until)], self.size)


def grouped(bars, size):
    days = bars["ts"].dt.normalize()
    label = days - pd.to_timedelta(bars["ts"].dt.weekday, "D")
    if size == "4h":
        label = bars["ts"].dt.floor("4h")
    return bars.groupby(label.rename("ts"), sort=True).agg(HOW).reset_index()


def fetch(workspace, gateway, duration="5 Y", resolution="1d", symbol="TSLA", **more):
    request = IngestRequest(symbol, resolution, duration, **more)
    return ingest_ibkr(workspace, request, open_gateway=gateway)


def stored(workspace, resolution="1d", symbol="TSLA"):
    return load_bars(workspace.database, symbol, resolution)[IBM.columns.tolist()]


def halved(bars):
    changed = bars.copy()
    changed[PRICES] = (changed[PRICES] / 2).round(4)
    return changed


def test_weekly_bars_are_whole_where_chunks_meet(workspace):
    gateway = Truncating(IBM, NOW)
    fetch(workspace, gateway, "6 Y", "1w")
    assert len(gateway.requests) > 5
    have = stored(workspace, "1w")
    want = grouped(IBM, "1w").set_index("ts").loc[have["ts"]].reset_index()
    pd.testing.assert_frame_equal(have, want, check_dtype=False)


def test_bars_of_four_hours_are_whole_where_chunks_meet(workspace):
    now = pd.Timestamp("2024-06-03 12:00", tz="UTC")
    ts = pd.date_range(end=now, periods=24 * 155, freq="1h", unit="us")
    close = pd.Series(np.arange(len(ts)) + 100.0)
    hours = pd.DataFrame({"ts": ts, "open": close, "high": close + 1, "low": close - 1,
                          "close": close, "volume": 1.0})  # fmt: skip
    gateway = Truncating(hours, now, [replace(TESLA, sec_type="CRYPTO")])
    gateway.size = "4h"
    fetch(workspace, gateway, "4 M", "4h", asset_class="crypto")
    assert len(gateway.requests) > 3
    have = stored(workspace, "4h")
    assert (have["volume"] == 4).all()
    assert (have["ts"].diff().dropna() == pd.Timedelta(hours=4)).all()
