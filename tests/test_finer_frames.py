"""Frames of finer bars that break the contract are refused, with what is wrong and where."""

import numpy as np
import pandas as pd
import pytest
from builders import candles
from scripted import Scripted
from test_finer_fills import FLAT, by_the_hour, whole

from services.backtest import SimulationSettings, run_backtest
from services.backtest.finer import FinerBars
from services.errors import InvalidBars
from services.optimise import sweep
from strategies.ma_cross import MaCross

HOURS = [FLAT * 3, FLAT * 3, FLAT * 3]
DAYS = candles(*whole(HOURS))
FINER = by_the_hour(HOURS)
HOW = SimulationSettings(stop_loss="5%", intrabar="finer_bars")


def changed(row, **values):
    frame = FINER.copy()
    for name, value in values.items():
        frame.loc[row, name] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (FINER.drop(columns="low"), 'finer bars have no column "low"'),
        (FINER.drop(columns=["ts", "open"]), 'finer bars have no columns "ts", "open"'),
        (FINER.assign(ts=FINER["ts"].dt.tz_localize(None)), "without a time zone"),
        (FINER.assign(ts=FINER["ts"].astype(str)), "are no times"),
        (changed(4, ts=pd.NaT), "row 4.*time missing"),
        (FINER.iloc[::-1], "row 1 .*time out of order"),
        (pd.concat([FINER.iloc[:2], FINER.iloc[1:]]), "row 2 .*duplicate time"),
        (changed(2, high=98.0), "row 2 .2024-01-01 12:00.*high below low"),
        (changed(3, close=120.0), "row 3 .*close outside the range"),
        (changed(5, low=np.nan), "row 5 .*price missing or not a number"),
        (changed(5, low=np.inf), "row 5 .*price missing or not a number"),
        (changed(6, open=0.0, low=0.0), "row 6 .*price zero or negative"),
        (FINER.assign(open="dear"), 'column "open" holds no numbers'),
    ],
)
def test_a_frame_that_is_no_bars_is_refused(frame, said):
    for finer in (frame, FinerBars(frame)):
        with pytest.raises(InvalidBars, match=said):
            run_backtest(DAYS, Scripted([1]), HOW, finer=finer)


@pytest.mark.parametrize("frame", [DAYS, DAYS.iloc[::2], candles(*[FLAT[0]] * 2, resolution="1w")])
def test_bars_that_are_not_finer_are_refused(frame):
    with pytest.raises(InvalidBars, match="are not finer than these bars.*these 1 day"):
        run_backtest(DAYS, Scripted([1]), HOW, finer=frame)


def test_two_stored_hours_of_two_days_are_hours_all_the_same():
    sparse = FinerBars(FINER.iloc[[0, 3]].reset_index(drop=True), "1h")
    assert run_backtest(DAYS, Scripted([1]), HOW, finer=sparse).finer.missing > 0


def test_sessions_of_other_bars_are_refused():
    finer = FinerBars(FINER, sessions=np.array(["2024-01-01"], "datetime64[D]"))
    with pytest.raises(InvalidBars, match="1 session for 9 finer bars"):
        run_backtest(DAYS, Scripted([1]), HOW, finer=finer)


def test_a_sweep_refuses_them_as_well():
    with pytest.raises(InvalidBars, match="high below low"):
        sweep(DAYS, MaCross, {"fast": [2], "slow": [3]}, HOW, finer=changed(2, high=98.0))


def test_no_finer_bars_at_all_are_bars_that_are_missing():
    result = run_backtest(DAYS, Scripted([1]), HOW, finer=FINER.iloc[:0])
    assert result.finer.missing == result.finer.bars > 0


def test_what_keeps_the_contract_is_taken_whatever_its_index():
    usual = run_backtest(DAYS, Scripted([1]), HOW, finer=FINER)
    other = run_backtest(DAYS, Scripted([1]), HOW, finer=FINER.set_index(FINER.index + 7))
    assert usual.equity.equals(other.equity)
    without_volume = run_backtest(DAYS, Scripted([1]), HOW, finer=FINER.drop(columns="volume"))
    assert usual.equity.equals(without_volume.equity)
