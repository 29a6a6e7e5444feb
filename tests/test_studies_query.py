"""The list of studies in the address of Optimise: what it asks for, beside what the form says."""

from pathlib import Path

import pytest
from dash.development.base_component import Component

from components.optimise_studies import study_columns
from dashboard.app import create_app
from pages.list_query import filter_or_default
from pages.optimise_query import query_of_search, request_of, unknown_names
from pages.studies_query import filter_of, query_of
from services.optimise.grid_text import text_of
from services.settings import Settings
from services.studies import StudyFilter
from services.studies.listing import SORTS


@pytest.mark.parametrize(
    "wanted",
    [
        StudyFilter(),
        StudyFilter(text="ma_cross #7"),
        StudyFilter(sort="best"),
        StudyFilter(text="a", sort="id", descending=False),
    ],
)
def test_an_address_is_written_as_it_is_read(wanted):
    assert filter_of(dict(query_of(wanted))) == wanted


def test_the_usual_list_needs_no_words_in_the_address():
    assert query_of(StudyFilter()) == []


def test_an_unknown_order_is_named_and_the_newest_come_first():
    wanted, trouble = filter_or_default(filter_of, {"q": "a", "sort": "bets", "order": "asc"})
    assert wanted == StudyFilter("a")
    assert 'Did you mean "best"?' in trouble


def test_the_form_and_the_list_share_an_address():
    query = query_of_search("?symbol=AAPL&strategy=rsi&g.period=7&q=aapl&sort=best&order=asc")
    assert unknown_names(query) == []
    assert text_of(request_of(query).space["period"]) == "7"
    assert filter_of(query) == StudyFilter("aapl", sort="best", descending=False)


def test_each_column_that_sorts_has_a_name_by_which_the_server_sorts():
    sorts = [
        column.get("colId", column["field"])
        for column in study_columns()
        if column.get("sortable", True)
    ]
    assert len(sorts) == 9
    assert set(sorts) <= set(SORTS)


@pytest.mark.parametrize(
    "query",
    [{"q": "%" * 9999, "sort": "<b>"}, {"q": ["a", "b"], "order": "x"}, {"q": "\0\ud800"}],
    ids=["long", "several", "odd"],
)
def test_a_nonsense_address_shows_the_page(tmp_path: Path, query):
    app = create_app(Settings(database_url="", data_dir=tmp_path))
    with app.server.test_request_context():
        root = app.server.config["LAYOUTS"]["pages.optimise"](**query)
    assert any(
        getattr(one, "id", "") == "opt-followed"
        for one in root._traverse()
        if isinstance(one, Component)
    )
