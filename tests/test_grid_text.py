"""The values to try, as people write them."""

import pytest

from services.errors import InvalidParams
from services.optimise.grid_text import space_of, text_of, values_of
from services.parameters import Parameters, param, parameter_specs


class Rule(Parameters):
    """One parameter of every kind."""

    fast: int = param(20, "bars", ge=2, le=400, search=(5, 10))
    width: float = param(2.0, "deviations", ge=0.1)
    both: bool = param(True, "long and short")


FAST, WIDTH, BOTH = parameter_specs(Rule)


@pytest.mark.parametrize(
    ("spec", "text", "values"),
    [
        (FAST, "5:20:5", [5, 10, 15, 20]),
        (FAST, "5:8", [5, 6, 7, 8]),
        (FAST, "5:8:2", [5, 7]),
        (FAST, " 50, 20,50 ,", [50, 20]),
        (WIDTH, "0.1:0.3:0.1", [0.1, 0.2, 0.3]),
        (WIDTH, "1.5", [1.5]),
        (BOTH, "yes,false", [True, False]),
    ],
)
def test_a_text_is_read_as_values(spec, text, values):
    read = values_of(spec, text)
    assert read == values
    assert {type(value) for value in read} == {spec.kind}


def test_a_range_to_draw_from_stays_a_range():
    assert values_of(WIDTH, "0.5:3", draws=True) == (0.5, 3.0)
    assert values_of(FAST, "5:50:5", draws=True) == (5, 50, 5)


@pytest.mark.parametrize(
    ("spec", "text", "words"),
    [
        (FAST, "5:x", "whole number"),
        (FAST, "2.5", "whole number"),
        (FAST, "9" * 400, "whole number"),
        (WIDTH, "1e999", "a number"),
        (FAST, "50:5:5", "swap the two"),
        (FAST, "5:50:0", "above 0"),
        (FAST, "5::5", "from:to:step"),
        (FAST, "1:2:3:4", "from:to:step"),
        (WIDTH, "1:3", "in which steps"),
        (FAST, "1:10000000", "10,000,000 values"),
        (BOTH, "maybe", "true or false"),
        (FAST, " , ", "fast: give at least one value"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_field(spec, text, words):
    with pytest.raises(InvalidParams, match=words) as refusal:
        values_of(spec, text)
    assert refusal.value.field == spec.name


def test_without_a_text_the_declared_values_are_tried_and_the_rest_stays():
    assert space_of((FAST, WIDTH, BOTH), {"width": "1,2"}) == {"fast": [5, 10], "width": [1.0, 2.0]}


@pytest.mark.parametrize("text", ["5:50:5", "20,50,100", "7", "5:50"])
def test_values_are_written_as_they_are_read(text):
    values = values_of(FAST, text)
    assert values_of(FAST, text_of(values)) == values


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([2, 3, 4, 5], "2:5"),
        ([5, 10, 15, 20], "5:20:5"),
        ([5, 7, 8, 9], "5,7,8,9"),
        ([1, 2], "1,2"),
    ],
)
def test_a_range_is_written_without_a_step_of_one(values, text):
    assert text_of(values) == text
