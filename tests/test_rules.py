"""A rule said as two conditions: when each holds, and what is derived from it."""

import math
import operator

import numpy as np
import pandas as pd
import pytest
from builders import closes, random_walk
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import real_bars

from services.backtest import SimulationSettings, run_backtest
from services.indicators import INDICATOR_COLUMNS, rsi, sma, with_indicators
from services.indicators.lines import Line
from services.parameters import (
    Parameters,
    check_value,
    has_other_checks,
    ordered,
    orders_of,
    param,
)
from services.rules import (
    Values,
    above,
    below,
    column,
    crosses_above,
    crosses_below,
    level,
    series,
)
from strategies.base import Strategy
from strategies.registry import STRATEGIES

nan = math.nan


class Low(Parameters):
    low: float = param(10.0, "the level", ge=0)


def holds(condition, *values, params=None):
    return np.flatnonzero(condition.holds(Values(closes(*values), params))).tolist()


def test_above_and_below_are_strict():
    assert holds(above(column("close"), 10), 9, 10, 11) == [2]
    assert holds(below(column("close"), 10), 9, 10, 11) == [0]


def test_a_crossing_holds_at_the_bar_where_it_comes_about_and_not_before_there_is_one():
    close = column("close")
    assert holds(crosses_above(close, 10), 11, 10, 11, 12, 9, 11) == [2, 5]
    assert holds(crosses_below(close, 10), 9, 10, 9, 8, 11, 9) == [2, 5]


def test_a_level_is_the_value_of_the_parameter():
    assert holds(above(column("close"), level("low")), 9, 10, 11, params=Low(low=9.5)) == [1, 2]


def test_what_several_series_ask_for_is_computed_once():
    asked = []

    def pair(df):
        asked.append(len(df))
        return df["close"].to_numpy(), df["close"].to_numpy() - 1

    class Asks(Strategy):
        upper, lower = (series(pair, output=i) for i in range(2))
        buy, sell = above(upper, 10), crosses_below(lower, 10)

    assert Asks().signals(closes(9, 11, 12, 10)).tolist() == [0, 1, 1, -1]
    assert asked == [4]


@pytest.mark.parametrize("say", [above, below, crosses_above, crosses_below])
def test_nothing_holds_where_a_value_is_not_defined(say):
    a = series(lambda df: np.array([nan, 1, 3, nan, 3, 1]))
    b = series(lambda df: np.array([2, nan, nan, 2, nan, nan]))
    assert holds(say(a, b), *range(1, 7)) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.sampled_from([1.0, 2.0, 3.0, nan])] * 2), min_size=1, max_size=20),
    st.sampled_from(
        [(crosses_above, operator.gt, operator.le), (crosses_below, operator.lt, operator.ge)]
    ),
)
def test_a_crossing_is_that_of_a_slow_reading(pairs, words):
    say, now, before = words
    a, b = (np.array(values) for values in zip(*pairs, strict=True))
    condition = say(series(lambda df: a), series(lambda df: b))
    expected = [i for i in range(1, len(a)) if now(a[i], b[i]) and before(a[i - 1], b[i - 1])]
    assert holds(condition, *range(1, len(a) + 1)) == expected


class Both(Strategy):
    buy = above(column("close"), 10)
    sell = above(column("close"), 12)


def test_buy_and_sell_at_once_are_no_signal():
    assert Both().signals(closes(9, 11, 13)).tolist() == [0, 1, 0]


class NeverSells(Strategy):
    class Params(Parameters):
        length: int = param(2, "length of the average, and the level", ge=2)

    buy = below(series(sma, "length"), level("length"))


def test_a_rule_may_lack_one_side():
    assert NeverSells(length=3).signals(closes(1, 2, 3, 9, 9)).tolist() == [0, 0, 1, 0, 0]


def test_the_labelled_series_are_drawn_with_the_levels_they_are_held_against():
    bars = with_indicators(random_walk(60))
    line = STRATEGIES["rsi"](period=9, lower=25).lines(bars)[0]
    assert (line.label, line.pane, line.levels) == ("RSI 9", "RSI", (25.0, 70.0))
    np.testing.assert_array_equal(line.values, rsi(bars, 9))
    assert [line.label for line in STRATEGIES["ma_cross"]().lines(bars)] == ["MA 20", "MA 50"]


def test_a_subclass_with_signals_of_its_own_is_not_declared():
    class Never(STRATEGIES["ma_cross"]):
        def signals(self, df):
            return np.zeros(len(df), np.int8)

    assert STRATEGIES["ma_cross"].is_declared()
    assert not Never.is_declared()
    assert not Never().signals(real_bars("GOOG")).any()


def test_all_strategies_that_ship_are_declared():
    assert all(kind.is_declared() for kind in STRATEGIES.values())


class Three(Parameters):
    a: int = param(1, "first")
    b: int = param(2, "second")
    c: float = param(3, "third", le=9)

    first = ordered("a", "b")
    second = ordered("b", "c")


def test_the_order_of_parameters_can_be_read_from_the_declaration():
    assert orders_of(Three) == (("a", "b"), ("b", "c"))
    assert orders_of(Low) == ()
    assert not has_other_checks(Three)


def test_one_value_is_checked_as_the_whole_model_would():
    assert check_value(Three, "a", "7", "three") == 7
    with pytest.raises(Exception, match="three: c must be a number, 9 or less, not '10'"):
        check_value(Three, "c", 10, "three")
    with pytest.raises(Exception, match="a whole number"):
        check_value(Three, "a", 1.5, "three")
    with pytest.raises(Exception, match='three has no parameter "d": it takes a, b, c'):
        check_value(Three, "d", 1, "three")
    with pytest.raises(Exception, match="c must be a number"):
        check_value(Three, "c", nan, "three")


class Ema(Strategy):
    """Says its rule by our indicators, with lines, signals or a series of its own to be added."""

    name = "ema"
    buy, sell = above(series(sma, "fast"), column("ema_slow")), below(series(sma, "fast"), 0)

    class Params(Parameters):
        fast: int = param(10, "bars", ge=2, le=50)


@pytest.mark.parametrize("rule", [*(kind() for kind in STRATEGIES.values()), Ema()])
@pytest.mark.parametrize("stop", ["", "2ATR"])
def test_a_backtest_is_the_same_whether_indicators_are_stored_or_not(rule, stop):
    bars, asked = random_walk(300), SimulationSettings(stop_loss=stop)
    window = {"start": bars["ts"][60], "end": bars["ts"][280]}
    bare, stored = (
        run_backtest(frame, rule, asked, **window) for frame in (bars, with_indicators(bars))
    )
    pd.testing.assert_frame_equal(bare.trades, stored.trades, check_exact=True)
    assert bare.equity.equals(stored.equity) and bare.metrics == stored.metrics
    assert len(bare.lines) == len(stored.lines)
    for ours, theirs in zip(bare.lines, stored.lines, strict=True):
        assert ours.label == theirs.label
        assert np.array_equal(ours.values, theirs.values, equal_nan=True)


def test_a_rule_of_our_indicators_names_the_columns_that_it_needs():
    assert STRATEGIES["ma_cross"]().columns_read == frozenset()
    assert STRATEGIES["db_ma_cross"]().columns_read == {"ma20", "ma50"}
    assert Ema().columns_read == {"ema_slow"}


def _all_indicators(df):
    assert set(INDICATOR_COLUMNS) <= set(df.columns)
    return df["atr"]


class DrawsMore(Ema):
    def lines(self, df):
        return [Line("ATR", _all_indicators(df))]


class AsksMore(Ema):
    def signals_from(self, df, first):
        return np.sign(_all_indicators(df) - 2).fillna(0).astype(int)[first:]


class ComputesMore(Ema):
    buy = above(series(_all_indicators), 2)


@pytest.mark.parametrize("kind", [DrawsMore, AsksMore, ComputesMore])
def test_code_of_ones_own_is_given_all_indicators(kind):
    assert kind().columns_read is None
    assert len(run_backtest(random_walk(100), kind()).bars) == 100


def test_what_code_of_ones_own_writes_into_its_frame_is_what_our_indicators_read_there():
    class Smooths(Strategy):
        def signals(self, df):
            before = sma(df, 5)
            df["close"] = 1.0
            assert not np.array_equal(before[5:], sma(df, 5)[5:])
            return (sma(df, 5) == 1.0).astype(int)

    bars = random_walk(50)
    result = run_backtest(bars, Smooths())
    assert result.signals.tolist() == [0] * 4 + [1] * 46
    assert bars["close"].equals(random_walk(50)["close"])
