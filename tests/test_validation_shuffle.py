"""Shuffled trades and random timing: against all permutations, all shifts and planted timing."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import InvalidParams
from services.metrics import drawdown_of
from services.validation.paths import PERMUTED, draw_paths
from services.validation.shuffle import resample_trades, shuffle_trades, timing_test

FIVE = np.array([0.10, -0.20, 0.05, 0.30, -0.10])


def deepest(trades):
    return drawdown_of(np.cumprod(1 + np.array(trades)), 1.0).min()


def test_shuffled_drawdowns_are_spread_as_those_of_all_orders():
    every = np.array([deepest(order) for order in permutations(FIVE)])
    found = shuffle_trades(FIVE, resamples=20_000)
    assert found.seen_drawdown == pytest.approx(deepest(FIVE))
    assert found.deeper == pytest.approx((every <= deepest(FIVE) + 1e-9).mean(), abs=0.015)
    assert found.max_drawdown.values.mean() == pytest.approx(every.mean(), abs=0.002)
    assert set(found.max_drawdown.values.round(9)) == set(every.round(9))


def test_a_shuffle_ends_where_the_run_ended():
    found = shuffle_trades(FIVE, resamples=300)
    total = np.prod(1 + FIVE) - 1
    assert found.total_return == pytest.approx(total)
    for band in (found.equity.p5, found.equity.median, found.equity.p95):
        assert band[0] == 1.0
        assert band[-1] - 1 == pytest.approx(total)
    assert found.equity.p5[2] < found.equity.p95[2]
    assert found.drawdown.p5[2] < found.drawdown.p95[2] <= 0


def test_every_order_is_as_likely():
    three = np.array([0.1, 0.2, 0.3])
    firsts = [draw_paths(three, PERMUTED, 1, 1, seed).equity[0, 1:3] for seed in range(1200)]
    counts = np.unique(np.round(firsts, 9), axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert counts.min() > 160


def test_losses_in_a_row_are_bad_luck_and_losses_spread_out_good():
    wins, losses = [0.05] * 20, [-0.04] * 20
    together = shuffle_trades(np.array(wins + losses))
    spread_out = shuffle_trades(
        np.array([x for pair in zip(wins, losses, strict=True) for x in pair])
    )
    assert together.deeper < 0.01
    assert spread_out.deeper > 0.99


def test_resampled_trades_end_as_all_draws_with_replacement_do():
    three = np.array([0.5, -0.3, 0.1])
    every = np.array([np.prod(1 + np.array(draw)) - 1 for draw in product(three, repeat=3)])
    found = resample_trades(three, resamples=20_000)
    assert found.total_return.values.mean() == pytest.approx(every.mean(), abs=0.01)
    assert found.probability_of_loss == pytest.approx((every < 0).mean(), abs=0.015)
    assert set(found.total_return.values.round(9)) == set(every.round(9))


def test_without_trades_there_is_nothing_to_shuffle():
    shuffled, resampled = shuffle_trades(np.empty(0)), resample_trades(np.empty(0))
    assert (shuffled.total_return, shuffled.deeper, shuffled.max_drawdown.median) == (None,) * 3
    assert (resampled.probability_of_loss, resampled.total_return.median) == (None, None)


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 60), st.integers(0, 2**16), st.floats(0, 1))
def test_the_p_value_counts_every_shift(bars, seed, exposure):
    rng = np.random.default_rng(seed)
    returns = rng.integers(-3, 4, bars) / 128  # sums of these are exact, and often equal
    position = np.where(rng.random(bars) < exposure, rng.choice([-1.0, 0.5, 1.0], bars), 0.0)
    found = timing_test(position, returns)
    shifted = [np.mean(np.roll(position, k) * returns) for k in range(bars)]
    if not position.any():
        assert found.p_value is None
        return
    assert found.timed == pytest.approx(shifted[0], abs=1e-12)
    assert found.p_value == np.mean(np.array(shifted) >= shifted[0] - 1e-12)
    assert found.random.values == pytest.approx(np.sort(shifted[1:]), abs=1e-12)


def test_random_timing_looks_good_no_more_often_than_its_p_value_says():
    values = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        position = np.repeat(rng.random(40) < 0.5, 10).astype(float)  # held for ten bars
        values.append(timing_test(position, rng.normal(0.001, 0.01, 400)).p_value)
    for level in (0.05, 0.2, 0.5):
        assert np.mean(np.array(values) <= level) == pytest.approx(level, abs=0.06)


def test_knowing_tomorrow_is_not_chance():
    returns = np.random.default_rng(0).normal(0, 0.01, 500)
    assert timing_test((returns > 0).astype(float), returns).p_value == 1 / 500
    assert timing_test((returns < 0).astype(float), returns).p_value == 1.0


def test_buy_and_hold_has_no_timing():
    returns = np.random.default_rng(1).normal(0.01, 0.01, 251)
    assert timing_test(np.ones(251), returns).p_value == 1.0


def test_a_run_that_never_traded_has_no_p_value():
    found = timing_test(np.zeros(50), np.full(50, 0.01))
    assert (found.timed, found.p_value, found.random.median) == (0.0, None, None)


def test_positions_and_returns_of_other_bars_are_refused():
    with pytest.raises(InvalidParams, match="same bars"):
        timing_test(np.ones(5), np.ones(6))
    with pytest.raises(InvalidParams, match="not a number"):
        timing_test(np.ones(3), np.array([0.1, np.nan, 0.2]))
