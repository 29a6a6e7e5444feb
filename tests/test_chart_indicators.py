"""The indicators that a chart offers: their values, how they are written, what is refused."""

import numpy as np
import pandas as pd
import pytest
import talib
from builders import candles, random_walk
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import real_bars

from services.errors import InvalidParams
from services.indicators.catalogue import (
    CHART_INDICATORS,
    MOST_INDICATORS,
    indicators_text,
    parse_indicators,
)
from services.indicators.chart_lines import SESSION
from services.indicators.lines import PRICE_PANE
from services.parameters import parameter_specs


def lines_of(text, bars):
    return [line for one in parse_indicators(text) for line in one.lines(bars)]


def with_sessions(bars, *sessions):
    return bars.assign(**{SESSION: list(sessions)})


# Written out as a reader of TA-Lib's manual would call it.
EXPECTED = {
    "sma:7": lambda o, h, l, c, v: [talib.SMA(c, timeperiod=7)],  # noqa: E741
    "ema:9": lambda o, h, l, c, v: [talib.EMA(c, timeperiod=9)],  # noqa: E741
    "wma:11": lambda o, h, l, c, v: [talib.WMA(c, timeperiod=11)],  # noqa: E741
    "bb:15:1.5": lambda o, h, l, c, v: talib.BBANDS(  # noqa: E741
        c, timeperiod=15, nbdevup=1.5, nbdevdn=1.5, matype=0
    ),
    "macd:5:13:4": lambda o, h, l, c, v: [  # noqa: E741
        talib.MACD(c, fastperiod=5, slowperiod=13, signalperiod=4)[i] for i in (2, 0, 1)
    ],
    "rsi:6": lambda o, h, l, c, v: [talib.RSI(c, timeperiod=6)],  # noqa: E741
    "atr:8": lambda o, h, l, c, v: [talib.ATR(h, l, c, timeperiod=8)],  # noqa: E741
    "supertrend:7:2": lambda o, h, l, c, v: [talib.SUPERTREND(h, l, c, 7, 2.0)[0]],  # noqa: E741
    "ath": lambda o, h, l, c, v: [[max(h[: i + 1]) for i in range(len(h))]],  # noqa: E741
    "stoch:9:4:2": lambda o, h, l, c, v: talib.STOCH(  # noqa: E741
        h, l, c, fastk_period=9, slowk_period=4, slowk_matype=0, slowd_period=2, slowd_matype=0
    ),
    "adx:10": lambda o, h, l, c, v: [  # noqa: E741
        talib.ADX(h, l, c, timeperiod=10),
        talib.PLUS_DI(h, l, c, timeperiod=10),
        talib.MINUS_DI(h, l, c, timeperiod=10),
    ],
    "obv": lambda o, h, l, c, v: [talib.OBV(c, v)],  # noqa: E741
}


@pytest.mark.parametrize("text", sorted(EXPECTED))
def test_values_are_those_of_ta_lib(text):
    bars = real_bars("MSFT").tail(400).reset_index(drop=True)
    columns = [bars[name].to_numpy() for name in ("open", "high", "low", "close", "volume")]
    lines = lines_of(text, bars)
    expected = EXPECTED[text](*columns)
    assert len(lines) == len(expected)
    for line, values in zip(lines, expected, strict=True):
        np.testing.assert_array_equal(line.values, values, line.label)
        assert np.isfinite(line.values[-1])


def test_every_indicator_but_vwap_is_held_against_ta_lib():
    assert {text.split(":")[0] for text in EXPECTED} == set(CHART_INDICATORS) - {"vwap"}


def test_vwap_is_the_mean_price_of_what_was_traded_since_the_session_began():
    bars = candles(
        (10, 12, 9, 12, 100),  # mean price 11
        (12, 15, 12, 15, 300),  # 14: (1100 + 4200) / 400
        (20, 21, 18, 21, 50),  # a new session: 20
        (21, 27, 21, 24, 150),  # 24: (1000 + 3600) / 200
        resolution="1h",
    )
    (line,) = lines_of("vwap", with_sessions(bars, 1, 1, 2, 2))
    assert line.pane == PRICE_PANE
    assert line.values.tolist() == pytest.approx([11.0, 13.25, 20.0, 23.0])


def test_vwap_is_not_known_before_anything_was_traded():
    bars = candles((10, 12, 9, 12, 0), (1, 2, 1, 2, np.nan), (6, 9, 6, 9, 5), resolution="1h")
    (line,) = lines_of("vwap", with_sessions(bars, 1, 1, 1))
    np.testing.assert_array_equal(line.values, [np.nan, np.nan, 8.0])


def test_vwap_of_a_late_session_has_lost_no_digits():
    count = 4000
    bars = candles(*[(100.0, 100.0, 100.0, 100.0, 1e9)] * count, resolution="1m")
    bars.loc[count - 1, "volume"] = 1e-3
    (line,) = lines_of("vwap", with_sessions(bars, *[0] * (count - 1), 1))
    assert line.values[-1] == pytest.approx(100.0, rel=1e-12)


def test_vwap_of_daily_bars_is_refused_in_a_sentence():
    with pytest.raises(InvalidParams, match="VWAP begins anew with each session"):
        lines_of("vwap", random_walk(5))


def test_an_unknown_volume_adds_nothing_to_obv():
    bars = candles((1, 1, 1, 1, 10), (2, 2, 2, 2, np.nan), (3, 3, 3, 3, 5))
    (line,) = lines_of("obv", bars)
    assert line.values.tolist() == [10, 10, 15]


@pytest.mark.parametrize("name", sorted(CHART_INDICATORS))
@pytest.mark.parametrize("count", [1, 2, 3, 30])
def test_few_bars_give_lines_of_their_length(name, count):
    bars = with_sessions(random_walk(count, resolution="1h"), *[0] * count)
    lines = lines_of(name, bars)
    assert lines
    assert all(len(line.values) == count for line in lines)


@pytest.mark.parametrize("name", sorted(CHART_INDICATORS))
def test_a_line_knows_no_bar_after_its_own(name):
    bars = with_sessions(random_walk(300, 3, resolution="1h"), *np.arange(300) // 7)
    for whole, part in zip(lines_of(name, bars), lines_of(name, bars[:200]), strict=True):
        np.testing.assert_allclose(whole.values[:200], part.values, rtol=1e-12)


@pytest.mark.parametrize("name", sorted(CHART_INDICATORS))
def test_every_line_lies_in_the_pane_that_its_indicator_names(name):
    bars = with_sessions(random_walk(60, resolution="1h"), *[0] * 60)
    spec = CHART_INDICATORS[name]
    assert {line.pane for line in lines_of(name, bars)} == {spec.pane}
    assert spec.label
    assert spec.help.endswith(".")
    assert all(parameter.help for parameter in parameter_specs(spec.Params))


def test_parameters_left_out_have_their_defaults():
    assert indicators_text(parse_indicators("sma,bb:10,macd::30")) == "sma:20,bb:10:2,macd:12:30:9"


def test_nothing_is_no_indicator():
    assert parse_indicators("") == parse_indicators(" , ,") == parse_indicators(None) == ()


def test_the_same_twice_counts_once():
    assert indicators_text(parse_indicators("rsi, RSI:14 ,sma:20")) == "rsi:14,sma:20"


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["sma", "ema", "rsi", "adx"]), st.integers(2, 5000)),
            st.tuples(st.just("bb"), st.integers(2, 5000), st.floats(0.1, 10)),
            st.tuples(st.sampled_from(["obv", "ath", "vwap"])),
        ),
        max_size=MOST_INDICATORS,
    )
)
def test_what_is_written_is_read_as_the_same(parts):
    text = ",".join(":".join(map(str, part)) for part in parts)
    chosen = parse_indicators(text)
    assert parse_indicators(indicators_text(chosen)) == chosen
    assert indicators_text(parse_indicators(indicators_text(chosen))) == indicators_text(chosen)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("smma:20", 'Did you mean "sma"'),
        ("sma:1", "2 to 5000"),
        ("sma:5001", "2 to 5000"),
        ("sma:1e9", "whole number"),
        ("sma:abc", "whole number"),
        ("sma:2.5", "whole number"),
        ("sma:-3", "2 to 5000"),
        ("sma:20:30", "takes only period, not 2 values"),
        ("ath:5", "takes no parameters"),
        ("bb:20:nan", "deviations must be a number"),
        ("bb:20:inf", "deviations must be a number"),
        ("bb:20:0", "deviations must be a number"),
        ("macd:26:12", "fast must be below slow"),
        ("x" * 10_000, "There is no indicator"),
        ("sma:" + "9" * 10_000, "period must be"),
        ("sma" + ":" * 10_000, "takes only period"),
        ("<script>", "There is no indicator"),
        (",".join(f"sma:{n}" for n in range(2, 102)), "at most 12 indicators, not 100"),
    ],
    ids=lambda value: value[:20],
)
def test_what_cannot_be_drawn_is_a_short_sentence(text, sentence):
    with pytest.raises(InvalidParams) as caught:
        parse_indicators(text)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_frame_of_read_only_columns_is_enough():
    columns = {name: np.linspace(1, 2, 50) for name in ("open", "high", "low", "close", "volume")}
    for values in columns.values():
        values.flags.writeable = False
    bars = pd.DataFrame(columns, copy=False)
    assert lines_of("sma,rsi,bb,obv,adx", bars)
