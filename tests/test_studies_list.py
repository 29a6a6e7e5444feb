"""Lists of saved studies: words, filters, order, pages, names, deletion; alike on both engines."""

import pytest
from builders import random_walk
from sqlalchemy import update
from test_studies import a_job, created, request, results

from db.models import Study as Row
from services.errors import InvalidParams, UnknownStudy
from services.ingest.store import store_bars
from services.jobs.store import JobTable
from services.optimise.objective import Objective
from services.settings import Settings
from services.studies import (
    StudyFilter,
    add_chunk,
    begin_study,
    change_study,
    delete_studies,
    end_study,
    find_studies,
    find_study,
    restore_studies,
)
from services.studies.listing import SORTS
from services.studies.start import start_study
from services.workspace import Workspace
from strategies.registry import strategy_class


@pytest.fixture
def three(database):
    """Give three studies: what the tests look for is in one or two of them."""
    asked = (
        request("AAPL"),
        request("MSFT", method="sobol", objective=Objective("calmar", 5)),
        request("AAPL", "rsi", {"period": [7, 14]}),
    )
    return [created(database, one).id for one in asked]


def found(database, offset=0, limit=100, **asked):
    return [study.id for study in find_studies(database, StudyFilter(**asked), offset, limit).rows]


def test_the_latest_comes_first_and_all_are_counted(database, three):
    page = find_studies(database, limit=2)
    assert ([study.id for study in page.rows], page.total) == ([3, 2], 3)
    assert found(database, offset=2, limit=2) == [1]
    assert find_studies(database, offset=9).total == 3


def test_an_empty_database_has_no_studies(database):
    page = find_studies(database, StudyFilter(text="x", symbol="A", state="running", sort="best"))
    assert (page.rows, page.total) == ([], 0)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"symbol": " aapl"}, [3, 1]),
        ({"strategy": "rsi"}, [3]),
        ({"method": "sobol"}, [2]),
        ({"text": "MSFT"}, [2]),
        ({"text": "aapl 1d ma_cross"}, [1]),
        ({"text": "calm"}, [2]),
        ({"text": "#3"}, [3]),
        ({"text": "dips"}, [1]),
        ({"text": "ÜBERKAUFT"}, [1]),
        ({"text": "100%_"}, [3]),
        ({"text": "%"}, [3]),
        ({"text": "9" * 5000}, []),
        ({"text": "\0aapl\ud800"}, [3, 1]),
        ({"text": "'; drop table studies; --"}, []),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_words_and_filters_find_what_holds_all_of_them(database, three, asked, expected):
    change_study(database, 1, name="Buys the dips", notes="nicht überkauft")
    change_study(database, 3, name="100%_sure")
    assert found(database, **asked) == expected


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [True, False])
def test_every_order_has_every_study_once_over_the_pages(database, three, sort, descending):
    pages = [
        found(database, offset, 1, sort=sort, descending=descending) for offset in range(len(three))
    ]
    assert sorted(sum(pages, [])) == three


def test_states_are_those_that_readers_see(database, three):
    one, two, three = three
    begin_study(database, one)
    end_study(database, two, "done")
    with database.writing() as session:  # its worker is gone
        gone = session.get(Row, one).worker.rpartition(":")[0] + ":1"
        session.execute(update(Row).where(Row.id == one).values(worker=gone))
    assert found(database, state="interrupted") == [one]
    assert found(database, state="running") == []
    assert found(database, state="waiting") == [three]
    assert found(database, state="done") == [two]
    assert found(database, sort="state", descending=False) == [three, two, one]


@pytest.mark.parametrize(("metric", "pick"), [("sharpe", max), ("volatility", min)])
def test_the_best_value_is_kept_with_the_chunks(database, metric, pick):
    study = created(database, request(objective=Objective(metric)))
    assert study.best is None
    frames = [results(first, 2) for first in (0, 2, 4)]
    for number, frame in enumerate(frames):
        add_chunk(database, study.id, number, frame)
        seen = [value for one in frames[: number + 1] for value in one[metric]]
        assert find_study(database, study.id).best == pick(seen)


def test_too_few_trades_are_no_best_value(database):
    study = created(database, request(objective=Objective("sharpe", 100)))
    frame = results(0, 2).assign(trades=[99, 100], sharpe=[9.0, -1.0])
    add_chunk(database, study.id, 0, frame.assign(trades=99))
    assert find_study(database, study.id).best is None
    add_chunk(database, study.id, 1, frame)
    assert find_study(database, study.id).best == -1.0


def test_studies_are_sorted_by_their_best_value_with_the_unknown_last(database, three):
    for number, value in ((1, -2.0), (3, 0.5)):
        end_study(database, number, "done", best=value)
    assert found(database, sort="best") == [3, 1, 2]
    assert found(database, sort="best", descending=False) == [1, 3, 2]


def test_name_and_notes_are_changed_and_cleared(database, three):
    study = change_study(database, "2", name=" Two\nwords ", notes="a\r\nb\0")
    assert (study.name, study.notes) == ("Two words", "a\nb")
    assert change_study(database, 2, name="").name == ""
    assert find_study(database, 2).notes == "a\nb"
    with pytest.raises(InvalidParams, match="200 characters"):
        change_study(database, 2, name="x" * 201)
    with pytest.raises(UnknownStudy):
        change_study(database, 99, name="x")


def test_what_is_deleted_is_listed_apart_and_comes_back(database, three):
    assert delete_studies(database, [2, "x", 99]) == 1
    assert found(database) == [3, 1]
    assert found(database, deleted=True) == [2]
    with pytest.raises(UnknownStudy):
        change_study(database, 2, name="x")
    assert restore_studies(database, [2, 3]) == 1
    assert found(database) == [3, 2, 1]


def test_deleting_a_study_cancels_its_job(database, database_url, tmp_path):
    store_bars(database, "TEST", "1d", random_walk(80))
    settings = Settings(database_url=database_url, data_dir=tmp_path / "data")
    office = Workspace(settings, database, strategy_class=strategy_class)
    waiting = start_study(office, request())
    running = created(database, request("OTHER"))
    job = a_job(database, "running")
    with database.writing() as session:
        session.execute(update(Row).where(Row.id == running.id).values(job_id=job))
    delete_studies(database, [waiting.id, running.id])
    assert JobTable(database).find(waiting.job_id).state == "cancelled"
    assert JobTable(database).find(job).cancel_requested


@pytest.mark.parametrize("field", ["sort", "method", "state"])
def test_an_unknown_word_is_answered_with_those_that_are_known(field):
    with pytest.raises(InvalidParams, match="use one of"):
        StudyFilter(**{field: "nonsense"})


def test_a_study_stored_with_what_is_refused_by_now_spoils_no_list(database):
    study = created(database, request("MSFT", method="search", space={"fast": (5, 10)}))
    with database.writing() as session:
        session.execute(update(Row).values(asked=study.request.as_record() | {"seed": -1}))
    assert [row.id for row in find_studies(database).rows] == [study.id]
