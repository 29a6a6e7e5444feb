"""The form's group of risk and sizing: what it shows, and what it writes into the address."""

from components.backtest_form import backtest_form, field_values, query_of
from services.backtest import BacktestRequest, SimulationSettings
from services.backtest.request import RISK_NAMES
from services.backtest.risk import INTRABAR

ASKED = {"symbol": "AAPL", "strategy": "ma_cross"}


def group_of(query):
    form = backtest_form(query, ["AAPL"], ["ma_cross"], [])
    return next(part for part in form._traverse() if type(part).__name__ == "Details")


def test_the_group_is_shut_until_something_in_it_is_not_the_usual():
    assert not group_of(ASKED).open
    assert group_of(ASKED | {"stop_loss": "5%"}).open
    assert group_of(ASKED | {"fractional": "false"}).open


def test_the_usual_form_says_nothing_of_risk_in_the_address():
    query = query_of(field_values(ASKED), {})
    asked = BacktestRequest.from_query(query)
    assert asked.settings == SimulationSettings()
    assert not set(asked.as_query()) & set(RISK_NAMES)


def test_every_order_within_a_bar_can_be_chosen():
    group = group_of(ASKED | {"intrabar": "finer_bars:5m"})
    (chosen,) = (
        part for part in group._traverse() if getattr(part, "value", "") == "finer_bars:5m"
    )
    assert [option["value"] for option in chosen.options] == list(INTRABAR)


def test_what_the_form_says_comes_back_from_the_address():
    said = {"side": "both", "stop_loss": "5%", "fractional": "false", "max_exposure": "0.5",
            "intrabar": "finer_bars:1h"}  # fmt: skip
    asked = BacktestRequest.from_query(query_of(field_values(ASKED | said), {}))
    assert {name: asked.as_query()[name] for name in said} == said
