"""MAE and MFE of trades that end within a bar: what its finer bars showed up to the exit."""

import pytest
from builders import candles
from scripted import Scripted
from test_finer_fills import FLAT, by_the_hour, look_into, whole
from test_realism_stops import BUY, SELL

from services.analysis.story import trade_story
from services.backtest import SimulationSettings, run_backtest

BOTH = {"stop_loss": "5%", "take_profit": "10%"}
LATE = [(100, 103, 98, 102), (102, 104, 97, 98), (98, 99, 90, 91), (91, 130, 80, 90)]


@pytest.mark.parametrize(
    ("day", "mae", "mfe"),
    [
        # 98 and 97 below, 103 and 104 above, then the stop at 95; 90, 80 and 130 come after.
        (LATE, 95, 104),
        # In one hour alone: its open and the exit, as nobody knows what else came before.
        ([(100, 112, 94, 96)], 95, 101),
        # A gap within the day: the hour opens at 92, and is out there.
        ([(100, 107, 99, 106), (92, 93, 91, 92)], 92, 107),
        # The target after a deep hour: what fell before it was lived through.
        ([(100, 101, 96, 97), (97, 112, 94, 110)], 95, 101),
        ([(100, 101, 96, 97), (97, 112, 96, 110), (110, 111, 80, 90)], 96, 110),
    ],
)
def test_hours_before_the_exit_count_and_those_after_it_do_not(day, mae, mfe):
    [trade] = look_into([FLAT, FLAT, day], [BUY], **BOTH).trades.to_dict("records")
    # On the day of the entry the price was between 99 and 101.
    assert trade["mae"] == pytest.approx(min(mae, 99) / 100 - 1)
    assert trade["mfe"] == pytest.approx(max(mfe, 101) / 100 - 1)


def test_of_a_short_the_highs_are_against_it():
    day = [(100, 103, 97, 102), (102, 106, 92, 93), (93, 120, 60, 80)]
    rules = {"side": "short", "stop_loss": "5%", "take_profit": "10%"}
    [trade] = look_into([FLAT, FLAT, day], [SELL], **rules).trades.to_dict("records")
    assert (trade["exit_price"], trade["exit_reason"]) == (105, "stop")
    assert trade["mae"] == pytest.approx(1 - 105 / 100)
    assert trade["mfe"] == pytest.approx(1 - 97 / 100)


def test_hours_of_the_day_of_the_entry_count_from_its_open_to_the_exit():
    day = [(100, 108, 96, 107), (107, 112, 99, 111), (111, 111, 50, 60)]
    [trade] = look_into([FLAT, day, FLAT], [BUY], **BOTH).trades.to_dict("records")
    assert (trade["entry_bar"], trade["exit_bar"], trade["exit_price"]) == (1, 1, 110)
    assert trade["mae"] == pytest.approx(96 / 100 - 1)
    assert trade["mfe"] == pytest.approx(110 / 100 - 1)


def test_a_day_without_finer_bars_still_shows_its_open_and_the_exit():

    hours = [FLAT, FLAT, LATE]
    finer = by_the_hour(hours)
    finer = finer[finer["ts"].dt.day != 3].reset_index(drop=True)
    how = SimulationSettings(1000, "none", 0, intrabar="finer_bars", stop_loss="5%")
    result = run_backtest(candles(*whole(hours)), Scripted([BUY]), how, finer=finer)
    [trade] = result.trades.to_dict("records")
    assert trade["mae"] == pytest.approx(95 / 100 - 1)
    assert trade["mfe"] == pytest.approx(101 / 100 - 1)


def test_the_story_tells_a_mark_of_the_day_of_the_exit():
    result = look_into([FLAT, FLAT, LATE], [BUY], **BOTH)
    story = trade_story(result, 1)
    assert (story.mfe.bar, story.mfe.offset) == (2, 1)
    assert story.mfe.price == pytest.approx(104)
    assert story.mfe.value == result.trades["mfe"].iloc[0]
    assert (story.mae.bar, story.mae.price) == (2, 95)
