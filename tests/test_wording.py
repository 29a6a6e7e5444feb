"""Numbers and assumptions in words: as a trader reads them, whatever their size."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.backtest import SimulationSettings
from services.backtest.costs import Commission
from services.metrics import METRICS
from services.wording import (
    MISSING,
    commission_text,
    grouped,
    metric_text,
    money_text,
    params_text,
    percent_text,
    price_text,
    settings_text,
)

MINUS = "\N{MINUS SIGN}"
KINDS = sorted({spec.kind for spec in METRICS})


def same(function, pairs):
    assert [function(value) for value, _ in pairs] == [text for _, text in pairs]


def test_kinds_are_those_that_the_metrics_have():
    assert KINDS == ["count", "days", "money", "percent", "ratio"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_not_defined_is_said_so(kind, value):
    assert metric_text(kind, value) == MISSING == "n/a"


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("percent", 0.1234, "12.34 %"),
        ("percent", -0.25, f"{MINUS}25.00 %"),
        ("percent", 0.0, "0.00 %"),
        ("ratio", 1.2345, "1.23"),
        ("ratio", -0.5, f"{MINUS}0.50"),
        ("count", 12_345, "12,345"),
        ("count", 0, "0"),
        ("days", 0.25, "0.2 d"),
        ("days", 7.0, "7 d"),
        ("days", 1461.0, "1,461 d"),
        ("money", 999.999, "1,000.00"),
        ("money", -12.5, f"{MINUS}12.50"),
        ("money", 123_456.7, "123,457"),
        ("money", 25_000_000, "25.00M"),
    ],
)
def test_a_metric_is_written_by_its_kind(kind, value, text):
    assert metric_text(kind, value) == text


def test_percent_has_fewer_decimals_the_larger_it_is():
    same(
        percent_text,
        [
            (9.9999, "999.99 %"),
            (12.345, "1,234 %"),
            (-123.4, f"{MINUS}12,340 %"),
            (9999.99, "999,999 %"),
        ],
    )


def test_percent_beyond_a_million_is_no_number_that_anyone_reads():
    for fraction in (10_000.01, 4e14, 1e300):
        assert percent_text(fraction) == "> 1,000,000 %"
        assert percent_text(-fraction) == f"< {MINUS}1,000,000 %"
    assert metric_text("percent", 4e14) == "> 1,000,000 %"


def test_what_rounds_to_nothing_has_no_minus():
    assert percent_text(-1e-9) == "0.00 %"
    assert money_text(-0.001) == "0.00"
    assert grouped(-0.4, 0) == "0"
    assert metric_text("ratio", -0.0) == "0.00"


def test_large_amounts_have_a_unit():
    same(
        money_text,
        [
            (1e5, "100,000"),
            (9_999_999, "9,999,999"),
            (1e7, "10.00M"),
            (2.5e9, "2.50B"),
            (-7e12, f"{MINUS}7.00T"),
            (3e15, "3.00e+15"),
        ],
    )


def test_a_price_shows_the_digits_that_matter_at_its_size():
    same(
        price_text,
        [
            (0, "0.00"),
            (123.456, "123.46"),
            (1.08505, "1.09"),
            (0.0123456, "0.01235"),
            (0.000012, "0.00001200"),
            (0.0000012, f"1.2e{MINUS}06"),
            (12_345.6, "12,345.60"),
        ],
    )


@given(st.sampled_from(KINDS), st.floats())
def test_every_number_has_a_short_text_with_a_true_minus(kind, value):
    text = metric_text(kind, value)
    assert 1 <= len(text) <= 16
    assert "-" not in text
    assert "nan" not in text
    assert "inf" not in text


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_a_grouped_number_reads_back(value, digits):
    text = grouped(value, digits).replace(",", "").replace(MINUS, "-")
    assert float(text) == pytest.approx(value, abs=0.5 * 10**-digits + 1e-9)


def test_parameters_are_named_with_their_values():
    assert params_text({"fast": 20, "slow": 50}) == "fast 20, slow 50"
    assert params_text({"width": 2.0, "line": "ma50", "factor": 0.125}) == (
        "width 2, line ma50, factor 0.125"
    )
    assert params_text({}) == ""


@pytest.mark.parametrize(
    ("commission", "text"),
    [
        ("none", "no commission"),
        ("percent", "commission 0.1 % of the trade"),
        ("percent:0.25", "commission 0.25 % of the trade"),
        ("ibkr_fixed", "IBKR commission USD 0.005 a share (at least 1, at most 1 %)"),
        ("ibkr_fixed:0.01", "IBKR commission USD 0.01 a share (at least 1, at most 1 %)"),
    ],
)
def test_a_commission_is_said_as_it_is_charged(commission, text):
    Commission.parse(commission)
    assert commission_text(commission) == text


def test_the_assumptions_of_a_run_are_one_line():
    assert settings_text(SimulationSettings(25_000, "percent:0.2", 2.5, "close")) == (
        "cash 25,000 · commission 0.2 % of the trade · slippage 2.5 bp · "
        "filled at the signal's own close"
    )
    assert "filled at the next bar's open" in settings_text(SimulationSettings())
