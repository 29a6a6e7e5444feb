"""Events beside the prices: what the tables hold, in words that a chart shows."""

from datetime import date, datetime

import pandas as pd
import pytest
from sqlalchemy import text

from db.models import MarketEvent, SymbolEvent
from services.corporate_actions import import_actions
from services.errors import InvalidParams
from services.events import LETTERS, events_of

DAY = date(2024, 3, 15)


def add(database, *events):
    with database.writing() as session:
        session.add_all(events)


def of_symbol(event_type, value=None, day=DAY, symbol="TEST", details=None):
    return SymbolEvent(symbol=symbol, date=day, event_type=event_type, value=value, details=details)


def of_market(event_type, value=None, day=DAY, description=None):
    return MarketEvent(date=day, event_type=event_type, value=value, description=description)


def told(database, *span):
    return [(e.date, e.kind, e.letter, e.text) for e in events_of(database, "TEST", *span)]


def test_each_kind_has_its_letter_and_its_words(database):
    add(
        database,
        of_symbol("earnings", 1.53),
        of_symbol("dividend", 0.24),
        of_symbol("split", 4.0),
        of_symbol("guidance_cut"),
        of_market("cpi", 3.2, description="Consumer prices,\nFebruary"),
    )
    assert told(database) == [
        (DAY, "earnings", "E", "Earnings 1.53"),
        (DAY, "dividend", "D", "Dividend 0.24"),
        (DAY, "split", "S", "Split 4:1"),
        (DAY, "macro", "M", "Cpi 3.2 · Consumer prices, February"),
        (DAY, "other", "•", "Guidance cut"),
    ]


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [
        ("EARNINGS_RELEASE", "earnings"),
        ("Quarterly earnings", "earnings"),
        ("eps", "earnings"),
        ("Cash Dividend", "dividend"),
        ("ex-dividend", "dividend"),
        ("DIVIDEND_SPECIAL", "dividend"),
        ("Stock-Split", "split"),
        ("reverse_split", "split"),
        ("ticker change", "other"),
        ("", "other"),
        ("   ", "other"),
        ("<img src=x onerror=alert(1)>", "other"),
        ("決算", "other"),
        ("'; DROP TABLE symbol_events; --", "other"),
        ("x" * 64, "other"),
    ],
)
def test_whatever_another_program_calls_an_event_is_of_some_kind(database, event_type, kind):
    add(database, of_symbol(event_type, 2.0))
    (event,) = events_of(database, "TEST")
    assert (event.kind, event.letter) == (kind, LETTERS[kind])
    assert 0 < len(event.text) <= 120


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (4.0, "Split 4:1"),
        (1.5, "Split 1.5:1"),
        (0.1, "Split 1:10"),
        (None, "Split"),
        (0.0, "Split 0"),
        (-2.0, "Split -2"),
    ],
)
def test_a_split_says_how_many_shares_become_how_many(database, ratio, words):
    add(database, of_symbol("split", ratio))
    assert told(database)[0][3] == words


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), None])
def test_a_value_that_is_no_number_is_not_shown(database, value):
    add(database, of_symbol("earnings", value))
    assert told(database) == [(DAY, "earnings", "E", "Earnings")]


def test_only_the_symbols_own_and_the_markets_events_are_given(database):
    add(database, of_symbol("earnings"), of_symbol("earnings", symbol="OTHER"), of_market("fomc"))
    assert [event.text for event in events_of(database, "test")] == ["Earnings", "Fomc"]
    assert [event.text for event in events_of(database, "NOWHERE")] == ["Fomc"]


@pytest.mark.parametrize("as_moment", [lambda day: day, lambda day: pd.Timestamp(day, tz="UTC")])
def test_both_ends_of_the_span_are_included(database, as_moment):
    days = [date(2024, 3, day) for day in (14, 15, 16, 17)]
    add(database, *(of_symbol("earnings", day=day) for day in days))
    add(database, *(of_market("cpi", day=day) for day in days))
    events = events_of(database, "TEST", as_moment(days[1]), as_moment(days[2]))
    assert [event.date for event in events] == [days[1], days[1], days[2], days[2]]


def test_events_come_in_the_order_of_their_days(database):
    days = [date(2024, month, 1) for month in (5, 1, 12, 3)]
    add(database, *(of_symbol("dividend", 1.0, day) for day in days))
    assert [event.date for event in events_of(database, "TEST")] == sorted(days)


def test_an_event_that_stands_there_twice_is_one(database):
    add(database, of_symbol("earnings", 1.0), of_symbol("earnings", 1.0))
    assert len(events_of(database, "TEST")) == 1


def test_details_of_any_form_do_no_harm(database):
    for details in ({"source": "x"}, [1, 2], "words", 5):
        add(database, of_symbol("earnings", details=details))
    assert len(events_of(database, "TEST")) == 1


def test_a_long_description_is_cut(database):
    add(database, of_market("fomc", description="words " * 1000))
    assert len(told(database)[0][3]) <= 120


def test_what_another_program_wrote_into_sqlite_as_a_date_is_read_or_left_out(workspace):
    rows = ["2024-03-15", "2024-03-15 14:30:00.000000", "15.03.2024", "", "soon", 20240315]
    with workspace.database.writing() as session:
        for day in rows:
            session.execute(
                text(
                    "INSERT INTO symbol_events (symbol, date, event_type, details) "
                    "VALUES ('TEST', :day, 'earnings', 'not json')"
                ),
                {"day": day},
            )
    assert told(workspace.database) == [(DAY, "earnings", "E", "Earnings")]


def test_splits_and_dividends_of_a_file_are_events(database, tmp_path):
    file = tmp_path / "actions.csv"
    file.write_text(
        "date,symbol,event,value\n2020-08-31,AAPL,split,4\n2024-02-09,AAPL,dividend,0.24\n"
    )
    import_actions(database, file)
    assert [(e.date, e.letter, e.text) for e in events_of(database, "AAPL")] == [
        (date(2020, 8, 31), "S", "Split 4:1"),
        (date(2024, 2, 9), "D", "Dividend 0.24"),
    ]


def test_a_moment_of_the_day_counts_as_its_day(database):
    add(database, of_symbol("earnings"))
    noon = datetime(2024, 3, 15, 12)  # noqa: DTZ001
    assert len(events_of(database, "TEST", noon, noon)) == 1


def test_a_symbol_that_is_none_is_a_sentence(database):
    with pytest.raises(InvalidParams, match="not a symbol"):
        events_of(database, "../x")
