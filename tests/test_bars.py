"""check_bars: what is a bar, and why a row is not."""

import numpy as np
import pandas as pd
import pytest

from services.bars import BAR_COLUMNS, FORMING, check_bars

NOW = pd.Timestamp("2024-03-01", tz="UTC")


def rows(*candles, start="2024-01-01"):
    """Build a daily frame from (open, high, low, close) tuples."""
    frame = pd.DataFrame(candles, columns=["open", "high", "low", "close"])
    frame.insert(0, "ts", pd.date_range(start, periods=len(frame), tz="UTC"))
    return frame.assign(volume=100.0)


GOOD = (10, 12, 9, 11)


def test_good_bars_pass_unchanged():
    checked = check_bars(rows(GOOD, GOOD), "1d", NOW)
    assert len(checked.rejected) == 0
    assert list(checked.bars.columns) == BAR_COLUMNS
    assert checked.bars["close"].tolist() == [11.0, 11.0]
    assert str(checked.bars["ts"].dt.tz) == "UTC"


@pytest.mark.parametrize(
    ("candle", "reason"),
    [
        ((10, 9, 12, 11), "high below low"),
        ((10, 12, 9, 13), "close outside the range of high and low"),
        ((8, 12, 9, 11), "open outside the range of high and low"),
        ((10, np.nan, 9, 11), "price missing or not a number"),
        ((10, np.inf, 9, 11), "price missing or not a number"),
        ((10, 12, 0, 11), "price zero or negative"),
        ((10, 12, -9, 11), "price zero or negative"),
        ((10, 1e308, 9, 11), "price beyond any market"),
    ],
)
def test_a_row_outside_the_contract_is_rejected_with_its_reason(candle, reason):
    checked = check_bars(rows(GOOD, candle, GOOD), "1d", NOW)
    assert checked.reasons == {reason: 1}
    assert checked.rejected["row"].tolist() == [1]
    assert len(checked.bars) == 2


def test_the_first_of_two_rows_with_one_time_is_kept():
    frame = rows(GOOD, (10, 13, 9, 12), GOOD)
    frame.loc[1, "ts"] = frame.loc[0, "ts"]
    checked = check_bars(frame, "1d", NOW)
    assert checked.reasons == {"duplicate time": 1}
    assert checked.bars["close"].iloc[0] == 11


def test_a_row_earlier_than_the_one_before_it_is_out_of_order():
    frame = rows(GOOD, GOOD, GOOD)
    frame.loc[2, "ts"] = pd.Timestamp("2023-12-25", tz="UTC")
    assert check_bars(frame, "1d", NOW).reasons == {"time out of order": 1}


def test_a_bar_that_is_still_forming_is_rejected():
    frame = rows(GOOD, GOOD, start="2024-02-28")
    now = pd.Timestamp("2024-02-29 15:00", tz="UTC")
    assert check_bars(frame, "1d", now).reasons == {FORMING: 1}


def test_a_row_from_the_far_future_does_not_spoil_the_rows_after_it():
    frame = rows(GOOD, GOOD, GOOD)
    frame.loc[1, "ts"] = pd.Timestamp("2099-01-01", tz="UTC")
    checked = check_bars(frame, "1d", NOW)
    assert checked.reasons == {"bar in the future": 1}
    assert len(checked.bars) == 2


def test_a_daily_bar_must_carry_its_session_date_at_midnight():
    frame = rows(GOOD)
    frame["ts"] += pd.Timedelta(hours=14)
    assert check_bars(frame, "1d", NOW).reasons == {"not at the start of a day": 1}
    assert check_bars(frame, "1h", NOW).reasons == {}


def test_an_unreadable_time_is_rejected_and_unknown_volume_is_not():
    frame = rows(GOOD, GOOD)
    frame.loc[0, "ts"] = pd.NaT
    frame["volume"] = np.nan
    checked = check_bars(frame, "1d", NOW)
    assert checked.reasons == {"time missing or not readable": 1}
    assert checked.bars["volume"].isna().all()


def test_no_rows_give_no_bars():
    checked = check_bars(rows()[BAR_COLUMNS], "1d", NOW)
    assert len(checked.bars) == 0
    assert checked.reasons == {}
