"""Splits and dividends from files, as people and programs write them."""

from datetime import date

import pytest
from real_bars import ROOT
from sqlalchemy import select

from db.models import SymbolEvent
from scripts import corporate_actions
from services.corporate_actions import Action, import_actions, read_actions
from services.errors import InvalidFile

SHIPPED = ROOT / "data" / "sample" / "events" / "corporate_actions.csv"


@pytest.fixture
def written(tmp_path):
    def write(text: str, name="actions.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def stored(database):
    with database.reading() as session:
        return [
            (event.symbol, event.date, event.event_type, event.value)
            for event in session.scalars(select(SymbolEvent).order_by(SymbolEvent.date))
        ]


def test_date_symbol_event_and_value_are_read(written):
    file = read_actions(
        written(
            "date,symbol,event,value\n2020-08-31,AAPL,split,4\n2020-11-06,aapl,Dividend,0.205\n"
        )
    )
    assert file.actions == [
        Action("AAPL", date(2020, 8, 31), "split", 4.0),
        Action("AAPL", date(2020, 11, 6), "dividend", 0.205),
    ]
    assert file.refused == []


@pytest.mark.parametrize(
    ("text", "ratio"),
    [("2", 2.0), ("2:1", 2.0), ("3/2", 1.5), ("1-for-10", 0.1), ("7 for 1", 7.0), ("1:8", 0.125)],
)
def test_a_split_is_new_shares_for_old_ones(written, text, ratio):
    path = written(f"Date;Type;Value\n2020-08-31;split;{text}\n")
    (action,) = read_actions(path, "XYZ").actions
    assert (action.symbol, action.value) == ("XYZ", pytest.approx(ratio))


def test_a_table_with_a_column_for_each_kind_is_read(written):
    path = written("Date,Dividends,Stock Splits\n2020-08-31,0.0,4.0\n2020-11-06,0.205,0.0\n")
    assert [(a.kind, a.value) for a in read_actions(path, "AAPL").actions] == [
        ("split", 4.0),
        ("dividend", 0.205),
    ]


def test_however_many_zeros_say_that_nothing_happened(written):
    path = written("Date,Dividends,Stock Splits\n2020-08-31,0.000000,4.00\n2020-09-01,0.00,0.000\n")
    file = read_actions(path, "AAPL")
    assert [(a.kind, a.value) for a in file.actions] == [("split", 4.0)]
    assert file.refused == []


def test_the_shipped_list_is_read_whole():
    file = read_actions(SHIPPED)
    splits = [(a.symbol, a.date.isoformat(), a.value) for a in file.actions if a.kind == "split"]
    assert splits == [
        ("AAPL", "2000-06-21", 2.0),
        ("AAPL", "2005-02-28", 2.0),
        ("MSFT", "2003-02-18", 2.0),
    ]
    assert sum(a.kind == "dividend" for a in file.actions) == 92


def test_a_ratio_of_one_is_no_split(written):
    path = written("ts,symbol,ex_dividend,split_ratio\n2015-02-05,AAPL,0.47,1.0\n")
    assert [(a.kind, a.value) for a in read_actions(path).actions] == [("dividend", 0.47)]


def test_rows_that_make_no_sense_are_refused_with_their_number(written):
    file = read_actions(
        written(
            "date,symbol,event,value\n2020-08-31,AAPL,split,4\n2020-09-31,AAPL,split,2\n"
            "2020-10-01,AAPL,merger,2\n2020-10-02,AAPL,dividend,lots\n2020-10-05,<b>,split,2\n"
            "2020-10-06,AAPL,split,-2\n2020-10-07,AAPL,dividend,\n"
        )
    )
    assert len(file.actions) == 1
    assert [refused.row for refused in file.refused] == [2, 3, 4, 5, 6, 7]
    assert "merger" in file.refused[1].reason


@pytest.mark.parametrize(
    "text", ["date,open,high,low,close\n2020-08-31,1,2,1,2\n", "when,what\n2020-08-31,split\n"]
)
def test_another_kind_of_table_is_not_taken_for_actions(written, text):
    with pytest.raises(InvalidFile, match="columns date, symbol, event"):
        read_actions(written(text), "AAPL")


def test_a_file_without_symbols_needs_one(written):
    with pytest.raises(InvalidFile, match="name the symbol"):
        read_actions(written("date,event,value\n2020-08-31,split,4\n"))


def test_the_same_file_twice_changes_nothing_and_a_correction_replaces(database, written):
    first = written(
        "date,symbol,event,value\n2020-08-31,AAPL,split,5\n2020-11-06,AAPL,dividend,1\n"
    )
    report = import_actions(database, first)
    assert (report.symbols, report.new) == (["AAPL"], 2)
    assert import_actions(database, first).unchanged == 2
    report = import_actions(database, written("date,symbol,event,value\n2020-08-31,AAPL,split,4\n"))
    assert (report.new, report.changed) == (0, 1)
    assert stored(database) == [
        ("AAPL", date(2020, 8, 31), "split", 4.0),
        ("AAPL", date(2020, 11, 6), "dividend", 1.0),
    ]


def test_the_command_tells_what_it_stored_and_refused(home, capsys):
    (home / "actions.csv").write_text(
        "date,symbol,event,value\n2020-08-31,AAPL,split,4\n2020-10-01,AAPL,merger,2\n"
    )
    assert corporate_actions.main(["actions.csv"]) == 0
    printed = capsys.readouterr().out
    assert "AAPL: 1 new, 0 changed, 0 unchanged, 1 refused." in printed
    assert 'row 2: "merger" is no split and no dividend' in printed
    assert corporate_actions.main(["nowhere.csv"]) == 1
    assert "There is no file" in capsys.readouterr().err
