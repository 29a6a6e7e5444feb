"""The values to try, as people write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import InvalidParams
from services.optimise.grid_text import space_of, text_of, values_of
from services.optimise.space import axes_of
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
        ([20.0, 25.0, 30.0, 35.0], "20:35:5"),
        ([1.0, 2.0, 3.0, 4.0], "1:4:1"),
        ([0.1, 0.2, 0.3, 0.4], "0.1:0.4:0.1"),
        ([5, 10, 15], "5,10,15"),
        ([20, 15, 10, 5], "20,15,10,5"),
        ([1, 2.0, 3, 4], "1,2,3,4"),
        ([True, False, True, False], "true,false,true,false"),
        # What is almost a range is none.
        ([0.1, 0.2, 0.1 + 0.2, 0.4], "0.1,0.2,0.30000000000000004,0.4"),
        ([-0.0, 1.0, 2.0, 3.0], "-0,1,2,3"),
        ([1e-12, 2e-12, 3e-12, 4e-12], "1e-12,2e-12,3e-12,4e-12"),
        # A range to draw from has fewer digits than this.
        ([0.123456789, 0.223456789, 0.323456789, 0.423456789],
         "0.123456789,0.223456789,0.323456789,0.423456789"),
    ],
)  # fmt: skip
def test_four_values_or_more_in_equal_steps_are_written_as_a_range(values, text):
    assert text_of(values) == text


def spaced(asked) -> list[float]:
    """Return so many numbers in equal steps, as a program counts them up."""
    low, step, count = asked
    return [low + k * step for k in range(count)]


class Wide(Parameters):
    """Numbers without limits."""

    number: float = param(1.0, "any number")
    whole: int = param(1, "any whole number")


NUMBER, WHOLE = parameter_specs(Wide)


def bits_of(values) -> list[str]:
    return [value.hex() if isinstance(value, float) else repr(value) for value in values]


decimals = st.decimals(-1000, 1000, places=4).map(float)
steps = st.decimals("0.0001", 50, places=4).map(float)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.tuples(st.just(NUMBER), st.tuples(decimals, steps, st.integers(1, 40)).map(spaced)),
        st.tuples(st.just(NUMBER), st.lists(decimals, min_size=1, max_size=6)),
        st.tuples(st.just(NUMBER), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6)),
        st.tuples(st.just(WHOLE), st.lists(st.integers(-99, 99), min_size=1, max_size=6)),
    )
)
def test_what_is_written_denotes_the_same_values_to_the_last_bit_listed_or_drawn(asked):
    spec, values = asked
    values = list(dict.fromkeys(values))
    text = text_of(values)
    assert bits_of(values_of(spec, text)) == bits_of(values)
    (axis,) = axes_of(type("Any", (), {"name": "any", "Params": Wide}),
                      {spec.name: values_of(spec, text, draws=True)})  # fmt: skip
    assert bits_of(axis.value(place) for place in range(axis.count)) == bits_of(values)


@pytest.mark.parametrize("text", ["20:35:5", "0.1:5:0.1", "0.05:0.95:0.05", "-3:3:0.25"])
def test_a_range_stays_as_it_was_written(text):
    assert text_of(values_of(NUMBER, text)) == text
