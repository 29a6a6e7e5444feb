"""A request for a backtest: what is checked without data, and its way through a URL."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.backtest import BacktestRequest, SimulationSettings
from services.backtest.request import QUERY_NAMES, RISK_NAMES
from services.errors import InvalidParams

LAST = pd.Timestamp("2024-03-01", tz="UTC")


def request(symbol="AAPL", resolution="1d", strategy="ma_cross", **more):
    return BacktestRequest(symbol, resolution, strategy, **more)


def test_the_query_holds_every_value_that_matters_under_the_names_of_the_url():
    query = request(
        params={"fast": 20, "slow": 50}, duration="5y", settings=SimulationSettings(cash=100_000)
    ).as_query()
    assert query == {
        "symbol": "AAPL",
        "resolution": "1d",
        "strategy": "ma_cross",
        "duration": "5 Y",
        "cash": "100000",
        "commission": "ibkr_fixed",
        "slippage": "1",
        "fill": "next_open",
        "p.fast": "20",
        "p.slow": "50",
    }


def test_the_query_says_of_sides_stops_and_sizes_only_what_is_not_usual():
    plain = request().as_query()
    assert not set(plain) & set(RISK_NAMES)
    risky = SimulationSettings(stop_loss="5 %", fractional=False, max_exposure=0.5)
    said = {"stop_loss": "5%", "fractional": "false", "max_exposure": "0.5"}
    assert request(settings=risky).as_query() == plain | said
    assert set(RISK_NAMES) <= set(QUERY_NAMES)


def test_a_short_link_has_the_defaults():
    read = BacktestRequest.from_query({"symbol": "aapl", "strategy": "rsi"})
    assert (read.symbol, read.resolution, read.settings) == ("AAPL", "1d", SimulationSettings())
    assert read.span(LAST) == (None, None)


spans = st.sampled_from(
    [
        {},
        {"duration": "5 Y"},
        {"start": "2020-01-01"},
        {"end": "2021-01-01 15:30"},
        {"start": "2020-01-01", "end": "2020-01-01"},
    ]
)
simulations = st.builds(
    SimulationSettings,
    cash=st.floats(1, 1e12),
    slippage_bps=st.floats(0, 1000),
    commission=st.sampled_from(["none", "ibkr_fixed", "percent:0.25"]),
    fill=st.sampled_from(["close", "next_open"]),
    side=st.sampled_from(["long", "short", "both"]),
    stop_loss=st.sampled_from(["", "5%", "2ATR"]),
    take_profit=st.sampled_from(["", "12.5%"]),
    trailing_stop=st.sampled_from(["", "0.5ATR"]),
    intrabar=st.sampled_from(["stop_first", "target_first", "finer_bars", "finer_bars:5m"]),
    sizing=st.sampled_from(["all_in", "percent:33.3", "shares:100", "volatility:10"]),
    fractional=st.booleans(),
    max_exposure=st.floats(0.01, 1),
    cash_interest=st.floats(0, 100),
    borrow_rate=st.floats(0, 1000),
)
parameters = st.dictionaries(
    st.sampled_from(["fast", "slow", "trend"]),
    st.integers(2, 400) | st.floats(0.1, 10) | st.sampled_from(["ma20", "a&b=c"]),
)


@settings(deadline=None)
@given(spans, simulations, parameters)
def test_a_request_comes_back_from_its_own_query_as_it_was(span, simulation, params):
    asked = request(params=params, settings=simulation, **span)
    read = BacktestRequest.from_query(asked.as_query())
    assert read.settings == asked.settings
    assert (read.duration, read.start, read.end) == (asked.duration, asked.start, asked.end)
    assert read.params == {name: str(value) for name, value in params.items()}
    assert read.as_query() == asked.as_query()


@pytest.mark.parametrize(
    ("more", "sentence", "field"),
    [
        ({"symbol": " "}, "Choose a symbol.", "symbol"),
        ({"resolution": "2d"}, 'Unknown resolution "2d"', "resolution"),
        ({"duration": "soon"}, '"soon" is not a duration', "duration"),
        ({"start": "soon"}, '"soon" is not a date', "start"),
        ({"end": "2024-02-30"}, '"2024-02-30" is not a date', "end"),
        ({"duration": "1 Y", "start": "2024-01-01"}, "duration or dates, not both", "duration"),
        ({"start": "2024-01-02", "end": "2024-01-01"}, "The start lies after the end", "start"),
    ],
)
def test_what_can_be_checked_without_data_is_checked_at_once(more, sentence, field):
    with pytest.raises(InvalidParams, match=sentence) as caught:
        request(**more)
    assert caught.value.field == field


def test_a_span_of_dates_has_both_its_days():
    start, end = request(start="2024-01-01", end="2024-01-01").span(LAST)
    assert start == pd.Timestamp("2024-01-01", tz="UTC")
    assert end == pd.Timestamp("2024-01-01 23:59:59.999999", tz="UTC")


def test_an_end_with_a_time_is_that_moment():
    assert request(end="2024-01-01 15:30").span(LAST)[1] == pd.Timestamp("2024-01-01 15:30Z")


def test_a_duration_is_counted_back_from_the_last_bar():
    assert request(duration="1 Y").span(LAST) == (pd.Timestamp("2023-03-01", tz="UTC"), None)
