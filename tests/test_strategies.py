"""Strategies: the rules against a slow reading of their table, and the interface of a rule."""

import copy
import math

import numpy as np
import pytest
import talib
from builders import candles, closes, random_walk
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import SYMBOLS, real_bars

from services.backtest import run_backtest
from services.errors import InvalidSignals, UnknownColumn
from services.indicators import INDICATOR_COLUMNS, compute_indicators, with_indicators
from strategies.base import Strategy
from strategies.registry import STRATEGIES, load_strategy

NAMES = ["ma_cross", "db_ma_cross", "rsi", "bollinger", "macd", "supertrend", "ath_breakout"]


def crosses(i, a, b):
    """Say +1 when a crosses above b at bar i, -1 when it crosses below, 0 otherwise."""
    if i == 0 or any(math.isnan(x) for x in (a[i], b[i], a[i - 1], b[i - 1])):
        return 0
    if a[i] > b[i] and a[i - 1] <= b[i - 1]:
        return 1
    return -1 if a[i] < b[i] and a[i - 1] >= b[i - 1] else 0


def slow_signals(name, bars, fast=20, slow=50, trend="ma50"):
    """Read the table of rules literally, one bar at a time, on TA-Lib's own values."""
    high, low, close = (bars[column].to_numpy() for column in ("high", "low", "close"))
    fast_ma, slow_ma = talib.SMA(close, fast), talib.SMA(close, slow)
    rsi = talib.RSI(close, 14)
    upper, _, lower = talib.BBANDS(close, 20, 2, 2)
    macd, macd_signal, _ = talib.MACD(close, 12, 26, 9)
    line, direction = talib.SUPERTREND(high, low, close, 10, 3)
    trend_line = {"ma20": talib.SMA(close, 20), "ma50": talib.SMA(close, 50)}[trend]
    answers = []
    for i in range(len(close)):
        answer = 0
        if name in ("ma_cross", "db_ma_cross"):
            answer = crosses(i, fast_ma, slow_ma)
        elif name == "macd":
            answer = crosses(i, macd, macd_signal)
        elif name == "rsi":
            answer = 1 if rsi[i] < 30 else -1 if rsi[i] > 70 else 0
        elif name == "bollinger":
            answer = 1 if close[i] < lower[i] else -1 if close[i] > upper[i] else 0
        elif name == "supertrend" and i > 0 and not math.isnan(line[i - 1]):
            answer = {(-1, 1): 1, (1, -1): -1}.get((direction[i - 1], direction[i]), 0)
        elif name == "ath_breakout":
            if i > 0 and close[i] > max(high[:i]):
                answer = 1
            elif close[i] < trend_line[i]:
                answer = -1
        answers.append(answer)
    return answers


def signals_of(name, bars, **params):
    return load_strategy(name, **params).signals(with_indicators(bars)).tolist()


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("name", NAMES)
def test_a_rule_on_real_bars_is_the_rule_of_the_table(name, symbol):
    bars = real_bars(symbol)
    signals = signals_of(name, bars)
    assert signals == slow_signals(name, bars)
    assert {1, -1} <= set(signals), "a rule that never speaks proves nothing"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 10_000), st.integers(1, 200))
def test_a_rule_on_random_walks_is_the_rule_of_the_table(name, seed, count):
    bars = random_walk(count, seed)
    assert signals_of(name, bars) == slow_signals(name, bars)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([9.0, 10.0, 11.0]), min_size=1, max_size=40))
def test_ties_of_two_averages_are_no_cross_until_they_part(values):
    bars = closes(*values)
    assert signals_of("ma_cross", bars, fast=2, slow=3) == slow_signals("ma_cross", bars, 2, 3)


@pytest.mark.parametrize(("fast", "slow"), [(5, 10), (20, 200), (2, 3)])
def test_the_crossover_takes_other_lengths(fast, slow):
    bars = real_bars("GOOG")
    assert signals_of("ma_cross", bars, fast=fast, slow=slow) == slow_signals(
        "ma_cross", bars, fast, slow
    )


def test_the_breakout_takes_another_trend_line():
    bars = real_bars("IBM")
    assert signals_of("ath_breakout", bars, trend="ma20") == slow_signals(
        "ath_breakout", bars, trend="ma20"
    )


@pytest.mark.parametrize(
    ("name", "params", "oracle"),
    [
        ("rsi", {"period": 7, "lower": 25, "upper": 80}, lambda c, h, x: talib.RSI(c, 7) < 25),
        ("bollinger", {"period": 10, "deviations": 1.5}, lambda c, h, x: c < bands(c, 10, 1.5)),
        ("macd", {"fast": 8, "slow": 20, "signal": 5}, lambda c, h, x: macd_up(c, 8, 20, 5)),
        ("supertrend", {"period": 7, "multiplier": 2}, lambda c, h, x: flips_up(h, x, c, 7, 2)),
    ],
)
def test_other_parameters_reach_the_rule(name, params, oracle):
    bars = real_bars("MSFT")
    close, high, low = (bars[column].to_numpy() for column in ("close", "high", "low"))
    buys = np.flatnonzero(np.array(signals_of(name, bars, **params)) == 1)
    assert len(buys) > 5
    assert buys.tolist() == np.flatnonzero(oracle(close, high, low)).tolist()


def bands(close, period, deviations):
    return talib.BBANDS(close, period, deviations, deviations)[2]


def macd_up(close, fast, slow, signal):
    line, signal_line, _ = talib.MACD(close, fast, slow, signal)
    return np.array([crosses(i, line, signal_line) == 1 for i in range(len(close))])


def flips_up(high, low, close, period, multiplier):
    _, trend = talib.SUPERTREND(high, low, close, period, multiplier)
    return np.concatenate(([False], (trend[1:] == 1) & (trend[:-1] == -1)))


def test_the_stored_averages_are_what_db_ma_cross_reads():
    df = with_indicators(random_walk(8)).assign(ma20=[1, 1, 2, 3, 1, 1, 2, 2], ma50=2.0)
    assert load_strategy("db_ma_cross").signals(df).tolist() == [0, 0, 0, 1, -1, 0, 0, 0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [1, 2, 10, 11, 12, 34])
def test_few_bars_are_no_reason_to_stop(name, count):
    signals = load_strategy(name).signals(with_indicators(random_walk(count)))
    assert signals.shape == (count,)
    assert signals.dtype == np.int8


class MyStrategy(Strategy):
    def on_bar(self, i, row, df):
        if row["close"] > row["ma20"]:
            return "BUY"
        elif row["close"] < row["ma20"]:  # noqa: RET505  (the example as the manual prints it)
            return "SELL"
        return None


def test_the_example_of_the_manual_works_as_it_stands_there():
    bars = random_walk(80, seed=1)
    close = bars["close"].to_numpy()
    average = talib.SMA(close, 20)
    expected = [1 if c > m else -1 if c < m else 0 for c, m in zip(close, average, strict=True)]
    assert MyStrategy().signals(with_indicators(bars)).tolist() == expected
    assert run_backtest(bars, MyStrategy()).signals.tolist() == expected


def test_a_registered_example_is_loaded_by_its_name(monkeypatch):
    monkeypatch.setitem(STRATEGIES, "my_strategy", MyStrategy)
    strategy = load_strategy("my_strategy")
    result = run_backtest(random_walk(80, seed=1), strategy)
    assert result.strategy.name == strategy.name == "my_strategy"
    assert len(result.trades) > 0


def test_the_frame_of_on_bar_has_bars_and_all_indicators_on_a_range_index():
    seen = []

    class Looking(Strategy):
        def on_bar(self, i, row, df):
            seen.append((i, row["close"], row["ts"], df))

    bars = random_walk(30)
    run_backtest(bars, Looking())
    frame = seen[0][3]
    assert {"ts", "open", "high", "low", "close", "volume", *INDICATOR_COLUMNS} <= set(frame)
    assert frame.index.equals(bars.index)
    assert [i for i, *_ in seen] == list(range(30))
    assert [close for _, close, *_ in seen] == bars["close"].tolist()
    assert [ts for *_, ts, _ in seen] == bars["ts"].tolist()
    assert all(df is frame for *_, df in seen)


def test_a_row_reads_like_a_row_of_the_frame():
    rows = []

    class Keeping(Strategy):
        def on_bar(self, i, row, df):
            rows.append(row)

    bars = candles((1, 3, 1, 2), (2, 4, 2, 3))
    Keeping().signals(bars)
    row = rows[1]
    assert (row["close"], row.close, row.get("close")) == (3.0, 3.0, 3.0)
    assert row.get("nothing") is None
    assert dict(row) == bars.iloc[1].to_dict()
    assert "high" in row
    with pytest.raises(KeyError):
        row["nothing"]
    with pytest.raises(AttributeError):
        row.nothing  # noqa: B018


def test_a_rule_may_remember_a_copy_of_a_row():
    class Remembering(Strategy):
        def on_bar(self, i, row, df):
            self.last = copy.copy(row)
            return "BUY" if self.last["close"] > 2 else None

    assert Remembering().signals(candles((1, 3, 1, 2), (2, 4, 2, 3))).tolist() == [0, 1]


@pytest.mark.parametrize("name", NAMES)
def test_on_bar_of_a_vectorised_rule_says_what_its_signals_say(name):
    df = with_indicators(random_walk(90, seed=5))
    strategy = load_strategy(name)
    words = [strategy.on_bar(i, df.iloc[i], df) for i in range(len(df))]
    assert [{"BUY": 1, "SELL": -1, None: 0}[w] for w in words] == strategy.signals(df).tolist()


def test_a_rule_with_memory_starts_every_run_without_it():
    class EveryThird(Strategy):
        count = 0

        def on_bar(self, i, row, df):
            self.count += 1
            return "BUY" if self.count % 3 == 0 else None

    class Listing(Strategy):
        def __init__(self):
            self.seen = []

        def on_bar(self, i, row, df):
            self.seen.append(i)
            return "BUY" if len(self.seen) == 2 else None

    bars = random_walk(7)
    for strategy in (EveryThird(), Listing()):
        first = run_backtest(bars, strategy).signals.tolist()
        assert run_backtest(bars, strategy).signals.tolist() == first
        assert 1 in first


def test_an_answer_that_is_no_signal_stops_the_run():
    class Shouting(Strategy):
        def on_bar(self, i, row, df):
            return "HOLD"

    with pytest.raises(InvalidSignals, match="must return"):
        run_backtest(random_walk(3), Shouting())


@pytest.mark.parametrize("wrong", [[2, 0, 0], [0, 0], [math.nan, 0, 0]])
def test_signals_that_are_not_one_a_bar_of_plus_or_minus_one_stop_the_run(wrong):
    class Wrong(Strategy):
        def signals(self, df):
            return np.array(wrong)

    with pytest.raises(InvalidSignals, match="for each of 3 bars"):
        run_backtest(random_walk(3), Wrong())


def test_a_strategy_without_a_rule_says_so():
    with pytest.raises(NotImplementedError, match="on_bar or signals"):
        run_backtest(random_walk(3), Strategy())


def test_the_chart_shows_the_indicators_that_a_bar_by_bar_rule_reads():
    result = run_backtest(random_walk(40), MyStrategy())
    assert [line.label for line in result.lines] == ["ma20"]
    assert len(result.lines[0].values) == 40


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_of_a_strategy_have_one_value_a_tested_bar(name):
    bars = random_walk(120)
    result = run_backtest(bars, load_strategy(name), start=bars["ts"].iloc[70])
    assert result.lines
    assert {len(line.values) for line in result.lines} == {50}


def test_indicators_at_hand_and_computed_ones_give_the_same_signals():
    bars = random_walk(150, seed=9)
    stored = bars.join(compute_indicators(bars))
    for name in NAMES:
        by_hand = run_backtest(bars, load_strategy(name)).signals
        np.testing.assert_array_equal(by_hand, run_backtest(stored, load_strategy(name)).signals)


def test_a_misspelt_column_is_named_with_the_closest_one():
    class Misspelt(Strategy):
        def on_bar(self, i, row, df):
            return "BUY" if row["clsoe"] > 1 else None

    with pytest.raises(UnknownColumn, match='A bar has no "clsoe".*Did you mean "close"'):
        Misspelt().signals(with_indicators(candles((1, 2, 1, 2))))


def test_a_bar_answers_like_a_mapping():
    seen = []

    class Asks(Strategy):
        def on_bar(self, i, row, df):
            seen.append((row.get("nothing", 7), "nothing" in row, "close" in row, row.close))

    Asks().signals(with_indicators(candles((1, 2, 1, 2))))
    assert seen == [(7, False, True, 2.0)]


def test_a_row_shows_the_bars_as_they_were_whatever_the_rule_writes_into_its_frame():
    class Writes(Strategy):
        def on_bar(self, i, row, df):
            df.loc[:, "volume"] = df["close"] = -1.0
            return "BUY" if row["close"] == i and row["volume"] > 0 else "SELL"

    bars = with_indicators(closes(0.0, 1.0, 2.0))
    assert Writes().signals(bars.copy()).tolist() == [1, 1, 1]
