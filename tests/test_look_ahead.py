"""The look-ahead check: whoever reads later bars is caught at the right one, and nobody else."""

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from builders import closes, random_walk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from peeking import NextClose, NextRow, WholeMean
from real_bars import real_bars

from services.indicators import compute_indicators, with_indicators
from services.indicators.blocks import series_values
from services.look_ahead import UNCHECKED, LookAhead, check_look_ahead
from services.look_ahead.asking import causal_frame
from services.look_ahead.samples import far_apart, sample_bars
from strategies.base import Strategy
from strategies.registry import STRATEGIES, load_strategy

WALK = random_walk(400, seed=2)
PLENTY = 60.0


def check(strategy, bars=WALK, first=0, seconds=PLENTY):
    frame = with_indicators(bars)
    signals = np.asarray(strategy.signals_from(frame, first))
    return check_look_ahead(fresh(strategy), frame, signals, first, seconds=seconds)


def fresh(strategy):
    return type(strategy)(**strategy.params.model_dump())


def bar(position, bars=WALK):
    return bars["ts"].iloc[position]


class Shifted(Strategy):
    """The same with pandas."""

    def signals(self, df):
        return (df["close"].shift(-1) > df["close"]).to_numpy().astype(np.int8)


class CentredMean(Strategy):
    """Compares each close with the mean of the five around it."""

    def signals(self, df):
        mean = df["close"].rolling(5, center=True).mean()
        return (df["close"] < mean).to_numpy().astype(np.int8)


class LastCloseFirst(Strategy):
    """Means the close before, and gets the last one at the first bar."""

    def signals(self, df):
        close = df["close"].to_numpy()
        before = np.array([close[i - 1] for i in range(len(close))])
        return np.sign(close - before).astype(np.int8)


class NextRowUnguarded(Strategy):
    """Looks at the next row, and only the end of the world would stop it."""

    def on_bar(self, i, row, df):
        return "BUY" if i < 399 and df.iloc[i + 1]["close"] > row["close"] else None


class LastRow(Strategy):
    """Takes the end of the frame for the bar in hand."""

    def on_bar(self, i, row, df):
        return "BUY" if df["close"].iloc[-1] > row["close"] else "SELL"


class PlansAtTheStart(Strategy):
    """Remembers the mean of all bars, computed at the first."""

    mean = None

    def on_bar(self, i, row, df):
        if self.mean is None:
            self.mean = df["close"].mean()
        return "BUY" if row["close"] < self.mean else None


def first_rise(close):
    return int(np.flatnonzero(np.diff(close) > 0)[0])


def first_move(close):
    return int(np.flatnonzero(np.diff(close))[0])


CLOSE = WALK["close"].to_numpy()
MEAN5 = WALK["close"].rolling(5, center=True).mean().to_numpy()
BIASED = [
    (NextClose, first_move(CLOSE)),
    (Shifted, first_rise(CLOSE)),
    (WholeMean, None),
    (CentredMean, int(np.flatnonzero(CLOSE < MEAN5)[0])),
    (LastCloseFirst, 0),
    (NextRow, first_rise(CLOSE)),
    (NextRowUnguarded, 0),
    (LastRow, None),
    (PlansAtTheStart, None),
]


@pytest.mark.parametrize(("kind", "position"), BIASED, ids=lambda x: getattr(x, "__name__", ""))
def test_a_strategy_that_reads_later_bars_is_caught_at_the_first_one(kind, position):
    if position is None:  # by asking at each bar what it answers when nothing comes after it
        position = first_bar_that_differs(kind())
    found = check(kind())
    assert (found.status, found.peeked_at) == ("peeks", bar(position))
    assert f"{bar(position):%Y-%m-%d}" in found.text


def first_bar_that_differs(strategy):
    whole = strategy.signals_from(with_indicators(WALK), 0)
    for n in range(1, len(WALK)):
        alone = fresh(strategy).signals_from(with_indicators(WALK.iloc[:n]), 0)
        if (alone != whole[:n]).any():
            return int(np.flatnonzero(alone != whole[:n])[0])
    return None


def peeking_at(position, style):
    """Make a strategy that follows an average and knows the future of one bar alone."""

    class Once(Strategy):
        if style == "signals":

            def signals(self, df):
                close = df["close"]
                signals = (close > close.rolling(20).mean()).to_numpy().astype(np.int8)
                signals[1:] = np.diff(signals)
                signals[:1] = 0
                if len(df) > position + 1:
                    signals[position] = 1 if signals[position] < 1 else -1
                return signals.astype(np.int8)

        else:

            def on_bar(self, i, row, df):
                return "BUY" if i == position and len(df) > i + 1 else None

    return Once()


@pytest.mark.parametrize("position", [0, 1, 37, 200, 398])
@pytest.mark.parametrize("style", ["signals", "on_bar"])
def test_a_single_bar_at_which_it_peeks_is_found(style, position):
    found = check(peeking_at(position, style))
    assert (found.status, found.peeked_at) == ("peeks", bar(position))


@pytest.mark.parametrize("first", [1, 100, 390, 398])
@pytest.mark.parametrize("kind", [NextClose, NextRow])
def test_only_the_tested_span_counts(kind, first):
    found = check(kind(), first=first)
    moves = first_move if kind is NextClose else first_rise
    assert found.peeked_at == bar(first + moves(CLOSE[first:]))


class Streak(Strategy):
    """Remembers how often the close rose in a row."""

    last, run = 0.0, 0

    def on_bar(self, i, row, df):
        self.run = self.run + 1 if row["close"] > self.last else 0
        self.last = row["close"]
        return "BUY" if self.run == 2 else "SELL" if self.run == 0 else None


class LooksBack(Strategy):
    def on_bar(self, i, row, df):
        return "BUY" if i >= 5 and df["close"].iloc[i - 5 : i].mean() < row["close"] else "SELL"


class Expanding(Strategy):
    def signals(self, df):
        return (df["close"] < df["close"].expanding().mean()).to_numpy().astype(np.int8)


class KeepsItsFirstAnswer(Strategy):
    """Computes once and keeps it, as one may who knows that bars do not change."""

    kept = None

    def signals(self, df):
        if self.kept is None:
            self.kept = (df["close"] < df["close"].shift(1)).to_numpy().astype(np.int8)
        return self.kept


class WritesIntoItsFrame(Strategy):
    def signals(self, df):
        df["quick"] = df["close"].rolling(3).mean()
        return (df["close"] > df["quick"]).to_numpy().astype(np.int8)


class SeededCoin(Strategy):
    def signals(self, df):
        return np.random.default_rng(7).integers(-1, 2, len(df)).astype(np.int8)


class NeedsHistory(Strategy):
    """Refuses to judge fewer than 100 bars."""

    def signals(self, df):
        if len(df) < 100:
            raise ValueError("too few bars")
        return (df["close"] > df["ma20"]).to_numpy().astype(np.int8)


HONEST = [Streak, LooksBack, Expanding, KeepsItsFirstAnswer, WritesIntoItsFrame, SeededCoin,
          NeedsHistory]  # fmt: skip


@pytest.mark.parametrize("kind", HONEST)
@pytest.mark.parametrize("first", [0, 123])
def test_who_only_remembers_is_not_accused(kind, first):
    found = check(kind(), first=first)
    assert found.status == "passed"
    assert found.bars_checked > 60
    assert found.peeked_at is None


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_the_strategies_that_ship_pass_on_real_bars(name):
    found = check(load_strategy(name), real_bars("AAPL").iloc[-1500:].reset_index(drop=True))
    assert found.status == "passed"
    assert found.bars_checked > 30


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(STRATEGIES)), st.integers(2, 300), st.integers(0, 999), st.data())
def test_no_honest_strategy_is_accused_on_random_walks(name, count, seed, data):
    first = data.draw(st.integers(0, count - 2))
    assert check(load_strategy(name), random_walk(count, seed), first).status == "passed"


class Coin(Strategy):
    """Throws a coin that nobody can throw again."""

    def signals(self, df):
        return np.random.default_rng().integers(-1, 2, len(df)).astype(np.int8)


class CoinBarByBar(Strategy):
    def on_bar(self, i, row, df):
        return "BUY" if np.random.default_rng().random() < 0.5 else None


class RareCoin(Strategy):
    """Buys so seldom that two whole runs may well be the same."""

    def signals(self, df):
        return (np.random.default_rng().random(len(df)) < 0.0005).astype(np.int8)


@pytest.mark.parametrize("kind", [Coin, CoinBarByBar])
def test_a_strategy_that_answers_by_chance_is_neither_accused_nor_cleared(kind):
    found = check(kind())
    assert (found.status, found.reason, found.peeked_at) == ("unchecked", "random", None)
    assert "each time" in found.text


def test_chance_that_strikes_seldom_is_not_taken_for_foresight():
    assert {check(RareCoin()).status for _ in range(20)} <= {"passed", "unchecked"}


class FailsOnLess(Strategy):
    def signals(self, df):
        return df["close"].to_numpy()[:400].reshape(400).astype(np.int8) * 0


class FailsOnLessBarByBar(Strategy):
    def on_bar(self, i, row, df):
        if len(df) < 400:
            raise ValueError("I want all of them")


@pytest.mark.parametrize("kind", [FailsOnLess, FailsOnLessBarByBar])
def test_a_strategy_that_fails_on_fewer_bars_is_not_judged(kind):
    found = check(kind())
    assert (found.status, found.reason) == ("unchecked", "fails")


@pytest.mark.parametrize("kind", [Streak, NextClose, Expanding])
def test_without_time_nothing_is_claimed(kind):
    found = check(kind(), seconds=0.0)
    assert (found.status, found.reason) == ("unchecked", "time")
    assert found.text != UNCHECKED.text


def clocks(monkeypatch, wall=0.0, cpu=0.0):
    """Let every look at a clock take so many seconds: on the wall, and of the processor."""
    both = {"perf_counter": itertools.count(0.0, wall), "thread_time": itertools.count(0.0, cpu)}
    fake = SimpleNamespace(**{name: ticks.__next__ for name, ticks in both.items()})
    monkeypatch.setattr("services.look_ahead.check.time", fake)


@pytest.mark.parametrize("kind", [STRATEGIES["rsi"], Streak])
def test_a_busy_machine_takes_nothing_from_the_time_for_a_check(monkeypatch, kind):
    clocks(monkeypatch, wall=3.0, cpu=0.1)
    assert check(kind(), random_walk(100), seconds=60.0).status == "passed"


@pytest.mark.parametrize("kind", [STRATEGIES["rsi"], Streak])
@pytest.mark.parametrize("spent", [{"wall": 30.0}, {"cpu": 3.0}])
def test_neither_a_slow_strategy_nor_one_that_waits_is_checked_for_ever(monkeypatch, kind, spent):
    clocks(monkeypatch, **spent)
    found = check(kind(), random_walk(100), seconds=60.0)
    assert (found.status, found.reason) == ("unchecked", "time")


@pytest.mark.parametrize(("count", "first"), [(1, 0), (50, 49)])
def test_a_single_bar_cannot_be_checked(count, first):
    found = check(NextClose(), random_walk(count), first)
    assert (found.status, found.reason) == ("unchecked", "short")


def test_two_bars_are_enough():
    rising = closes(10.0, 11.0)
    assert check(NextClose(), rising).peeked_at == rising["ts"].iloc[0]
    assert check(load_strategy("rsi"), rising) == LookAhead("passed", 1)


def test_indicators_that_were_made_with_hindsight_are_found_out():
    frame = with_indicators(WALK)
    frame["ma20"] = frame["close"].shift(-1)
    strategy = load_strategy("ath_breakout", trend="ma20")
    signals = strategy.signals_from(frame, 0)
    found = check_look_ahead(strategy, frame, signals, 0, seconds=PLENTY)
    assert found.status != "passed"


def test_cut_indicators_are_those_of_the_bars_before_the_cut():
    bars = real_bars("AAPL").iloc[:900].reset_index(drop=True)
    whole = compute_indicators(bars)
    for n in (1, 2, 19, 20, 33, 50, 51, 500, 899):
        assert_frame_equal(compute_indicators(bars.iloc[:n]), whole.iloc[:n])


def test_stored_indicators_of_long_series_are_kept_as_they_are():
    bars = random_walk(400, 9)
    stored = pd.DataFrame(series_values(bars), columns=compute_indicators(bars).columns)
    frame = pd.concat([bars, stored * (1 + 1e-10)], axis=1)
    assert_frame_equal(causal_frame(frame), frame)


def test_the_samples_are_spread_and_hold_bars_with_and_without_signals():
    signals = np.zeros(3000, np.int8)
    signals[::10] = 1
    samples = sample_bars(signals)
    with_signal = signals[samples] != 0
    assert (with_signal.sum(), (~with_signal).sum()) == (96, 32)
    assert samples[0] == 0
    assert samples[-1] in (2990, 2998)
    assert np.diff(samples[with_signal]).max() <= 40
    np.testing.assert_array_equal(samples, sample_bars(signals.copy()))


@pytest.mark.parametrize("count", [2, 3, 50])
def test_a_short_span_is_checked_at_every_bar_but_the_last(count):
    rare = np.zeros(count, np.int8)
    if count < 32:
        assert sample_bars(rare).tolist() == list(range(count - 1))
    assert sample_bars(rare + 1).tolist() == list(range(count - 1))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 100])
def test_every_beginning_of_the_order_is_spread_over_all(count):
    order = far_apart(np.arange(count))
    assert sorted(order.tolist()) == list(range(count))
    if count == 100:
        assert np.diff(np.sort(order[:16])).max() <= 20


@pytest.mark.parametrize(
    "found",
    [
        LookAhead("passed", 128),
        LookAhead("peeks", 3, pd.Timestamp("2024-03-05", tz="UTC")),
        LookAhead("peeks", 3, pd.Timestamp("2024-03-05 14:30", tz="UTC")),
        LookAhead("unchecked", 5, reason="time"),
    ],
    ids=["passed", "day", "minute", "unchecked"],
)
def test_a_finding_comes_back_from_its_record(found):
    assert LookAhead.from_record(found.as_record()) == found
    assert found.text.endswith(".")


def test_a_run_that_nobody_checked_says_so():
    assert LookAhead.from_record(None) == UNCHECKED
    assert "not checked" in UNCHECKED.text
    assert "14:30 UTC" in LookAhead("peeks", 1, pd.Timestamp("2024-03-05 14:30", tz="UTC")).text
