"""The address of the page Optimise."""

import pytest
from dash import no_update

from components.optimise_form import query_of_form
from pages.form_state import unless_equal
from pages.optimise_query import (
    asks_alike,
    query_of,
    query_of_search,
    request_of,
    search_of,
    unknown_names,
    written,
)
from services.errors import InvalidParams

AAPL = {"symbol": "AAPL", "strategy": "ma_cross"}


def test_an_address_says_what_is_tried_how_and_what_for():
    search = "?symbol=aapl&strategy=ma_cross&duration=5 Y&g.fast=5:20:5&objective=max_drawdown"
    request = request_of(query_of_search(search))
    assert request.backtest.symbol == "AAPL"
    assert request.space == {"fast": [5, 10, 15, 20], "slow": [50, 100, 200]}
    assert request.objective.metric == "max_drawdown"
    assert request.method == "grid"


@pytest.mark.parametrize(
    "more",
    [
        {"g.fast": "5:20:5", "g.slow": "30,70"},
        {"method": "random", "samples": "50", "seed": "3", "g.fast": "2:90"},
        {"method": "walk_forward", "train": "2 Y", "test": "6 M", "embargo": "5", "anchored": "on"},
        {"second": "max_drawdown", "third": "volatility", "minimum_trades": "5"},
        {"method": "search", "samples": "50", "objective": "cagr", "second": "sharpe"},
        {"minimum_trades": "30", "duration": "5 Y", "cash": "5000", "commission": "none"},
    ],
)
def test_an_address_is_written_as_it_is_read(more):
    request = request_of(AAPL | more)
    again = request_of(query_of_search(search_of(query_of(request))))
    assert again.as_record() == request.as_record()


@pytest.mark.parametrize(
    ("typed", "stands"),
    [
        ("20:35:5", "20:35:5"),
        ("20:30:5", "20:30:5"),
        ("20:37:5", "20:37:5"),
        ("20,25,30,35", "20:35:5"),
        ("20, 30", "20,30"),
        ("1:99:0.5", "1:99:0.5"),
    ],
)
def test_values_stand_in_the_address_as_they_were_typed_where_that_is_short(typed, stands):
    query = {"symbol": "AAPL", "strategy": "rsi", "g.lower": typed}
    assert written(query)["g.lower"] == stands
    assert f"&g.lower={stands}&" in search_of(written(query))
    assert asks_alike(query, written(query))
    assert written(written(query)) == written(query)


def test_an_address_that_asks_for_the_same_is_left_as_it_is():
    assert asks_alike(AAPL, AAPL | {"method": "grid", "g.slow": "50,100,200", "seed": ""})
    assert not asks_alike(AAPL, AAPL | {"g.slow": "50,100"})
    assert not asks_alike(AAPL | {"g.slow": "x"}, AAPL | {"g.slow": "x"})


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"g.fast": "x"}, "fast"),
        ({"method": "guess"}, "method"),
        ({"objective": "beauty"}, "objective"),
        ({"samples": "many"}, "samples"),
        ({"samples": "0"}, "samples"),
        ({"samples": "9" * 30}, "samples"),
        ({"strategy": "no_such"}, "strategy"),
        ({"symbol": ""}, "symbol"),
        ({"method": "walk_forward", "test": "6 M"}, "train"),
        ({"minimum_trades": "-1"}, "minimum_trades"),
        ({"second": "sharpe"}, "second"),
        ({"second": "cagr", "third": "cagr"}, "third"),
        ({"second": "beauty"}, "second"),
        ({"third": "trades"}, "second"),  # it is the second one that is named
        ({"method": "walk_forward", "train": "2 Y", "test": "6 M", "second": "cagr"}, "method"),
    ],
)
def test_what_an_address_cannot_mean_is_said_at_its_field(more, field):
    with pytest.raises(InvalidParams) as refusal:
        request_of(AAPL | more)
    assert refusal.value.field == field


def test_none_is_no_objective():
    request = request_of(AAPL | {"second": "none", "third": "Max_Drawdown"})
    assert [one.metric for one in request.objectives] == ["sharpe", "max_drawdown"]
    assert "none" not in query_of(request).values()


def test_a_form_says_further_objectives_only_where_they_are_in_sight():
    fields = {"method": "grid", "second": "none", "third": "cagr"}
    assert "third" not in query_of_form(fields, {})
    assert "second" in query_of_form(fields, {})
    walk = query_of_form(fields | {"method": "walk_forward", "second": "cagr"}, {})
    assert not {"second", "third"} & walk.keys()


def test_names_of_another_page_are_told():
    assert unknown_names(AAPL | {"g.fast": "1", "g.no": "1", "p.fast": "2"}) == ["g.no", "p.fast"]


@pytest.mark.parametrize(
    ("value", "wanted", "told"),
    [
        (False, "", no_update),
        (False, "false", no_update),
        (True, "on", no_update),
        (True, "true", no_update),
        (False, "Yes", True),
        (True, "", False),
        (True, None, no_update),
        ("5", "5", no_update),
        (None, "", no_update),
        ("5", "", ""),
        ("5", "7", "7"),
    ],
)
def test_a_field_is_told_only_what_it_does_not_say_already(value, wanted, told):
    found = unless_equal({"value": value}, wanted)
    assert found is told if told is no_update else (type(found), found) == (type(told), told)
