"""The page that compares runs as a server answers it: which runs, what is marked, wrong numbers."""

import json
from urllib.parse import urlsplit

import pytest
from builders import closes
from dash.development.base_component import Component
from test_runs import made, saved

from components.compare import compare_path
from dashboard.app import create_app
from services.runs import change_run, delete_runs

RISE = closes(10.0, 11.0, 12.0, 13.0)
FALL = closes(10.0, 9.0, 8.0, 7.0)


@pytest.fixture
def app(workspace):
    return create_app(workspace.settings)


@pytest.fixture
def runs(workspace):
    """Save seven runs of AAPL, numbered 1 to 7, of bars that rise or fall."""
    for n in range(7):
        bars = FALL if n % 2 else RISE
        saved(workspace.database, made(bars, params={"fast": 5 + n, "slow": 50}), bars=f"{n}")
    return workspace.database


def page(app, **query) -> Component:
    with app.server.test_request_context():
        return app.server.config["LAYOUTS"]["pages.compare"](**query)


def having(root: Component, **wanted) -> list[Component]:
    """Return the components whose properties have these values; class is one of the names."""
    return [
        one
        for one in root._traverse()
        if isinstance(one, Component)
        and all(
            value in str(getattr(one, name, "")).split() if name == "className"
            else getattr(one, name, None) == value
            for name, value in wanted.items()
        )
    ]  # fmt: skip


def words(root) -> str:
    """Return the text of a component and of all below it."""
    if not isinstance(root, Component):
        return str(root) if isinstance(root, str | int) else ""
    children = getattr(root, "children", None)
    children = children if isinstance(children, list) else [children]
    return " ".join(" ".join(words(child) for child in children).split())


def shown(root: Component) -> list[str]:
    return [getattr(card, "data-run") for card in having(root, className="compare-run")]


def test_the_runs_stand_in_the_order_of_the_address(app, runs):
    root = page(app, ids="3,1,2")
    assert shown(root) == ["3", "1", "2"]
    assert having(root, id="compare-growth")
    assert not having(root, className="caution")


def test_each_run_can_be_taken_out_and_opened(app, runs):
    (card,) = having(page(app, ids="3,1"), **{"data-run": "3"})
    addresses = [one.href for one in card._traverse() if hasattr(one, "href")]
    assert addresses == ["/runs/3", "/runs/compare?ids=1"]


@pytest.mark.parametrize(
    ("ids", "expected", "sentence"),
    [
        (None, [], None),
        ("", [], None),
        (",,, ,", [], None),
        ("1", ["1"], None),
        ("1,1,01", ["1"], None),
        ("1,2,99", ["1", "2"], 'no saved run "99"'),
        ("<b>,2,-1,1.5", ["2"], 'no saved run "<b>"'),
        ("1,2,3,4,5,6,7", ["1", "2", "3", "4", "5", "6"], "At most 6 runs"),
        (["1", "2"], ["1", "2"], None),
        ("9" * 5000, [], "no saved run"),
        ("'; drop table backtest_runs; --,1,2", ["1", "2"], "no saved run"),
    ],
)
def test_what_the_address_names_is_shown_and_the_rest_is_said(app, runs, ids, expected, sentence):
    root = page(app, ids=ids)
    assert shown(root) == expected
    said = " ".join(words(one) for one in having(root, className="caution"))
    assert (sentence in said) if sentence else not said
    way_on = having(root, className="empty-state")
    assert bool(way_on) == (len(expected) < 2)


def test_a_deleted_run_is_left_out_with_a_sentence(app, runs):
    delete_runs(runs, [2])
    root = page(app, ids="1,2,3")
    assert shown(root) == ["1", "3"]
    assert "deleted" in words(having(root, className="caution")[0])


def test_the_best_of_each_metric_is_marked_by_a_word_too(app, workspace):
    first, second = (
        saved(workspace.database, made(params={"fast": fast, "slow": 20}), bars=f"{fast}")
        for fast in (5, 10)
    )
    (row,) = having(page(app, ids="1,2"), **{"data-metric": "total_return"})
    returns = [run.result.metrics["total_return"] for run in (first, second)]
    assert returns[0] != returns[1]
    best = 1 + returns.index(max(returns))
    assert ["best:" in words(cell) for cell in row.children] == [i == best for i in range(3)]


def test_where_all_are_equal_none_is_best(app, runs):
    assert not having(page(app, ids="1,2"), className="is-best")


def test_only_what_differs_is_marked(app, runs):
    settings = having(page(app, ids="1,2"), id="compare-settings")[0]
    names = {words(row.children[0]) for row in having(settings, className="is-different")}
    assert {"fast differs", "Bars used differs"} <= names
    alike = {words(row.children[0]) for row in having(settings, className="is-same")}
    assert {"Symbol", "slow", "Cash", "Commission", "Slippage", "Fill"} <= alike


def test_names_are_text_and_the_page_stays_small(app, runs):
    nasty = "<script>alert(1)</script>"
    change_run(runs, 1, name=nasty)
    root = page(app, ids="1,2,3,4,5,6")
    assert nasty in words(having(root, **{"data-run": "1"})[0])
    for one in root._traverse():
        assert not hasattr(one, "dangerously_allow_html")
    assert len(json.dumps(root, default=lambda o: o.to_plotly_json())) < 300_000


def test_the_address_of_a_comparison_wins_over_that_of_a_run(app, runs):
    client = app.server.test_client()
    assert client.get(compare_path([1, 2])).status_code == 200
    assert urlsplit(compare_path([1, 2])).query == "ids=1,2"
