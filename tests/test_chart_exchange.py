"""What charts know of exchanges: their clocks, and when their days begin."""

import pytest

from services.charts.exchange import Exchange, exchange_of
from services.instruments import Instrument


@pytest.mark.parametrize(
    ("known", "exchange"),
    [
        ({"exchange": "NASDAQ", "timezone": "America/New_York"}, Exchange("America/New_York")),
        ({"exchange": "CME", "timezone": "America/Chicago"}, Exchange("America/Chicago", 7 * 60)),
        ({"exchange": "NYMEX", "timezone": "America/New_York"}, Exchange("America/New_York", 360)),
        (
            {"exchange": "IDEALPRO", "asset_class": "forex", "timezone": "America/New_York"},
            Exchange("America/New_York", 7 * 60),
        ),
        ({"exchange": "ASX", "timezone": "Australia/Sydney"}, Exchange("Australia/Sydney")),
        ({"asset_class": "crypto"}, Exchange("UTC")),
        ({"timezone": "Nowhere/Land"}, Exchange("UTC")),
        ({}, Exchange("UTC")),
    ],
    ids=str,
)
def test_a_day_begins_when_its_session_does(known, exchange):
    assert exchange_of(Instrument("TEST", **known)) == exchange


def test_of_a_symbol_that_is_not_stored_nothing_is_known():
    assert exchange_of(None) == Exchange("UTC", 0)
