"""Exits looked for in finer bars: tables of candles."""

import pandas as pd
import pytest
from builders import candles
from scripted import Scripted
from test_realism_stops import BUY, SELL, ____, exits_of, play

from services.backtest import SimulationSettings, run_backtest
from services.errors import BarsDisagree, InvalidParams

BOTH = {"stop_loss": "5%", "take_profit": "10%"}
DAYS = 4


def whole(hours):
    """Put rows of hours, a list a day, together to rows of days."""
    return [
        (day[0][0], max(row[1] for row in day), min(row[2] for row in day), day[-1][3])
        for day in hours
    ]


def by_the_hour(hours, **how):
    """Build hourly bars from rows of (open, high, low, close), a list for each day."""
    days = [candles(*rows, start=f"2024-01-{day + 1:02d} 10:00", resolution="1h", **how)
            for day, rows in enumerate(hours)]  # fmt: skip
    return pd.concat(days, ignore_index=True)


def look_into(hours, signals, bars=None, **said):
    """Trade the days that these hours make, looking into the hours, with 1,000 and no costs."""
    usual = {"cash": 1000, "commission": "none", "slippage_bps": 0, "intrabar": "finer_bars"}
    bars = candles(*whole(hours)) if bars is None else bars
    return run_backtest(
        bars, Scripted(signals), SimulationSettings(**usual | said), finer=by_the_hour(hours)
    )


FLAT = [(100, 101, 99, 100)]
STOP_THEN_TARGET = [(100, 101, 94, 96), (96, 112, 96, 110)]
TARGET_THEN_STOP = [(100, 112, 99, 108), (108, 108, 94, 96)]
BOTH_IN_ONE_HOUR = [(100, 101, 99, 100), (100, 112, 94, 96), (96, 98, 95, 96)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (STOP_THEN_TARGET, (2, 95, "stop")),
        (TARGET_THEN_STOP, (2, 110, "target")),
        (BOTH_IN_ONE_HOUR, (2, 95, "stop")),
    ],
)
def test_the_first_finer_bar_that_touches_a_level_decides(day, expected):
    result = look_into([FLAT, FLAT, day], [BUY], **BOTH)
    assert exits_of(result) == [expected]
    assert result.finer.text == ""


def test_a_short_is_told_the_same_way():
    rules = {"side": "short", "stop_loss": "5%", "take_profit": "5%"}
    paid = look_into([FLAT, FLAT, [(100, 101, 94, 96), (96, 106, 96, 104)]], [SELL], **rules)
    stopped = look_into([FLAT, FLAT, [(100, 106, 100, 104), (104, 104, 94, 96)]], [SELL], **rules)
    assert exits_of(paid) == [(2, 95, "target")]
    assert exits_of(stopped) == [(2, 105, "stop")]


def test_a_gap_between_two_finer_bars_fills_at_the_open_after_it():
    below = [(100, 101, 99, 100), (92, 93, 91, 92), (92, 112, 92, 110)]
    above = [(100, 101, 99, 100), (115, 116, 112, 112), (112, 112, 90, 95)]
    assert exits_of(look_into([FLAT, FLAT, below], [BUY], **BOTH)) == [(2, 92, "stop")]
    assert exits_of(look_into([FLAT, FLAT, above], [BUY], **BOTH)) == [(2, 115, "target")]


def test_a_day_that_opens_beyond_a_level_fills_at_its_open():
    day = [(90, 91, 89, 90), (90, 120, 90, 115)]
    assert exits_of(look_into([FLAT, FLAT, day], [BUY], **BOTH)) == [(2, 90, "stop")]


def test_slippage_worsens_a_stop_in_a_finer_bar_and_leaves_a_target_alone():
    costly = BOTH | {"slippage_bps": 100}
    stopped = look_into([FLAT, FLAT, STOP_THEN_TARGET], [BUY], **costly)
    paid = look_into([FLAT, FLAT, TARGET_THEN_STOP], [BUY], **costly)
    assert exits_of(stopped) == [(2, round(101 * 0.95 * 0.99, 6), "stop")]
    assert exits_of(paid) == [(2, round(101 * 1.1, 6), "target")]


def test_a_trailing_stop_follows_a_high_within_the_day_once_it_has_happened():
    """Up to 120, then down: out at 108 the same day, where whole bars wait for the next one."""
    day = [(100, 105, 100, 104), (104, 120, 104, 119), (119, 119, 105, 106)]
    hours = [FLAT, FLAT, day, [(106, 107, 104, 105)]]
    assert exits_of(look_into(hours, [BUY], trailing_stop="10%")) == [(2, 108, "trailing")]
    coarse = [(*row, BUY if i == 0 else ____) for i, row in enumerate(whole(hours))]
    assert exits_of(play(coarse, trailing_stop="10%")) == [(3, 106, "trailing")]


def test_a_trailing_stop_is_not_moved_by_a_high_of_the_same_or_a_later_hour():
    same = [(100, 120, 100, 112)]
    later = [(100, 104, 93, 100), (100, 120, 100, 119)]
    for day in (same, later):
        result = look_into([FLAT, FLAT, day], [BUY], trailing_stop="10%")
        assert result.trades["exit_reason"].tolist() == ["open"]


def test_a_trailing_stop_of_a_short_follows_the_lows_of_the_hours():
    day = [(100, 100, 80, 81), (81, 89, 81, 88)]
    result = look_into([FLAT, FLAT, day], [SELL], side="short", trailing_stop="10%")
    assert exits_of(result) == [(2, 88, "trailing")]


def test_the_bar_of_an_entry_counts_from_the_fill_on():
    """Filled at the open, all its hours count; filled at the close, none."""
    entered = [FLAT, TARGET_THEN_STOP, FLAT]
    assert exits_of(look_into(entered, [BUY], **BOTH)) == [(1, 110, "target")]
    told = [____, BUY]
    at_close = look_into(entered, told, fill="close", **BOTH)
    assert at_close.trades["exit_reason"].tolist() == ["open"]
    assert at_close.finer.bars == 1  # only the day after


def test_a_bar_without_finer_bars_is_taken_to_have_met_the_stop_first_and_counted():
    hours = [FLAT, FLAT, TARGET_THEN_STOP, FLAT]
    finer = by_the_hour(hours)
    finer = finer[finer["ts"].dt.day != 3].reset_index(drop=True)
    bars = candles(*whole(hours))
    how = SimulationSettings(1000, "none", 0, intrabar="finer_bars", **BOTH)
    result = run_backtest(bars, Scripted([BUY]), how, finer=finer)
    assert exits_of(result) == [(2, 95, "stop")]
    use = result.finer
    assert (use.bars, use.missing, use.partial, use.contrary) == (2, 1, 0, 0)
    assert (use.exits, use.blind) == (1, 1)
    assert use.text == (
        "FINER BARS: of 2 bars with a position 1 has no finer bars (the first on 2024-01-03): "
        "there the stop counts as met first, as for 1 of 1 exits by a level."
    )


def test_no_finer_bars_at_all_give_the_numbers_of_stop_first_and_say_so():
    hours = [FLAT, FLAT, TARGET_THEN_STOP]
    bars = candles(*whole(hours))
    how = SimulationSettings(1000, "none", 0, intrabar="finer_bars", **BOTH)
    result = run_backtest(bars, Scripted([BUY]), how, finer=by_the_hour(hours).iloc[:0])
    assert exits_of(result) == [(2, 95, "stop")]
    assert result.finer.missing == result.finer.bars == 2


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        ((100, 113, 94, 96), "the high is nowhere"),
        ((100, 112, 93, 96), "the low is nowhere"),
        ((98.5, 112, 94, 96), "the first hour is not the first"),
        ((100, 112, 94, 109), "the last hour is not the last"),
    ],
)
def test_finer_bars_that_show_a_part_of_a_bar_only_are_not_believed(day, shown):
    hours = [FLAT, FLAT, TARGET_THEN_STOP]
    bars = candles(*whole(hours[:2]), day)
    result = look_into(hours, [BUY], bars, **BOTH)
    assert exits_of(result) == [(2, 95, "stop")], shown
    assert (result.finer.partial, result.finer.blind) == (1, 1)
    assert "1 has finer bars that show only a part of it" in result.finer.text


def test_finer_bars_beyond_the_range_of_their_bar_are_not_believed():
    hours = [FLAT, FLAT, TARGET_THEN_STOP]
    bars = candles(*whole(hours[:2]), (100, 111, 94, 96))
    result = look_into(hours, [BUY], bars, **BOTH)
    assert exits_of(result) == [(2, 95, "stop")]
    assert result.finer.contrary == 1
    assert "1 has finer bars that lie beyond its range" in result.finer.text


def test_a_difference_of_less_than_a_tick_is_none():
    hours = [FLAT, FLAT, TARGET_THEN_STOP]
    bars = candles(*whole(hours[:2]), (100.005, 112.005, 93.995, 96))
    result = look_into(hours, [BUY], bars, **BOTH)
    assert exits_of(result) == [(2, 110, "target")]
    assert result.finer.text == ""


def test_a_level_that_the_bar_just_meets_is_met_in_its_finer_bars_too():
    hours = [FLAT, FLAT, [(100, 109.995, 99, 108), (108, 108, 94, 96)]]
    bars = candles(*whole(hours[:2]), (100, 110, 94, 96))
    assert exits_of(look_into(hours, [BUY], bars, **BOTH)) == [(2, 110, "target")]


def test_a_level_that_the_bar_does_not_meet_is_not_met_in_its_finer_bars():
    hours = [FLAT, FLAT, [(100, 101, 94.998, 96), (96, 97, 94.997, 96)]]
    bars = candles(*whole(hours[:2]), (100, 101, 95.004, 96))
    result = look_into(hours, [BUY], bars, **BOTH)
    assert result.trades["exit_reason"].tolist() == ["open"]
    assert result.finer.text == ""


def test_the_open_of_the_bar_is_that_of_its_first_finer_bar():
    hours = [FLAT, FLAT, [(94.998, 96, 94, 95)]]
    bars = candles(*whole(hours[:2]), (95.002, 96, 94, 95))
    assert exits_of(look_into(hours, [BUY], bars, **BOTH)) == [(2, 95, "stop")]


@pytest.mark.parametrize(("fill", "left_at", "watched"), [("next_open", 3, 2), ("close", 2, 2)])
def test_a_bar_that_a_signal_leaves_at_its_open_is_not_counted(fill, left_at, watched):
    """Bought at the open of day 1 or the close of day 0; days 3 and on have no hours."""
    hours = [FLAT] * 5
    finer = by_the_hour(hours[:3])
    how = SimulationSettings(1000, "none", 0, fill=fill, intrabar="finer_bars", **BOTH)
    result = run_backtest(candles(*whole(hours)), Scripted([BUY, ____, SELL]), how, finer=finer)
    assert result.trades["exit_bar"].tolist() == [left_at]
    assert (result.finer.bars, result.finer.text) == (watched, "")


def test_finer_bars_of_another_adjustment_are_refused():
    hours = [[tuple(price / 4 for price in row) for row in day]
             for day in (FLAT, FLAT, TARGET_THEN_STOP)]  # fmt: skip
    bars = candles(*whole([FLAT, FLAT, TARGET_THEN_STOP]))
    with pytest.raises(BarsDisagree, match="3 of 3, the first on 2024-01-01, lie beyond") as error:
        look_into(hours, [BUY], bars, **BOTH)
    assert "\n" not in str(error.value)


def test_settings_that_need_finer_bars_are_refused_without_any():
    bars = candles(*whole([FLAT, FLAT]))
    with pytest.raises(InvalidParams, match="No finer bars were given") as error:
        run_backtest(bars, Scripted([BUY]), SimulationSettings(intrabar="finer_bars", **BOTH))
    assert error.value.field == "intrabar"


def test_without_a_level_nothing_is_looked_into():
    bars = candles(*whole([FLAT, FLAT, FLAT]))
    how = SimulationSettings(intrabar="finer_bars")
    ours, usual = (run_backtest(bars, Scripted([BUY]), s) for s in (how, SimulationSettings()))
    assert ours.trades.equals(usual.trades)
    assert ours.finer is None


def test_hours_belong_to_the_date_of_their_exchange():
    """The evening in New York is the next day in UTC."""
    evening = [(100, 112, 99, 108), (108, 108, 94, 96)]
    finer = candles(*evening, start="2024-01-04 01:00", resolution="1h")
    bars = candles(*whole([FLAT, FLAT, evening]))
    how = SimulationSettings(1000, "none", 0, intrabar="finer_bars", **BOTH)
    there = run_backtest(bars, Scripted([BUY]), how, finer=finer, timezone="America/New_York")
    here = run_backtest(bars, Scripted([BUY]), how, finer=finer)
    assert exits_of(there) == [(2, 110, "target")]
    assert exits_of(here) == [(2, 95, "stop")]


def test_weeks_are_looked_into_by_their_days():
    days = [(100, 101, 99, 100)] * 10 + TARGET_THEN_STOP
    finer = candles(*days)
    finer["ts"] = pd.bdate_range("2024-01-01", periods=12, tz="UTC").as_unit("us")
    weeks = candles(*whole([days[:5], days[5:10], days[10:]]), resolution="1w")
    how = SimulationSettings(1000, "none", 0, intrabar="finer_bars", **BOTH)
    result = run_backtest(weeks, Scripted([BUY]), how, finer=finer, timezone="America/New_York")
    assert exits_of(result) == [(2, 110, "target")]
    assert result.finer.text == ""


def test_hours_are_looked_into_by_their_minutes():
    minutes = [(100, 101, 99, 100)] * 24 + [*TARGET_THEN_STOP] + [(96, 97, 96, 96)] * 10
    finer = candles(*minutes, start="2024-01-02 14:00", resolution="5m")
    hours = candles(*whole([minutes[:12], minutes[12:24], minutes[24:]]),
                    start="2024-01-02 14:00", resolution="1h")  # fmt: skip
    how = SimulationSettings(1000, "none", 0, intrabar="finer_bars", **BOTH)
    result = run_backtest(hours, Scripted([BUY]), how, finer=finer)
    assert exits_of(result) == [(2, 110, "target")]
    assert result.finer.text == ""
