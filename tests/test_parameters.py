"""Declarations of parameters: what a form can read from them, and their sentences."""

from typing import Literal

import pytest
from pydantic import model_validator

from services.errors import InvalidParams
from services.parameters import Parameters, build_parameters, param, parameter_specs
from strategies.registry import load_strategy


class Sample(Parameters):
    period: int = param(20, "bars in the average", ge=2, le=400, search=(10, 20))
    width: float = param(2.0, "how wide")
    at_least: float = param(1.0, "not below", ge=0.5)
    at_most: float = param(1.0, "not above", le=9)
    line: Literal["ma20", "ma50"] = param("ma50", "which line")
    invert: bool = param(False, "turn the rule around")
    limit: float | None = param(None, "none: no limit", ge=0)

    @model_validator(mode="after")
    def _narrow(self):
        if self.at_least > self.at_most:
            raise ValueError("at_least must not be above at_most.")
        return self


SPECS = {spec.name: spec for spec in parameter_specs(Sample)}


def test_a_form_reads_kind_default_range_choices_and_help_in_the_order_of_declaration():
    assert list(SPECS) == ["period", "width", "at_least", "at_most", "line", "invert", "limit"]
    period = SPECS["period"]
    assert (period.kind, period.default, period.minimum, period.maximum) == (int, 20, 2, 400)
    assert (period.search, period.help, period.choices) == ((10, 20), "bars in the average", ())
    assert (SPECS["line"].kind, SPECS["line"].choices) == (str, ("ma20", "ma50"))
    assert (SPECS["invert"].kind, SPECS["invert"].default) == (bool, False)
    assert (SPECS["limit"].kind, SPECS["limit"].default) == (float, None)
    assert SPECS["at_least"].label == "At least"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("period", "2 to 400"),
        ("width", ""),
        ("at_least", "0.5 or more"),
        ("at_most", "9 or less"),
        ("line", "one of ma20, ma50"),
    ],
)
def test_the_range_is_said_in_words(name, words):
    assert SPECS[name].span == words


@pytest.mark.parametrize(
    ("values", "sentence", "field"),
    [
        ({"period": 401}, "rule: period must be a whole number, 2 to 400, not '401'.", "period"),
        ({"period": "x"}, "rule: period must be a whole number, 2 to 400, not 'x'.", "period"),
        ({"width": "wide"}, "rule: width must be a number, not 'wide'.", "width"),
        ({"width": float("nan")}, "rule: width must be a number, not 'nan'.", "width"),
        ({"width": "inf"}, "rule: width must be a number, not 'inf'.", "width"),
        ({"at_least": 0}, "rule: at_least must be a number, 0.5 or more, not '0'.", "at_least"),
        ({"line": "ma9"}, "rule: line must be one of ma20, ma50, not 'ma9'.", "line"),
        ({"invert": "perhaps"}, "rule: invert must be true or false, not 'perhaps'.", "invert"),
        (
            {"perod": 3},
            'rule has no parameter "perod": it takes period, width, at_least, at_most, line, '
            'invert, limit. Did you mean "period"?',
            "perod",
        ),
        ({"at_least": 5}, "rule: at_least must not be above at_most.", "at_least"),
    ],
)
def test_a_bad_value_is_answered_in_one_sentence_that_names_it(values, sentence, field):
    with pytest.raises(InvalidParams) as caught:
        build_parameters(Sample, values, "rule")
    assert str(caught.value) == sentence
    assert caught.value.field == field


def test_a_long_bad_value_is_cut():
    with pytest.raises(InvalidParams) as caught:
        build_parameters(Sample, {"width": "<script>" * 100}, "rule")
    assert len(str(caught.value)) < 100


def test_values_may_come_as_text_and_cannot_be_changed_afterwards():
    built = build_parameters(Sample, {"period": "30", "invert": "true", "width": "1.5"}, "rule")
    assert (built.period, built.invert, built.width) == (30, True, 1.5)
    with pytest.raises(ValueError, match="frozen"):
        built.period = 5


def test_a_rule_over_two_parameters_names_the_first_of_them_wherever_it_is_declared():
    with pytest.raises(InvalidParams, match="lower must be below upper") as caught:
        load_strategy("rsi", lower=80, upper=20)
    assert caught.value.field == "lower"
