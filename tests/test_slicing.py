"""A backtest of a part of the bars: history gives the averages, and only the part is traded."""

import numpy as np
import pandas as pd
import pytest
import talib
from builders import candles, closes, random_walk
from real_bars import real_bars

from services.backtest import BacktestRequest, SimulationSettings, run_backtest
from services.errors import NoBars
from services.indicators import with_indicators
from services.optimise import sweep
from strategies.base import Strategy
from strategies.registry import STRATEGIES, load_strategy

FREE = SimulationSettings(cash=1000, commission="none", slippage_bps=0)


class Scripted(Strategy):
    """Gives the signals that it was told."""

    def __init__(self, *signals):
        super().__init__()
        self._given = np.array(signals, dtype=np.int8)

    def signals(self, df):
        return self._given[: len(df)]


def day(text):
    return pd.Timestamp(text, tz="UTC")


def spanned(bars, **span):
    """Return the bars that a request's span leaves for trading."""
    request = BacktestRequest("GOOG", "1d", "ma_cross", **span)
    start, end = request.span(bars["ts"].iloc[-1])
    return run_backtest(bars, load_strategy("ma_cross"), start=start, end=end).bars


class Meddles(Scripted):
    """Writes into the frame that it is shown."""

    def signals(self, df):
        df.loc[:, "close"] = df["open"] = 1.0
        return super().signals(df)


@pytest.mark.parametrize("prepare", [pd.DataFrame, with_indicators])
def test_what_a_rule_writes_into_its_frame_changes_neither_prices_nor_the_callers_bars(prepare):
    bars, signals = prepare(random_walk(6)), (1, 0, -1, 1, 0, 0)
    before = bars.copy()
    honest = run_backtest(bars, Scripted(*signals), FREE)
    meddled = run_backtest(bars, Meddles(*signals), FREE)
    pd.testing.assert_series_equal(meddled.equity, honest.equity)
    pd.testing.assert_frame_equal(meddled.bars, honest.bars)
    pd.testing.assert_frame_equal(bars, before)


class Looks(Strategy):
    """Finds bar i by its label, as the frame's index promises."""

    def on_bar(self, i, row, df):
        assert df.loc[i, "close"] == row["close"] == df["close"].iloc[i]
        return "BUY" if i and df.loc[i, "close"] > df.loc[i - 1, "close"] else "SELL"


@pytest.mark.parametrize("prepare", [pd.DataFrame, with_indicators])
@pytest.mark.parametrize(
    "cut",
    [
        lambda bars: bars.iloc[20:],
        lambda bars: bars.iloc[::2],
        lambda bars: bars.set_index("ts", drop=False),
        lambda bars: bars.set_index(np.arange(len(bars))[::-1]),
    ],
    ids=["a part", "every other bar", "by time", "numbered backwards"],
)
def test_a_rule_finds_bar_i_under_i_however_the_bars_are_labelled(cut, prepare):
    bars = cut(prepare(random_walk(60)))
    plain = bars.reset_index(drop=True)
    result, same = (run_backtest(frame, Looks(), FREE) for frame in (bars, plain))
    pd.testing.assert_series_equal(result.equity, same.equity)
    swept = sweep(bars, Looks, {}, FREE)
    assert swept["total_return"][0] == same.metrics["total_return"]


def test_the_tested_bars_are_the_bar_columns_in_their_order_whatever_else_a_frame_has():
    bars = random_walk(30)
    shuffled = bars[bars.columns[::-1]].assign(note="x")
    for given in (bars, shuffled, with_indicators(bars)):
        tested = run_backtest(given, load_strategy("rsi"), start=bars["ts"].iloc[10]).bars
        pd.testing.assert_frame_equal(tested, bars.iloc[10:].reset_index(drop=True))


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_the_signals_of_a_part_are_those_of_the_whole_run(name):
    bars = real_bars("GOOG")
    whole = run_backtest(bars, load_strategy(name))
    part = run_backtest(bars, load_strategy(name), start=day("2010-01-01"))
    first = int((bars["ts"] < day("2010-01-01")).sum())
    assert part.bars["ts"].tolist() == bars["ts"].iloc[first:].tolist()
    np.testing.assert_array_equal(part.signals, whole.signals[first:])
    assert len(part.equity) == len(part.position) == len(part.bars) == len(bars) - first


def test_the_averages_are_known_at_the_first_bar_of_a_part():
    bars = real_bars("GOOG")
    part = run_backtest(bars, load_strategy("db_ma_cross"), start=day("2012-01-01"))
    average = talib.SMA(bars["close"].to_numpy(), 50)[-len(part.bars) :]
    np.testing.assert_array_equal(part.lines[1].values, average)
    assert not np.isnan(part.lines[1].values).any()


def test_a_part_is_traded_from_its_own_first_bar_with_all_the_cash():
    bars = real_bars("IBM")
    part = run_backtest(bars, load_strategy("macd"), start=day("2011-01-01"))
    alone = run_backtest(part.bars, Scripted(*part.signals))
    pd.testing.assert_frame_equal(part.trades, alone.trades)
    assert part.metrics == alone.metrics
    assert part.benchmark_metrics == alone.benchmark_metrics


def test_a_signal_on_the_bar_before_the_part_is_not_traded():
    bars = candles(*[(10, 10, 10, 10)] * 4)
    result = run_backtest(bars, Scripted(0, 1, 0, 0), FREE, start=bars["ts"].iloc[2])
    assert len(result.trades) == 0


def test_bars_after_the_end_are_not_seen_at_all():
    bars = random_walk(120, seed=4)
    end = bars["ts"].iloc[79]
    part = run_backtest(bars, load_strategy("rsi"), end=end)
    alone = run_backtest(bars.iloc[:80], load_strategy("rsi"))
    assert part.bars["ts"].iloc[-1] == end
    assert part.metrics == alone.metrics
    pd.testing.assert_frame_equal(part.trades, alone.trades)


def test_a_rule_with_memory_wakes_at_the_first_bar_of_the_part_and_sees_the_history():
    seen = []

    class Watching(Strategy):
        def on_bar(self, i, row, df):
            seen.append((i, row["close"], len(df)))

    bars = closes(*range(10, 20))
    run_backtest(bars, Watching(), start=bars["ts"].iloc[7], end=bars["ts"].iloc[8])
    assert seen == [(7, 17.0, 9), (8, 18.0, 9)]


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        ({"duration": "1 Y"}, "2012-03-01", "2013-03-01"),
        ({"duration": "6 M"}, "2012-09-04", "2013-03-01"),  # 1 to 3 September: a long weekend
        ({"duration": "2 W"}, "2013-02-15", "2013-03-01"),
        ({"duration": "1 D"}, "2013-02-28", "2013-03-01"),
        ({"duration": "1 S"}, "2013-03-01", "2013-03-01"),
        ({"duration": "100 Y"}, "2004-08-19", "2013-03-01"),
        ({"start": "2012-03-03"}, "2012-03-05", "2013-03-01"),
        ({"end": "2004-08-22"}, "2004-08-19", "2004-08-20"),
        ({"start": "2012-03-05", "end": "2012-03-05"}, "2012-03-05", "2012-03-05"),
        ({}, "2004-08-19", "2013-03-01"),
        ({"start": "0001-01-01", "end": "9999-12-31"}, "2004-08-19", "2013-03-01"),
    ],
)
@pytest.mark.parametrize("unit", ["us", "ns", "s"])
def test_a_span_is_counted_back_from_the_last_stored_bar(span, first, last, unit):
    bars = real_bars("GOOG")
    bars["ts"] = bars["ts"].dt.as_unit(unit)
    kept = spanned(bars, **span)["ts"]
    assert (kept.iloc[0], kept.iloc[-1]) == (day(first), day(last))


def test_a_date_as_the_end_means_the_whole_of_that_day():
    bars = random_walk(48, resolution="1h", start="2024-01-01")
    assert len(spanned(bars, end="2024-01-01")) == 24
    assert len(spanned(bars, end="2024-01-01 12:00")) == 13


@pytest.mark.parametrize("span", [{"start": "2030-01-01"}, {"end": "1999-01-01"}])
def test_a_span_without_bars_is_answered_with_what_is_at_hand(span):
    with pytest.raises(NoBars, match="run from 2004-08-19 to 2013-03-01"):
        spanned(real_bars("GOOG"), **span)
