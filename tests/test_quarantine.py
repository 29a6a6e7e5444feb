"""The quarantine: what is no bar is kept with its reason, and what was dropped stays out."""

import numpy as np
import pandas as pd
import pytest
from builders import candles, random_walk
from pandas.testing import assert_frame_equal

from services.bars import check_bars
from services.errors import InvalidParams
from services.indicators import compute_indicators
from services.ingest import SourceBars, ingest
from services.ingest.quarantine import drop_bars, list_quarantine, quarantine, set_state
from services.ingest.store import StoreCounts, refresh_indicators, stage_bars, staged, store_bars
from services.market_data import load_bars
from services.series import series_of

KEY = ("AAPL", "1d")
GOOD, UPSIDE_DOWN = (10, 12, 9, 11), (10, 9, 12, 11)


def put(database, bars, **how):
    return ingest(database, *KEY, SourceBars(bars, "test", np.arange(1, len(bars) + 1)), **how)


def test_a_row_that_is_no_bar_is_kept_with_its_reason(database):
    bars = candles(GOOD, UPSIDE_DOWN, GOOD, (10, 12, 9, np.nan))
    put(database, bars, origin="csv")
    listed = list_quarantine(database, "aapl", "1d")
    assert listed["reason"].tolist() == ["high below low", "price missing or not a number"]
    assert listed["source"].tolist() == ["csv", "csv"]
    columns = ["ts", "open", "high", "low", "close", "volume"]
    assert_frame_equal(listed[columns], bars.iloc[[1, 3]].reset_index(drop=True))


def test_the_same_row_is_listed_once(database):
    bars = candles(GOOD, UPSIDE_DOWN, UPSIDE_DOWN)
    for _ in range(2):
        put(database, bars)
    rejected = check_bars(bars, "1d").rejected
    assert quarantine(database, *KEY, "csv", rejected) == 0
    assert len(list_quarantine(database, *KEY)) == 2
    other = rejected.assign(close=[1.0, 1.0])
    assert quarantine(database, *KEY, "csv", other) == 2


def test_a_bar_that_still_forms_is_not_kept_and_one_in_the_future_is(database):
    bars = candles(GOOD, GOOD, GOOD, GOOD, start="2024-01-01")
    result = put(database, bars, now=pd.Timestamp("2024-01-03 15:00", tz="UTC"))
    assert result.stored_new == 2
    assert result.reasons == {"bar still forming": 1, "bar in the future": 1}
    assert list_quarantine(database, *KEY)["reason"].tolist() == ["bar in the future"]


def test_a_row_without_a_time_or_with_an_infinite_volume_can_be_kept(database):
    bars = candles(GOOD, (*GOOD, np.inf), GOOD)
    bars.loc[2, "ts"] = pd.NaT
    put(database, bars)
    reasons = set(list_quarantine(database, *KEY)["reason"])
    assert reasons == {"volume not a number", "time missing or not readable"}


def test_an_accepted_row_is_listed_no_more_and_does_not_come_back(database):
    bars = candles(GOOD, UPSIDE_DOWN, GOOD)
    put(database, bars)
    set_state(database, list_quarantine(database, *KEY)["id"].tolist(), "accepted")
    put(database, bars)
    assert list_quarantine(database, *KEY).empty
    assert len(list_quarantine(database, *KEY, ("accepted",))) == 1


def test_a_state_that_there_is_not_is_refused(database):
    with pytest.raises(InvalidParams, match="use open, accepted, dropped"):
        set_state(database, [1], "gone")


def test_a_dropped_bar_leaves_the_series_and_is_kept_out(database):
    bars = random_walk(60)
    store_bars(database, *KEY, bars, source="ibkr")
    assert drop_bars(database, *KEY, [bars["ts"][20]], "spike") == 1
    left = bars.drop(index=20).reset_index(drop=True)
    expected = pd.concat([left, compute_indicators(left)], axis=1)
    assert_frame_equal(load_bars(database, *KEY), expected, check_exact=True, check_dtype=False)
    assert series_of(database, *KEY).bars == 59
    refresh_indicators(database, *KEY)
    assert store_bars(database, *KEY, bars) == StoreCounts(unchanged=59, kept_out=1)
    assert series_of(database, *KEY).stale_from is None
    kept = list_quarantine(database, *KEY, ("dropped",))
    assert kept[["reason", "source", "close"]].values.tolist() == [
        ["spike", "ibkr", bars["close"][20]]
    ]


def test_a_report_counts_the_bars_that_were_kept_out(database):
    bars = random_walk(30)
    store_bars(database, *KEY, bars)
    drop_bars(database, *KEY, bars["ts"][[3, 4]], "spike")
    result = put(database, bars)
    assert (result.unchanged, result.kept_out, result.received) == (28, 2, 30)


def test_a_dropped_bar_with_other_prices_is_stored(database):
    bars = random_walk(30)
    store_bars(database, *KEY, bars)
    drop_bars(database, *KEY, [bars["ts"][12]], "spike")
    bars.loc[12, "volume"] += 1
    counts = store_bars(database, *KEY, bars)
    assert (counts.new, counts.kept_out) == (1, 0)


def test_a_dropped_bar_that_is_let_in_again_can_be_dropped_again(database):
    bars = random_walk(30)
    store_bars(database, *KEY, bars)
    drop_bars(database, *KEY, [bars["ts"][12]], "spike")
    dropped = list_quarantine(database, *KEY, ("dropped",))
    set_state(database, dropped["id"].tolist(), "accepted")
    assert store_bars(database, *KEY, bars).new == 1
    drop_bars(database, *KEY, [bars["ts"][12]], "spike after all")
    assert list_quarantine(database, *KEY, ("dropped",))["reason"].tolist() == ["spike after all"]


def test_dropping_the_ends_moves_the_span_of_the_series(database):
    bars = random_walk(30)
    store_bars(database, *KEY, bars)
    drop_bars(database, *KEY, [bars["ts"][29]], "bad")
    series = series_of(database, *KEY)
    assert (series.last, series.stale_from) == (bars["ts"][28], None)
    drop_bars(database, *KEY, [bars["ts"][0]], "bad")
    series = series_of(database, *KEY)
    assert (series.first, series.stale_from) == (bars["ts"][1], bars["ts"][0])
    drop_bars(database, *KEY, bars["ts"], "all of it")
    assert series_of(database, *KEY) is None


def test_dropping_what_is_not_stored_changes_nothing(database):
    store_bars(database, *KEY, random_walk(5))
    assert drop_bars(database, *KEY, [pd.Timestamp("2030-01-01", tz="UTC")], "bad") == 0


def test_a_dropped_bar_does_not_enter_by_the_stage(database):
    bars = random_walk(30)
    store_bars(database, *KEY, bars)
    drop_bars(database, *KEY, [bars["ts"][12]], "spike")
    stage_bars(database, *KEY, bars, start=bars["ts"][0], reached=bars["ts"][29])
    assert staged(database, *KEY).bars == 29
