"""The settings of sides, stops and sizes: their spellings, and how bad ones are answered."""

import math

import pytest

from services.backtest import SimulationSettings
from services.backtest.risk import INTRABAR, SIDES, SIZINGS
from services.errors import InvalidParams


@pytest.mark.parametrize(
    ("said", "meant"),
    [("5%", "5%"), (" 5.0 % ", "5%"), ("2atr", "2ATR"), ("02.50 Atr", "2.5ATR"), ("", "")]
    + [(None, "")],
)
def test_a_distance_has_one_spelling(said, meant):
    assert SimulationSettings(stop_loss=said).stop_loss == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [("all_in", "all_in"), ("percent: 50.0", "percent:50"), (" cash:1e4", "cash:10000")],
)
def test_a_size_has_one_spelling(said, meant):
    assert SimulationSettings(sizing=said).sizing == meant


@pytest.mark.parametrize(
    ("values", "sentence", "field"),
    [
        ({"stop_loss": "five"}, "stop_loss must be like 5% (up to 99.9%) or 2ATR", "stop_loss"),
        ({"stop_loss": "5"}, "stop_loss must be like 5%", "stop_loss"),
        ({"stop_loss": "0%"}, "stop_loss must be like 5%", "stop_loss"),
        ({"stop_loss": "100%"}, "stop_loss must be like 5%", "stop_loss"),
        ({"stop_loss": "-1ATR"}, "stop_loss must be like 5%", "stop_loss"),
        ({"stop_loss": "1.2.3%"}, "stop_loss must be like 5%", "stop_loss"),
        ({"take_profit": "10001%"}, "take_profit must be like 5% (up to 10000%)", "take_profit"),
        ({"trailing_stop": "101ATR"}, "or 2ATR (up to 100ATR)", "trailing_stop"),
        ({"side": "shrt"}, 'side must be one of long, short, both, not "shrt"', "side"),
        ({"side": "shrt"}, 'Did you mean "short"?', "side"),
        ({"intrabar": "stop"}, "intrabar must be one of stop_first, target_first", "intrabar"),
        ({"sizing": "half"}, 'Unknown sizing "half": use all_in', "sizing"),
        ({"sizing": "percnt:50"}, 'Did you mean "percent"?', "sizing"),
        ({"sizing": "percent"}, "must be above 0 and at most 100", "sizing"),
        ({"sizing": "percent:101"}, "must be above 0 and at most 100", "sizing"),
        ({"sizing": "shares:0"}, "must be above 0", "sizing"),
        ({"sizing": "cash:nan"}, "must be above 0", "sizing"),
        ({"sizing": "all_in:5"}, "all_in takes no number", "sizing"),
        ({"fractional": "maybe"}, "fractional must be true or false, not 'maybe'", "fractional"),
        ({"max_exposure": 0}, "max_exposure must be between 0.01 and 1", "max_exposure"),
        ({"max_exposure": 2}, "max_exposure must be between 0.01 and 1", "max_exposure"),
        ({"max_exposure": "x"}, "max_exposure must be a number", "max_exposure"),
        ({"cash_interest": -1}, "cash_interest must be between 0 and 100", "cash_interest"),
        ({"borrow_rate": math.nan}, "borrow_rate must be a number", "borrow_rate"),
    ],
)
def test_what_cannot_be_meant_is_answered_in_one_sentence(values, sentence, field):
    with pytest.raises(InvalidParams) as caught:
        SimulationSettings(**values)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.field == field


def test_settings_say_by_name_only_what_is_not_usual():
    usual = {
        "cash": 100_000.0,
        "commission": "ibkr_fixed",
        "slippage_bps": 1.0,
        "fill": "next_open",
    }
    assert SimulationSettings().as_dict() == usual
    assert SimulationSettings().is_plain
    short = SimulationSettings(side="short", fractional="false")
    assert short.as_dict() == usual | {"side": "short", "fractional": False}
    assert not short.is_plain
    assert SimulationSettings(**short.as_dict()) == short


def test_every_choice_is_explained():
    assert all((*SIDES.values(), *INTRABAR.values(), *SIZINGS.values()))


def test_a_loan_of_shares_is_a_cost_unless_nothing_is_sold_short():
    free = {"commission": "none", "slippage_bps": 0, "borrow_rate": 2}
    assert SimulationSettings(**free).is_free
    assert not SimulationSettings(**free, side="both").is_free
