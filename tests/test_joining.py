"""Bars of two sources under one symbol: they join where they agree, and are never a mixture."""

import numpy as np
import pandas as pd
import pytest
import talib
from real_bars import real_bars

from services.errors import InvalidParams
from services.ingest import ingest
from services.ingest.sample_source import ingest_sample
from services.ingest.source import SourceBars
from services.ingest.store import store_bars
from services.instruments import add_instrument, get_instrument
from services.market_data import load_bars
from services.series import series_of

IBM = real_bars("IBM")
PRICES = ["open", "high", "low", "close"]


def put(database, bars, origin="csv", adjustment=None):
    given = SourceBars(bars, np.arange(1, len(bars) + 1), "test")
    return ingest(database, "IBM", "1d", given, origin=origin, adjustment=adjustment)


def times(bars, factor):
    return bars.assign(**{name: bars[name] * factor for name in PRICES})


def bars_of(database):
    return load_bars(database, "IBM", "1d")[IBM.columns.tolist()]


def test_neither_a_file_nor_a_sample_joins_the_brokers_bars(database):
    add_instrument(database, "IBM", con_id=8314, exchange="NYSE")
    store_bars(database, "IBM", "1d", times(IBM.tail(300), 2), source="ibkr", adjustment="split")
    before, instrument = bars_of(database), get_instrument(database, "IBM")
    with pytest.raises(InvalidParams, match="came from Interactive Brokers.*nothing was changed"):
        put(database, IBM.tail(400).reset_index(drop=True))
    with pytest.raises(InvalidParams, match="delete the series first"):
        ingest_sample(database, "IBM")
    pd.testing.assert_frame_equal(bars_of(database), before)
    assert series_of(database, "IBM", "1d").source == "ibkr"
    assert get_instrument(database, "IBM") == instrument


def test_a_sample_gives_way_to_a_file_with_other_bars(database):
    ingest_sample(database, "IBM")
    mine = times(IBM.tail(400), 1.7).reset_index(drop=True)
    report = put(database, mine)
    pd.testing.assert_frame_equal(bars_of(database), mine)
    assert (report.stored_new, report.changed, report.received) == (0, 400, 400)
    assert "The sample's bars, which were others, were replaced." in report.notes
    series = series_of(database, "IBM", "1d")
    assert (series.source, series.adjustment, series.stale_from) == ("csv", None, None)
    stored = load_bars(database, "IBM", "1d")
    np.testing.assert_array_equal(stored["ma20"], talib.SMA(mine["close"].to_numpy(), 20))


def test_a_file_that_agrees_with_the_sample_joins_it(database):
    ingest_sample(database, "IBM")
    before = bars_of(database)
    revised = before.tail(10).reset_index(drop=True)
    revised.loc[5, "high"] += 1
    report = put(database, revised)
    assert (report.changed, report.unchanged) == (1, 9)
    assert len(bars_of(database)) == len(before)


def test_a_sample_does_not_join_other_bars_of_a_file(database):
    mine = times(IBM.tail(400), 1.7).reset_index(drop=True)
    put(database, mine)
    with pytest.raises(InvalidParams, match="came from a file and are not the same"):
        ingest_sample(database, "IBM")
    pd.testing.assert_frame_equal(bars_of(database), mine)


def test_a_file_that_is_adjusted_otherwise_replaces_all_or_nothing(database):
    put(database, IBM)
    halved = times(IBM, 0.5)
    with pytest.raises(InvalidParams, match=r"0\.5 times the stored ones"):
        put(database, halved.tail(300).reset_index(drop=True))
    pd.testing.assert_frame_equal(bars_of(database), IBM)
    assert put(database, halved).changed == len(IBM)
    pd.testing.assert_frame_equal(bars_of(database), halved)
