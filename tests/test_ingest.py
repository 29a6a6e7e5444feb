"""Ingesting: what is stored, what is refused, and that a cut-off run loses and spoils nothing."""

import threading

import numpy as np
import pandas as pd
import pytest
from builders import candles, closes, random_walk
from pandas.testing import assert_frame_equal
from sqlalchemy import event, select

from db.models import SymbolEvent
from services.errors import InvalidParams, NoBars, UnknownSymbol, UserError
from services.indicators import compute_indicators
from services.ingest import (
    SAMPLES,
    IngestRequest,
    SourceBars,
    fetch_missing,
    ingest,
    ingest_from,
    ingest_sample,
    missing,
    pipeline,
    read_sample,
    store,
)
from services.ingest.store import store_bars
from services.instruments import add_instrument, get_instrument
from services.market_data import catalogue, load_bars
from services.settings import Settings
from services.workspace import Workspace


def source(bars):
    return SourceBars(bars, "test", np.arange(1, len(bars) + 1))


def put(database, bars, **how):
    return ingest(database, "AAPL", "1d", source(bars), **how)


def assert_stored(database, bars):
    """The stored series is these bars with the indicators of the whole of them, exactly."""
    expected = pd.concat([bars, compute_indicators(bars).astype("float64")], axis=1)
    assert_frame_equal(load_bars(database, "AAPL", "1d"), expected, check_exact=True)


def test_new_bars_are_stored_with_their_indicators(database):
    bars = random_walk(120)
    result = put(database, bars)
    assert (result.received, result.stored_new, result.rejected_count) == (120, 120, 0)
    assert (result.first, result.last) == (bars["ts"].iloc[0], bars["ts"].iloc[-1])
    assert_stored(database, bars)


def test_the_same_again_writes_nothing(database):
    bars = random_walk(120)
    put(database, bars)
    statements = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    result = put(database, bars)
    assert (result.stored_new, result.changed, result.unchanged, result.written) == (0, 0, 120, 0)
    assert not [text for text in statements if not text.lstrip().startswith(("SELECT", "BEGIN"))]


def test_appended_bars_leave_the_rows_before_them_alone(database):
    bars = random_walk(120)
    put(database, bars.iloc[:100])
    result = put(database, bars.iloc[90:].reset_index(drop=True))
    assert (result.stored_new, result.unchanged, result.recomputed) == (20, 10, 0)
    assert_stored(database, bars)


def test_earlier_bars_change_the_indicators_after_them(database):
    bars = random_walk(120)
    put(database, bars.iloc[60:].reset_index(drop=True))
    result = put(database, bars.iloc[:60].reset_index(drop=True))
    assert (result.stored_new, result.changed) == (60, 0)
    assert result.recomputed == 60
    assert_stored(database, bars)


def test_a_corrected_price_changes_its_bar_and_what_depends_on_it(database):
    bars = random_walk(120)
    put(database, bars)
    corrected = bars.copy()
    corrected.loc[100, ["high", "close"]] += 0.25
    result = put(database, corrected.iloc[[100]].reset_index(drop=True))
    assert (result.stored_new, result.changed, result.unchanged) == (0, 1, 0)
    assert 0 < result.recomputed <= 19
    assert_stored(database, corrected)


def test_only_the_bars_within_the_duration_are_stored(database):
    bars = closes(*range(10, 20), start="2024-01-01")
    result = put(database, bars, duration="3 D")
    assert result.outside_duration == 6
    assert_stored(database, bars.iloc[6:].reset_index(drop=True))


def test_rejected_rows_are_counted_by_reason_and_listed(database):
    good = (10, 12, 9, 11)
    bars = candles(good, (10, 9, 12, 11), good, (10, 12, 9, np.nan), good)
    result = put(database, bars)
    assert result.reasons == {"high below low": 1, "price missing or not a number": 1}
    assert [(row.number, row.reason) for row in result.rejected] == [
        (2, "high below low"),
        (4, "price missing or not a number"),
    ]
    assert result.stored_new == 3
    counted = result.stored_new + result.changed + result.unchanged + result.rejected_count
    assert counted == result.received


def test_of_many_rejected_rows_all_are_counted_and_the_first_are_listed(database):
    bars = random_walk(200)
    bars.loc[:149, "close"] = -1.0
    result = put(database, bars)
    assert result.rejected_count == 150
    assert len(result.rejected) == pipeline.LISTED


def test_when_every_row_is_rejected_nothing_is_stored_and_the_reasons_are_told(database):
    with pytest.raises(NoBars, match="None of the 2 rows.*2 high below low"):
        put(database, candles((10, 9, 12, 11), (10, 9, 12, 11)))
    assert catalogue(database) == []


def test_a_source_without_rows_is_a_sentence(database):
    with pytest.raises(NoBars, match="has no 1d bars of AAPL"):
        put(database, random_walk(1).iloc[:0])


def test_a_run_that_is_cut_off_keeps_whole_chunks_and_the_next_heals_the_rest(
    database, monkeypatch
):
    monkeypatch.setattr(store, "PIECE", 40)
    bars = random_walk(200)
    put(database, bars.iloc[100:].reset_index(drop=True))

    def power_cut(progress):
        if progress.done == 80:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put(database, bars, report=power_cut)
    assert len(load_bars(database, "AAPL", "1d")) == 180
    put(database, bars)
    assert_stored(database, bars)


def test_a_chunk_that_fails_leaves_no_part_of_itself(database, monkeypatch):
    monkeypatch.setattr(store, "PIECE", 40)
    bars = random_walk(100)
    written = store.insert_bars

    def fail_in_the_second(session, key, ts, columns, values):
        written(session, key, ts, columns, values)
        if ts[0] > bars["ts"].iloc[0].to_datetime64():
            raise RuntimeError("cut off")

    monkeypatch.setattr(store, "insert_bars", fail_in_the_second)
    with pytest.raises(RuntimeError):
        put(database, bars)
    assert len(load_bars(database, "AAPL", "1d")) == 40


def test_progress_is_reported_a_chunk_at_a_time(database, monkeypatch):
    monkeypatch.setattr(store, "PIECE", 40)
    reports = []
    put(database, random_walk(100), report=reports.append)
    assert [(r.done, r.total) for r in reports] == [(0, 0), (40, 100), (80, 100), (100, 100)]


def test_bars_that_someone_else_adds_meanwhile_are_taken_into_account(database, monkeypatch):
    monkeypatch.setattr(store, "PIECE", 40)
    bars = random_walk(200)
    late, early = bars.iloc[60:].reset_index(drop=True), bars.iloc[:60].reset_index(drop=True)
    meanwhile = [lambda: put(database, early)]

    def someone_else(progress):
        if progress.done == 80 and meanwhile:
            meanwhile.pop()()

    result = put(database, late, report=someone_else)
    assert result.stored_new == 140
    assert_stored(database, bars)


def test_two_ingests_of_one_series_at_once_give_what_one_would(database, monkeypatch):
    monkeypatch.setattr(store, "PIECE", 25)
    bars = random_walk(300)
    parts = [bars.iloc[:200].reset_index(drop=True), bars.iloc[100:].reset_index(drop=True)]
    failures = []

    def work(part):
        try:
            put(database, part)
        except UserError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    assert_stored(database, bars)


def test_what_a_source_reads_late_is_read_once(database):
    calls = []

    def read():
        calls.append(1)
        return source(closes(1, 2, 3))

    ingest(database, "AAPL", "1d", read)
    assert calls == [1]


@pytest.mark.parametrize("symbol", sorted(SAMPLES))
def test_a_sample_is_stored_as_the_file_has_it(database, symbol):
    result = ingest_sample(database, symbol)
    assert result.rejected_count == 0
    loaded = load_bars(database, symbol, "1d")
    assert_frame_equal(loaded[list(read_sample(symbol).frame)], read_sample(symbol).frame)
    instrument = get_instrument(database, symbol)
    assert instrument.timezone == "America/New_York"
    assert instrument.contract_spec == {"adjustment": "raw"}


def test_the_sample_comes_with_its_splits_once(database):
    for _ in range(2):
        ingest_sample(database, "AAPL", duration="1 M")
    with database.reading() as session:
        splits = session.execute(
            select(SymbolEvent.date, SymbolEvent.value).where(SymbolEvent.event_type == "split")
        ).all()
    assert [(day.isoformat(), value) for day, value in splits] == [
        ("2000-06-21", 2.0),
        ("2005-02-28", 2.0),
    ]


def test_what_is_no_sample_is_a_sentence(database):
    with pytest.raises(UnknownSymbol, match='Did you mean "AAPL"'):
        ingest_sample(database, "APPL")
    with pytest.raises(InvalidParams, match="daily bars only"):
        ingest_sample(database, "AAPL", "1h")


@pytest.mark.parametrize(
    ("name", "request_", "sentence"),
    [
        ("cvs", IngestRequest("AAPL", "1d"), 'Did you mean "csv"'),
        ("csv", IngestRequest("AAPL", "1d"), "needs a file"),
        ("ibkr", IngestRequest("AAPL", "1d"), "Nothing listens on 127.0.0.1:1"),
        ("csv", IngestRequest("AAPL", "1d", file="x", adjustment="spilt"), 'Did you mean "split"'),
        ("sample", IngestRequest("AAPL", "1day"), "Unknown resolution"),
        ("sample", IngestRequest("AAPL", "1d", duration="a year"), "is not a duration"),
        ("csv", IngestRequest("AAPL", "1d", file="x", timezone="Nowhere"), "not a time zone"),
    ],
)
def test_a_request_that_cannot_be_met_is_a_sentence(database, name, request_, sentence):
    with pytest.raises(UserError, match=sentence):
        ingest_from(without_broker(database), name, request_)
    assert catalogue(database) == []


def without_broker(database):
    return Workspace(Settings(ib_port=1, ib_timeout=1), database)


def test_a_sample_stands_in_for_missing_bars_while_no_broker_answers(database):
    reports = []
    caution = fetch_missing(without_broker(database), "ibm", "1d", report=reports.append)
    bars = load_bars(database, "IBM", "1d")
    assert len(bars) == len(read_sample("IBM").frame)
    assert f"the sample's bars are used, which end on {bars['ts'].iloc[-1]:%Y-%m-%d}" in caution
    assert reports


def test_bars_of_a_file_are_left_alone(database):
    put(database, closes(1, 2, 3))
    assert fetch_missing(without_broker(database), "AAPL", "1d") is None
    assert len(load_bars(database, "AAPL", "1d")) == 3


@pytest.mark.parametrize(
    ("resolution", "last", "now", "asks"),
    [
        ("1d", "2024-07-01", "2024-07-02 21:00", False),  # closed, but its day is not over
        ("1d", "2024-07-01", "2024-07-03 00:01", True),
        ("1d", "2024-07-02", "2024-07-03 20:00", False),
        ("1w", "2024-06-24", "2024-07-05 21:00", False),
        ("1w", "2024-06-24", "2024-07-08 01:00", True),
        ("1w", "2024-07-01", "2024-07-08 22:00", False),
        ("1h", "2024-07-02 19:00", "2024-07-03 12:00", False),
        ("1h", "2024-07-02 18:00", "2024-07-03 12:00", True),
    ],
)
def test_the_broker_is_asked_when_a_complete_bar_is_lacking(
    database, monkeypatch, resolution, last, now, asks
):
    monkeypatch.setattr(missing, "utc_now", lambda: pd.Timestamp(now, tz="UTC"))
    add_instrument(database, "TSLA", exchange="NASDAQ", timezone="America/New_York")
    bars = closes(1, 2, start="2024-06-03", resolution=resolution)
    bars.loc[1, "ts"] = pd.Timestamp(last, tz="UTC")
    store_bars(database, "TSLA", resolution, bars, source="ibkr")
    assert bool(fetch_missing(without_broker(database), "TSLA", resolution)) == asks


def test_stored_bars_that_cannot_be_brought_up_to_date_are_used_with_a_caution(database):
    ingest_sample(database, "IBM")
    caution = fetch_missing(without_broker(database), "IBM", "1d")
    assert "could not be brought up to date: Nothing listens" in caution


@pytest.mark.parametrize(
    ("symbol", "resolution", "sentence"),
    [
        ("tsla", "1d", 'No 1d bars of "TSLA" are stored, and no broker answers. Nothing listens'),
        ("AAPL", "1h", '-s "AAPL" -r 1h --file prices.csv'),
        ("APPL", "1d", 'no broker answers. Did you mean "AAPL"? Nothing listens'),
    ],
)
def test_what_no_source_can_fetch_is_told_with_the_way_to_bring_it_in(
    database, symbol, resolution, sentence
):
    with pytest.raises(NoBars) as caught:
        fetch_missing(without_broker(database), symbol, resolution)
    assert sentence in str(caught.value)
    assert catalogue(database) == []


def test_fetching_what_cannot_be_named_is_refused(database):
    with pytest.raises(InvalidParams, match="is not a symbol"):
        fetch_missing(without_broker(database), "<b>", "1d")
    with pytest.raises(InvalidParams, match="Unknown resolution"):
        fetch_missing(without_broker(database), "AAPL", "2d")
