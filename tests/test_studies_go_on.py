"""Studies that are stopped anywhere: what they come to in the end is what it always was."""

import dataclasses
import threading

import pandas as pd
import pytest
from builders import random_walk
from study_office import (
    PATIENCE,
    begun,
    request,
    under_way,
    wait_for_a_sign,
    worker,
)
from waiting import until

from services.errors import Cancelled, UserError
from services.ingest.store import store_bars
from services.jobs import cancel_job, retry_job
from services.jobs.runner import JobRunner
from services.optimise.choose_executor import dask_executor
from services.studies import changes as changing
from services.studies import find_study, load_results
from services.studies.changes import study_changes
from services.studies.prepare import create_prepared, prepare_study
from services.studies.start import start_study
from services.studies.walk_packing import pack_walk, unpack_walk
from services.studies.walks import load_walk, walk_of
from services.studies.work import run_study, run_unsaved
from strategies.registry import STRATEGIES

MA_CROSS = STRATEGIES["ma_cross"]
ASKED = {
    "grid": request(),
    "search": request({"fast": (2, 30), "slow": (20, 90)}, method="search", samples=30, seed=5),
    "front": request(
        {"fast": (2, 30), "slow": (20, 90)},
        method="search",
        samples=60,
        seed=5,
        further=("max_drawdown", "volatility"),
    ),
    "walk_forward": request(method="walk_forward", train="2 M", test="1 M"),
}
METHODS = pytest.mark.parametrize("method", ["search", "front", "walk_forward"])
AT_ONCE = {"search": 3, "front": 10, "walk_forward": 1}  # rows of a chunk


def uninterrupted(office, asked):
    """Return what a study comes to that is never stopped and keeps nothing."""
    return run_unsaved(prepare_study(office.database, asked, MA_CROSS))


def assert_as_if_never_stopped(office, study_id: int, asked) -> None:
    found, (wanted, results) = find_study(office.database, study_id), uninterrupted(office, asked)
    assert (found.state, found.done) == ("done", found.combinations)
    assert (found.done, found.dropped) == (wanted.done, wanted.dropped)
    for name in ("metrics", "windows", "before", "after", "efficiency", "consistency", "note"):
        assert found.summary.get(name) == wanted.summary.get(name), name
    stored = load_results(office.database, study_id)
    pd.testing.assert_frame_equal(stored, results, check_exact=True)


def assert_same_walk(one, other) -> None:
    both = ([dataclasses.asdict(window) for window in walk.windows] for walk in (one, other))
    assert next(both) == next(both)
    for name in ("objective", "settings", "degradation", "efficiency", "consistency", "notes"):
        assert getattr(one, name) == getattr(other, name), name
    assert (one.run.metrics, one.run.benchmark_metrics) == (
        other.run.metrics,
        other.run.benchmark_metrics,
    )
    assert one.run.position.tobytes() == other.run.position.tobytes()
    exact = {"check_exact": True, "check_freq": False}
    for name in ("equity", "benchmark_equity"):
        pd.testing.assert_series_equal(getattr(one.run, name), getattr(other.run, name), **exact)
    names = ["ts", "open", "high", "low", "close", "volume"]
    pd.testing.assert_frame_equal(one.run.bars[names], other.run.bars[names], check_exact=True)
    pd.testing.assert_frame_equal(one.run.trades, other.run.trades, check_exact=True)


@METHODS
def test_a_cancelled_study_goes_on_with_the_rest_alone(office, signs, monkeypatch, method):
    study = start_study(office, ASKED[method])
    with under_way(office, study, signs, monkeypatch) as runner:
        cancel_job(office, study.job_id)
        until(lambda: all(job._cancelled.is_set() for job in runner._running.values()))
    stopped = find_study(office.database, study.id)
    assert (stopped.state, 0 < stopped.done < stopped.combinations) == ("cancelled", True)
    kept = load_results(office.database, study.id)

    for sign in signs.glob("*-*"):
        sign.unlink()
    again = start_study(office, ASKED[method])
    assert again.id == study.id
    wait_for_a_sign(monkeypatch, signs)  # it was given: what is begun now can be counted
    JobRunner(office).run(again.job_id)
    rows = len(load_results(office.database, study.id)) - len(kept)
    assert begun(signs) == rows // AT_ONCE[method]
    assert_as_if_never_stopped(office, study.id, ASKED[method])


@METHODS
def test_a_study_whose_worker_is_killed_ends_as_if_it_had_not_been(office, workers, signs, method):
    study = start_study(office, ASKED[method])
    with worker(workers, office, signs):
        until(lambda: find_study(office.database, study.id).done > 0, PATIENCE)
        until(lambda: begun(signs) == 2, PATIENCE)
    killed = find_study(office.database, study.id)
    assert (killed.state, 0 < killed.done < killed.combinations) == ("interrupted", True)
    (signs / "go").touch()
    retry_job(office, study.job_id)
    with worker(workers, office, signs):
        until(lambda: find_study(office.database, study.id).state == "done", PATIENCE)
    assert_as_if_never_stopped(office, study.id, ASKED[method])


def test_a_walk_forward_that_is_stopped_after_any_window_walks_on(office):
    asked = ASKED["walk_forward"]
    prepared = prepare_study(office.database, asked, MA_CROSS)
    steps = []
    whole = walk_of(prepared, keep=steps.append)
    assert len(steps) >= 2
    for count in range(len(steps) + 1):
        assert_same_walk(walk_of(prepared, begun=steps[:count]), whole)


@pytest.mark.parametrize("method", list(ASKED))
def test_a_cluster_that_loses_a_worker_in_the_middle_does_every_kind_of_study(
    office, cluster, signs, monkeypatch, method
):
    for number in list(cluster.workers):  # they do not know where the signs are
        cluster.kill(number)
    mine = [cluster.hire(SIGNS=str(signs)) for _ in range(2)]
    study = create_prepared(
        office.database, prepare_study(office.database, ASKED[method], MA_CROSS)
    )
    errors = []

    def work() -> None:
        try:
            run_study(office.database, study.id, MA_CROSS, dask_executor(cluster.address))
        except UserError as error:
            errors.append(error)

    with monkeypatch.context() as patched:
        wait_for_a_sign(patched, signs)
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        until(lambda: begun(signs) >= 2, PATIENCE)
        cluster.kill(mine[0])
        (signs / "go").touch()
        until(lambda: not thread.is_alive(), PATIENCE)
    assert errors == []
    assert {int(path.name.split("-")[0]) for path in signs.glob("*-*")} <= set(mine)
    assert_as_if_never_stopped(office, study.id, ASKED[method])


def test_a_stored_walk_forward_is_opened_as_it_was(office):
    asked = ASKED["walk_forward"]
    walk = walk_of(prepare_study(office.database, asked, MA_CROSS))
    study = start_study(office, asked)
    JobRunner(office).run(study.job_id)
    study = find_study(office.database, study.id)
    assert study.best == walk.run.metrics["sharpe"]
    assert_same_walk(load_walk(office.database, study, MA_CROSS), walk)
    # Neither other bars nor other code change what was found.
    store_bars(office.database, "TEST", "1d", random_walk(170, 4))
    assert_same_walk(load_walk(office.database, study, None), walk)


@pytest.mark.parametrize("method", list(ASKED))
def test_what_changed_since_a_study_is_said(office, monkeypatch, method):
    study = start_study(office, ASKED[method])
    assert study_changes(office.database, study, MA_CROSS) == ""
    JobRunner(office).run(study.job_id)
    study = find_study(office.database, study.id)
    assert study_changes(office.database, study, MA_CROSS) == ""
    store_bars(office.database, "TEST", "1d", random_walk(170, 3))  # only later ones
    assert study_changes(office.database, study, MA_CROSS) == ""
    store_bars(office.database, "TEST", "1d", random_walk(170, 4))
    said = study_changes(office.database, study, None)
    assert "Since this study the 1d bars of TEST and the strategy's code changed" in said
    monkeypatch.setattr(changing, "code_hash", lambda _: "other")
    assert "code changed" in study_changes(office.database, study, MA_CROSS)


def test_a_walk_forward_in_which_nothing_was_chosen_is_packed_too(office):
    asked = dataclasses.replace(
        ASKED["walk_forward"],
        objective=dataclasses.replace(ASKED["walk_forward"].objective, minimum_trades=99),
    )
    walk = walk_of(prepare_study(office.database, asked, MA_CROSS))
    assert {window.params for window in walk.windows} == {None}
    settings = asked.backtest.settings
    assert_same_walk(unpack_walk(pack_walk(walk), asked.objective, settings), walk)


def test_windows_are_counted_before_the_start(office):
    asked = ASKED["walk_forward"]
    study = start_study(office, asked)
    assert study.combinations == 5 * len(uninterrupted(office, asked)[1])


@pytest.mark.parametrize(("method", "trials"), [("search", 30), ("front", 60)])
def test_a_search_that_was_stopped_counts_what_it_tried(office, method, trials):
    def stop(progress):
        if progress.done >= 10:
            raise Cancelled("Cancelled.")

    study = create_prepared(
        office.database, prepare_study(office.database, ASKED[method], MA_CROSS)
    )
    with pytest.raises(Cancelled):
        run_study(office.database, study.id, MA_CROSS, report=stop)
    stopped = find_study(office.database, study.id)
    assert (stopped.state, 10 <= stopped.done < trials) == ("cancelled", True)
    run_study(office.database, study.id, MA_CROSS)
    assert_as_if_never_stopped(office, study.id, ASKED[method])
