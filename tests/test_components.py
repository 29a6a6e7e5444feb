"""Fields, cards and states: what the user reads, and what a screen reader is told."""

import math

import pytest

from components.cards import metric_card
from components.feedback import empty_state, error_state, skeleton
from components.fields import date_field, dom_id, error_id, parameter_field, select_field
from components.format import bar_time, signed_metric_text
from services.metrics import METRIC_SPECS
from services.parameters import Parameters, param, parameter_specs
from services.timespan import parse_date


class Example(Parameters):
    length: int = param(20, "bars in the average", ge=2, le=400)
    factor: float = param(1.5, "how wide", ge=0.5)
    both: bool = param(True, "trade both ways")


SPECS = {spec.name: spec for spec in parameter_specs(Example)}


def parts(component) -> list:
    found = [component]
    for child in component._traverse():
        found.append(child)
    return found


def find(component, class_name: str):
    return next(
        p for p in parts(component) if class_name in (getattr(p, "className", None) or "").split()
    )


def control(component, id):
    return next(part for part in parts(component) if getattr(part, "id", None) == id)


def test_a_number_is_taken_as_it_is_typed_and_says_its_range():
    field = parameter_field(SPECS["length"], 20)
    number = control(field, "length")
    assert (number.type, number.inputmode, number.value) == ("text", "numeric", "20")
    assert find(field, "field-label").htmlFor == "length"
    assert find(field, "field-help").children == "bars in the average; 2 to 400"
    assert not number.invalid


def test_a_fraction_is_typed_with_a_decimal_point():
    number = control(parameter_field(SPECS["factor"], 1.5), "factor")
    assert (number.inputmode, number.value) == ("decimal", "1.5")


def test_yes_or_no_is_a_switch():
    assert control(parameter_field(SPECS["both"], True), "both").value is True


def test_an_error_stands_beside_its_field():
    field = parameter_field(SPECS["length"], 1, "length must be 2 to 400, not 1.")
    assert control(field, "length").invalid
    assert control(field, "length-error").children == "length must be 2 to 400, not 1."


def test_the_label_of_a_patterned_id_points_at_the_id_in_the_document():
    id = {"type": "param", "name": "fast"}
    assert dom_id(id) == '{"name":"fast","type":"param"}'
    assert error_id(id) == {"type": "param-error", "name": "fast"}


def test_a_choice_that_the_address_names_stays_visible_when_it_is_unknown():
    select = control(select_field("s", "Strategy", ["rsi", "macd"], "rsy"), "s")
    assert [option["value"] for option in select.options] == ["rsy", "rsi", "macd"]


def test_a_date_field_is_the_browsers_own():
    assert control(date_field("start", "From", "2024-01-31"), "start").type == "date"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("total_return", 7.06, "+706.00 %"),
        ("cagr", 4e14, "> 1,000,000 %"),
        ("total_return", -0.184, "\N{MINUS SIGN}18.40 %"),
        ("total_return", 0.0, "0.00 %"),
        ("win_rate", 0.5, "50.00 %"),
        ("max_drawdown", -0.25, "\N{MINUS SIGN}25.00 %"),
        ("sharpe", None, "n/a"),
        ("cagr", math.nan, "n/a"),
        ("trades", 1234, "1,234"),
    ],
)
def test_a_gain_has_a_plus_and_nothing_else_has(name, value, text):
    assert signed_metric_text(METRIC_SPECS[name], value) == text


def test_a_card_shows_the_metric_that_of_buy_and_hold_and_the_definition():
    spec = METRIC_SPECS["total_return"]
    card = metric_card(spec, -0.1, 7.06)
    assert find(card, "metric-value").className.endswith("down")
    assert find(card, "metric-benchmark").children[1].children == "+706.00 %"
    assert card.title == spec.definition
    spoken = "Return: \N{MINUS SIGN}10.00 %; Buy & Hold: +706.00 %"
    assert card.to_plotly_json()["props"]["aria-label"] == spoken


def test_a_card_without_a_comparison_leaves_buy_and_hold_out():
    card = metric_card(METRIC_SPECS["win_rate"], 0.5, compare=False)
    assert "Buy & Hold" not in str(card)


def test_a_bar_is_named_by_its_day_or_by_its_minute():
    moment = parse_date("2024-01-31T14:30", "t")
    assert bar_time(moment, "1d") == "2024-01-31"
    assert bar_time(moment, "5m") == "2024-01-31 14:30"


def test_a_failure_is_announced_and_a_placeholder_is_not():
    assert error_state("It failed", "Do this.").role == "alert"
    assert "Do this." in str(empty_state("Nothing", "Do this."))
    assert skeleton(count=3).to_plotly_json()["props"]["aria-hidden"] == "true"
