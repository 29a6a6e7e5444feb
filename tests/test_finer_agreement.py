"""Exits looked for in finer bars: the engine against a slow simulator, and against itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import candles
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scripted import Scripted
from slow_realism import slow_realism
from test_finer_fills import whole
from test_realism_oracle import STOP, assert_agrees_with, markets, rules

from services.analysis.again import Again
from services.analysis.story import trade_story
from services.backtest import SimulationSettings, run_backtest
from services.bars import HIGHEST_PRICE
from services.optimise import sweep
from strategies.registry import STRATEGIES


@st.composite
def walks(draw):
    """Draw days made of hours that walk, gap and jump, with a signal on each day."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    days = draw(st.integers(1, 40))
    jump = draw(st.sampled_from([0.003, 0.02, 0.2]))
    each = rng.integers(1, 8, days)
    count = int(each.sum())
    close = 20 * np.exp(rng.normal(0, jump, count).cumsum())
    open_ = np.append(20.0, close[:-1]) * np.exp(rng.normal(0, jump / 3, count))
    high = np.maximum(open_, close) * np.exp(abs(rng.normal(0, jump / 2, count)))
    low = np.minimum(open_, close) * np.exp(-abs(rng.normal(0, jump / 2, count)))
    rows = list(zip(open_, high, low, close, strict=True))
    cuts = np.cumsum(each)[:-1].tolist()
    hours = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, count], strict=True)]
    signals = rng.choice([-1, 0, 1], days, p=[0.3, 0.4, 0.3]).tolist()
    known = rng.random(days) < draw(st.sampled_from([1.0, 0.7]))
    return hours, signals, known.tolist()


def dated(hours, known):
    """Build the hours of the known days, and the day of each."""
    ts, rows = [], []
    for day, of_day in enumerate(hours):
        if known[day]:
            begin = pd.Timestamp("2024-01-01 10:00", tz="UTC") + pd.Timedelta(days=day)
            ts += [begin + pd.Timedelta(hours=h) for h in range(len(of_day))]
            rows += of_day
    frame = candles(*rows)
    frame["ts"] = pd.DatetimeIndex(ts, tz="UTC").as_unit("us")
    return frame


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(walks(), rules)
def test_the_engine_agrees_with_a_slow_simulator_in_finer_bars(walk, simulation):
    hours, signals, known = walk
    simulation = replace(simulation, intrabar="finer_bars")
    bars, finer = candles(*whole(hours)), dated(hours, known)
    result = run_backtest(bars, Scripted(signals), simulation, finer=finer)
    names = ("open", "high", "low", "close")
    rows = {
        day: [dict(zip(names, row, strict=True)) for row in of_day]
        for day, of_day in enumerate(hours)
        if known[day]
    }
    slow = slow_realism(bars, signals, vars(simulation), finer=rows)
    assert_agrees_with(result, slow, simulation)
    if result.finer:
        assert (result.finer.partial, result.finer.contrary) == (0, 0)
        assert (result.finer.missing > 0) == bool(result.finer.text)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets(), rules)
def test_finer_bars_that_are_the_bars_themselves_change_nothing_to_the_last_bit(market, how):
    bars, signals = market
    assume(how.stop_loss or how.take_profit or how.trailing_stop)
    assume((bars[["open", "high", "low", "close"]] <= HIGHEST_PRICE).all(axis=None))
    finer = pd.concat([hour_before(bars), bars], ignore_index=True)
    ours = run_backtest(bars, Scripted(signals), replace(how, intrabar="finer_bars"), finer=finer)
    usual = run_backtest(bars, Scripted(signals), replace(how, intrabar="stop_first"))
    assert ours.finer.text == ""
    assert ours.equity.to_numpy().tobytes() == usual.equity.to_numpy().tobytes()
    assert ours.trades.equals(usual.trades)
    assert ours.metrics == usual.metrics


def hour_before(bars):
    """Return a bar that is nobody's, close enough to the first for both to be finer than days."""
    before = bars.head(1).copy()
    return before.assign(ts=before["ts"] - pd.Timedelta(hours=1))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(walks(), st.sampled_from(STOP[1:4]), st.sampled_from(STOP[1:4]), st.sampled_from("+-"))
def test_a_first_exit_lies_between_stop_first_and_target_first(walk, stop, target, way):
    """But for a jump from one hour to the next, which fills beyond a level."""
    hours, _, known = walk
    hours = [glued(day) for day in hours]
    bars, finer = candles(*whole(hours)), dated(hours, known)
    side = 1 if way == "+" else -1
    found = {
        order: run_backtest(
            bars, Scripted([side]),
            SimulationSettings(1e6, "none", 0, side="both", stop_loss=stop, take_profit=target,
                               intrabar=order),
            finer=finer,
        ).trades.head(1)
        for order in ("stop_first", "finer_bars", "target_first")
    }  # fmt: skip
    low, ours, high = (float(trades["profit"].sum()) for trades in found.values())
    assert low - 1e-6 <= ours <= high + 1e-6
    # All three leave in the same bar: only what is met first in it is told differently.
    assert len({tuple(trades["exit_bar"]) for trades in found.values()}) == 1


def glued(day):
    """Let each hour of a day open where the one before closed."""
    rows = [day[0]]
    for _, high, low, close in day[1:]:
        begin = rows[-1][3]
        rows.append((begin, max(high, begin), min(low, begin), close))
    return rows


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(walks(), rules)
def test_stories_and_a_second_play_tell_the_same_as_the_trades(walk, simulation):
    hours, signals, known = walk
    simulation = replace(simulation, intrabar="finer_bars")
    bars, finer = candles(*whole(hours)), dated(hours, known)
    result = run_backtest(bars, Scripted(signals), simulation, finer=finer)
    assert np.array_equal(Again.of(result).play().equity, result.equity.to_numpy())
    for number, row in enumerate(result.trades.to_dict("records"), start=1):
        story = trade_story(result, number)
        sign = -1 if story.is_short else 1
        for mark in (story.mae, story.mfe):
            of_entry = sign * (mark.price / row["entry_price"] - 1)
            assert mark.value == pytest.approx(of_entry, abs=1e-9)
        if story.exit and row["exit_reason"] in ("stop", "target", "trailing"):
            bar = story.exit.fill
            assert bar.low - 1e-9 <= story.exit.market_price <= bar.high + 1e-9


def test_a_cell_of_a_sweep_is_the_backtest_in_finer_bars():
    rng = np.random.default_rng(7)
    close = 100 * np.exp(rng.normal(0, 0.006, 6 * 300).cumsum())
    open_ = np.append(100.0, close[:-1])
    rows = list(zip(open_, np.maximum(open_, close) * 1.002, np.minimum(open_, close) * 0.998,
                    close, strict=True))  # fmt: skip
    hours = [rows[k : k + 6] for k in range(0, len(rows), 6)]
    bars, finer = candles(*whole(hours)), dated(hours, [True] * len(hours))
    how = SimulationSettings(stop_loss="2%", take_profit="2%", trailing_stop="3%",
                             intrabar="finer_bars", side="both")  # fmt: skip
    kind = STRATEGIES["ma_cross"]
    start = bars["ts"].iloc[40]
    table = sweep(bars, kind, {"fast": [3, 5], "slow": [10, 20]}, how, start=start, finer=finer)
    for row in table.to_dict("records"):
        strategy = kind(fast=row["fast"], slow=row["slow"])
        result = run_backtest(bars, strategy, how, start=start, finer=finer)
        assert result.metrics["final_equity"] == row["final_equity"]
        assert result.metrics["trades"] == row["trades"] > 0
    usual = sweep(bars, kind, {"fast": [3, 5], "slow": [10, 20]},
                  replace(how, intrabar="stop_first"), start=start)  # fmt: skip
    assert not usual["final_equity"].equals(table["final_equity"])
