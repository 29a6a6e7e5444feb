"""Commission models and the settings of a simulation, and how bad ones are answered."""

import math

import pytest

from services.backtest import SimulationSettings
from services.backtest.costs import COMMISSIONS, Commission
from services.backtest.orders import commission_of, shares_for
from services.backtest.settings import FILLS
from services.errors import InvalidParams


def fee(text, shares, price):
    model = Commission.parse(text)
    return commission_of(shares, price, model.per_share, model.minimum, model.cap, model.rate)


@pytest.mark.parametrize(
    ("text", "shares", "price", "money"),
    [
        ("ibkr_fixed", 1000, 20.0, 5.00),
        ("ibkr_fixed", 100, 20.0, 1.00),
        ("ibkr_fixed", 1000, 0.20, 2.00),
        ("ibkr_fixed", 2, 10.0, 0.20),
        ("ibkr_fixed:0.01", 1000, 20.0, 10.00),
        ("ibkr_fixed:0", 1000, 20.0, 1.00),
        ("ibkr_tiered", 1000, 20.0, 3.50),
        ("ibkr_tiered", 100, 20.0, 0.35),
        ("ibkr_tiered", 50, 20.0, 0.35),
        ("ibkr_tiered", 1000, 0.20, 2.00),
        ("ibkr_tiered", 2, 10.0, 0.20),
        ("ibkr_tiered:0.002", 1000, 20.0, 2.00),
        ("percent", 1000, 20.0, 20.00),
        ("percent:0.25", 1000, 20.0, 50.00),
        ("percent:0", 1000, 20.0, 0.00),
        ("none", 1000, 20.0, 0.00),
    ],
)
def test_an_order_costs_what_its_model_says(text, shares, price, money):
    assert fee(text, shares, price) == pytest.approx(money)


@pytest.mark.parametrize(
    "text", ["ibkr_fixed", "ibkr_fixed:10", "ibkr_tiered", "percent:50", "none"]
)
@pytest.mark.parametrize("cash", [1.0, 99.0, 1e5, 1e12])
@pytest.mark.parametrize("price", [1e-6, 0.1, 100.0, 7e5])
def test_shares_and_their_commission_take_all_the_cash_to_the_cent(text, cash, price):
    model = Commission.parse(text)
    numbers = (model.per_share, model.minimum, model.cap, model.rate)
    shares = shares_for(cash, price, *numbers)
    assert shares > 0
    spent = shares * price + commission_of(shares, price, *numbers)
    assert spent == pytest.approx(cash, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    ["", "free", "ibkr", "none:5", "percent:-1", "percent:51", "percent:ten", "percent:nan"]
    + ["ibkr_fixed:-0.1", "ibkr_fixed:11", "ibkr_fixed:inf", "ibkr_tiered:-1", None, 5],
)
def test_an_unusable_commission_is_answered_in_one_sentence(text):
    with pytest.raises(InvalidParams) as caught:
        SimulationSettings(commission=text)
    assert caught.value.field == "commission"
    assert "ommission" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_misspelt_commission_is_answered_with_the_closest_model():
    with pytest.raises(InvalidParams, match='Did you mean "percent"'):
        Commission.parse("percant:1")


def test_every_model_and_every_fill_is_explained_and_accepted():
    for name, words in COMMISSIONS.items():
        assert words
        assert SimulationSettings(commission=name).commission == name
    for name, words in FILLS.items():
        assert words
        assert SimulationSettings(fill=name).fill == name


@pytest.mark.parametrize(
    ("values", "sentence", "field"),
    [
        ({"cash": 0}, "cash must be between 1 and 1e12.", "cash"),
        ({"cash": -5}, "cash must be between 1 and 1e12.", "cash"),
        ({"cash": 1e13}, "cash must be between 1 and 1e12.", "cash"),
        ({"cash": "much"}, "cash must be a number, not 'much'.", "cash"),
        ({"cash": None}, "cash must be a number", "cash"),
        ({"cash": math.nan}, "cash must be a number", "cash"),
        ({"cash": 10**400}, "cash must be a number", "cash"),
        ({"slippage_bps": -1}, "slippage must be between 0 and 1000 basis points.", "slippage"),
        ({"slippage_bps": 1001}, "slippage must be between 0 and 1000", "slippage"),
        ({"slippage_bps": "inf"}, "slippage must be a number", "slippage"),
        ({"fill": "next open"}, 'Did you mean "next_open"?', "fill"),
        ({"fill": "tomorrow"}, "fill must be one of next_open, close", "fill"),
    ],
)
def test_an_assumption_out_of_range_is_answered_in_one_sentence(values, sentence, field):
    with pytest.raises(InvalidParams) as caught:
        SimulationSettings(**values)
    assert sentence in str(caught.value)
    assert caught.value.field == field


def test_numbers_may_come_as_the_text_of_a_form():
    settings = SimulationSettings(cash="50000", slippage_bps="2.5")
    assert (settings.cash, settings.slippage_bps) == (50_000.0, 2.5)
    assert settings.as_dict() == {
        "cash": 50_000.0,
        "commission": "ibkr_fixed",
        "slippage_bps": 2.5,
        "fill": "next_open",
    }


@pytest.mark.parametrize(
    ("commission", "slippage", "free"),
    [
        ("none", 0, True),
        ("percent:0", 0, True),
        ("none", 1, False),
        ("ibkr_fixed:0", 0, False),  # the minimum is still charged
        ("percent", 0, False),
    ],
)
def test_a_run_knows_whether_it_is_free(commission, slippage, free):
    assert SimulationSettings(commission=commission, slippage_bps=slippage).is_free is free
