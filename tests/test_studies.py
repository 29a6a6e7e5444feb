"""Saved studies: stored chunk by chunk, gone on with, read as a whole, counted; on both engines."""

import threading
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from builders import random_walk
from sqlalchemy import select, update

from db.models import Job, StudyChunk
from db.models import Study as Row
from services.backtest import BacktestRequest, SimulationSettings
from services.errors import InvalidParams, UnknownStudy
from services.ingest.store import store_bars
from services.metrics import METRICS
from services.optimise.objective import Objective
from services.research import run_request
from services.settings import Settings
from services.studies import (
    Extent,
    StudyRequest,
    add_chunk,
    begin_study,
    create_study,
    delete_studies,
    end_study,
    find_studies,
    find_study,
    load_results,
    missing_chunks,
    restore_studies,
    trials_of,
)
from services.studies.packing import pack_frame, unpack_frame
from services.workspace import Workspace
from strategies.registry import load_strategy

GRID = {"fast": [5, 10], "slow": [20, 30, 40]}
GONE = "elsewhere:1:1"


def request(symbol="TEST", strategy="ma_cross", space=GRID, **how) -> StudyRequest:
    return StudyRequest(BacktestRequest(symbol, "1d", strategy), space, **how)


def results(first: int, count: int) -> pd.DataFrame:
    chance = np.random.default_rng(first)
    frame = pd.DataFrame({"fast": np.arange(first, first + count), "mode": "a"})
    for spec in METRICS:
        frame[spec.name] = chance.normal(size=count)
    frame.loc[frame.index[0], "sortino"] = np.nan
    return frame


def created(database, asked=None, extent=Extent(6, 0, 2), bars="b", code="c"):  # noqa: B008
    return create_study(database, asked or request(), extent, bars, code)


def test_a_study_is_read_as_it_was_asked(database):
    asked = StudyRequest(
        BacktestRequest("TEST", "1d", "ma_cross", duration="5 Y",
                        settings=SimulationSettings(5_000, "percent:0.1", 2, "close")),
        {"fast": (5, 50, 5), "slow": [20, np.int64(30)]},
        "sobol",
        Objective("sortino", 10),
        samples=64,
        seed=7,
    )  # fmt: skip
    study = created(database, asked)
    assert study.request == replace(asked, space={"fast": (5, 50, 5), "slow": [20, 30]})
    assert study.request.as_record() == asked.as_record()
    assert (study.state, study.done, study.combinations, study.chunks) == ("waiting", 0, 6, 3)
    assert find_studies(database).rows == [study]


def test_a_study_of_several_objectives_is_read_as_it_was_asked(database):
    backtest = BacktestRequest("TEST", "1d", "ma_cross")
    asked = StudyRequest(backtest, GRID, further=("max_drawdown", "volatility"))
    study = created(database, asked)
    assert study.request == asked
    assert [one.metric for one in study.request.objectives] == [
        "sharpe",
        "max_drawdown",
        "volatility",
    ]
    # One objective is written as it was before there could be others, and is another study.
    one = created(database, replace(asked, further=()))
    assert one.id != study.id
    assert not [name for name in one.request.as_record() if "further" in name]


def test_chunks_come_in_any_order_and_are_read_in_theirs(database):
    study = created(database)
    assert load_results(database, study.id).empty
    assert add_chunk(database, study.id, 2, results(4, 2)) == 2
    assert missing_chunks(database, study) == [0, 1]
    add_chunk(database, study.id, 0, results(0, 2))
    assert add_chunk(database, study.id, 1, results(2, 2)) == 6
    assert missing_chunks(database, study) == []
    wanted = pd.concat([results(first, 2) for first in (0, 2, 4)], ignore_index=True)
    pd.testing.assert_frame_equal(load_results(database, study.id), wanted, check_exact=True)
    assert find_study(database, study.id).done == 6


def test_a_chunk_that_comes_twice_is_stored_once(database):
    study = created(database)
    for frame in (results(0, 2), results(9, 2)):
        assert add_chunk(database, study.id, 0, frame) == 2
    pd.testing.assert_frame_equal(load_results(database, study.id), results(0, 2))


def test_chunks_that_come_at_once_are_all_counted(database):
    study = created(database, extent=Extent(16, 0, 2))
    ready = threading.Barrier(8)

    def store(number):
        ready.wait()
        add_chunk(database, study.id, number, results(2 * number, 2))

    threads = [threading.Thread(target=store, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    add_chunk(database, study.id, 0, results(0, 2))
    assert find_study(database, study.id).done == len(load_results(database, study.id)) == 16


def test_a_chunk_that_cannot_be_stored_leaves_nothing(database):
    study = created(database)
    with pytest.raises(Exception, match="Cannot convert|Could not convert|expected|Expected"):
        add_chunk(database, study.id, 0, pd.DataFrame({"x": [object(), 1]}))
    assert find_study(database, study.id).done == 0
    assert missing_chunks(database, study) == [0, 1, 2]


def test_what_is_asked_again_is_the_same_study(database):
    study = created(database)
    assert created(database).id == study.id
    assert created(database, request(space=GRID | {"fast": [5]})).id != study.id
    assert created(database, request(objective=Objective("calmar"))).id != study.id
    assert created(database, bars="other").id != study.id
    assert created(database, code="other").id != study.id


def test_another_version_makes_another_study(database, monkeypatch):
    study = created(database)
    monkeypatch.setattr("services.studies.versions.versions", lambda: {"numpy": "9.9"})
    assert created(database).id != study.id


@pytest.mark.parametrize(
    ("state", "worker", "job", "seen"),
    [
        ("running", None, None, "running"),
        ("running", "here", None, "running"),
        ("running", "gone", None, "interrupted"),
        ("running", "here", "running", "running"),
        ("running", "here", "interrupted", "interrupted"),
        ("waiting", "gone", "queued", "waiting"),
        ("waiting", "here", "cancelled", "interrupted"),
        ("cancelled", "gone", "cancelled", "cancelled"),
        ("done", "gone", "done", "done"),
    ],
)
def test_a_study_whose_worker_is_gone_is_interrupted_for_every_reader(
    database, state, worker, job, seen
):
    study = created(database)
    begin_study(database, study.id)
    values = {"state": state}
    if worker == "gone":
        this = find_row(database, study.id).worker
        values["worker"] = this.rpartition(":")[0] + ":1"
    if job:
        values["job_id"] = a_job(database, job)
    with database.writing() as session:
        session.execute(update(Row).where(Row.id == study.id).values(**values))
    assert find_study(database, study.id).state == find_studies(database).rows[0].state == seen


def find_row(database, study_id: int) -> Row:
    with database.reading() as session:
        return session.get(Row, study_id)


def a_job(database, state: str) -> int:
    from services.jobs.store import JobTable

    job, _ = JobTable(database).insert("update", {"symbol": "TEST", "resolution": "1d"})
    with database.writing() as session:
        session.execute(update(Job).where(Job.id == job.id).values(state=state))
    return job.id


def test_how_it_ended_is_kept(database):
    study = created(database)
    end_study(database, study.id, "done", summary={"best": {"fast": 5}})
    seen = find_study(database, study.id)
    assert (seen.state, seen.summary, seen.is_whole) == ("done", {"best": {"fast": 5}}, True)


def test_a_deleted_study_can_come_back_for_a_month_and_counts_for_ever(database):
    study = created(database)
    add_chunk(database, study.id, 0, results(0, 2))
    assert delete_studies(database, [study.id, "x", 99]) == 1
    with pytest.raises(UnknownStudy):
        find_study(database, study.id)
    assert find_studies(database).rows == []
    assert restore_studies(database, [study.id]) == 1
    assert find_study(database, study.id).done == 2

    delete_studies(database, [study.id])
    with database.writing() as session:
        long_ago = find_row(database, study.id).deleted_at - timedelta(days=31)
        session.execute(update(Row).values(deleted_at=long_ago))
    delete_studies(database, [])
    assert restore_studies(database, [study.id]) == 0
    with database.reading() as session:
        assert session.scalars(select(StudyChunk.number)).all() == []
    assert trials_of(database, "TEST", "1d", "ma_cross").total == 2


@pytest.mark.parametrize("number", [0, 99, "x", "-1", 2**40, "9" * 30])
def test_a_number_that_no_study_has_is_one_sentence(database, number):
    with pytest.raises(UnknownStudy, match="There is no study"):
        find_study(database, number)


def test_trials_are_counted_over_all_studies_and_runs(database, tmp_path):
    nothing = trials_of(database, "TEST", "1d", "ma_cross")
    assert (nothing.total, nothing.studies, nothing.runs) == (0, 0, 0)
    for bars in ("before", "after"):  # the same combinations, tried again on newer bars
        add_chunk(database, created(database, bars=bars).id, 0, results(0, 4))
    wider = created(database, request(space=GRID | {"fast": [5, 10, 15]}))
    add_chunk(database, wider.id, 0, results(0, 9))
    add_chunk(database, created(database, request("OTHER")).id, 0, results(0, 5))
    add_chunk(database, created(database, request(strategy="rsi")).id, 0, results(0, 5))

    store_bars(database, "TEST", "1d", random_walk(80))
    workspace = Workspace(Settings(data_dir=tmp_path), database)
    for params in ({"fast": 5, "slow": 20}, {"fast": 5, "slow": 20}, {"fast": 6, "slow": 20}):
        asked = BacktestRequest("TEST", "1d", "ma_cross", params)
        run_request(workspace, asked, load_strategy("ma_cross", **params))
    seen = trials_of(database, "TEST", "1d", "ma_cross")
    assert (seen.studies, seen.in_studies, seen.runs, seen.total) == (2, 4 + 9, 2, 15)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"method": "gird"}, 'Did you mean "grid"'),
        ({"method": "walk_forward"}, "needs the lengths"),
        ({"method": "walk_forward", "train": "2 Y"}, "needs the lengths"),
    ],
)
def test_what_cannot_be_is_said_without_data(how, words):
    with pytest.raises(InvalidParams, match=words):
        request(**how)


def test_packing_keeps_every_digit():
    frame = results(0, 50).assign(flag=[True, False] * 25, error=[None, "It failed."] * 25)
    back = unpack_frame(pack_frame(frame))
    pd.testing.assert_frame_equal(back, frame, check_exact=True)
    assert back["sharpe"].to_numpy().tobytes() == frame["sharpe"].to_numpy().tobytes()
