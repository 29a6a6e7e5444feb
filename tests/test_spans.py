"""The usual backtest measured from its trades: what its whole equity curve tells, bar by bar."""

import math

import numpy as np
import pytest
from builders import numbers
from hypothesis import given
from hypothesis import strategies as st
from real_bars import real_bars

import services.backtest.measure as curve
from services.backtest import drawdown, run_backtest, spans, tapes
from services.backtest.settings import SimulationSettings
from services.backtest.simulate import FILL_CLOSE, FILL_NEXT_OPEN, buy_and_hold, simulate
from services.sampling import Sampling
from strategies.registry import load_strategy

DAY = 86_400_000_000
CASH = 10_000.0
FREE = (CASH, 0.0, 0.0, math.inf, 0.0, 0.0)
DEAR = (CASH, 0.005, 1.0, 0.01, 0.0, 0.001)


def measured(close, signals, *, open_=None, fill=FILL_CLOSE, money=FREE, a_day=1):
    """Return the metrics of a simulation, from its trades and from its whole curve."""
    close = np.array(close, np.float64)
    open_ = close if open_ is None else np.array(open_, np.float64)
    prices = (open_, np.maximum(open_, close), np.minimum(open_, close), close)
    n = len(close)
    ends = np.unique(np.append(np.arange(a_day - 1, n, a_day), n - 1))
    sampling = Sampling(ends, 252.0, n / a_day, np.arange(n) * DAY // a_day)
    equity, _, trades = simulate(prices, np.array(signals, np.int8), fill, money)
    held = curve.held_of(buy_and_hold(open_, close, *money)[0], money[0], ends)
    from_trades = spans.measure(trades, equity, money[0], sampling, held, close)
    return from_trades, curve.measure(equity, trades, money[0], sampling, held)


@given(
    steps=st.lists(st.floats(-0.3, 0.4), min_size=1, max_size=90),
    signals=st.lists(st.sampled_from([0, 0, 0, 1, -1]), min_size=90, max_size=90),
    gap=st.floats(-0.05, 0.05),
    fill=st.sampled_from([FILL_CLOSE, FILL_NEXT_OPEN]),
    money=st.sampled_from([FREE, DEAR]),
    a_day=st.sampled_from([1, 1, 3, 7]),
)
def test_trades_tell_what_the_whole_curve_tells(steps, signals, gap, fill, money, a_day):
    close = 100.0 * np.cumprod(1.0 + np.array(steps))
    open_ = close * (1.0 + gap)
    found, expected = measured(
        close, signals[: len(steps)], open_=open_, fill=fill, money=money, a_day=a_day
    )
    assert np.isnan(found).tolist() == np.isnan(expected).tolist()
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-11, nan_ok=True)


@pytest.mark.parametrize("name", ["ma_cross", "rsi", "bollinger", "ath_breakout"])
@pytest.mark.parametrize("symbol", ["GOOG", "IBM"])
def test_on_real_bars_trades_tell_what_the_whole_curve_tells(symbol, name):
    bars, strategy = real_bars(symbol), load_strategy(name)
    usual = run_backtest(bars, strategy)
    # A stop that nothing reaches: the same run, measured from its curve.
    curved = run_backtest(bars, strategy, SimulationSettings(stop_loss="99.9%"))
    assert usual.equity.tolist() == curved.equity.tolist()
    expected = numbers(curved.metrics)
    assert numbers(usual.metrics) == pytest.approx(expected, rel=1e-11, nan_ok=True)


def test_a_position_in_prices_that_grow_evenly_has_no_sharpe():
    """Rounding noise is no deviation: a ratio to it would be a huge number without meaning."""
    close = 100.0 * 1.01 ** np.arange(300)
    found, _ = measured(close, [1] + [0] * 299)
    assert found[spans.row.TOTAL_RETURN] == pytest.approx(1.01**299 - 1.0)
    assert abs(found[spans.row.VOLATILITY]) < 0.02  # the first bar returns nothing


def test_a_spike_outside_of_a_trade_does_not_blur_its_numbers():
    """Sums that are looked up keep what rounding takes: a wrong bar does not reach other ones."""
    quiet = 100.0 + np.cumsum(np.random.default_rng(1).normal(0.0, 0.01, 200))
    close = np.concatenate((quiet[:50], [1e9], quiet[50:]))
    signals = np.zeros(201)
    signals[60], signals[140] = 1, -1
    found, expected = measured(close, signals)
    names = [spans.row.SHARPE, spans.row.SORTINO, spans.row.VOLATILITY]
    assert found[names] == pytest.approx(expected[names], rel=1e-10)


def test_an_account_that_a_fee_empties_returns_nothing_definable():
    """Nothing to nothing is no return, and so no Sharpe ratio either."""
    signals = [1, 0, -1, 0, 0]
    found, expected = measured(
        [10.0, 10.0, 1.0, 1.0, 1.0], signals, money=(20.0, 0.0, 10.0, math.inf, 0.0, 0.0)
    )
    assert np.isnan(found).tolist() == np.isnan(expected).tolist()


@given(
    steps=st.lists(st.sampled_from([0, 0, 1, 2, -1, -2, -5]), min_size=1, max_size=70),
    shares=st.floats(0.01, 50.0),
    cash=st.sampled_from([50.0, 100.0, 140.0]),
    first=st.integers(0, 12),
)
def test_falls_found_in_prepared_blocks_are_those_of_every_bar(steps, shares, cash, first):
    prices = (100.0 + np.cumsum(steps)).clip(1.0)
    first = min(first, len(prices))
    ts = np.arange(len(prices)) * DAY
    equity = shares * prices
    equity[:first] = cash
    fall = drawdown.at_value(drawdown.begun(cash, ts), cash, 0, first, ts)
    blocks = drawdown.blocks_of(prices)
    fall = drawdown.at_blocks(fall, prices, blocks, shares, first, len(prices), ts)
    assert drawdown.ended(fall, ts) == drawdown.drawdown_of(equity, cash, ts)


def test_a_running_sum_keeps_what_rounding_takes():
    values = np.array([1e16, 1.0, -1e16, 3.0, 1e-3])
    sums = np.zeros((6, tapes.COLUMNS))
    for k in range(5):
        tapes._add(sums, k, 0, values[k])
    assert tapes._between(sums, 0, 1, 2) == 1.0
    assert tapes._between(sums, 0, 3, 5) == 3.001
