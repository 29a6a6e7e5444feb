"""Underwater periods: those of the metrics, of quantstats and of a slow walk."""

import numpy as np
import pandas as pd
import pytest
import quantstats
from analysis_runs import run_of, times
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import SYMBOLS, real_bars

from services.analysis.exposure import exposure
from services.analysis.underwater import underwater, underwater_periods
from services.backtest import run_backtest
from services.metrics import calendar_of, equity_metrics
from strategies.registry import load_strategy

LEVELS = st.lists(st.sampled_from([80.0, 90.0, 100.0, 110.0, 120.0]), min_size=1, max_size=14)


def slow_periods(equity, cash):
    """Walk the equity; return (peak bar, trough bar, end bar, recovered) of each fall."""
    found, peak, peak_bar, below = [], cash, 0, []
    for i, value in enumerate([*equity, None]):
        if value is None or value >= peak:
            if below:
                trough = min(below, key=lambda bar: (equity[bar], bar))
                found.append((peak_bar, trough, min(i, len(equity) - 1), value is not None))
            below = []
            peak, peak_bar = value, i
        else:
            below.append(i)
    return found


@settings(max_examples=300, deadline=None)
@given(LEVELS)
def test_the_periods_are_those_of_a_slow_walk(equity):
    found = underwater_periods(run_of(equity), most=None)
    spans = sorted((p.peak_bar, p.trough_bar, p.end_bar, p.recovery is not None) for p in found)
    assert spans == sorted(slow_periods(equity, 100.0))
    assert [p.depth for p in found] == sorted(p.depth for p in found)


@settings(max_examples=300, deadline=None)
@given(LEVELS, st.sampled_from(["D", "B", "W-MON", "h"]))
def test_the_deepest_and_the_longest_are_those_of_the_metrics(equity, freq):
    result = run_of(equity, times(len(equity), freq))
    metrics = equity_metrics(np.array(equity), 100.0, calendar_of(result.bars["ts"]))
    total = underwater(result)
    periods = underwater_periods(result, most=None)
    assert min((p.depth for p in periods), default=0.0) == metrics["max_drawdown"]
    assert max((p.days for p in periods), default=0.0) == metrics["max_drawdown_duration"]
    assert total.count == len(periods)
    if periods:
        assert total.deepest == periods[0]
        assert total.longest.days == metrics["max_drawdown_duration"]
        assert total.average_depth == pytest.approx(np.mean([p.depth for p in periods]))
        assert total.average_days == pytest.approx(np.mean([p.days for p in periods]))
    assert (total.current is None) == (equity[-1] >= max([100.0, *equity]))


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_real_run_has_the_underwater_periods_of_quantstats(symbol):
    result = run_backtest(real_bars(symbol), load_strategy("supertrend"))
    curve = pd.Series(result.equity.to_numpy(), result.equity.index.tz_localize(None))
    # The day before the first: the starting cash is a peak.
    curve = pd.concat([pd.Series([100_000.0], [curve.index[0] - pd.Timedelta(days=1)]), curve])
    details = quantstats.stats.drawdown_details(
        quantstats.stats.to_drawdown_series(curve.pct_change().fillna(0))
    )
    worst = details.sort_values("max drawdown", kind="stable").head(8)
    found = underwater_periods(result, most=8)
    assert [p.depth * 100 for p in found] == pytest.approx(worst["max drawdown"].tolist())
    assert [f"{p.trough:%Y-%m-%d}" for p in found] == worst["valley"].tolist()


def test_a_fall_worked_by_hand():
    ts = pd.DatetimeIndex(
        ["2024-01-01", "2024-01-03", "2024-01-10", "2024-01-20", "2024-01-21"], tz="UTC"
    )
    (period,) = underwater_periods(run_of([100.0, 120.0, 90.0, 96.0, 120.0], ts))
    assert period.depth == -0.25
    assert (period.peak, period.trough, period.recovery) == (ts[1], ts[2], ts[4])
    assert (period.days, period.days_down, period.days_up) == (18, 7, 11)


def test_a_fall_without_recovery_lasts_to_the_end():
    result = run_of([110.0, 99.0, 105.0], times(3, "D"))
    (period,) = underwater_periods(result)
    assert period.recovery is None
    assert period.days_up is None
    assert period.days == 2
    assert underwater(result).current == period


def test_only_the_deepest_are_listed_and_all_are_counted():
    equity = [100.0, 99.0, 100.0, 98.0, 100.0, 97.0, 100.0]
    result = run_of(equity)
    assert [p.depth for p in underwater_periods(result, most=2)] == pytest.approx([-0.03, -0.02])
    assert underwater(result).count == 3
    assert underwater(result).share == pytest.approx(3 / 7)


def test_a_run_that_never_falls_has_no_period():
    result = run_of([100.0, 101.0, 101.0])
    assert underwater_periods(result) == ()
    total = underwater(result)
    assert (total.count, total.share) == (0, 0.0)
    assert {total.average_depth, total.longest, total.deepest, total.current} == {None}


def with_position(position):
    result = run_of([100.0] * len(position))
    object.__setattr__(result, "position", np.array(position, dtype=np.int8))
    return result


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 1), min_size=1, max_size=30))
def test_the_spans_in_the_market_hold_its_bars_and_no_other(position):
    found = exposure(with_position(position))
    held = [bar for first, last in found.spans.tolist() for bar in range(first, last + 1)]
    assert held == [bar for bar, is_in in enumerate(position) if is_in]
    assert found.share == pytest.approx(sum(position) / len(position))
    runs = "".join(map(str, position))
    inside, outside = ([len(run) for run in runs.split(other) if run] for other in ("0", "1"))
    assert found.longest_in == max(inside, default=None)
    assert found.longest_out == max(outside, default=None)
    assert found.mean_in == (pytest.approx(np.mean(inside)) if inside else None)
    assert found.mean_out == (pytest.approx(np.mean(outside)) if outside else None)
