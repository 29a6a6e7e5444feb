"""Reading stored bars: the same frame from both databases, to the last bit."""

import numpy as np
import pandas as pd
import pytest
from builders import closes, random_walk
from pandas.testing import assert_frame_equal
from sqlalchemy import text

from services.database import open_database
from services.errors import DatabaseUnavailable, InvalidParams, NoBars, UnknownSymbol
from services.indicators import compute_indicators
from services.ingest import SourceBars, ingest
from services.instruments import add_instrument, ensure_instrument, get_instrument
from services.market_data import catalogue, last_bar_time, load_bars
from services.settings import Settings


def put(database, symbol, resolution, bars):
    source = SourceBars(bars, "test", np.arange(1, len(bars) + 1))
    return ingest(database, symbol, resolution, source)


def stored_symbols(database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(text("SELECT symbol FROM instruments ORDER BY symbol")))


def test_bars_and_indicators_come_back_as_they_were_computed(database):
    bars = random_walk(300).assign(volume=[np.nan, *range(299)])
    put(database, "AAPL", "1d", bars)
    loaded = load_bars(database, "AAPL", "1d")
    expected = pd.concat([bars, compute_indicators(bars).astype("float64")], axis=1)
    assert_frame_equal(loaded, expected, check_exact=True)
    assert loaded["ts"].dtype == "datetime64[us, UTC]"
    assert isinstance(loaded.index, pd.RangeIndex)
    assert loaded["ma20"].isna().sum() == 19


def test_a_time_keeps_its_microseconds(database):
    bars = closes(1, 2, resolution="1m")
    bars["ts"] += pd.Timedelta(microseconds=7)
    put(database, "AAPL", "1m", bars)
    assert load_bars(database, "AAPL", "1m")["ts"].tolist() == bars["ts"].tolist()


def test_a_locked_instrument_keeps_the_other_writers_of_its_series_waiting(make_postgresql):
    database = open_database(Settings(database_url=make_postgresql()))
    add_instrument(database, "AAPL")
    with database.writing() as first:
        ensure_instrument(first, "AAPL", lock=True)
        with pytest.raises(DatabaseUnavailable), database.writing() as second:
            second.execute(text("SET LOCAL lock_timeout = '20ms'"))
            ensure_instrument(second, "AAPL", lock=True)
    database.close()


def test_indicators_are_left_out_on_request(database):
    put(database, "AAPL", "1d", closes(1, 2, 3))
    loaded = load_bars(database, "AAPL", "1d", with_indicators=False)
    assert_frame_equal(loaded, closes(1, 2, 3), check_exact=True)


def test_a_misspelt_symbol_is_answered_with_the_closest_stored(database):
    put(database, "AAPL", "1d", closes(1, 2))
    with pytest.raises(UnknownSymbol, match='Did you mean "AAPL"') as caught:
        load_bars(database, "APPL", "1d")
    assert caught.value.field == "symbol"
    assert "scripts.ingest" in str(caught.value)


def test_missing_bars_are_answered_with_the_resolutions_that_are_stored(database):
    put(database, "AAPL", "1d", closes(1, 2))
    put(database, "AAPL", "1h", closes(1, 2, resolution="1h"))
    with pytest.raises(NoBars, match=r"there are 1h, 1d"):
        load_bars(database, "AAPL", "5m")


def test_an_instrument_without_bars_has_none(database):
    add_instrument(database, "AAPL")
    with pytest.raises(NoBars, match="No 1d bars of AAPL are stored"):
        load_bars(database, "AAPL", "1d")


@pytest.mark.parametrize(
    "symbol",
    [
        *["", " ", "A" * 33, "<b>AAPL</b>", "AAPL'; DROP TABLE instruments; --", "ÄÖ", "A\nB"],
        *[".A", "A/../../B", "A..B", "A..", "/A", "A/"],
    ],
)
def test_what_no_exchange_would_write_is_no_symbol(database, symbol):
    with pytest.raises(InvalidParams, match="is not a symbol") as caught:
        load_bars(database, symbol, "1d")
    assert caught.value.field == "symbol"


@pytest.mark.parametrize(
    "symbol", ["aapl", " AAPL ", "brk.b", "^GSPC", "EUR/USD", "ES=F", "BTC-USD"]
)
def test_usual_symbols_are_stored_in_capitals(database, symbol):
    assert add_instrument(database, symbol).symbol == symbol.strip().upper()


def test_an_unknown_resolution_is_refused(database):
    with pytest.raises(InvalidParams, match='Unknown resolution "1day"'):
        load_bars(database, "AAPL", "1day")


def test_the_catalogue_names_every_series_once(database):
    add_instrument(database, "IBM", name="International Business Machines")
    put(database, "IBM", "1d", closes(1, 2, 3))
    put(database, "AAPL", "1d", closes(1, 2, start="2024-02-01"))
    put(database, "AAPL", "1h", closes(1, 2, resolution="1h"))
    entries = catalogue(database)
    assert [(e.symbol, e.resolution, e.bars) for e in entries] == [
        ("AAPL", "1h", 2),
        ("AAPL", "1d", 2),
        ("IBM", "1d", 3),
    ]
    assert entries[2].name == "International Business Machines"
    assert entries[1].first == pd.Timestamp("2024-02-01", tz="UTC")
    assert entries[1].last == pd.Timestamp("2024-02-02", tz="UTC")


def test_an_empty_database_has_an_empty_catalogue(database):
    assert catalogue(database) == []


def test_the_last_bar_time_is_that_of_its_series(database):
    put(database, "AAPL", "1d", closes(1, 2))
    assert last_bar_time(database, "AAPL", "1d") == pd.Timestamp("2024-01-02", tz="UTC")
    assert last_bar_time(database, "AAPL", "1h") is None


def test_only_what_is_given_about_an_instrument_changes(database):
    add_instrument(database, "AAPL", name="Apple", currency="USD", tick_size=0.01)
    add_instrument(database, "AAPL", name="Apple Inc.", sector=None)
    stored = get_instrument(database, "aapl")
    assert (stored.name, stored.currency, stored.tick_size) == ("Apple Inc.", "USD", 0.01)
    assert stored_symbols(database) == ["AAPL"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../secret"),
        ("tick_size", 0.0),
        ("tick_size", float("nan")),
        ("con_id", -1),
        ("con_id", 2**40),
        ("name", "x" * 201),
    ],
)
def test_an_impossible_fact_about_an_instrument_is_refused(database, field, value):
    with pytest.raises(InvalidParams) as caught:
        add_instrument(database, "AAPL", **{field: value})
    assert caught.value.field == field
    assert stored_symbols(database) == []
