"""Walk-forward: against a plain loop over backtests, and with prices that change afterwards."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import closes, random_walk
from real_bars import real_bars
from sweeping import plain_sweep

from services.backtest import SimulationSettings, run_backtest
from services.errors import Cancelled, InvalidParams, NoBars
from services.optimise.folds import windows_of
from services.optimise.objective import Objective
from services.optimise.walk_forward import walk_forward
from services.parameters import Parameters, param
from strategies.ath_breakout import AthBreakout
from strategies.base import Strategy
from strategies.db_ma_cross import DbMaCross
from strategies.ma_cross import MaCross
from strategies.rsi import Rsi

GRID = {"fast": [5, 10, 20], "slow": [20, 50]}
FREE = SimulationSettings(commission="none", slippage_bps=0)


def walk(bars, strategy=MaCross, grid=GRID, settings=SimulationSettings(), **how):  # noqa: B008
    how = {"train": "2 Y", "test": "6 M"} | how
    return walk_forward(bars, strategy, grid, settings, **how)


@pytest.fixture(scope="module")
def apple():
    return real_bars("AAPL").tail(1500).reset_index(drop=True)


def close_all(result, commission_of):
    """Return the money after selling what is open at the last close, slippage and fee paid."""
    money = result.equity.iloc[-1]
    if result.position[-1]:
        shares = result.trades["quantity"].iloc[-1]
        paid = shares * result.bars["close"].iloc[-1]
        got = paid * (1 - result.settings.slippage_bps / 10_000)
        money += got - commission_of(shares, got) - paid
    return money


def ibkr(shares, value):
    return min(max(0.005 * shares, 1.0), 0.01 * value)


def slow_walk(bars, windows, objective="sharpe"):
    """Walk forward with nothing but run_backtest: the parameters and the money, by window."""
    ts, cash, found = bars["ts"], 100_000.0, []
    for window in windows:
        best, best_value = None, -np.inf
        for fast in GRID["fast"]:
            for slow in GRID["slow"]:
                if fast >= slow:
                    continue
                seen = bars.iloc[: window.train_end]
                result = run_backtest(
                    seen, MaCross(fast=fast, slow=slow), start=ts[window.train_start]
                )
                value = result.metrics[objective]
                if value is not None and value > best_value:
                    best, best_value = (fast, slow), value
        result = run_backtest(
            bars,
            MaCross(fast=best[0], slow=best[1]),
            SimulationSettings(cash=cash),
            start=ts[window.test_start],
            end=ts[window.test_end - 1],
        )
        is_last = window is windows[-1]
        after = result.equity.iloc[-1] if is_last else close_all(result, ibkr)
        found.append((best, best_value, result.metrics[objective], cash, after))
        cash = after
    return found


@pytest.mark.parametrize(
    "how",
    [
        {"train": "2 Y", "test": "6 M"},
        {"train": 400, "test": 150, "embargo": 10, "anchored": True},
    ],
)
def test_a_walk_forward_is_that_of_a_plain_loop_over_backtests(apple, how):
    found = walk(apple, **how)
    cut = windows_of(apple["ts"], **how).windows
    assert len(found.windows) == len(cut) > 4
    for window, expected in zip(found.windows, slow_walk(apple, cut), strict=True):
        pair, before, after, cash, money = expected
        assert (window.params["fast"], window.params["slow"]) == pair
        assert window.before == before
        assert window.after == (after if after is None else pytest.approx(after, rel=1e-9))
        assert window.capital == pytest.approx(cash, rel=1e-12)
        assert window.capital * (1 + window.profit) == pytest.approx(money, rel=1e-12)
    assert found.run.equity.iloc[-1] == pytest.approx(money, rel=1e-12)
    assert found.run.metrics["total_return"] == pytest.approx(money / 100_000 - 1, rel=1e-9)


@pytest.mark.parametrize(
    ("strategy", "grid"),
    [
        (MaCross, GRID),
        (Rsi, {"period": [7, 14], "lower": [30, 40]}),
        (AthBreakout, {"trend": ["ma20", "ma50"]}),
    ],
)
def test_the_compiled_sweep_walks_as_a_plain_one_does(apple, strategy, grid):
    ours, plain = (
        walk(apple, strategy, grid, train=500, test=400, **how)
        for how in ({}, {"sweep": plain_sweep})
    )
    assert [w.params for w in ours.windows] == [w.params for w in plain.windows]
    assert [w.in_sample for w in ours.windows] == [w.in_sample for w in plain.windows]
    assert ours.run.equity.equals(plain.run.equity)


def test_the_stitched_run_covers_every_test_bar_once_and_its_trades_explain_its_money(apple):
    found = walk(apple)
    run, first = found.run, found.windows[0]
    expected = apple[apple["ts"] >= first.test_start]
    assert run.bars["ts"].tolist() == expected["ts"].tolist()
    assert run.equity.index.tolist() == run.benchmark_equity.index.tolist()
    assert sum(w.test_bars for w in found.windows) == len(run.bars)
    assert run.trades["profit"].sum() == pytest.approx(run.equity.iloc[-1] - 100_000)
    # Every trade has the prices of its own bars.
    for _, trade in run.trades.iterrows():
        entry = run.bars.iloc[trade["entry_bar"]]
        assert entry["ts"] == trade["entry_time"]
        assert entry["open"] * 1.0001 == pytest.approx(trade["entry_price"])
        if trade["exit_reason"] == "window end":
            leaves = run.bars.iloc[trade["exit_bar"]]
            assert leaves["ts"] == trade["exit_time"] in [w.test_end for w in found.windows]
            assert leaves["close"] * 0.9999 == pytest.approx(trade["exit_price"])
            assert trade["bars"] == trade["exit_bar"] - trade["entry_bar"]


def test_buy_and_hold_is_that_of_a_backtest_over_the_same_span(apple):
    found = walk(apple)
    plain = run_backtest(apple, DbMaCross(), start=found.windows[0].test_start)
    assert found.run.benchmark_equity.equals(plain.benchmark_equity)
    assert found.run.benchmark_metrics == plain.benchmark_metrics


def test_one_window_and_one_combination_are_a_plain_backtest(apple):
    found = walk(apple, grid={"fast": [10], "slow": [50]}, train=500, test=1000)
    plain = run_backtest(apple, MaCross(fast=10, slow=50), start=apple["ts"][500])
    assert len(found.windows) == 1
    assert found.run.equity.equals(plain.equity)
    assert found.run.metrics == pytest.approx(plain.metrics, rel=1e-12)
    pd.testing.assert_frame_equal(found.run.trades, plain.trades)
    assert found.windows[0].out_of_sample == plain.metrics


def test_later_prices_do_not_change_what_was_chosen_before(apple):
    before = walk(apple, train=400, test=200, embargo=5)
    chance = np.random.default_rng(1)
    for k, window in enumerate(before.windows):
        changed = apple.copy()
        later = changed["ts"] > window.train_end
        factor = np.exp(chance.normal(0, 0.03, later.sum()).cumsum())
        for name in ("open", "high", "low", "close"):
            changed.loc[later, name] *= factor
        again = walk(changed, train=400, test=200, embargo=5)
        for old, new in zip(before.windows[: k + 1], again.windows, strict=False):
            assert (new.params, new.in_sample) == (old.params, old.in_sample)
        assert again.run.equity.iloc[-1] != before.run.equity.iloc[-1]


def test_a_shorter_history_makes_the_same_windows(apple):
    whole = walk(apple, train=400, test=200)
    part = walk(apple.iloc[:1000], train=400, test=200)
    for old, new in zip(whole.windows, part.windows[:-1], strict=False):
        assert (new.params, new.profit) == (old.params, old.profit)


def test_the_first_traded_bar_has_its_averages_from_bars_before_the_span(apple):
    start = apple["ts"][300]
    found = walk(apple, start=start, train=300, test=300)
    expected = plain_sweep(apple, MaCross, GRID, start=start, end=apple["ts"][599])
    assert found.windows[0].train_start == start
    assert found.windows[0].before == expected["sharpe"].max()


def test_no_bar_after_the_end_is_used(apple):
    end = apple["ts"][1100]
    found = walk(apple, end=end, train=400, test=200)
    assert found.windows[-1].test_end == end
    assert found.run.equity.equals(walk(apple[:1101], train=400, test=200).run.equity)


class Patient(Strategy):
    """Buys after some rising closes in a row; keeps the count on itself."""

    name = "patient"

    class Params(Parameters):
        patience: int = param(2, "closes in a row", ge=1, le=9)

    rising = 0

    def on_bar(self, i, row, df):
        if i == 0:
            return None
        self.rising = self.rising + 1 if row["close"] > df["close"].iloc[i - 1] else 0
        if self.rising >= self.params.patience:
            return "BUY"
        return "SELL" if self.rising == 0 else None


def test_a_rule_that_is_asked_bar_by_bar_walks_as_well():
    found = walk(random_walk(120, seed=4), Patient, {"patience": [1, 2, 3]}, train=40, test=20)
    assert len(found.windows) == 4
    assert all(w.params["patience"] in (1, 2, 3) for w in found.windows)
    assert found.run.metrics["trades"] > 4


def test_another_objective_is_chosen_by_its_own_direction(apple):
    found = walk(apple, objective=Objective("volatility"), train=400, test=200)
    for window in found.windows:
        rows = plain_sweep(apple, MaCross, GRID, start=window.train_start, end=window.train_end)
        assert window.before == rows["volatility"].min()
        assert window.in_sample["volatility"] == window.before


def test_a_window_in_which_nothing_qualifies_stays_out_of_the_market():
    # It only falls: RSI never calls it overbought, so no trade is ever closed.
    prices = [100 - 0.5 * i for i in range(160)]
    found = walk(
        closes(*prices),
        Rsi,
        {"period": [5]},
        objective=Objective("sharpe", minimum_trades=1),
        train=80,
        test=40,
    )
    assert [w.params for w in found.windows] == [None, None]
    assert found.run.equity.unique().tolist() == [100_000]
    assert "nothing was traded, in windows 1, 2" in " ".join(found.notes)
    assert found.consistency == 0
    assert (found.degradation.mean, found.efficiency) == (None, None)


def test_a_position_at_the_end_of_a_window_is_sold_at_the_close_but_in_the_last_one():
    bars = closes(*[100 + i % 7 + i * 0.2 for i in range(120)])
    always = {"fast": [2], "slow": [3]}
    found = walk(bars, MaCross, always, FREE, train=30, test=30)
    ends = found.run.trades[found.run.trades["exit_reason"] == "window end"]
    assert set(ends["exit_bar"]) <= {29, 59}
    assert (found.run.trades["exit_reason"] == "open").sum() <= 1
    assert (found.run.trades["entry_bar"].diff().dropna() > 0).all()


def test_closing_costs_what_an_order_costs():
    bars = closes(*[100.0] * 30, *[90.0, 100.0, 110.0, 120.0] * 10)
    dear = SimulationSettings(cash=10_000, commission="percent:1", slippage_bps=100)
    grid = {"fast": [2], "slow": [3]}
    found = walk(bars, MaCross, grid, dear, train=32, test=13)
    ends = found.run.trades[found.run.trades["exit_reason"] == "window end"]
    assert len(ends) > 0
    for _, trade in ends.iterrows():
        close = found.run.bars["close"].iloc[trade["exit_bar"]]
        assert trade["exit_price"] == pytest.approx(close * 0.99)
        fees = 0.01 * trade["quantity"] * (trade["entry_price"] + trade["exit_price"])
        assert trade["commission"] == pytest.approx(fees)
        earned = trade["quantity"] * (trade["exit_price"] - trade["entry_price"])
        assert trade["profit"] == pytest.approx(earned - fees)
        window = next(w for w in found.windows if w.test_end == trade["exit_time"])
        assert window.profit < window.out_of_sample["total_return"]


def test_a_short_that_its_window_does_not_outlive_is_bought_back_above_the_close():
    bars = closes(*[100.0] * 30, *[110.0, 100.0, 90.0, 80.0, 95.0] * 10)
    short = SimulationSettings(10_000, "percent:1", slippage_bps=100, side="short")
    found = walk(bars, MaCross, {"fast": [2], "slow": [3]}, short, train=32, test=13)
    ends = found.run.trades[found.run.trades["exit_reason"] == "window end"]
    assert len(ends) > 0
    for _, trade in ends.iterrows():
        close = found.run.bars["close"].iloc[trade["exit_bar"]]
        assert trade["exit_price"] == pytest.approx(close * 1.01)
        fees = 0.01 * trade["quantity"] * (trade["entry_price"] + trade["exit_price"])
        earned = trade["quantity"] * (trade["entry_price"] - trade["exit_price"])
        assert trade["profit"] == pytest.approx(earned - fees)
    earned = found.run.trades["profit"].sum()
    assert found.run.equity.iloc[-1] == pytest.approx(10_000 + earned)


def test_what_is_left_of_the_objective_is_summed_up_as_a_hand_would(apple):
    found = walk(apple)
    traded = [w for w in found.windows if w.after is not None]
    assert 1 < len(traded) < len(found.windows)  # a test that waits for a cross in vain has none
    before = np.array([w.before for w in traded])
    after = np.array([w.after for w in traded])
    kept = (after / before)[before > 0]
    assert found.degradation.before == pytest.approx(before.mean())
    assert found.degradation.after == pytest.approx(after.mean())
    assert found.degradation.mean == pytest.approx(kept.mean())
    assert found.degradation.median == pytest.approx(np.median(kept))
    assert found.degradation.windows == len(kept)
    assert found.consistency == np.mean([w.profit > 0 for w in found.windows])
    growth = np.mean([w.in_sample["cagr"] for w in found.windows])
    assert found.efficiency == pytest.approx(found.run.metrics["cagr"] / growth)
    assert traded[0].ratio == pytest.approx(after[0] / before[0])
    assert replace(traded[0], before=-1.0).ratio is None


def test_a_shorter_last_window_and_bars_left_out_are_said(apple):
    partial = walk(apple.iloc[:900], train=400, test=200)
    assert partial.windows[-1].is_partial
    assert "shorter than the others: 100 bars" in partial.notes[0]
    short = walk(apple.iloc[:899], train=400, test=200)
    assert short.notes == ("The last 99 bars are less than half a test and were left out.",)
    assert len(short.run.bars) == 400
    assert walk(apple.iloc[:800], train=400, test=200).notes == ()


def test_windows_that_wait_for_a_signal_in_vain_are_said(apple):
    found = walk(apple)
    idle = [str(w.number) for w in found.windows if not w.out_of_sample["exposure"]]
    assert 1 < len(idle) < 8
    said = f"no signal to enter came in windows {', '.join(idle)}."
    assert any(said in note for note in found.notes)


def test_lost_capital_ends_the_walk_and_is_said():
    prices = [100, 101, 100, 102] * 15 + [1e-6] * 60
    always = Always
    found = walk(
        closes(*prices, spread=0),
        always,
        {"x": [1]},
        SimulationSettings(cash=10),
        train=30,
        test=40,
    )
    assert "lost in window 1 of 2" in " ".join(found.notes)
    assert len(found.windows) == 1


class Always(Strategy):
    """Is always in the market."""

    name = "always"

    class Params(Parameters):
        x: int = param(1, "nothing")

    def signals(self, df):
        return np.ones(len(df), dtype=np.int8)


def test_progress_counts_over_all_windows_and_a_report_can_end_it(apple):
    reports = []
    walk(apple, train=400, test=200, report=reports.append)
    shares = [r.done / r.total for r in reports]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert reports[0].message == "window 1 of 6"

    def cancel(progress):
        if progress.message.startswith("window 3"):
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        walk(apple, train=400, test=200, report=cancel)


def test_too_few_bars_are_refused_with_the_numbers(apple):
    with pytest.raises(InvalidParams, match="500 bars from .* are too few for 2 Y to train on"):
        walk(apple.iloc[:500])
    with pytest.raises(NoBars):
        walk(apple.iloc[:0])
