"""Whatever the gateway does to a backfill, the database ends like one made in peace.

The real client library talks to the stand-in gateway; the numbers are those of the list of faults.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib
from broker import PATIENCE
from gateway import Fault, Market, StandIn
from gateway.instruments import INTRADAY

from services.database import open_database
from services.errors import AmbiguousContract, BrokerError, Cancelled
from services.ibkr import Gateway
from services.ingest import IngestRequest, ingest_from, update_series
from services.ingest.pacing import PacingBudget
from services.ingest.quarantine import list_quarantine
from services.instruments import get_instrument
from services.market_data import load_bars
from services.series import series_of
from services.settings import Settings
from services.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
IMPATIENCE = 0.6  # seconds, for an answer that does not come
NOW = pd.Timestamp("2013-03-02 12:00", tz="UTC")
MARKET = Market(now=NOW)


@pytest.fixture
def gateway():
    with StandIn(MARKET, NOW) as gateway:
        yield gateway


@pytest.fixture
def unpaced(monkeypatch):
    monkeypatch.setattr(PacingBudget, "acquire", lambda *_, **__: None)


@pytest.fixture
def make_workspace(tmp_path, migrated_sqlite, gateway):
    """Give a function that makes a workspace with a database of its own."""
    made = []

    def make(timeout=PATIENCE):
        path = Path(shutil.copy(migrated_sqlite, tmp_path / f"research{len(made)}.db"))
        settings = Settings(
            database_url=f"sqlite:///{path}", ib_port=gateway.port, ib_timeout=timeout
        )
        made.append(open_database(settings))
        return Workspace(settings, made[-1])

    yield make
    for database in made:
        database.close()


@pytest.fixture
def workspace(make_workspace):
    return make_workspace()


def fetch(workspace, duration="3 Y", symbol="IBM", resolution="1d", report=lambda _: None, **more):
    request = IngestRequest(symbol, resolution, duration, **more)
    return ingest_from(workspace, "ibkr", request, report)


def stored(workspace, symbol="IBM", resolution="1d"):
    return load_bars(workspace.database, symbol, resolution)


@pytest.fixture
def peaceful(make_workspace, unpaced):
    workspace = make_workspace()
    fetch(workspace)
    return stored(workspace)


@pytest.fixture
def impatient_with(monkeypatch, gateway):
    """Give a function that adds a fault and shortens the patience, with the fault alone.

    What goes before it and what comes after it may take as long as the machine likes.
    """
    limit = Gateway._limit.fget

    def add(fault: Fault) -> None:
        first = len(gateway.history_requests()) + fault.skip
        gateway.faults.add(fault)

        def bounded(adapter) -> float:
            is_due = len(gateway.faults) and len(gateway.history_requests()) >= first
            return IMPATIENCE if is_due and adapter.connected else limit(adapter)

        monkeypatch.setattr(Gateway, "_limit", property(bounded))

    return add


PASSING = [
    Fault("history", "drop_mid_frame", skip=1),  # 8
    Fault("history", "drop", skip=1),
    Fault("history", "never", skip=1),  # 6
    Fault(
        "history",
        "error",
        skip=1,
        text="Historical Market Data Service error message:API historical data pacing violation",
    ),  # 10
    Fault(
        "history", "error", skip=1, code=366, text="No historical data query found for ticker id"
    ),  # 12
    Fault("history", "upstream_lost", skip=1),  # 13
    Fault("history", "upstream_lost", skip=1, data_kept=False),
    Fault("history", "bad_float", skip=1),  # 14
    Fault("history", "bad_count", skip=1),
    Fault("history", "bad_date", skip=1),
    Fault("history", "truncated", skip=1),
    Fault("history", "unknown_message", skip=1),  # 17
    Fault("history", "zero_frame", skip=1),
    Fault("history", "huge_prefix", skip=1),
    Fault("history", "garbage", skip=1),
    Fault("history", "late", skip=1, seconds=2 * IMPATIENCE),  # 18
    Fault("history", "wedge", skip=1),
    Fault("history", "restart", skip=2, seconds=0.5),  # 30
    Fault("details", "drop", times=1),
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda f: f"{f.on}-{f.kind}-{f.code}-{f.data_kept}")
def test_a_mishap_that_passes_leaves_no_trace(workspace, gateway, peaceful, impatient_with, fault):
    impatient_with(fault)
    try:
        fetch(workspace)
    except BrokerError as error:
        assert str(error).endswith("."), error
        fetch(workspace)
    assert len(gateway.faults) == 0, "the fault did not happen"
    pd.testing.assert_frame_equal(stored(workspace), peaceful)


@pytest.mark.parametrize("kind", ["never", "bad_float", "drop", "garbage"])
def test_a_mishap_that_stays_ends_in_a_sentence_and_keeps_what_was_fetched(
    make_workspace, gateway, peaceful, impatient_with, kind
):
    workspace = make_workspace(timeout=IMPATIENCE)  # with a gateway that stays away
    impatient_with(Fault("history", kind, skip=2, times=999))
    with pytest.raises(BrokerError):
        fetch(workspace)
    kept = stored(workspace)
    assert 400 < len(kept) < len(peaceful)
    pd.testing.assert_frame_equal(kept, peaceful.iloc[: len(kept)])
    gateway.faults.clear()
    fetch(workspace)
    pd.testing.assert_frame_equal(stored(workspace), peaceful)


def spoilt(rows):
    """15: duplicates, disorder, NaN, zero, -1, 1e308; 28: high below low."""
    date, o, h, l, c, v, wap, n = rows[-2]  # noqa: E741
    bad = [
        (date, "nan", h, l, c, v, wap, n),
        (date, "0", h, l, c, v, wap, n),
        (date, "-1", h, l, c, v, wap, n),
        (date, o, "1e308", l, c, v, wap, n),
        (date, o, l, h, c, v, wap, n),
    ]
    return [rows[5], *reversed(rows), *bad]


def test_bad_rows_are_kept_apart_and_the_good_ones_are_all_there(workspace, gateway, peaceful):
    gateway.faults.add(Fault("history", "rewrite", rewrite=spoilt, times=9))
    report = fetch(workspace)
    pd.testing.assert_frame_equal(stored(workspace), peaceful)
    reasons = set(list_quarantine(workspace.database, "IBM", "1d")["reason"])
    assert reasons == set(report.reasons)
    assert {"high below low", "duplicate time", "price zero or negative"} <= reasons


def test_a_year_without_an_answer_is_named_as_missing(workspace, gateway, peaceful):
    gateway.faults.add(Fault("history", "empty", skip=1))  # 16
    report = fetch(workspace)
    assert "of the bars that the exchange's calendar expects are there" in report.notes[-1]
    hole = peaceful[~peaceful["ts"].isin(stored(workspace)["ts"])]
    assert 200 < len(hole) < 260


@pytest.mark.skipif(not INTRADAY.is_dir(), reason="no minute bars: ../shared/data is not there")
@pytest.mark.parametrize(
    ("change", "open_before", "open_after"),
    [("2024-03-12", "14:30", "13:30"), ("2024-11-05", "13:30", "14:30")],
)
def test_minutes_keep_their_moment_over_a_clock_change(
    make_workspace, unpaced, change, open_before, open_after
):
    """20: a session starts at 09:30 in New York, in summer and in winter."""
    now = pd.Timestamp(change, tz="UTC") + pd.Timedelta(hours=23)
    with StandIn(Market(now=now), now) as gateway:
        workspace = make_workspace()
        settings = workspace.settings.model_copy(update={"ib_port": gateway.port})
        workspace = Workspace(settings, workspace.database)
        fetch(workspace, "6 D", symbol="TDG", resolution="1m")
    bars = stored(workspace, "TDG", "1m")
    opens = bars.groupby(bars["ts"].dt.date)["ts"].min().dt.floor("30min").dt.strftime("%H:%M")
    assert (opens.iloc[0], opens.iloc[-1]) == (open_before, open_after)
    assert bars["ts"].is_monotonic_increasing


def test_a_forming_bar_waits_until_it_is_complete(workspace, gateway, unpaced):
    """21, 32: by the gateway's clock, however wrong ours is."""
    gateway.set_time("2013-03-01 17:00")
    fetch(workspace, "1 M")
    assert stored(workspace)["ts"].iloc[-1] == pd.Timestamp("2013-02-28", tz="UTC")
    gateway.set_time("2013-03-02 00:00:01")
    update_series(workspace, "IBM", "1d")
    bar = stored(workspace).iloc[-1]
    assert (bar["ts"], bar["close"]) == (pd.Timestamp("2013-03-01", tz="UTC"), 202.91)


def test_the_same_again_changes_nothing(workspace, peaceful):
    """22."""
    assert fetch(workspace).stored_new == len(peaceful)
    before = series_of(workspace.database, "IBM", "1d").updated_at
    again = fetch(workspace)
    assert (again.stored_new, again.changed, again.recomputed) == (0, 0, 0)
    assert series_of(workspace.database, "IBM", "1d").updated_at == before


def test_a_split_rewrites_the_past_and_all_of_it_is_fetched_again(make_workspace, unpaced):
    """23."""
    market = Market(now=NOW)
    with StandIn(market, "2013-02-01 12:00") as gateway:
        workspace = make_workspace()
        settings = workspace.settings.model_copy(update={"ib_port": gateway.port})
        workspace = Workspace(settings, workspace.database)
        fetch(workspace)
        before = stored(workspace)
        market.split("IBM", "2013-02-15", 2.0)
        gateway.set_time(NOW)
        report = update_series(workspace, "IBM", "1d")
    after = stored(workspace)
    assert "rewritten the past" in " ".join(report.notes)
    old = after[after["ts"].isin(before["ts"])]
    np.testing.assert_allclose(old["close"], before["close"] / 2, atol=0.0051)
    assert after["close"].iloc[-1] == 202.91
    np.testing.assert_allclose(after["rsi"], talib.RSI(after["close"].to_numpy(), 14), rtol=1e-9)


def test_a_holiday_and_a_span_before_the_first_trade_are_no_gaps(workspace, gateway, unpaced):
    """25, 27: GOOG was first traded in August 2004."""
    gateway.set_time("2005-01-01 12:00")
    fetch(workspace, "5 Y", symbol="GOOG")
    bars = stored(workspace, "GOOG")
    assert bars["ts"].iloc[0] == pd.Timestamp("2004-08-19", tz="UTC")
    assert series_of(workspace.database, "GOOG", "1d").coverage == 1.0


def test_one_symbol_in_two_currencies_is_asked_for(workspace, unpaced):
    """26."""
    with pytest.raises(AmbiguousContract, match="--currency"):
        fetch(workspace, symbol="BARC")
    fetch(workspace, symbol="BARC", currency="GBP")
    assert get_instrument(workspace.database, "BARC").currency == "GBP"


def test_volumes_in_another_unit_bring_the_history_anew(workspace, gateway, peaceful):
    """29."""
    fetch(workspace)

    def in_shares(rows):
        return [(*row[:5], str(float(row[5]) * 100), *row[6:]) for row in rows]

    gateway.faults.add(Fault("history", "rewrite", rewrite=in_shares, times=99))
    report = update_series(workspace, "IBM", "1d")
    np.testing.assert_allclose(stored(workspace)["volume"], peaceful["volume"] * 100)
    assert "100 times as before" in " ".join(report.notes)


def test_a_nightly_restart_is_waited_for_and_the_next_client_id_taken(workspace, gateway, peaceful):
    """30."""
    started = threading.Event()

    def restart(progress):
        if progress.done == 1 and not started.is_set():
            started.set()
            gateway.restart(refuse=1.0, linger=3600.0)

    fetch(workspace, report=restart)
    pd.testing.assert_frame_equal(stored(workspace), peaceful)
    assert gateway.client_ids[-1] != gateway.client_ids[0]


def test_work_is_cancelled_between_two_chunks(workspace, peaceful):
    def cancel(progress):
        if progress.done == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        fetch(workspace, report=cancel)
    kept = stored(workspace)
    pd.testing.assert_frame_equal(kept, peaceful.iloc[: len(kept)])


def command(workspace, *words):
    environment = os.environ | {
        "DATABASE_URL": workspace.settings.database_url,
        "IB_PORT": str(workspace.settings.ib_port),
        "IB_TIMEOUT": "60",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.ingest", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_backfill_goes_on_where_it_was(make_workspace, gateway, peaceful):
    """24: killed three times while a request is under way."""
    workspace = make_workspace()
    for count in (2, 2, 1):
        asked, so_far = threading.Event(), len(gateway.history_requests())
        record = gateway.record

        def watch(kind, *rest, record=record, so_far=so_far, count=count, asked=asked):
            received = record(kind, *rest)
            if len(gateway.history_requests()) - so_far >= count:
                asked.set()
            return received

        gateway.record = watch
        gateway.delay = 0.05
        process = command(workspace, "IBM", "1d", "3 Y")
        assert asked.wait(300)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        gateway.record = record
    gateway.delay = 0.0
    process = command(workspace, "IBM", "1d", "3 Y")
    printed, complaint = process.communicate(timeout=300)
    assert process.returncode == 0, complaint
    assert "from 2010-03-02 to 2013-03-01" in printed
    pd.testing.assert_frame_equal(stored(workspace), peaceful)


def test_two_processes_share_one_budget_of_requests(make_workspace, gateway):
    """31."""
    workspace = make_workspace()
    running = [command(workspace, symbol, "1d", "4 Y") for symbol in ("IBM", "AAPL", "MSFT")]
    outcomes = [process.communicate(timeout=600) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outcomes
    assert len(gateway.history_requests()) >= 12
    assert gateway.violations == []
