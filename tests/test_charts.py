"""The interactive chart: candles, markers, ticks and ranges of what is in view."""

import json
import math
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import candles, closes, random_walk
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scripted import Scripted

from services.backtest import SimulationSettings, run_backtest
from services.bars import BAR_COLUMNS
from services.charts import chart_figure, view_of
from services.charts.markers import MOST_MARKERS
from services.indicators.lines import Line
from strategies.base import Strategy

ASSETS = Path(__file__).parent.parent / "assets" / "zz"
NONSENSE = [None, math.nan, math.inf, -math.inf, -1e300, 1e300, -5.0, 0.0, 3.7, 59.0, 60.0, 1e9]
positions = st.none() | st.floats() | st.floats(-100, 2000)


def result_of(bars, signals=(), lines=(), **how):
    return run_backtest(bars, Scripted(signals, lines), SimulationSettings(**how))


def run_of(count, every=0, **how):
    """Return a run of random bars that buys and sells in turn every few bars."""
    signals = np.zeros(count, dtype=np.int8)
    if every:
        signals[::every] = np.resize([1, -1], len(signals[::every]))
    return result_of(random_walk(count, **how), signals)


def of_type(figure, kind):
    return [trace for trace in figure["data"] if trace["type"] == kind]


def named(figure, name):
    return next(trace for trace in figure["data"] if trace["name"] == name)


def places(trace):
    """Return where the points of a trace stand: listed, or evenly from the first on."""
    if "x" in trace:
        return trace["x"]
    return [trace["x0"] + i * trace["dx"] for i in range(len(trace["y"]))]


def price_of(figure):
    (price,) = of_type(figure, "candlestick")
    return price


@pytest.fixture(scope="module")
def daily_run():
    return run_of(900, every=9)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 1500), st.integers(0, 9), positions, positions)
def test_candles_are_those_of_a_slow_loop_over_the_bars(count, seed, lo, hi):
    bars = random_walk(count, seed)
    bars["volume"] = np.random.default_rng(seed).integers(0, 1000, count).astype(float)
    result = result_of(bars)
    figure = chart_figure(result, lo, hi)
    price, volume, step = price_of(figure), named(figure, "Volume"), figure["step"]
    rows = bars[BAR_COLUMNS[1:]].to_numpy().tolist()
    first = view_of(len(result.bars), lo, hi).starts[0]
    for i, x in enumerate(price["x"]):
        bucket = rows[first + i * step : first + (i + 1) * step]
        expected = (
            bucket[0][0],
            max(row[1] for row in bucket),
            min(row[2] for row in bucket),
            bucket[-1][3],
        )
        drawn = tuple(price[name][i] for name in ("open", "high", "low", "close"))
        assert drawn == pytest.approx(expected, rel=1e-7)
        assert volume["y"][i] == pytest.approx(sum(row[4] for row in bucket), rel=1e-7)
        assert volume["x"][i] == x == first + i * step + (len(bucket) - 1) / 2


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3000), positions, positions)
@example(3000, None, None)
@example(3000, 0.5, 420.6)
def test_a_view_holds_no_more_candles_than_a_screen_shows(count, lo, hi):
    result = result_of(candles(*[(1, 2, 1, 2)] * count))
    view = view_of(len(result.bars), lo, hi)
    assert view.visible.sum() <= 423
    assert len(view.starts) <= 844
    if view.hi - view.lo <= 420:
        assert view.step == 1


def test_raw_bars_are_shown_as_soon_as_they_fit():
    result = run_of(1000)
    assert chart_figure(result, 100, 520)["step"] == 1
    assert chart_figure(result, 100, 521)["step"] == 2
    assert chart_figure(run_of(421))["step"] == 1


def test_some_of_what_lies_beside_the_view_is_loaded_and_not_much(daily_run):
    x = price_of(chart_figure(daily_run, 300, 400))["x"]
    assert 250 <= x[0] <= 275
    assert 425 <= x[-1] <= 450


@pytest.mark.parametrize("lo", NONSENSE)
@pytest.mark.parametrize("hi", NONSENSE)
def test_a_nonsense_position_shows_something_sensible(lo, hi):
    figure = chart_figure(SIXTY, lo, hi)
    left, right = figure["layout"]["xaxis"]["range"]
    assert math.isfinite(left)
    assert math.isfinite(right)
    assert left < right
    assert price_of(figure)["x"]
    json.dumps(figure, allow_nan=False)


SIXTY = run_of(60, every=6)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_run_of_very_few_bars_without_a_trade_is_drawn(count):
    figure = chart_figure(run_of(count))
    assert len(price_of(figure)["x"]) == figure["bars"] == count
    assert named(figure, "Buy")["x"] == named(figure, "Sell")["x"] == []
    assert len(figure["labels"]) == count
    json.dumps(figure, allow_nan=False)


def test_every_fill_has_a_marker_at_its_own_bar_and_price(daily_run):
    trades = daily_run.trades
    closed = trades[trades["exit_bar"] >= 0]
    assert 40 < len(closed) <= len(trades) <= MOST_MARKERS
    for view in [(None, None), (100, 200), (500, 530)]:
        figure = chart_figure(daily_run, *view)
        buy, sell = named(figure, "Buy"), named(figure, "Sell")
        assert [buy["mode"], sell["mode"]] == ["markers", "markers"]
        assert buy["x"] == trades["entry_bar"].tolist()
        assert buy["y"] == pytest.approx(trades["entry_price"].tolist(), rel=1e-9)
        assert sell["x"] == closed["exit_bar"].tolist()
        assert sell["y"] == pytest.approx(closed["exit_price"].tolist(), rel=1e-9)
        assert buy["customdata"] == list(range(1, len(trades) + 1))
        assert len(buy["text"]) == len(buy["x"])


def test_a_trade_still_open_has_a_buy_and_no_sell():
    figure = chart_figure(result_of(closes(10, 11, 12, 13), [0, 1]))
    assert named(figure, "Buy")["x"] == [2]
    assert named(figure, "Sell")["x"] == []


def test_markers_beyond_the_limit_are_counted_and_none_is_lost():
    result = run_of(4000, every=2)
    assert len(result.trades) > MOST_MARKERS
    whole = named(chart_figure(result), "Buy")
    counts = [int(text.split(" × buy")[0]) for text in whole["text"]]
    assert sum(counts) == len(result.trades)
    assert len(counts) <= 423
    assert set(whole["x"]) <= set(price_of(chart_figure(result))["x"])

    view = view_of(len(result.bars), 1000, 1200)
    near = result.trades[result.trades["entry_bar"].between(view.starts[0], view.ends[-1])]
    close_up = named(chart_figure(result, 1000, 1200), "Buy")
    assert close_up["x"] == near["entry_bar"].tolist()
    assert close_up["y"] == pytest.approx(near["entry_price"].tolist(), rel=1e-9)
    assert close_up["customdata"] == (near.index + 1).tolist()


def test_a_counted_marker_stands_at_the_mean_price_of_its_fills():
    result = run_of(4000, every=2)
    figure = chart_figure(result)
    step, buys = figure["step"], named(figure, "Buy")
    of_first = result.trades[result.trades["entry_bar"] < step]
    assert buys["y"][0] == pytest.approx(of_first["entry_price"].mean(), rel=1e-9)
    assert buys["text"][0].startswith(f"{len(of_first)} × buy")


SPANS = {
    "1m": [6, 30, 120, 390, 1500, 10_000],
    "5m": [10, 80, 1000],
    "15m": [50, 2000],
    "1h": [6, 24, 200, 9000],
    "4h": [30, 2000],
    "1d": [6, 9, 25, 70, 250, 1000, 2500, 5000],
    "1w": [6, 30, 260, 1040],
}
ROUND = {
    "%H:%M": lambda t: t.replace(second=0),
    "%d %b %H:%M": lambda t: t.replace(minute=0),
    "%d %b": lambda t: t.replace(hour=0, minute=0),
    "%b %Y": lambda t: t.replace(day=1, hour=0, minute=0),
    "%Y": lambda t: t.replace(month=1, day=1, hour=0, minute=0),
}


def form_of(text: str) -> str:
    def fits(form):
        try:
            datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError:
            return False
        return True

    return next(form for form in ROUND if fits(form))


@pytest.mark.parametrize(
    ("resolution", "count"), [(name, n) for name, counts in SPANS.items() for n in counts]
)
def test_ticks_are_the_first_bars_after_round_moments(resolution, count):
    # Round the clock from an odd moment on, so that each round moment itself has a bar.
    start = "2001-03-14" if resolution in ("1d", "1w") else "2001-03-14 07:00"
    bars = closes(*[10.0] * (count + 20), resolution=resolution, start=start)
    view = chart_figure(result_of(bars), 10, count + 9)
    axis = view["layout"]["xaxis"]
    positions, texts = axis["tickvals"], axis["ticktext"]
    assert 1 <= len(positions) <= 9
    assert all(10 <= position <= count + 9 for position in positions)
    assert positions == sorted(set(positions))
    assert len(texts) == len(set(texts)) == len(positions)
    for position, text in zip(positions, texts, strict=True):
        form = form_of(text)
        moment = bars["ts"][position].to_pydatetime().replace(tzinfo=None)
        assert moment.strftime(form) == text
        step_ago = moment - (bars["ts"][1] - bars["ts"][0]).to_pytimedelta()
        assert step_ago < ROUND[form](moment) <= moment


@pytest.mark.parametrize("resolution", ["1d", "1w"])
@pytest.mark.parametrize("count", [1, 2, 6, 60, 600])
def test_daily_bars_never_show_an_hour(resolution, count):
    figure = chart_figure(result_of(closes(*[10.0] * count, resolution=resolution)))
    assert not any(":" in text for text in figure["layout"]["xaxis"]["ticktext"])
    assert not any(":" in text for text in figure["labels"])


def test_ticks_skip_the_nights_between_sessions():
    days = [datetime(2024, 3, 4) + timedelta(days=n) for n in range(5)]  # noqa: DTZ001
    moments = [day + timedelta(minutes=14 * 60 + 30 + m) for day in days for m in range(390)]
    bars = closes(*[10.0] * len(moments), resolution="1m")
    bars["ts"] = pd.DatetimeIndex(moments, tz="UTC").as_unit("us")
    axis = chart_figure(result_of(bars))["layout"]["xaxis"]
    assert axis["ticktext"] == ["05 Mar", "06 Mar", "07 Mar", "08 Mar"]
    assert axis["tickvals"] == [390, 780, 1170, 1560]


def test_a_label_says_from_when_to_when_a_candle_reaches():
    bars = closes(*[10.0] * 1000)
    figure = chart_figure(result_of(bars))
    assert figure["step"] == 3
    assert figure["labels"][0] == "2024-01-01 to 2024-01-03"
    assert len(figure["labels"]) == len(price_of(figure)["x"])
    assert chart_figure(result_of(bars), 0, 50)["labels"][0] == "2024-01-01"


@settings(deadline=None, max_examples=60)
@given(st.floats(-50, 950), st.floats(1, 900), st.sampled_from([0, 1, 200, 1000]))
@example(400.3, 20.0, 1)
def test_ranges_contain_everything_that_is_visible(lo, width, slippage):
    result = SLIPPED[slippage]
    figure = chart_figure(result, lo, lo + width)
    layout = figure["layout"]
    left, right = layout["xaxis"]["range"]
    half = figure["step"] / 2
    for trace in figure["data"]:
        low, high = layout["yaxis" + trace.get("yaxis", "y").removeprefix("y")]["range"]
        assert math.isfinite(low)
        assert math.isfinite(high)
        assert low < high
        lows, highs = trace.get("low", trace.get("y")), trace.get("high", trace.get("y"))
        reach = 0 if trace.get("mode") == "markers" else half
        for x, bottom, top in zip(places(trace), lows, highs, strict=True):
            if left < x + reach and x - reach < right and bottom is not None:
                assert low <= bottom <= top <= high, trace["name"]


@pytest.mark.parametrize("view", [(20.4, 40), (0, 19.6)])
def test_a_bar_cut_by_the_edge_of_the_view_is_within_the_range(view):
    values = [10.0] * 60
    values[20] = 99.0
    low, high = chart_figure(result_of(closes(*values)), *view)["layout"]["yaxis"]["range"]
    assert low < 10
    assert high > 99


def slipped(slippage):
    wave = Line("wave", 100 + 60 * np.sin(np.arange(900.0)))
    signals = np.resize([1, -1, 0], 900)
    return result_of(random_walk(900), signals, [wave], slippage_bps=slippage)


SLIPPED = {slippage: slipped(slippage) for slippage in (0, 1, 200, 1000)}


@pytest.mark.parametrize("count", [1, 2, 900])
def test_ranges_of_flat_prices_and_empty_lines_are_finite_and_open(count):
    nothing = np.full(count, np.nan)
    bars = candles(*[(5, 5, 5, 5, np.nan)] * count)
    lines = [Line("empty", nothing), Line("alone", nothing, "RSI"), Line("odd", nothing, "ATR")]
    figure = chart_figure(result_of(bars, lines=lines))
    axes = [axis for name, axis in figure["layout"].items() if name.startswith("yaxis")]
    assert len(axes) == 6
    for axis in axes:
        low, high = axis["range"]
        assert -math.inf < low < high < math.inf
    json.dumps(figure, allow_nan=False)


def test_the_drawdown_of_a_bucket_is_its_deepest():
    values = [100.0] * 1000
    values[499] = 60.0  # neither the first nor the last of its bucket
    result = result_of(closes(*values), [1], commission="none", slippage_bps=0)
    drawn = named(chart_figure(result), "Drawdown")["y"]
    assert min(drawn) == pytest.approx(-0.4)
    assert len(drawn) < 500


def test_panes_lie_above_one_another_without_overlap():
    lines = [Line("a", np.ones(9), "RSI", (30.0, 70.0)), Line("b", np.ones(9), "MACD")]
    layout = chart_figure(result_of(closes(*range(1, 10)), lines=lines))["layout"]
    axes = [axis for name, axis in layout.items() if name.startswith("yaxis")]
    domains = [axis["domain"] for axis in axes]
    assert all(0 <= low < high <= 1 for low, high in domains)
    assert all(upper[0] > lower[1] for upper, lower in zip(domains, domains[1:], strict=False))


def test_the_levels_of_a_line_are_drawn_and_within_the_range_of_its_pane():
    lines = [Line("a", np.full(9, 50.0), "RSI", (30.0, 70.0))]
    figure = chart_figure(result_of(closes(*range(1, 10)), lines=lines))
    axis = named(figure, "a")["yaxis"]
    shapes = figure["layout"]["shapes"]
    assert [(shape["yref"], shape["y0"], shape["y1"]) for shape in shapes] == [
        (axis, 30.0, 30.0),
        (axis, 70.0, 70.0),
    ]
    low, high = figure["layout"][f"yaxis{axis.removeprefix('y')}"]["range"]
    assert low < 30
    assert high > 70


def tokens_of(value) -> set[str]:
    if isinstance(value, str):
        return {value} if value.startswith("--") else set()
    children = value.values() if isinstance(value, dict) else value
    return set().union(*map(tokens_of, children)) if isinstance(value, dict | list) else set()


def themes() -> dict[str, set[str]]:
    """Return what the stylesheets define for each theme; `:root` alone counts for both."""
    found = {"light": set(), "dark": set()}
    for sheet in sorted(ASSETS.glob("*.css")):
        plain = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", plain):
            names = set(re.findall(r"(--[\w-]+)\s*:", body))
            dark = '[data-bs-theme="dark"]' in selectors
            light = '[data-bs-theme="light"]' in selectors
            alone = ":root" in selectors and not (dark or light)
            for theme, meant in (("light", light or alone), ("dark", dark or alone)):
                found[theme] |= names if meant else set()
    return found


class Careless(Strategy):
    """Gives its lines as pandas has them, with levels that no chart can hold."""

    def signals(self, df):
        return np.zeros(len(df), np.int8)

    def lines(self, df):
        return [Line("close", df["close"], levels=(np.int64(30), np.nan, math.inf))]


def test_a_line_may_be_a_column_of_the_frame_and_its_levels_any_numbers():
    bars = random_walk(400)
    result = run_backtest(bars, Careless(), start=bars["ts"].iloc[100])
    figure = chart_figure(result, 150, 200)
    line = next(trace for trace in figure["data"] if trace["name"] == "close")
    price = next(trace for trace in figure["data"] if trace["name"] == "Price")
    assert line["y"] == price["close"]
    assert result.lines[0].levels == (30.0,)
    json.dumps(figure, allow_nan=False)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_is_a_token_that_both_themes_define(theme, daily_run):
    lines = [Line(f"l{n}", daily_run.equity.to_numpy(), levels=(1.0,)) for n in range(6)]
    used = tokens_of(chart_figure(replace(daily_run, lines=tuple(lines))))
    assert {"--up", "--down", "--buy", "--sell", "--line-4", "--volume"} <= used
    assert used - themes()[theme] == set()


def test_no_colour_is_written_out(daily_run):
    figure = json.dumps(chart_figure(daily_run))
    assert not re.search(r"#[0-9a-fA-F]{3}|rgba?\((?!0,0,0,0\))", figure)


@pytest.mark.parametrize("view", [(None, None), (1000, 1420), (1000, 1421), (0, 60)])
def test_a_chart_of_ten_years_is_light(view):
    lines = [Line(f"l{n}", np.arange(2500) / 7, "RSI") for n in range(4)]
    result = replace(run_of(2500, every=5), lines=tuple(lines))
    assert len(json.dumps(chart_figure(result, *view))) < 300_000


@pytest.fixture(scope="module")
def a_million_bars():
    count = 1_000_000
    price = 100 + np.random.default_rng(1).normal(0, 0.01, count).cumsum()
    ts = pd.date_range("2020-01-01", periods=count, freq="min", tz="UTC", unit="us")
    bars = pd.DataFrame({"ts": ts, "open": price, "high": price + 0.1, "low": price - 0.1})
    bars = bars.assign(close=price, volume=1.0)
    signals = np.resize(np.array([1, 0, -1, 0], dtype=np.int8), count)
    return result_of(bars, signals, [Line("MA", price)])


@pytest.mark.parametrize("view", [(None, None), (500_000, 500_600), (0, 250_000), (7, 90)])
def test_a_chart_of_a_million_bars_is_as_light(a_million_bars, view):
    figure = chart_figure(a_million_bars, *view)
    assert len(json.dumps(figure, allow_nan=False)) < 300_000
    assert figure["bars"] == 1_000_000
