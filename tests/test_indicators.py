"""Indicators: TA-Lib's values, bands by the words of their definition, and no look ahead."""

import numpy as np
import pandas as pd
import pytest
import talib
from builders import candles, closes, random_walk
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import SYMBOLS, real_bars

from services.indicators import INDICATOR_COLUMNS, compute_indicators, with_indicators
from services.indicators.supertrend import supertrend_lines

# Bars before the first value, as the definitions of the averages say.
WARM_UP = {
    "ma20": 19,
    "ma50": 49,
    "ema_fast": 11,
    "ema_slow": 25,
    "macd": 33,
    "macd_signal": 33,
    "bb_mid": 19,
    "bb_upper": 19,
    "bb_lower": 19,
    "rsi": 14,
    "atr": 14,
    "tr": 1,
    "ath": 0,
    "supertrend": 10,
    "supertrend_upper": 10,
    "supertrend_lower": 10,
    "supertrend_trend": 10,
}


def bare_talib(bars):
    high, low, close = (bars[name].to_numpy() for name in ("high", "low", "close"))
    macd, macd_signal, _ = talib.MACD(close, fastperiod=12, slowperiod=26, signalperiod=9)
    upper, middle, lower = talib.BBANDS(close, timeperiod=20, nbdevup=2, nbdevdn=2)
    line, trend = talib.SUPERTREND(high, low, close, 10, 3)
    return {
        "ma20": talib.SMA(close, timeperiod=20),
        "ma50": talib.SMA(close, timeperiod=50),
        "ema_fast": talib.EMA(close, timeperiod=12),
        "ema_slow": talib.EMA(close, timeperiod=26),
        "macd": macd,
        "macd_signal": macd_signal,
        "bb_mid": middle,
        "bb_upper": upper,
        "bb_lower": lower,
        "rsi": talib.RSI(close, timeperiod=14),
        "atr": talib.ATR(high, low, close, timeperiod=14),
        "tr": talib.TRANGE(high, low, close),
        "supertrend": line,
        "supertrend_trend": np.where(np.isnan(line), np.nan, trend),
    }


def slow_bands(bars, period, multiplier):
    """Work the bands out bar by bar, in the words of their definition."""
    high, low, close = (bars[name].tolist() for name in ("high", "low", "close"))
    atr = talib.ATR(*(bars[name].to_numpy() for name in ("high", "low", "close")), period)
    uppers, lowers = [], []
    upper = lower = None
    for i in range(len(close)):
        if np.isnan(atr[i]):
            uppers.append(np.nan)
            lowers.append(np.nan)
            continue
        new_upper = (high[i] + low[i]) / 2 + multiplier * atr[i]
        new_lower = (high[i] + low[i]) / 2 - multiplier * atr[i]
        if upper is None or new_upper < upper or close[i - 1] > upper:
            upper = new_upper
        if lower is None or new_lower > lower or close[i - 1] < lower:
            lower = new_lower
        uppers.append(upper)
        lowers.append(lower)
    return np.array(uppers), np.array(lowers)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_column_is_exactly_that_of_talib_on_real_bars(symbol):
    bars = real_bars(symbol)
    computed = compute_indicators(bars)
    assert list(computed.columns) == INDICATOR_COLUMNS
    for name, expected in bare_talib(bars).items():
        np.testing.assert_array_equal(computed[name], expected, err_msg=name)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_averages_are_those_of_the_textbook_and_not_only_of_the_library(symbol):
    bars = real_bars(symbol)
    computed, close = compute_indicators(bars), bars["close"]
    window = close.rolling(20)
    expected = {
        "ma20": window.mean(),
        "ma50": close.rolling(50).mean(),
        "bb_upper": window.mean() + 2 * window.std(ddof=0),
        "bb_lower": window.mean() - 2 * window.std(ddof=0),
        "ath": bars["high"].cummax(),
    }
    for name, values in expected.items():
        pd.testing.assert_series_equal(computed[name], values, check_names=False, rtol=1e-9)


@pytest.mark.parametrize("count", [0, 1, 2, 9, 10, 11, 12, 15, 33, 34, 35, 51])
def test_the_warm_up_is_undefined_and_nothing_after_it(count):
    computed = compute_indicators(random_walk(60).iloc[:count])
    assert len(computed) == count
    for name, bars_before in WARM_UP.items():
        undefined = computed[name].isna().tolist()
        expected = [i < bars_before for i in range(count)]
        assert undefined == expected, name


@pytest.mark.parametrize("count", [11, 12, 33, 200])
def test_every_column_is_that_of_talib_on_few_bars(count):
    bars = random_walk(count, seed=count)
    computed = compute_indicators(bars)
    for name, expected in bare_talib(bars).items():
        np.testing.assert_array_equal(computed[name], expected, err_msg=name)


def test_all_columns_are_floats_on_the_index_of_the_bars():
    bars = random_walk(60).set_axis(range(100, 160))
    computed = compute_indicators(bars)
    assert (computed.dtypes == "float64").all()
    assert computed.index.equals(bars.index)


def test_bars_in_any_memory_layout_give_the_same_values():
    bars = random_walk(80)
    names = ["open", "high", "low", "close", "volume"]
    by_row = pd.DataFrame(np.ascontiguousarray(bars[names].to_numpy()), columns=names)
    pd.testing.assert_frame_equal(compute_indicators(by_row), compute_indicators(bars))


def test_whole_number_prices_are_taken_as_prices():
    bars = closes(*range(50, 110))
    prices = ["open", "high", "low", "close"]
    whole = bars.assign(**bars[prices].round().astype("int64"))
    pd.testing.assert_frame_equal(
        compute_indicators(whole), compute_indicators(whole.astype(dict.fromkeys(prices, float)))
    )


def test_computing_leaves_the_bars_as_they_were():
    bars = random_walk(60)
    before = bars.copy()
    computed = compute_indicators(bars)
    computed.loc[:, :] = 0.0
    with_indicators(bars)
    pd.testing.assert_frame_equal(bars, before)


def test_the_all_time_high_is_that_of_highs_and_never_falls():
    bars = candles((10, 12, 9, 11), (11, 11, 8, 9), (9, 15, 9, 10), (10, 14, 9, 13))
    assert compute_indicators(bars)["ath"].tolist() == [12, 12, 15, 15]


def test_the_true_range_reaches_to_the_close_before():
    bars = candles((10, 12, 9, 11), (20, 21, 20, 21), (15, 16, 15, 16))
    assert compute_indicators(bars)["tr"].tolist()[1:] == [10, 6]


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize(("period", "multiplier"), [(10, 3.0), (7, 2.0), (21, 1.5)])
def test_the_bands_follow_their_definition_on_real_bars(symbol, period, multiplier):
    assert_supertrend_hangs_together(real_bars(symbol), period, multiplier)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 150), st.sampled_from([0.0, 0.5, 3.0]))
def test_the_bands_follow_their_definition_on_random_walks(seed, count, spread):
    assert_supertrend_hangs_together(random_walk(count, seed, spread=spread), 10, 3.0)


def assert_supertrend_hangs_together(bars, period, multiplier):
    high, low, close = (bars[name].to_numpy() for name in ("high", "low", "close"))
    line, trend, upper, lower = supertrend_lines(high, low, close, period, multiplier)
    slow_upper, slow_lower = slow_bands(bars, period, multiplier)
    np.testing.assert_allclose(upper, slow_upper, rtol=1e-12)
    np.testing.assert_allclose(lower, slow_lower, rtol=1e-12)
    # TA-Lib's own line lies on the band of its side: two computations that know nothing of
    # each other meet.
    np.testing.assert_allclose(line, np.where(trend == 1, lower, upper), rtol=1e-9, atol=1e-9)
    known = trend[~np.isnan(trend)]
    assert set(known) <= {1.0, -1.0}
    if len(known):
        assert known[0] == 1.0


def test_the_stored_supertrend_columns_are_the_lines_of_10_bars_and_3_ranges():
    bars = random_walk(120, seed=3)
    computed = compute_indicators(bars)
    upper, lower = slow_bands(bars, 10, 3.0)
    np.testing.assert_allclose(computed["supertrend_upper"], upper)
    np.testing.assert_allclose(computed["supertrend_lower"], lower)


def test_columns_at_hand_are_kept_and_the_missing_ones_computed():
    bars = random_walk(60).assign(ma20=7.0)
    frame = with_indicators(bars)
    assert (frame["ma20"] == 7.0).all()
    np.testing.assert_array_equal(frame["rsi"], compute_indicators(bars)["rsi"])
    assert set(frame.columns) >= set(INDICATOR_COLUMNS)
    assert with_indicators(frame) is frame


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 130), st.data())
def test_no_value_depends_on_a_later_bar(seed, count, data):
    bars = random_walk(count, seed)
    cut = data.draw(st.integers(1, count - 1))
    whole = compute_indicators(bars).iloc[:cut]
    pd.testing.assert_frame_equal(compute_indicators(bars.iloc[:cut]), whole, rtol=0, atol=0)


@pytest.mark.parametrize("name", INDICATOR_COLUMNS)
def test_one_column_alone_is_the_column_of_all(name):
    bars = random_walk(200)
    alone, all_of_them = compute_indicators(bars, [name]), compute_indicators(bars)
    pd.testing.assert_frame_equal(alone, all_of_them[[name]], check_exact=True)


def test_a_frame_without_indicators_gets_those_that_are_named_and_any_other_gets_all():
    bars = random_walk(60)
    assert with_indicators(bars, []) is bars
    assert list(with_indicators(bars, {"rsi", "ma20"}).columns) == [*bars.columns, "ma20", "rsi"]
    some = bars.assign(bb_upper=1.0)
    assert set(INDICATOR_COLUMNS) <= set(with_indicators(some, {"rsi"}).columns)
