"""Charts of stored series: styles, scale, lines, numbers, and a second symbol."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from builders import candles, closes, random_walk
from chart_sources import PRICES, named, result_of, source
from hypothesis import given, settings
from hypothesis import strategies as st

from services.charts import ChartOptions, Compared, chart_figure, source_of
from services.charts.numbers import numbers
from services.charts.options import STYLES
from services.charts.ranges import log_ticks
from services.indicators.drawn import DrawnLine
from services.indicators.lines import Line


def slow_heikin_ashi(bars):
    """Follow the definition candle by candle."""
    rows, before = [], None
    for open_, high, low, close in bars[list(PRICES)].itertuples(index=False):
        middle = (open_ + high + low + close) / 4
        start = (open_ + close) / 2 if before is None else (before[0] + before[3]) / 2
        before = (start, max(high, start, middle), min(low, start, middle), middle)
        rows.append(before)
    return np.array(rows)


# Styles


def test_each_style_has_its_one_trace_of_the_price():
    bars = source(random_walk(200))
    kinds = {
        style: named(chart_figure(bars, options=ChartOptions(style=style)), "Price")["type"]
        for style in STYLES
    }
    assert kinds == {
        "candles": "candlestick",
        "ohlc": "ohlc",
        "line": "scatter",
        "heikin_ashi": "candlestick",
    }


@pytest.mark.parametrize("style", STYLES)
def test_the_price_comes_first_and_has_all_its_values_for_the_legend(style):
    figure = chart_figure(source(random_walk(2000)), options=ChartOptions(style=style))
    price, *others = figure["data"]
    assert price["name"] == "Price"
    assert all(len(price[name]) == len(price["x"]) == len(figure["labels"]) for name in PRICES)
    assert not [trace for trace in others if trace["type"] in ("candlestick", "ohlc")]


def test_a_line_goes_through_the_closes():
    bars = random_walk(100)
    figure = chart_figure(source(bars), options=ChartOptions(style="line"))
    assert named(figure, "Price")["y"] == pytest.approx(bars["close"].tolist())
    low, high = figure["layout"]["yaxis"]["range"]
    assert low < bars["close"].min()
    assert bars["close"].max() < high < bars["high"].max() + 0.1 * np.ptp(bars["close"])


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 1500), st.integers(0, 5), st.floats(-10, 1500), st.floats(1, 1500))
def test_heikin_ashi_candles_follow_their_definition_from_the_first_bar_on(count, seed, lo, width):
    bars = random_walk(count, seed)
    expected = slow_heikin_ashi(bars)
    figure = chart_figure(source(bars), lo, lo + width, ChartOptions(style="heikin_ashi"))
    price, step = named(figure, "Price"), figure["step"]
    first = round(price["x"][0] - (min(step, count) - 1) / 2) // step * step
    for i in range(len(price["x"])):
        part = expected[first + i * step : first + (i + 1) * step]
        drawn = [price[name][i] for name in PRICES]
        assert drawn == pytest.approx(
            [part[0, 0], part[:, 1].max(), part[:, 2].min(), part[-1, 3]], rel=1e-7
        )


def test_heikin_ashi_of_three_candles_by_hand():
    bars = candles((10, 12, 8, 11), (11, 15, 10, 14), (14, 14, 9, 10))
    price = named(chart_figure(source(bars), options=ChartOptions(style="heikin_ashi")), "Price")
    assert price["close"] == [10.25, 12.5, 11.75]
    assert price["open"] == [10.5, 10.375, 11.4375]
    assert price["high"] == [12, 15, 14]
    assert price["low"] == [8, 10, 9]


# Scale


@settings(deadline=None, max_examples=40)
@given(st.floats(-20, 900), st.floats(1, 900), st.sampled_from(STYLES))
def test_a_logarithmic_range_holds_what_is_in_view_in_powers_of_ten(lo, width, style):
    shown = source(random_walk(900, 3))
    options = ChartOptions(style=style, log=True)
    figure = chart_figure(shown, lo, lo + width, options)
    axis, price = figure["layout"]["yaxis"], named(figure, "Price")
    assert axis["type"] == "log"
    assert figure["log"] is True
    left, right = figure["layout"]["xaxis"]["range"]
    parts = (price["close"],) * 2 if style == "line" else (price["low"], price["high"])
    for x, low, high in zip(price["x"], *parts, strict=True):
        if left < x < right:
            assert axis["range"][0] < math.log10(low) <= math.log10(high) < axis["range"][1]
    assert {a["type"] for n, a in figure["layout"].items() if n.startswith("yaxis")} == {
        "log",
        "linear",
    }


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (8.0, 230.0, [10, 20, 50, 100, 200]),
        (0.9, 5.5, [1, 2, 5]),
        (0.012, 0.33, [0.02, 0.05, 0.1, 0.2]),
        (1.5, 40_000_000.0, [10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000]),
        (15.0, 45.0, []),  # Plotly's own: 20, 25, 30…
    ],
)
def test_prices_on_a_logarithmic_axis_are_written_whole(low, high, ticks):
    found = log_ticks(math.log10(low), math.log10(high))
    assert found == pytest.approx(ticks)


def test_ticks_of_a_logarithmic_axis_are_words_of_prices():
    bars = candles((8, 9, 7, 8), (1000, 1500, 900, 1400))
    axis = chart_figure(source(bars), options=ChartOptions(log=True))["layout"]["yaxis"]
    assert axis["ticktext"] == ["10", "20", "50", "100", "200", "500", "1,000", "2,000"]
    dear = candles((800_000, 900_000, 7e5, 8e5), (9e7, 9e7, 2e6, 9e7))
    axis = chart_figure(source(dear), options=ChartOptions(log=True))["layout"]["yaxis"]
    assert axis["ticktext"][:2] == ["1,000,000", "2,000,000"]
    assert "tickvals" not in chart_figure(source(bars))["layout"]["yaxis"]


@pytest.mark.parametrize("lowest", [0.0, -37.63])
def test_prices_that_have_no_logarithm_are_drawn_on_a_plain_axis(lowest):
    bars = candles((10, 12, 8, 11), (11, 12, lowest, 2), (2, 3, 1, 2))
    figure = chart_figure(source(bars), options=ChartOptions(log=True))
    assert figure["layout"]["yaxis"]["type"] == "linear"
    assert figure["log"] is False
    assert figure["layout"]["yaxis"]["range"][0] < lowest


def test_lines_below_zero_do_not_stretch_a_logarithmic_axis():
    bars = random_walk(100)
    line = Line("band", np.linspace(-50, 100, 100))
    figure = chart_figure(source(bars, lines=(line,)), options=ChartOptions(log=True))
    low, high = figure["layout"]["yaxis"]["range"]
    assert -math.inf < low < high < math.inf
    json.dumps(figure, allow_nan=False)


def test_fills_beyond_their_bars_are_within_a_logarithmic_range():
    shown = source_of(result_of(closes(*[10.0] * 30), [1, 0, 0, -1], slippage_bps=1000))
    figure = chart_figure(shown, options=ChartOptions(log=True))
    low, high = figure["layout"]["yaxis"]["range"]
    assert low < math.log10(named(figure, "Sell")["y"][0])
    assert math.log10(named(figure, "Buy")["y"][0]) < high


# A second symbol


def test_a_second_symbol_begins_at_the_price_of_the_first_at_the_left_edge():
    bars = random_walk(300)
    other = np.linspace(1000, 4000, 300)
    shown = source(bars, compared=Compared("OTHER", other))
    for lo, hi in [(0, 299), (100, 200), (37, 80)]:
        figure = chart_figure(shown, lo, hi)
        line = named(figure, "OTHER (rebased)")
        at = round((lo - line["x0"]) / line["dx"])
        assert line["y"][at] == pytest.approx(bars["close"][lo])
        assert line["y"][at + 30] / line["y"][at] == pytest.approx(other[lo + 30] / other[lo])
        low, high = figure["layout"]["yaxis"]["range"]
        assert low < min(line["y"][at : at + hi - lo]) <= max(line["y"][at : at + hi - lo]) < high


def test_a_second_symbol_that_begins_later_begins_at_the_price_of_that_bar():
    other = np.where(np.arange(300) < 150, np.nan, 50.0)
    bars = random_walk(300)
    line = named(chart_figure(source(bars, compared=Compared("OTHER", other))), "OTHER (rebased)")
    assert line["y"][149] is None
    assert line["y"][150] == pytest.approx(bars["close"][150])


@pytest.mark.parametrize("value", [np.nan, 0.0, -1.0])
def test_a_second_symbol_without_a_price_in_view_is_no_line(value):
    shown = source(random_walk(50), compared=Compared("OTHER", np.full(50, value)))
    figure = chart_figure(shown)
    assert set(named(figure, "OTHER (rebased)")["y"]) == {None}
    json.dumps(figure, allow_nan=False)


# Lines and numbers


def test_a_stored_series_has_no_panes_of_equity_and_no_markers():
    figure = chart_figure(source(random_walk(50)))
    assert [trace["name"] for trace in figure["data"]] == ["Price", "Volume"]
    assert figure["layout"]["xaxis"]["anchor"] == "y2"


def test_lines_of_one_group_share_a_colour_and_an_area_includes_zero():
    y = np.linspace(5, 9, 50)
    lines = (
        Line("a", y),
        DrawnLine("b upper", y, group="b"),
        DrawnLine("b lower", y, group="b"),
        DrawnLine("gap", y, "MACD", filled=True),
        Line("MACD", y, "MACD"),
    )
    figure = chart_figure(source(random_walk(50), lines=lines))
    colours = [named(figure, line.label)["line"]["color"] for line in lines]
    assert colours[1] == colours[2] != colours[0]
    assert named(figure, "gap")["fill"] == "tozeroy"
    low, high = figure["layout"]["yaxis3"]["range"]
    assert low <= 0
    assert high > 9


@settings(deadline=None, max_examples=300)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_numbers_are_those_of_eight_digits_or_none(values):
    expected = [float(f"{v:.7e}") if math.isfinite(v) else None for v in values]
    for sent, wanted, value in zip(numbers(np.array(values)), expected, values, strict=True):
        if wanted is None:
            assert sent is None
        else:
            assert sent == pytest.approx(wanted, rel=2e-8, abs=1e-300)
            if 1e-6 < abs(value) < 1e12:
                assert len(repr(sent)) <= len(repr(wanted)) + 3


@pytest.mark.parametrize("intraday", [True, False])
def test_many_indicators_on_a_million_bars_are_light(intraday):
    count = 1_000_000
    price = 100 + np.random.default_rng(1).normal(0, 0.01, count).cumsum()
    start = np.datetime64("2020-01-01", "us") if intraday else np.datetime64("0001-01-01", "us")
    step = np.timedelta64(1, "m" if intraday else "h")
    shown = source(random_walk(1), session_based=False)
    shown = replace(
        shown,
        ts=start + np.arange(count) * step,
        **dict.fromkeys(PRICES, price),
        volume=price * 1e6,
        lines=tuple(Line(f"BB {n}", price / 3) for n in range(36)),
    )
    for lo, hi in [(None, None), (1000, 1400), (5, 800_000)]:
        figure = chart_figure(shown, lo, hi)
        assert len(json.dumps(figure)) < 300_000
