"""A stored series as a whole: what is known of it, exported, deleted, kept up to date."""

import io

import pandas as pd
import pytest
from builders import closes, random_walk
from pandas.testing import assert_frame_equal
from sqlalchemy import text

from services.errors import InvalidParams, NoBars
from services.indicators import compute_indicators
from services.ingest.quarantine import drop_bars, list_quarantine
from services.ingest.store import stage_bars, staged, store_bars
from services.market_data import catalogue, load_bars
from services.series import delete_series, export_series, series_of, set_schedule

KEY = ("AAPL", "1d")


def test_a_series_tells_its_span_and_where_it_came_from(database):
    store_bars(
        database, *KEY, closes(1, 2, 3), source="ibkr", adjustment="split", regular_hours=True
    )
    series = series_of(database, "aapl", "1d")
    assert (series.first, series.last) == (
        pd.Timestamp("2024-01-01", tz="UTC"),
        pd.Timestamp("2024-01-03", tz="UTC"),
    )
    assert (series.bars, series.source, series.adjustment) == (3, "ibkr", "split")
    assert series.regular_hours is True
    assert series.stale_from is None
    assert series.updated_at is not None


def test_a_series_without_bars_is_none(database):
    assert series_of(database, *KEY) is None


def test_a_deleted_series_leaves_nothing_but_its_instrument(database):
    bars = random_walk(60)
    store_bars(database, *KEY, bars)
    store_bars(database, "AAPL", "1h", random_walk(10, resolution="1h"))
    drop_bars(database, *KEY, [bars["ts"][5]], "looks wrong")
    stage_bars(database, *KEY, bars, start=bars["ts"][0], reached=bars["ts"][59])
    assert delete_series(database, *KEY) == 59
    assert series_of(database, *KEY) is None
    assert staged(database, *KEY) is None
    assert list_quarantine(database, *KEY, ("open", "dropped")).empty
    with pytest.raises(NoBars, match="there are 1h"):
        load_bars(database, *KEY)
    assert store_bars(database, *KEY, bars).new == 60


def test_a_schedule_is_shown_and_goes_with_the_last_series(database):
    store_bars(database, *KEY, closes(1, 2))
    assert catalogue(database)[0].schedule == "off"
    set_schedule(database, "aapl", "daily")
    assert catalogue(database)[0].schedule == "daily"
    delete_series(database, *KEY)
    store_bars(database, *KEY, closes(1, 2))
    assert catalogue(database)[0].schedule == "off"


def test_what_is_no_schedule_is_refused(database):
    with pytest.raises(InvalidParams, match='Did you mean "daily"'):
        set_schedule(database, "AAPL", "dayly")


def test_an_exported_csv_reads_back_to_the_last_bit(database):
    bars = random_walk(80).assign(volume=[float("nan"), *range(79)])
    store_bars(database, *KEY, bars)
    file = export_series(database, *KEY, "csv")
    assert file.splitlines()[1].startswith(b"2024-01-01T00:00:00Z,")
    back = pd.read_csv(io.BytesIO(file), parse_dates=["ts"], float_precision="round_trip")
    expected = pd.concat([bars, compute_indicators(bars)], axis=1)
    assert_frame_equal(back, expected, check_exact=True, check_dtype=False)


def test_an_exported_parquet_has_typed_columns(database):
    bars = random_walk(80)
    store_bars(database, *KEY, bars)
    back = pd.read_parquet(io.BytesIO(export_series(database, *KEY, "parquet")))
    assert str(back["ts"].dtype) == "datetime64[us, UTC]"
    assert str(back["supertrend_trend"].dtype) == "Int8"
    expected = pd.concat([bars, compute_indicators(bars)], axis=1)
    assert_frame_equal(back, expected, check_exact=True, check_dtype=False)


def test_what_cannot_be_exported_is_a_sentence(database):
    with pytest.raises(InvalidParams, match="use csv or parquet"):
        export_series(database, *KEY, "xlsx")


def test_bars_that_another_program_adds_are_counted(database):
    store_bars(database, *KEY, closes(1, 2))
    with database.writing() as session:
        session.execute(
            text(
                "INSERT INTO market_prices (symbol, resolution, ts, open, high, low, close) "
                "VALUES ('AAPL', '1d', '2024-01-09 00:00:00.000000+00', 1, 1, 1, 1)"
                if database.engine.dialect.name == "postgresql"
                else "INSERT INTO market_prices (symbol, resolution, ts, open, high, low, close) "
                "VALUES ('AAPL', '1d', '2024-01-09 00:00:00.000000', 1, 1, 1, 1)"
            )
        )
    assert series_of(database, *KEY).bars == 3
