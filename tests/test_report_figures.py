"""The report's figures: what is drawn is what was computed, in few points and in tokens."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from analysis_runs import BUY, HOLD, SELL, run_of, run_of_profits, scripted, times
from builders import random_walk
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import real_bars

from services.analysis.costs import cost_curve
from services.analysis.distribution import distribution, period_returns, trade_returns
from services.analysis.durations import durations
from services.analysis.excursions import excursions
from services.analysis.rolling import rolling
from services.analysis.seasons import by_month, by_weekday
from services.analysis.underwater import underwater_periods
from services.backtest import SimulationSettings, run_backtest
from services.charts.report_figures import (
    cost_figure,
    distribution_figure,
    duration_figure,
    equity_figure,
    excursion_figure,
    rolling_figure,
    season_figure,
)
from services.charts.report_layout import MOST_POINTS, thin
from services.metrics import drawdown_of
from strategies.registry import load_strategy

ROOT = Path(__file__).parent.parent
FINANCE_BUNDLE = {"scatter", "bar", "histogram"}


@pytest.fixture(scope="module")
def ibm():
    return run_backtest(real_bars("IBM"), load_strategy("macd"))


@pytest.fixture(scope="module")
def every_figure(ibm):
    return {
        "equity": equity_figure(ibm),
        "log": equity_figure(ibm, log=True),
        "rolling": rolling_figure(rolling(ibm)),
        "days": distribution_figure(period_returns(ibm), "days"),
        "trades": distribution_figure(trade_returns(ibm)),
        "mae": excursion_figure(excursions(ibm), "mae"),
        "mfe": excursion_figure(excursions(ibm), "mfe"),
        "durations": duration_figure(durations(ibm)),
        "weekdays": season_figure(by_weekday(ibm)),
        "months": season_figure(by_month(ibm), "profit"),
        "costs": cost_figure(cost_curve(ibm)),
    }


def traces_of(figure):
    return {trace["name"]: trace for trace in figure["data"]}


def test_figures_have_few_points_and_only_traces_that_the_bundle_draws(every_figure):
    for name, figure in every_figure.items():
        assert figure["data"], name
        for trace in figure["data"]:
            assert trace["type"] in FINANCE_BUNDLE, name
            assert len(trace["x"]) == len(trace["y"]) <= MOST_POINTS, name
        assert len(json.dumps(figure, allow_nan=False)) < 80_000, name


def test_every_colour_is_a_token_of_the_page(every_figure):
    sheets = "".join(path.read_text() for path in (ROOT / "assets" / "zz").glob("*.css"))
    known = set(re.findall(r"(--[\w-]+):", sheets))
    text = json.dumps(every_figure)
    used = set(re.findall(r'"(--[\w-]+)"', text))
    assert used <= known
    assert not re.search(r"#[0-9a-fA-F]{6}", text)


def test_the_curve_keeps_its_ends_and_its_extremes(ibm):
    traces = traces_of(equity_figure(ibm))
    equity = ibm.equity
    drawn = dict(zip(traces["Strategy"]["x"], traces["Strategy"]["y"], strict=True))
    for place in (0, -1, equity.to_numpy().argmax(), equity.to_numpy().argmin()):
        day = f"{equity.index[place]:%Y-%m-%d}"
        assert drawn[day] == pytest.approx(equity.iloc[place], rel=1e-7)
    deepest = min(traces["Strategy drawdown"]["y"])
    assert deepest == pytest.approx(ibm.metrics["max_drawdown"], rel=1e-7)
    held = drawdown_of(ibm.benchmark_equity.to_numpy(), ibm.settings.cash)
    assert min(traces["Buy & Hold drawdown"]["y"]) == pytest.approx(held.min(), rel=1e-7)


def test_the_deepest_falls_are_shaded_from_peak_to_recovery(ibm):
    shapes = equity_figure(ibm)["layout"]["shapes"]
    expected = [
        (f"{p.peak:%Y-%m-%d}", f"{ibm.equity.index[p.end_bar]:%Y-%m-%d}")
        for p in underwater_periods(ibm, 5)
    ]
    assert [(shape["x0"], shape["x1"]) for shape in shapes] == expected


def test_a_log_axis_is_asked_for(ibm):
    assert equity_figure(ibm)["layout"]["yaxis"]["type"] == "linear"
    assert equity_figure(ibm, log=True)["layout"]["yaxis"]["type"] == "log"


def test_times_within_a_day_are_those_of_the_exchange():
    result = run_of([100.0, 101.0, 102.0], times(3, "h", "2024-01-31T23:30"))
    x = traces_of(equity_figure(result, timezone="America/New_York"))["Strategy"]["x"]
    assert x[0] == "2024-01-31T18:30:00"
    assert traces_of(equity_figure(result))["Strategy"]["x"][0] == "2024-01-31T23:30:00"


@pytest.mark.parametrize("count", [10, 499, 500, 2_500])
def test_the_strip_shows_the_exposure_of_the_run(count):
    bars = random_walk(count, seed=1)
    signals = [BUY if i % 9 == 2 else SELL if i % 9 == 7 else HOLD for i in range(count)]
    result = scripted(bars, signals)
    strip = traces_of(equity_figure(result))["In the market"]
    assert len(strip["x"]) <= MOST_POINTS
    starts = pd.DatetimeIndex(strip["x"][:-1], tz="UTC")
    places = result.equity.index.get_indexer(starts).tolist() + [count]
    shares = zip(places, places[1:], strip["y"], strict=False)
    total = sum((b - a) * share for a, b, share in shares)
    assert total / count == pytest.approx(result.metrics["exposure"], rel=1e-6)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400),
    st.integers(8, 60),
    st.floats(0, 0.9),
)
def test_a_thinned_line_keeps_ends_and_extremes_in_order(values, most, missing):
    values = np.array(values)
    values[: int(len(values) * missing)] = np.nan
    kept = thin(values, most)
    assert len(kept) <= most
    assert (np.diff(kept) > 0).all()
    assert {0, len(values) - 1} <= set(kept.tolist())
    assert np.nanmax(values[kept]) == np.nanmax(values)
    assert np.nanmin(values[kept]) == np.nanmin(values)


def test_a_line_of_a_million_points_is_thinned_to_five_hundred():
    values = np.random.default_rng(0).normal(size=1_000_003).cumsum()
    assert 400 < len(thin(values)) <= MOST_POINTS


def test_the_histogram_counts_every_return_that_moved(ibm):
    spread = period_returns(ibm)
    figure = distribution_figure(spread, "days")
    (columns,) = figure["data"]
    assert sum(columns["y"]) == spread.count - spread.zeros
    colours = dict(zip(columns["x"], columns["marker"]["color"], strict=True))
    assert {colour for x, colour in colours.items() if x < 0} == {"--down"}
    assert {colour for x, colour in colours.items() if x > 0} == {"--up"}
    texts = [note["text"] for note in figure["layout"]["annotations"]]
    assert f"without {spread.zeros:,} days of 0 %" in texts
    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == [spread.mean, spread.median]


def test_a_distribution_of_nothing_but_zeros_says_so():
    figure = distribution_figure(distribution(np.zeros(5)), "days")
    assert figure["data"] == []
    assert figure["layout"]["annotations"][0]["text"] == "All days returned 0 %."


def test_a_point_of_the_scatter_names_its_trade(ibm):
    for kind in ("mae", "mfe"):
        seen = {}
        for trace in excursion_figure(excursions(ibm), kind)["data"]:
            points = zip(trace["customdata"], trace["x"], trace["y"], strict=True)
            seen |= {number: (x, y) for number, x, y in points}
        closed = ibm.trades[ibm.trades["exit_bar"] >= 0]
        assert sorted(seen) == (closed.index + 1).tolist()
        for number, (x, y) in seen.items():
            row = closed.loc[number - 1]
            assert (x, y) == pytest.approx((row[kind], row["return"]), rel=1e-7)


def test_of_thousands_of_trades_the_furthest_are_drawn():
    count = 12_000
    bars = random_walk(count, seed=6)
    signals = [(BUY, HOLD, SELL)[i % 3] for i in range(count)]
    found = excursions(scripted(bars, signals))
    won = found.profit > 0
    winners, losers = excursion_figure(found, "mae")["data"]
    assert len(winners["x"]) == len(losers["x"]) == MOST_POINTS
    assert min(winners["x"]) == pytest.approx(found.mae[won].min(), rel=1e-7)
    assert min(losers["x"]) == pytest.approx(found.mae[~won].min(), rel=1e-7)
    assert len(set(winners["customdata"])) == MOST_POINTS


def test_columns_of_seasons_are_coloured_by_their_sign():
    figure = season_figure(by_weekday(run_of_profits(0.1, -0.1, bars_each=1)))
    (columns,) = figure["data"]
    for value, colour in zip(columns["y"], columns["marker"]["color"], strict=True):
        assert value is None or colour == ("--down" if value < 0 else "--up")


def test_the_columns_of_durations_are_those_computed(ibm):
    found = durations(ibm)
    winners, losers = duration_figure(found)["data"]
    assert winners["y"] == found.winners.tolist()
    assert losers["y"] == found.losers.tolist()
    assert winners["x"][0] == found.edges[0]


def test_the_cost_figure_marks_the_run_and_the_break_evens_in_sight(ibm):
    curve = cost_curve(ibm)
    figure = cost_figure(curve)
    strategy = traces_of(figure)["Strategy"]
    assert strategy["x"] == [point.multiple for point in curve.points]
    drawn = dict(zip(strategy["x"], strategy["y"], strict=True))
    assert drawn[1.0] == pytest.approx(ibm.metrics["total_return"], rel=1e-7)
    marks = [note["text"] for note in figure["layout"]["annotations"]]
    assert marks == ["this run"]
    near = replace(curve, break_even=replace(curve.break_even, multiple=2.5))
    marks = {n["text"]: n["x"] for n in cost_figure(near)["layout"]["annotations"]}
    assert marks == {"this run": 1.0, "break-even": 2.5}


def test_without_costs_the_axis_is_the_cost_of_a_round_trip(ibm):
    free = SimulationSettings(commission="none", slippage_bps=0)
    curve = cost_curve(run_backtest(real_bars("IBM"), load_strategy("macd"), free))
    figure = cost_figure(curve)
    assert traces_of(figure)["Strategy"]["x"] == [2 * point.per_side for point in curve.points]
    marks = {n["text"]: n["x"] for n in figure["layout"]["annotations"]}
    assert marks["break-even"] == curve.break_even.total
