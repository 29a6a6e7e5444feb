"""Finding saved runs: words, tags, filters, order and pages, alike on both engines."""

from dataclasses import replace

import pytest
from builders import closes
from test_runs import made, saved

from services.errors import InvalidParams
from services.metrics import METRIC_SPECS
from services.runs import (
    RunFilter,
    all_tags,
    change_run,
    delete_runs,
    find_runs,
    restore_runs,
)
from services.runs.find import SORTS


def store(database, count, **metrics):
    """Save small runs whose metrics are those given: a list for each name."""
    runs = []
    for n in range(count):
        run = made(closes(10.0, 11.0), params={"fast": 5 + n, "slow": 50})
        changed = {name: values[n] for name, values in metrics.items()}
        result = replace(run.result, metrics=run.result.metrics | changed)
        runs.append(saved(database, replace(run, result=result), bars=f"{n}"))
    return runs


def found(database, **asked):
    return [row.id for row in find_runs(database, RunFilter(**asked)).rows]


def test_without_a_wish_all_runs_come_newest_first(database):
    store(database, 3)
    page = find_runs(database)
    assert ([row.id for row in page.rows], page.total) == ([3, 2, 1], 3)


def test_an_empty_database_has_no_runs_and_no_tags(database):
    page = find_runs(database, RunFilter(text="x", tags=("a",), favourite=True, sort="sharpe"))
    assert (page.rows, page.total) == ([], 0)
    assert all_tags(database) == ()


@pytest.mark.parametrize("name", SORTS)
@pytest.mark.parametrize("descending", [True, False])
def test_every_order_has_every_run_once(database, name, descending):
    store(database, 3)
    assert sorted(found(database, sort=name, descending=descending)) == [1, 2, 3]


def test_runs_are_sorted_by_a_metric_as_numbers_with_the_undefined_last(database):
    store(database, 6, sharpe=[9.5, None, -3.0, 10.25, 0.0, 1e-9])
    assert found(database, sort="sharpe") == [4, 1, 6, 5, 3, 2]
    assert found(database, sort="sharpe", descending=False) == [3, 5, 6, 1, 4, 2]


def test_equal_values_keep_one_order_over_the_pages(database):
    store(database, 7, trades=[3, 1, 3, 1, 3, 1, 3])
    pages = [
        [row.id for row in find_runs(database, RunFilter(sort="trades"), start, 2).rows]
        for start in range(0, 8, 2)
    ]
    assert pages == [[7, 5], [3, 1], [6, 4], [2]]


def test_names_are_sorted_in_any_case_and_the_nameless_come_last(database):
    store(database, 4)
    for run_id, name in ((1, "beta"), (2, "Alpha"), (4, "Gamma")):
        change_run(database, run_id, name=name)
    assert found(database, sort="name", descending=False) == [2, 1, 4, 3]
    assert found(database, sort="name") == [4, 1, 2, 3]


def test_resolutions_are_sorted_by_length(database):
    for n, resolution in enumerate(["1d", "5m", "1h", "15m", "1w"]):
        run = made(closes(10.0, 11.0))
        asked = replace(run.request, resolution=resolution)
        saved(database, replace(run, request=asked), bars=f"{n}")
    assert found(database, sort="resolution", descending=False) == [2, 4, 3, 1, 5]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [3, 2, 1]),
        ("aapl", [3, 2, 1]),
        ("AAPL ma_cross 1d", [3, 2, 1]),
        ("ma%cross", []),
        ("maxcross", []),
        ("%", [1]),
        ("_", [3, 2, 1]),
        ("100%_sure", [1]),
        ("100%", [1]),
        ("/", [3]),
        ("\\", []),
        ("fast", [3, 2, 1]),
        ("fast=6", [2]),
        ("fast=6 slow=50", [2]),
        ("fast 6", [2]),
        ("momentum", [2]),
        ("MOMENT", [2]),
        ("dip buyer", [3]),
        ("buyer dip", [3]),
        ("dip momentum", []),
        ("überkauft", [3]),
        ("ÜBERKAUFT", [3]),
        ("#2", [2]),
        ("3", [3]),
        ("'; drop table backtest_runs; --", []),
        ("<script>", []),
        ("\0aapl\ud800", [3, 2, 1]),
        ("9" * 5000, []),
        ("a " * 5000, [3, 2, 1]),
    ],
    ids=lambda value: str(ascii(value))[:24],
)
def test_words_are_found_plainly_wherever_they_stand(database, text, expected):
    store(database, 3)
    change_run(database, 1, name="100%_sure")
    change_run(database, 2, tags=["Momentum"])
    change_run(database, 3, notes="Dip buyer, w/o stop. Überkauft.")
    assert found(database, text=text) == expected


def test_a_run_must_have_all_the_tags_asked_for(database):
    store(database, 3)
    change_run(database, 1, tags="a, b")
    change_run(database, 2, tags=["b", "c"])
    assert found(database, tags=("b",)) == [2, 1]
    assert found(database, tags=(" A ", "B")) == [1]
    assert found(database, tags=("a", "c")) == []
    assert all_tags(database) == ("a", "b", "c")


def test_filters_hold_together(database):
    store(database, 3)
    change_run(database, 2, favourite=True)
    assert found(database, favourite=True) == [2]
    assert found(database, favourite=True, symbol="aapl", strategy="ma_cross") == [2]
    assert found(database, symbol="MSFT") == found(database, strategy="rsi") == []


def test_deleted_runs_are_out_of_sight_with_their_tags(database):
    store(database, 3)
    change_run(database, 2, tags="gone")
    delete_runs(database, [2])
    assert found(database) == [3, 1]
    assert found(database, deleted=True) == [2]
    assert all_tags(database) == ()
    restore_runs(database, [2])
    assert found(database, tags=("gone",)) == [2]


@pytest.mark.parametrize(
    ("offset", "limit", "expected"),
    [(0, 2, [3, 2]), (2, 2, [1]), (3, 2, []), (-5, 1, [3]), (2**70, 5, []), (0, -1, [])],
)
def test_a_page_beyond_the_ends_is_empty_and_still_says_how_many_there_are(
    database, offset, limit, expected
):
    store(database, 3)
    page = find_runs(database, RunFilter(), offset, limit)
    assert ([row.id for row in page.rows], page.total) == (expected, 3)


def test_an_order_that_is_not_there_is_refused_with_a_proposal():
    with pytest.raises(InvalidParams, match='Did you mean "sharpe"') as caught:
        RunFilter(sort="sharp")
    assert caught.value.field == "sort"


@pytest.mark.parametrize(
    "name", ["trades_json", "id; drop table", "__class__", "", None, "a" * 999]
)
def test_only_columns_and_metrics_are_orders(name):
    with pytest.raises(InvalidParams, match="cannot be sorted"):
        RunFilter(sort=name)
    assert set(METRIC_SPECS) < set(SORTS)
