"""What could mix, cut or lose bars while they are fetched, each a test."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fake_gateway import TESLA, FakeGateway
from real_bars import real_bars

from services.errors import HistoryDiffers, InvalidParams, NoBars, NotSubscribed
from services.ingest import IngestRequest, refetch
from services.ingest.ibkr_source import ingest_ibkr
from services.ingest.pacing import PacingBudget
from services.ingest.sample_source import ingest_sample
from services.ingest.store import store_bars
from services.leases import Leases
from services.market_data import load_bars
from services.series import series_of
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


def test_a_hole_that_is_filled_after_a_split_brings_the_whole_history_anew(workspace, gateway):
    at = len(IBM) - 300
    gateway.bars = IBM.drop(index=range(at, at + 20)).reset_index(drop=True)
    fetch(workspace, gateway)
    gateway.bars = halved(IBM)
    report = refetch(
        workspace, "TSLA", "1d", IBM["ts"][at], IBM["ts"][at + 19], open_gateway=gateway
    )
    have = stored(workspace)
    pd.testing.assert_frame_equal(have, halved(IBM).tail(len(have)).reset_index(drop=True))
    assert "rewritten the past" in " ".join(report.notes)


def test_a_longer_span_is_fetched_though_a_split_is_found_first(workspace, gateway):
    fetch(workspace, gateway, "2 Y")
    gateway.bars = halved(IBM)
    fetch(workspace, gateway, "4 Y")
    assert stored(workspace)["ts"].iloc[0] < pd.Timestamp("2009-03-10", tz="UTC")


def test_bars_that_do_not_meet_the_stored_ones_are_not_added_to_them(workspace, gateway):
    gateway.now = pd.Timestamp("2012-06-04 18:00", tz="UTC")
    fetch(workspace, gateway, "2 Y")
    gateway.now = NOW
    gateway.bars = halved(IBM)
    recent = gateway.bars["ts"] > pd.Timestamp("2012-06-04", tz="UTC")
    gateway.edits = [lambda frame: frame[frame["ts"].isin(gateway.bars["ts"][recent])]]
    gateway.edit = lambda frame: gateway.edits.pop()(frame) if gateway.edits else frame
    fetch(workspace, gateway, None)
    have = stored(workspace)
    pd.testing.assert_frame_equal(have, halved(IBM).tail(len(have)).reset_index(drop=True))


def test_a_new_history_is_begun_again_when_a_split_comes_between(workspace, gateway):
    fetch(workspace, gateway)
    gateway.mishaps = [None, None, NotSubscribed("no")]
    with pytest.raises(NotSubscribed):
        fetch(workspace, gateway, None, regular_hours=False)
    gateway.bars = halved(IBM)
    fetch(workspace, gateway, None, regular_hours=False)
    have = stored(workspace)
    pd.testing.assert_frame_equal(have, halved(IBM).tail(len(have)).reset_index(drop=True))
    assert len(have) > 1200


def test_regular_hours_may_follow_all_hours(workspace):
    days = pd.date_range("2024-05-01", "2024-05-31", freq="B", tz="America/New_York")
    ts = pd.DatetimeIndex([day + pd.Timedelta(hours=h) for day in days for h in range(4, 20)])
    hours = pd.DataFrame({"ts": ts.tz_convert("UTC").as_unit("us")})
    hours[PRICES] = 100.0
    hours["volume"] = 1.0
    regular = hours[pd.Series(ts.hour).between(9, 15)].reset_index(drop=True)
    gateway = FakeGateway(hours, pd.Timestamp("2024-06-01 18:00", tz="UTC"))
    fetch(workspace, gateway, "3 W", "1h", regular_hours=False)
    gateway.bars = regular
    fetch(workspace, gateway, None, "1h", regular_hours=True)
    have = stored(workspace, "1h")
    assert set(have["ts"].dt.tz_convert("America/New_York").dt.hour) == set(range(9, 16))
    assert series_of(workspace.database, "TSLA", "1h").regular_hours is True


def test_stored_bars_that_a_new_history_lacks_are_told(workspace, gateway):
    fetch(workspace, gateway)
    gateway.bars = halved(IBM.drop(index=range(len(IBM) - 300, len(IBM) - 295)))
    report = fetch(workspace, gateway, None)
    assert "5 bars that were stored are not in it" in " ".join(report.notes)


def test_a_sample_is_not_said_to_be_replaced_by_nothing(workspace, gateway):
    ingest_sample(workspace.database, "IBM")
    before = stored(workspace, symbol="IBM")
    gateway.contract_list = [replace(TESLA, symbol="IBM")]
    gateway.bars = IBM.iloc[:0]
    with pytest.raises(NoBars, match="has no 1d bars of IBM"):
        fetch(workspace, gateway, "1 Y", symbol="IBM")
    pd.testing.assert_frame_equal(stored(workspace, symbol="IBM"), before)


def test_a_name_that_stands_for_one_contract_is_not_given_another(workspace, gateway):
    gateway.contract_list = [TESLA, replace(TESLA, con_id=2, symbol="MSFT", name="MICROSOFT")]
    fetch(workspace, gateway, name_as="MINE")
    with pytest.raises(InvalidParams, match="MINE is stored already as another contract"):
        fetch(workspace, gateway, symbol="MSFT", name_as="MINE")
    fetch(workspace, gateway, name_as="MINE")


def test_currencies_are_asked_for_on_sunday_evening_too(workspace):
    ts = pd.date_range("2024-05-31 19:00", "2024-06-03 04:00", freq="1min", tz="UTC", unit="us")
    closed = (ts >= "2024-05-31 21:00") & (ts < "2024-06-02 21:00")
    bars = pd.DataFrame({"ts": ts[~closed]})
    bars[PRICES] = 1.1
    bars["volume"] = -1.0
    euro = replace(TESLA, symbol="EUR", sec_type="CASH", exchange="IDEALPRO")
    gateway = FakeGateway(bars, pd.Timestamp("2024-06-03 04:01", tz="UTC"), [euro])
    fetch(workspace, gateway, "3 D", "1m", symbol="EUR", asset_class="forex")
    assert len(stored(workspace, "1m", "EUR")) == len(bars)


def test_a_series_that_another_process_fetches_is_waited_for(workspace, gateway):
    """Each stored chunks of its own, one was cut short, and nobody filled what lay between."""
    elsewhere = Leases(workspace.database, "another-machine:1:1")
    assert elsewhere.take("series:TSLA 1d")
    told = []

    def report(progress):
        if progress.message.startswith("waiting: TSLA 1d"):
            told.append(len(gateway.requests))
            elsewhere.leave("series:TSLA 1d")
        elif len(gateway.requests) == 2:
            assert not elsewhere.take("series:TSLA 1d")

    ingest_ibkr(workspace, IngestRequest("TSLA", "1d", "5 Y"), report, open_gateway=gateway)
    assert told == [0]
    assert elsewhere.take("series:TSLA 1d")


@pytest.mark.parametrize("resolution", ["5m", "15m"])
def test_no_hour_is_lost_in_a_week_in_which_the_clocks_change(workspace, resolution):
    step = resolution.replace("m", "min")
    ts = pd.date_range("2024-10-16", "2024-11-08", freq=step, tz="UTC", unit="us")
    bars = pd.DataFrame({"ts": ts})
    bars[PRICES] = 1.1
    bars["volume"] = -1.0
    euro = replace(TESLA, symbol="EUR", sec_type="CASH", exchange="IDEALPRO")
    gateway = FakeGateway(bars, pd.Timestamp("2024-11-08 12:00", tz="UTC"), [euro])
    fetch(workspace, gateway, "3 W", resolution, symbol="EUR", asset_class="forex")
    steps = stored(workspace, resolution, "EUR")["ts"].diff().dropna()
    assert (steps == pd.Timedelta(step)).all()


def test_a_file_that_meets_the_brokers_bars_gives_way_to_them_as_a_whole(workspace, gateway):
    """Older bars of the file may be adjusted for something else: they got the broker's label."""
    raw = IBM.tail(600).reset_index(drop=True)
    raw.loc[:200, PRICES] *= 2
    store_bars(workspace.database, "TSLA", "1d", raw, source="csv", adjustment="raw")
    report = fetch(workspace, gateway, "3 M")
    have = stored(workspace)
    pd.testing.assert_frame_equal(have, IBM.tail(len(have)).reset_index(drop=True))
    series = series_of(workspace.database, "TSLA", "1d")
    assert (series.source, series.adjustment) == ("ibkr", "split")
    assert "took the place" in " ".join(report.notes)


def test_a_file_that_reaches_further_back_than_the_broker_is_kept(workspace, gateway):
    store_bars(workspace.database, "TSLA", "1d", IBM.tail(900), source="csv", adjustment="raw")
    before = stored(workspace)
    gateway.bars = IBM.tail(500).reset_index(drop=True)
    with pytest.raises(HistoryDiffers, match="nothing was changed"):
        fetch(workspace, gateway, "3 M")
    pd.testing.assert_frame_equal(stored(workspace), before)
    assert series_of(workspace.database, "TSLA", "1d").source == "csv"
