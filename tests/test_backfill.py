"""From the broker into the database: complete, in order, resumable, and never a mixture."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import talib
from fake_gateway import TESLA, FakeGateway
from real_bars import real_bars

from services.errors import (
    AmbiguousContract,
    Cancelled,
    ConnectionLost,
    EmptyAnswer,
    HistoryDiffers,
    InvalidParams,
    NoBars,
    NotSubscribed,
    PacingViolation,
    RequestTimedOut,
    UnknownContract,
)
from services.ingest import IngestRequest, ingest_from, refetch, update_series
from services.ingest.broker_history import BrokerHistory
from services.ingest.chunks import Chunk
from services.ingest.ibkr_source import ingest_ibkr
from services.ingest.pacing import PacingBudget
from services.ingest.quarantine import list_quarantine
from services.ingest.sample_source import ingest_sample
from services.instruments import get_instrument
from services.market_data import load_bars
from services.series import series_of
from services.settings import Settings
from services.workspace import Workspace

IBM = real_bars("IBM")
NOW = pd.Timestamp("2013-03-04 18:00", tz="UTC")


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


def fetch(workspace, gateway, duration="5 Y", report=lambda _: None, **more):
    request = IngestRequest("TSLA", "1d", duration, **more)
    return ingest_ibkr(workspace, request, report, open_gateway=gateway)


def stored(workspace, symbol="TSLA"):
    return load_bars(workspace.database, symbol, "1d")


def wanted(since="2008-03-04", until="2100-01-01", bars=IBM):
    since, until = pd.Timestamp(since, tz="UTC"), pd.Timestamp(until, tz="UTC")
    return bars[(bars["ts"] >= since) & (bars["ts"] < until)].reset_index(drop=True)


def same_bars(have, want):
    pd.testing.assert_frame_equal(have[want.columns.tolist()], want)


def split(bars, ratio=0.5):
    changed = bars.copy()
    prices = ["open", "high", "low", "close"]
    changed[prices] = (changed[prices] * ratio).round(4)
    changed["volume"] /= ratio
    return changed


def test_five_years_come_whole_in_order_and_with_their_indicators(workspace, gateway):
    report = fetch(workspace, gateway)
    bars = stored(workspace)
    same_bars(bars, wanted())
    assert (report.stored_new, report.changed, report.rejected_count) == (len(bars), 0, 0)
    np.testing.assert_allclose(bars["rsi"], talib.RSI(bars["close"].to_numpy(), 14), rtol=1e-9)
    assert {duration for _, _, duration, _, _ in gateway.requests} == {"1 Y"}


def test_the_contract_fills_the_instrument_and_the_series_says_how_it_came(workspace, gateway):
    fetch(workspace, gateway)
    instrument = get_instrument(workspace.database, "TSLA")
    assert (instrument.con_id, instrument.name, instrument.timezone) == (
        76792991,
        "TESLA INC",
        "America/New_York",
    )
    assert (instrument.currency, instrument.industry) == ("USD", "Consumer, Cyclical")
    assert instrument.contract_spec["trading_hours"] == TESLA.trading_hours
    assert instrument.contract_spec["category"] == "Auto Manufacturers"
    series = series_of(workspace.database, "TSLA", "1d")
    assert (series.source, series.adjustment, series.regular_hours) == ("ibkr", "split", True)


def test_the_same_again_changes_nothing(workspace, gateway):
    fetch(workspace, gateway)
    before = stored(workspace)
    report = fetch(workspace, gateway)
    assert (report.stored_new, report.changed) == (0, 0)
    pd.testing.assert_frame_equal(stored(workspace), before)


def test_without_a_duration_a_new_series_gets_a_year_and_a_stored_one_what_is_new(
    workspace, gateway
):
    gateway.now = pd.Timestamp("2013-01-10", tz="UTC")
    fetch(workspace, gateway, None)
    same_bars(stored(workspace), wanted("2012-01-10", "2013-01-10"))
    gateway.now = NOW
    gateway.requests.clear()
    report = update_series(workspace, "tsla", "1d", open_gateway=gateway)
    same_bars(stored(workspace), wanted("2012-01-10"))
    assert len(gateway.requests) == 1
    assert report.stored_new == len(wanted("2013-01-10"))


def test_a_longer_span_adds_what_lies_before_and_mends_every_indicator(workspace, gateway):
    fetch(workspace, gateway, "1 Y")
    fetch(workspace, gateway, "6 Y")
    bars = stored(workspace)
    same_bars(bars, wanted("2007-03-04"))
    np.testing.assert_allclose(bars["ema_slow"], talib.EMA(bars["close"].to_numpy(), 26), rtol=1e-9)
    assert series_of(workspace.database, "TSLA", "1d").stale_from is None


def test_the_forming_bar_is_never_stored(workspace, gateway):
    gateway.now = pd.Timestamp("2013-03-01 18:00", tz="UTC")
    fetch(workspace, gateway, "1 Y")
    assert stored(workspace)["ts"].iloc[-1] == pd.Timestamp("2013-02-28", tz="UTC")
    assert list_quarantine(workspace.database, "TSLA", "1d").empty


def test_the_brokers_clock_counts_not_ours(workspace, gateway):
    gateway.now = pd.Timestamp("2013-02-28 23:59:59", tz="UTC")
    fetch(workspace, gateway, "1 Y")
    assert stored(workspace)["ts"].iloc[-1] == pd.Timestamp("2013-02-27", tz="UTC")


def test_bad_rows_go_to_quarantine_with_the_reason_and_good_ones_are_kept(workspace, gateway):
    def spoil(frame):
        last = len(frame) - 1
        frame.loc[last - 3, "high"] = frame.loc[last - 3, "low"] / 2
        frame.loc[last - 5, "close"] = np.nan
        frame.loc[last - 7, "open"] = 0
        frame.loc[last - 8, "close"] = 1e308
        frame.loc[last - 9, "low"] = -1
        twice = pd.concat([frame, frame.iloc[[last - 20]]])
        return twice.sample(frac=1, random_state=1)

    gateway.edit = spoil
    report = fetch(workspace, gateway, "6 M")
    assert len(stored(workspace)) == len(wanted("2012-09-04")) - 5
    assert report.rejected_count == 6
    quarantined = list_quarantine(workspace.database, "TSLA", "1d")
    assert set(quarantined["reason"]) == set(report.reasons)
    assert "duplicate time" in report.reasons
    fetch(workspace, gateway, "6 M")
    assert len(list_quarantine(workspace.database, "TSLA", "1d")) == len(quarantined)


def test_a_revised_bar_is_brought_up_to_date_and_counted(workspace, gateway):
    fetch(workspace, gateway)
    revised = IBM.copy()
    revised.loc[len(IBM) - 5, "close"] += 0.01
    gateway.bars = revised
    report = fetch(workspace, gateway)
    assert report.changed == 1
    assert "1 stored bar was revised" in " ".join(report.notes)
    same_bars(stored(workspace), wanted(bars=revised))


def test_a_split_brings_the_whole_history_anew_and_says_so(workspace, gateway):
    fetch(workspace, gateway)
    gateway.bars = split(IBM)
    report = fetch(workspace, gateway, None)
    same_bars(stored(workspace), wanted(bars=split(IBM)))
    assert "rewritten the past" in " ".join(report.notes)
    assert report.changed == len(wanted())
    bars = stored(workspace)
    high, low, close = (bars[name].to_numpy() for name in ("high", "low", "close"))
    np.testing.assert_allclose(bars["atr"], talib.ATR(high, low, close, 14), rtol=1e-9)


def test_a_split_found_while_the_gateway_fails_leaves_the_old_history_whole(workspace, gateway):
    fetch(workspace, gateway)
    before = stored(workspace)
    gateway.bars = split(IBM)
    gateway.mishaps = [None, None, NotSubscribed("no")]
    with pytest.raises(NotSubscribed):
        fetch(workspace, gateway, None)
    pd.testing.assert_frame_equal(stored(workspace), before)
    gateway.requests.clear()
    fetch(workspace, gateway, None)
    same_bars(stored(workspace), wanted(bars=split(IBM)))
    assert len(gateway.requests) < 7, "what was fetched before is not fetched again"


def test_a_history_that_has_shrunk_replaces_nothing(workspace, gateway):
    fetch(workspace, gateway)
    before = stored(workspace)
    gateway.bars = split(wanted("2012-01-01"))
    with pytest.raises(HistoryDiffers, match="nothing was changed"):
        fetch(workspace, gateway, None)
    pd.testing.assert_frame_equal(stored(workspace), before)


def test_work_that_is_cancelled_keeps_its_chunks_and_goes_on_from_them(workspace, gateway):
    def cancel(progress):
        if progress.done == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        fetch(workspace, gateway, report=cancel)
    kept = stored(workspace)
    same_bars(kept, wanted().iloc[: len(kept)].reset_index(drop=True))
    fetch(workspace, gateway)
    same_bars(stored(workspace), wanted())


@pytest.mark.parametrize("stop", range(8))
@pytest.mark.parametrize("begun", ["1 Y", None])
def test_however_often_it_is_cut_short_the_end_is_the_same(workspace, gateway, stop, begun):
    if begun:
        fetch(workspace, gateway, begun)
    gateway.mishaps = [None] * stop + [NotSubscribed("no")]
    try:
        fetch(workspace, gateway)
    except NotSubscribed:
        fetch(workspace, gateway)
    same_bars(stored(workspace), wanted())
    np.testing.assert_array_equal(
        stored(workspace)["ma50"], talib.SMA(wanted()["close"].to_numpy(), 50)
    )


def test_progress_tells_chunks_and_bars(workspace, gateway):
    told = []
    fetch(workspace, gateway, report=told.append)
    chunks = [progress for progress in told if progress.bars is not None]
    assert (chunks[-1].done, chunks[-1].total, chunks[-1].bars) == (6, 6, len(wanted()))
    assert "TSLA 1d, 2008-03-04 to 2009-03-0" in chunks[0].message


def test_a_span_without_bars_is_no_failure_and_none_at_all_is_one(workspace, gateway):
    gateway.mishaps = [None, EmptyAnswer("no data")]
    assert fetch(workspace, gateway).stored_new > 900
    gateway.bars = IBM.iloc[:0]
    with pytest.raises(NoBars, match="ask for a longer one"):
        ingest_ibkr(
            workspace,
            IngestRequest("TSLA", "1w", "1 M"),
            open_gateway=gateway,
        )


@pytest.mark.parametrize(
    "mishap", [ConnectionLost("gone"), RequestTimedOut("late"), PacingViolation("slow")]
)
def test_what_passes_is_asked_again(workspace, gateway, mishap):
    gateway.mishaps = [None, mishap]
    fetch(workspace, gateway)
    same_bars(stored(workspace), wanted())


def test_what_does_not_pass_ends_with_its_own_sentence(workspace, gateway):
    gateway.mishaps = [None, *[RequestTimedOut("no answer")] * 9]
    with pytest.raises(RequestTimedOut):
        fetch(workspace, gateway)
    assert len(stored(workspace)) > 200


def test_a_gateway_that_stays_away_is_given_up_after_a_while(gateway):
    clock = iter(range(100))
    history = BrokerHistory(
        gateway, TESLA, "1d", True, _Unlimited(), timeout=0.5, clock=lambda: next(clock)
    )
    gateway.mishaps = [ConnectionLost("gone")] * 99
    with pytest.raises(ConnectionLost):
        history.fetch(Chunk(NOW - pd.Timedelta(days=300), NOW, "1 Y"), lambda _: None)
    assert len(gateway.requests) < 9


class _Unlimited:
    def acquire(self, *_):
        pass


def test_an_ambiguous_symbol_offers_its_contracts_and_the_currency_decides(workspace, gateway):
    london = replace(TESLA, con_id=2, currency="GBP", primary_exchange="LSE", exchange="LSE")
    gateway.contract_list = [TESLA, london]
    with pytest.raises(AmbiguousContract, match=r"NASDAQ · USD.*LSE · GBP") as caught:
        fetch(workspace, gateway)
    assert len(caught.value.candidates) == 2
    fetch(workspace, gateway, currency="GBP")
    assert get_instrument(workspace.database, "TSLA").con_id == 2
    # From now on the stored contract is meant.
    fetch(workspace, gateway, None)
    with pytest.raises(InvalidParams, match="--as TSLA.USD"):
        fetch(workspace, gateway, currency="USD")
    fetch(workspace, gateway, currency="USD", name_as="TSLA.USD")
    assert get_instrument(workspace.database, "TSLA.USD").con_id == TESLA.con_id
    assert len(stored(workspace, "TSLA.USD")) == len(wanted())


def test_an_unknown_symbol_stores_nothing(workspace, gateway):
    gateway.contract_list = []
    with pytest.raises(UnknownContract):
        fetch(workspace, gateway)
    assert series_of(workspace.database, "TSLA", "1d") is None


def test_a_sample_gives_way_to_the_brokers_bars(workspace, gateway):
    ingest_sample(workspace.database, "IBM")
    gateway.contract_list = [replace(TESLA, symbol="IBM")]
    report = ingest_ibkr(workspace, IngestRequest("IBM", "1d", "1 Y"), open_gateway=gateway)
    same_bars(stored(workspace, "IBM"), wanted("2012-03-04"))
    assert "sample" in " ".join(report.notes)


def test_other_hours_bring_the_whole_history_anew(workspace, gateway):
    fetch(workspace, gateway, "2 Y")
    report = fetch(workspace, gateway, None, regular_hours=False)
    assert series_of(workspace.database, "TSLA", "1d").regular_hours is False
    assert "all hours" in " ".join(report.notes)
    same_bars(stored(workspace), wanted("2011-03-04"))


def test_bars_of_a_file_are_not_mixed_with_others(workspace, gateway, tmp_path):
    split(IBM.tail(300), 0.9).to_csv(tmp_path / "tsla.csv", index=False)
    ingest_from(workspace, "csv", IngestRequest("TSLA", "1d", file=tmp_path / "tsla.csv"))
    before = stored(workspace)
    with pytest.raises(HistoryDiffers):
        fetch(workspace, gateway, "3 M")
    pd.testing.assert_frame_equal(stored(workspace), before)
    with pytest.raises(InvalidParams, match="did not come from Interactive Brokers"):
        update_series(workspace, "TSLA", "1d", open_gateway=gateway)


def test_a_span_is_fetched_again_and_the_hole_is_filled(workspace, gateway):
    hole = IBM.drop(index=range(len(IBM) - 60, len(IBM) - 50)).reset_index(drop=True)
    gateway.bars = hole
    fetch(workspace, gateway)
    gateway.bars = IBM
    span = IBM["ts"].iloc[-60], IBM["ts"].iloc[-51]
    report = refetch(workspace, "TSLA", "1d", *span, open_gateway=gateway)
    assert report.stored_new == 10
    same_bars(stored(workspace), wanted())
