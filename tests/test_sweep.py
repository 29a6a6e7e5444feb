"""A sweep: every cell is the backtest of its parameters, to the last bit."""

import os
import sys

import numpy as np
import pandas as pd
import pytest
from builders import random_walk
from python_calls import python_calls
from real_bars import real_bars

from services.backtest import SimulationSettings, run_backtest
from services.errors import Cancelled, InvalidParams, NoBars
from services.indicators import rsi, sma
from services.metric_specs import METRIC_SPECS, METRICS
from services.optimise import asked, declared
from services.optimise.executor import local_executor
from services.optimise.grid import combinations_of
from services.optimise.sweep import evaluate, sweep
from services.parameters import Parameters, param
from strategies.base import Strategy
from strategies.registry import STRATEGIES

MaCross = STRATEGIES["ma_cross"]
GRIDS = {
    "ma_cross": {"fast": [5, 20, 50], "slow": [10, 50, 200]},
    "db_ma_cross": {},
    "rsi": {"period": [7, 14], "lower": [25, 40], "upper": [60, 75]},
    "bollinger": {"period": [10, 20], "deviations": [1.0, 2.0]},
    "macd": {"fast": [8, 12], "slow": [20, 26], "signal": [5, 9]},
    "supertrend": {"period": [7, 10], "multiplier": [1.5, 3.0]},
    "ath_breakout": {"trend": ["ma20", "ma50", "supertrend"]},
}
REALISTIC = SimulationSettings(
    side="both", stop_loss="5%", trailing_stop="2ATR", sizing="percent:50"
)


def assert_is_backtests(table, bars, kind, settings=SimulationSettings(), **window):  # noqa: B008
    names = list(kind.Params.model_fields)
    assert list(table) == names + [metric.name for metric in METRICS]
    for row in table.to_dict("records"):
        strategy = kind(**{name: row[name] for name in names})
        expected = run_backtest(bars, strategy, settings, **window).metrics
        found = {name: None if pd.isna(row[name]) else row[name] for name in expected}
        assert found == expected


@pytest.mark.parametrize("fill", ["next_open", "close"])
@pytest.mark.parametrize("name", GRIDS)
def test_every_cell_is_the_backtest_of_its_parameters(name, fill):
    bars, kind = real_bars("GOOG").iloc[:900].reset_index(drop=True), STRATEGIES[name]
    settings = SimulationSettings(fill=fill)
    table = sweep(bars, kind, GRIDS[name], settings)
    assert len(table) == len(combinations_of(kind, GRIDS[name]))
    assert table["trades"].max() > 3
    assert_is_backtests(table, bars, kind, settings)


def test_a_cell_of_a_span_and_of_stops_is_the_backtest_too():
    bars = real_bars("IBM")
    window = {"start": bars["ts"].iloc[300], "end": bars["ts"].iloc[900]}
    for name in ("ma_cross", "rsi"):
        table = sweep(bars, STRATEGIES[name], GRIDS[name], REALISTIC, **window)
        assert table["trades"].max() > 3
        assert_is_backtests(table, bars, STRATEGIES[name], REALISTIC, **window)


@pytest.mark.parametrize("first", [0, 1, 2, 60])
def test_a_crossing_at_the_first_bar_of_a_span_needs_the_bar_before(first):
    bars = random_walk(80, seed=3)
    table = sweep(bars, MaCross, {"fast": [2, 3], "slow": [4, 5]}, start=bars["ts"].iloc[first])
    assert_is_backtests(table, bars, MaCross, start=bars["ts"].iloc[first])


@pytest.mark.parametrize("name", ["ma_cross", "supertrend"])
@pytest.mark.parametrize("metric", METRIC_SPECS)
def test_a_metric_asked_for_alone_is_the_one_among_all(name, metric):
    bars, kind = real_bars("GOOG").iloc[:400].reset_index(drop=True), STRATEGIES[name]
    whole = sweep(bars, kind, GRIDS[name])
    alone = sweep(bars, kind, GRIDS[name], metrics=[metric])
    expected = whole[[*kind.Params.model_fields, metric]]
    pd.testing.assert_frame_equal(alone, expected, check_exact=True)


def test_metrics_keep_their_order_and_reach_asked_strategies_and_executors():
    bars, chosen = random_walk(120, seed=5), ["trades", "sharpe"]
    grid = {"fast": [2, 3], "slow": [4, 5]}
    whole = sweep(bars, MaCross, grid)[["fast", "slow", "sharpe", "trades"]]
    for executor in (None, local_executor()):
        table = sweep(bars, MaCross, grid, metrics=chosen, executor=executor)
        pd.testing.assert_frame_equal(table, whole, check_exact=True)
    asked_too = sweep(bars, ByBar, {"wait": [1, 3]}, metrics=chosen)
    assert list(asked_too) == ["wait", "sharpe", "trades"]
    assert asked_too["trades"].min() > 0


def test_an_unknown_metric_is_answered_with_a_suggestion():
    bars = random_walk(80, seed=3)
    with pytest.raises(InvalidParams, match='no metric "sharp".*mean "sharpe"') as refusal:
        sweep(bars, MaCross, GRIDS["ma_cross"], metrics=["sharp"])
    assert refusal.value.field == "metrics"
    with pytest.raises(InvalidParams, match="at least one metric"):
        sweep(bars, MaCross, GRIDS["ma_cross"], metrics=[])


def test_batches_of_little_memory_give_the_same(monkeypatch):
    bars, grid = real_bars("MSFT"), {"fast": list(range(2, 12)), "slow": list(range(5, 25))}
    whole = sweep(bars, MaCross, grid)
    monkeypatch.setattr(declared, "MOST_BYTES", 8 * len(bars) * 9)
    monkeypatch.setattr(declared, "MANY_BARS", 100)
    pd.testing.assert_frame_equal(sweep(bars, MaCross, grid), whole, check_exact=True)


def test_an_executor_gives_the_same_in_chunks(monkeypatch):
    monkeypatch.setattr(sys.modules[sweep.__module__], "CHUNK", 4)
    bars, seen = random_walk(150), []
    whole = sweep(bars, MaCross, GRIDS["ma_cross"])
    carried = sweep(bars, MaCross, GRIDS["ma_cross"], executor=local_executor(), report=seen.append)
    pd.testing.assert_frame_equal(carried, whole, check_exact=True)
    assert (seen[-1].done, seen[-1].total) == (len(whole), len(whole))


class Vectorised(Strategy):
    class Params(Parameters):
        period: int = param(5, "length", ge=2)
        level: float = param(50.0, "threshold")
        bold: bool = param(False, "buys twice as often")

    def signals(self, df):
        df["scratch"] = rsi(df, self.params.period)
        df.loc[0, "close"] = 1.0  # of a frame of its own, which nobody else sees
        average = sma(df, self.params.period)
        average[:3] = np.nan
        buys = df["scratch"].to_numpy() < self.params.level + 5 * self.params.bold
        return buys.astype(np.int8) - (df["close"].to_numpy() > average * 1.02)


class ByBar(Strategy):
    class Params(Parameters):
        wait: int = param(3, "bars between", ge=1)

    count = 0

    def on_bar(self, i, row, df):
        self.count += 1
        if self.count % self.params.wait == 0:
            return "BUY" if row["close"] > row["ma20"] else "SELL"
        return None


def test_strategies_that_must_be_asked_give_their_backtests_too():
    bars = real_bars("AAPL").iloc[:400].reset_index(drop=True)
    before = bars.copy()
    grid = {"period": [3, 9], "level": [40, 50], "bold": [False, True]}
    assert_is_backtests(sweep(bars, Vectorised, grid), bars, Vectorised)
    assert_is_backtests(sweep(bars, ByBar, {"wait": [1, 3, 10]}), bars, ByBar)
    pd.testing.assert_frame_equal(bars, before)


class Dying(ByBar):
    def on_bar(self, i, row, df):
        if self.params.wait == 3:
            os._exit(1)
        return super().on_bar(i, row, df)


@pytest.fixture
def processes_at_once(monkeypatch):
    monkeypatch.setattr(asked, "_FIRST_SECONDS", 0.0)
    monkeypatch.setattr(asked, "_WORTH_PROCESSES", 0.0)
    monkeypatch.setattr(asked, "_PART_SECONDS", 1e-9)
    monkeypatch.setattr(asked, "core_count", lambda: 2)


def test_processes_give_the_same_and_a_killed_one_loses_its_own_combination_only(processes_at_once):
    bars = random_walk(60)
    table = sweep(bars, Dying, {"wait": [2, 4, 3, 5]})
    assert table["error"].notna().tolist() == [False, False, True, False]
    assert "process that ran it ended" in table["error"][2]
    assert table.loc[2, "total_return":"final_equity"].isna().all()
    rest = table[table["error"].isna()].drop(columns="error")
    assert_is_backtests(rest, bars, ByBar)


class Failing(Vectorised):
    def signals(self, df):
        if self.params.period == 4:
            raise ValueError("four is\nnot liked")
        return np.zeros(3) if self.params.period == 6 else super().signals(df)


def test_a_strategy_that_raises_marks_its_combination_and_the_rest_completes():
    bars = random_walk(90)
    table = sweep(bars, Failing, {"period": [3, 4, 5, 6]})
    assert table["error"].tolist()[::2] == [None, None]
    assert table["error"][1] == "ValueError: four is not liked"
    assert "one +1, 0 or -1 for each of 90 bars" in table["error"][3]
    assert table["final_equity"].isna().tolist() == [False, True, False, True]
    rest = table[table["error"].isna()].drop(columns="error")
    assert_is_backtests(rest, bars, Vectorised)


class FailingSeries(MaCross):
    from services.rules import above, series

    def _average(df, length):  # noqa: N805  (a function of a frame)
        if length == 7:
            raise ZeroDivisionError("seven")
        return sma(df, length) if length != 8 else np.zeros(3)

    buy = above(series(_average, "fast"), series(_average, "slow"))
    sell = None


def test_a_series_that_raises_marks_the_combinations_that_need_it():
    bars = random_walk(90)
    table = sweep(bars, FailingSeries, {"fast": [5, 7], "slow": [8, 9]})
    assert [str(text).split(":")[0] for text in table["error"]] == [
        "A series must give one number a bar.",
        "None",
        "ZeroDivisionError",
        "ZeroDivisionError",
    ]
    assert table["final_equity"].isna().tolist() == [True, False, True, True]


@pytest.mark.parametrize("kind", [MaCross, Vectorised, ByBar])
def test_a_report_may_cancel_a_sweep(kind):
    def cancel(progress):
        raise Cancelled("stop")

    name = next(iter(kind.Params.model_fields))
    with pytest.raises(Cancelled):
        sweep(random_walk(60), kind, {name: [3, 4]}, report=cancel)


def test_reports_count_the_combinations():
    seen = []
    sweep(random_walk(60), MaCross, {"fast": [3, 4]}, report=seen.append)
    assert (seen[-1].done, seen[-1].total) == (2, 2)


def test_an_evaluation_of_chosen_combinations_is_that_part_of_the_sweep():
    bars, chosen = random_walk(120), np.array([4, 1])
    combinations = combinations_of(MaCross, GRIDS["ma_cross"])
    whole = sweep(bars, MaCross, GRIDS["ma_cross"])
    part = evaluate(bars, MaCross, combinations.take(chosen))
    pd.testing.assert_frame_equal(part, whole.iloc[chosen].reset_index(drop=True), check_exact=True)


class Costly(Strategy):
    class Params(Parameters):
        costs: int = param(1, "named like a metric")

    def signals(self, df):
        return np.zeros(len(df), np.int8)


def test_what_cannot_be_swept_is_said_in_a_sentence():
    with pytest.raises(InvalidParams, match='parameter called "costs".*another name'):
        sweep(random_walk(9), Costly, {"costs": [1]})
    with pytest.raises(NoBars):
        sweep(random_walk(9).iloc[:0], MaCross, {"fast": [3]})


def test_thousands_of_combinations_take_no_python_each():
    bars = real_bars("GOOG")
    grid = {"fast": list(range(2, 101)), "slow": list(range(3, 102))}
    sweep(bars, MaCross, {"fast": [2]})
    few, calls_of_few = python_calls(lambda: sweep(bars, MaCross, {"fast": [2], "slow": [3, 4]}))
    many, calls_of_many = python_calls(lambda: sweep(bars, MaCross, grid))
    assert (len(few), len(many)) == (2, 4950)
    assert calls_of_many - calls_of_few < 2 * 4950  # a backtest makes thousands
