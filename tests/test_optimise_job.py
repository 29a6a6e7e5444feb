"""Studies done as jobs: chunk by chunk, cancelled, killed, gone on with; on both engines."""

import pandas as pd
import pytest
from builders import random_walk
from chunk_tasks import cell_by_cell
from study_office import GRID, PATIENCE, begun, request, under_way, worker
from waiting import until

from services.backtest import BacktestRequest
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
from services.studies import StudyRequest, find_studies, find_study, load_results, trials_of
from services.studies import prepare as preparing
from services.studies import work as working
from services.studies.start import start_study
from services.studies.work import run_study
from services.workspace import Workspace
from strategies.registry import STRATEGIES, strategy_class


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

    before = begun(signs)
    again = start_study(office, request())
    assert (again.id, again.state) == (study.id, "waiting")
    JobRunner(office).run(again.job_id)
    assert before == begun(signs)
    assert_whole(office, study.id)


def test_a_worker_that_stops_interrupts_its_study(office, signs, monkeypatch):
    study = start_study(office, request())
    with under_way(office, study, signs, monkeypatch) as runner:
        runner.stop_taking()
    assert find_study(office.database, study.id).state == "interrupted"
    JobRunner(office).run(retry_job(office, study.job_id).id)
    assert_whole(office, study.id)


def test_a_study_whose_worker_is_killed_goes_on_where_it_stood(office, workers, signs):
    study = start_study(office, request())
    with worker(workers, office, signs):
        until(lambda: find_study(office.database, study.id).done == 2, PATIENCE)
        until(lambda: begun(signs) == 2, PATIENCE)
    killed = find_study(office.database, study.id)
    assert (killed.state, killed.done, killed.can_go_on) == ("interrupted", 2, True)
    assert len(load_results(office.database, study.id)) == 2
    (signs / "go").touch()
    retry_job(office, study.job_id)
    with worker(workers, office, signs):
        until(lambda: find_study(office.database, study.id).state == "done", PATIENCE)
    assert_whole(office, study.id)
    # The first chunk was computed once, the second twice, the third once.
    assert begun(signs) == 4


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
    from services.optimise.choose_executor import executor_from

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
