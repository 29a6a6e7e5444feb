"""Studies done as jobs: chunk by chunk, cancelled, killed, gone on with; on both engines."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from builders import random_walk
from chunk_tasks import AtASign, cell_by_cell
from waiting import until

from services.backtest import BacktestRequest, SimulationSettings
from services.errors import (
    Cancelled,
    ClusterUnavailable,
    InvalidParams,
    QueueUnavailable,
    StudyChanged,
    UnknownStrategy,
)
from services.ingest.store import store_bars
from services.jobs import cancel_job, desk, get_job, list_jobs, retry_job, submit
from services.jobs.runner import JobRunner
from services.market_data import load_bars
from services.optimise.grid import combinations_of
from services.optimise.sweep import Evaluation
from services.optimise.walk_forward import walk_forward
from services.progress import silent
from services.settings import ROOT, Settings
from services.studies import StudyRequest, find_studies, find_study, load_results, trials_of
from services.studies import prepare as preparing
from services.studies import work as working
from services.studies.start import start_study
from services.studies.work import run_study
from services.workspace import Workspace
from strategies.registry import STRATEGIES, strategy_class

GRID = {"fast": [5, 10, 15], "slow": [12, 20]}  # five valid ones: 15 is not below 12
PATIENCE = 60.0  # seconds: a busy machine takes long to start a worker
NURSERY = Path(__file__).parent / "signed_worker.py"


def request(space=GRID, strategy="ma_cross", **how) -> StudyRequest:
    settings = SimulationSettings(commission="percent:0.1")
    return StudyRequest(BacktestRequest("TEST", "1d", strategy, settings=settings), space, **how)


@pytest.fixture
def office(database, database_url, tmp_path, monkeypatch):
    """Give a workspace with bars in which studies are cut into chunks of two."""
    monkeypatch.setattr(preparing, "_MOST_ROWS", 2)
    store_bars(database, "TEST", "1d", random_walk(150, 3))
    settings = Settings(database_url=database_url, data_dir=tmp_path / "data")
    return Workspace(settings, database, strategy_class=strategy_class)


def expected(office, space=GRID) -> pd.DataFrame:
    """Backtest each combination by itself."""
    bars = load_bars(office.database, "TEST", "1d")
    chosen = combinations_of(STRATEGIES["ma_cross"], space)
    settings = request().backtest.settings
    return cell_by_cell(bars, STRATEGIES["ma_cross"], chosen, settings)


def assert_whole(office, study_id: int) -> None:
    study = find_study(office.database, study_id)
    assert (study.state, study.done, study.combinations, study.dropped) == ("done", 5, 5, 1)
    found = load_results(office.database, study.id)
    wanted = expected(office)[list(found)].astype(found.dtypes.to_dict())
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


def test_a_job_computes_a_study(office):
    study = start_study(office, request())
    job = get_job(office, study.job_id)
    assert (study.state, job.state, job.queue) == ("waiting", "queued", "compute")
    assert job.title == f"Optimise TEST 1d ma_cross, study {study.id}"
    JobRunner(office).run(job.id)
    ended = get_job(office, job.id)
    assert (ended.state, ended.done, ended.total) == ("done", 5, 5)
    assert ended.message == f"Study {study.id}: 5 combinations tried."
    assert_whole(office, study.id)
    assert trials_of(office.database, "TEST", "1d", "ma_cross").total == 5


def test_what_is_asked_again_is_shared(office):
    study = start_study(office, request())
    assert start_study(office, request()) == study
    assert len(list_jobs(office)) == 1
    JobRunner(office).run(study.job_id)
    again = start_study(office, request())
    assert (again.id, again.state) == (study.id, "done")
    assert len(list_jobs(office)) == 1


@contextmanager
def under_way(office, study, signs, monkeypatch):
    """Run a study's job in a thread, up to its second chunk."""
    monkeypatch.setenv("SIGNS", str(signs))
    monkeypatch.setattr(working, "Evaluation", AtASign)
    runner = JobRunner(office)
    thread = threading.Thread(target=runner.run, args=(study.job_id,), daemon=True)
    thread.start()
    until(lambda: len(list(signs.glob("*-*"))) == 2)
    yield runner
    (signs / "go").touch()
    until(lambda: not thread.is_alive())
    monkeypatch.setattr(working, "Evaluation", Evaluation)


@pytest.fixture
def signs(tmp_path):
    folder = tmp_path / "signs"
    folder.mkdir()
    return folder


def test_a_cancelled_study_keeps_what_is_done_and_goes_on(office, signs, monkeypatch):
    study = start_study(office, request())
    with under_way(office, study, signs, monkeypatch) as runner:
        seen = until(lambda: get_job(office, study.job_id).done and get_job(office, study.job_id))
        assert (seen.done, seen.total) == (2, 5)
        assert find_study(office.database, study.id).state == "running"
        cancel_job(office, study.job_id)
        until(lambda: all(job._cancelled.is_set() for job in runner._running.values()))
    stopped = find_study(office.database, study.id)
    assert (get_job(office, study.job_id).state, stopped.state) == ("cancelled", "cancelled")
    assert 2 <= stopped.done < 5
    assert len(load_results(office.database, study.id)) == stopped.done

    begun = len(list(signs.glob("*-*")))
    again = start_study(office, request())
    assert (again.id, again.state) == (study.id, "cancelled")
    JobRunner(office).run(again.job_id)
    assert begun == len(list(signs.glob("*-*")))
    assert_whole(office, study.id)


def test_a_worker_that_stops_interrupts_its_study(office, signs, monkeypatch):
    study = start_study(office, request())
    with under_way(office, study, signs, monkeypatch) as runner:
        runner.stop_taking()
    assert find_study(office.database, study.id).state == "interrupted"
    JobRunner(office).run(retry_job(office, study.job_id).id)
    assert_whole(office, study.id)


@pytest.fixture(scope="module")
def nursery():
    path = os.pathsep.join((str(ROOT), str(NURSERY.parent)))
    process = subprocess.Popen(
        [sys.executable, str(NURSERY)], cwd=ROOT, env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with process:
        yield process
        process.stdin.close()


@contextmanager
def worker(nursery, office, signs):
    """Run a worker process, give its number, and kill it."""
    environment = {
        "DATABASE_URL": office.settings.database_url,
        "DATA_DIR": str(office.settings.data_dir),
        "SIGNS": str(signs),
    }
    nursery.stdin.write(json.dumps(environment) + "\n")
    nursery.stdin.flush()
    number = int(nursery.stdout.readline())
    assert nursery.stdout.readline() == "Worker: ready\n"
    try:
        yield number
    finally:
        os.kill(number, signal.SIGKILL)
        assert int(nursery.stdout.readline()) == -signal.SIGKILL


def test_a_study_whose_worker_is_killed_goes_on_where_it_stood(office, nursery, signs):
    study = start_study(office, request())
    with worker(nursery, office, signs):
        until(lambda: find_study(office.database, study.id).done == 2, PATIENCE)
        until(lambda: len(list(signs.glob("*-*"))) == 2, PATIENCE)
    killed = find_study(office.database, study.id)
    assert (killed.state, killed.done, killed.can_go_on) == ("interrupted", 2, True)
    assert len(load_results(office.database, study.id)) == 2
    (signs / "go").touch()
    retry_job(office, study.job_id)
    with worker(nursery, office, signs):
        until(lambda: find_study(office.database, study.id).state == "done", PATIENCE)
    assert_whole(office, study.id)
    # The first chunk was computed once, the second twice, the third once.
    assert len(list(signs.glob("*-*"))) == 4


def stopped_study(office):
    """Give a study of which one chunk is stored."""

    def stop(progress):
        if progress.done > 2:
            raise Cancelled("Cancelled.")

    study = start_study(office, request())
    cancel_job(office, study.job_id)
    with pytest.raises(Cancelled):
        run_study(office.database, study.id, STRATEGIES["ma_cross"], report=stop)
    study = find_study(office.database, study.id)
    assert (study.state, study.done, study.job_id) == ("cancelled", 2, None)
    return study


def test_a_study_does_not_go_on_on_other_bars(office):
    study = stopped_study(office)
    store_bars(office.database, "TEST", "1d", random_walk(151, 3))
    with pytest.raises(StudyChanged, match="its bars changed since it began"):
        run_study(office.database, study.id, STRATEGIES["ma_cross"])
    assert find_study(office.database, study.id).state == "cancelled"
    assert start_study(office, request()).id != study.id


def test_a_study_does_not_go_on_with_other_code_or_other_metrics(office, monkeypatch):
    study = stopped_study(office)
    monkeypatch.setattr(preparing, "code_hash", lambda _: "other")
    monkeypatch.setattr(preparing, "METRICS_VERSION", 99)
    with pytest.raises(StudyChanged, match="code and metrics' definitions changed"):
        run_study(office.database, study.id, STRATEGIES["ma_cross"])


def test_later_bars_do_not_matter_to_a_study_that_ends_before(office):
    asked = request()
    backtest = BacktestRequest("TEST", "1d", "ma_cross", end="2024-05-01")
    study = start_study(office, StudyRequest(backtest, asked.space))
    store_bars(office.database, "TEST", "1d", random_walk(151, 3))
    assert start_study(office, StudyRequest(backtest, asked.space)).id == study.id


def test_a_study_that_breaks_is_failed_and_keeps_what_is_done(office, monkeypatch):
    class Breaking(Evaluation):
        def __call__(self, combinations, report=silent):
            if combinations.row(0)["fast"] == 10:
                raise ZeroDivisionError
            return super().__call__(combinations, report)

    monkeypatch.setattr(working, "Evaluation", Breaking)
    study = start_study(office, request())
    JobRunner(office).run(study.job_id)
    assert get_job(office, study.job_id).state == "failed"
    failed = find_study(office.database, study.id)
    assert (failed.state, failed.done, failed.can_go_on) == ("failed", 2, True)


def test_a_cluster_that_is_away_is_told_by_the_job(office):
    settings = office.settings.model_copy(update={"dask_scheduler_address": "tcp://127.0.0.1:1"})
    away = Workspace(settings, office.database, strategy_class=strategy_class)
    study = start_study(away, request())
    JobRunner(away).run(study.job_id)
    assert "does not answer" in get_job(office, study.job_id).message
    with pytest.raises(ClusterUnavailable):
        raise_of(away, study)


def raise_of(office, study) -> None:
    from services.optimise.executor import executor_from

    executor = executor_from(office.settings)
    run_study(office.database, study.id, STRATEGIES["ma_cross"], executor)


@pytest.mark.parametrize("method", ["random", "sobol"])
def test_a_sample_is_drawn_again_to_go_on(office, method):
    asked = request({"fast": (2, 30), "slow": (31, 90)}, method=method, samples=7, seed=5)
    study = start_study(office, asked)
    JobRunner(office).run(study.job_id)
    whole = load_results(office.database, study.id)
    assert len(whole) == len(whole[["fast", "slow"]].drop_duplicates()) == 7
    prepared = preparing.prepare_study(office.database, asked, STRATEGIES["ma_cross"])
    drawn = prepared.combinations.columns
    assert whole["fast"].tolist() == drawn["fast"].tolist()


def test_a_search_is_stored_as_it_goes_and_finds_the_same_again(office):
    space = {"fast": (2, 30), "slow": (31, 90)}
    asked = request(space, method="search", samples=30, seed=5)
    study = start_study(office, asked)

    def stop(progress):
        if progress.done >= 10:
            raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        run_study(office.database, study.id, STRATEGIES["ma_cross"], report=stop)
    stopped = find_study(office.database, study.id)
    assert stopped.state == "cancelled"
    assert 10 <= stopped.done < 30
    kept = load_results(office.database, study.id)
    whole = run_study(office.database, study.id, STRATEGIES["ma_cross"])
    assert (whole.state, whole.done, whole.combinations) == ("done", 30, 30)
    found = load_results(office.database, study.id)
    pd.testing.assert_frame_equal(found.head(len(kept)), kept, check_exact=True)


def test_a_walk_forward_keeps_its_windows_and_counts_what_they_tried(office):
    asked = request(method="walk_forward", train="2 M", test="1 M")
    study = start_study(office, asked)
    JobRunner(office).run(study.job_id)
    whole = find_study(office.database, study.id)
    windows = load_results(office.database, study.id)
    assert whole.state == "done", get_job(office, study.job_id).message
    assert len(windows) == len(whole.summary["windows"]) >= 2
    assert whole.done == whole.combinations == 5 * len(windows)
    assert trials_of(office.database, "TEST", "1d", "ma_cross").total == whole.done
    walk = walk_forward(
        load_bars(office.database, "TEST", "1d"), STRATEGIES["ma_cross"], GRID,
        asked.backtest.settings, train="2 M", test="1 M",
    )  # fmt: skip
    assert whole.summary["metrics"] == walk.run.metrics
    assert windows["profit"].tolist() == [window.profit for window in walk.windows]


def test_a_queue_that_cannot_be_told_leaves_a_study_that_can_go_on(office, monkeypatch):
    def refuse(*_):
        raise QueueUnavailable("The queue is gone.")

    monkeypatch.setattr(desk, "_tell", refuse)
    with pytest.raises(QueueUnavailable):
        start_study(office, request())
    (study,) = find_studies(office.database).rows
    assert study.can_go_on


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({}, "at least one parameter"),
        ({"fast": []}, "fast"),
        ({"fats": [1]}, 'Did you mean "fast"'),
        ({"fast": [50], "slow": [20]}, "fast must be below slow"),
    ],
)
def test_what_cannot_be_tried_is_said_before_anything_is_stored(office, space, words):
    with pytest.raises(InvalidParams, match=words):
        start_study(office, request(space))
    assert find_studies(office.database).rows == []
    assert list_jobs(office) == []


def test_a_program_without_strategies_says_so(office):
    bare = Workspace(office.settings, office.database)
    with pytest.raises(UnknownStrategy, match="knows no strategies"):
        start_study(bare, request())
    study = start_study(office, request())
    JobRunner(bare).run(study.job_id)
    assert "knows no strategies" in get_job(office, study.job_id).message


def test_a_series_can_be_deleted_while_a_study_of_it_waits(office):
    start_study(office, request())
    series = {"symbol": "TEST", "resolution": "1d"}
    assert submit(office, "delete_series", series).state == "queued"
