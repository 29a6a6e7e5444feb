"""Executors: here and on a real Dask cluster, whose processes are killed in the middle."""

import socket
import threading
from functools import partial
from pathlib import Path

import dask
import numpy as np
import pandas as pd
import pytest
from builders import random_walk
from chunk_tasks import fail, measure, measure_at_a_sign, time_out
from waiting import PATIENCE, until

from services.errors import Cancelled, ClusterUnavailable, InvalidParams
from services.optimise import dask_cluster
from services.optimise.choose_executor import dask_executor, executor_from
from services.optimise.executor import local_executor
from services.optimise.search import search
from services.settings import Settings
from strategies.ma_cross import MaCross

REACHED_WITHIN = "distributed.comm.timeouts.connect"
CHUNKS = [np.arange(start, start + 5, dtype=np.float64) for start in range(0, 60, 5)]


def who_computes(folder: Path) -> set[int]:
    return {int(path.name.split("-")[0]) for path in folder.glob("*-*")}


def prices() -> pd.DataFrame:
    return pd.DataFrame({"close": np.random.default_rng(3).uniform(1, 9, 500)})


def expected() -> list[pd.DataFrame]:
    return [measure(prices(), chunk) for chunk in CHUNKS]


def assert_equal(found, wanted) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


class Watched:
    """A map under way in a thread of its own."""

    def __init__(self, cluster, task, report=lambda _: None):
        self.found, self.error = [], None
        self._thread = threading.Thread(
            target=self._work, args=(cluster, task, report), daemon=True
        )
        self._thread.start()

    def _work(self, cluster, task, report) -> None:
        try:
            for result in dask_executor(cluster.address).map(task, CHUNKS, report):
                self.found.append(result)
        except Exception as error:  # noqa: BLE001 - told to the test
            self.error = error

    def end(self, seconds: float = PATIENCE) -> None:
        self._thread.join(seconds)
        assert not self._thread.is_alive()


def test_here_chunks_are_computed_in_order_and_reported():
    reports = []
    found = list(local_executor().map(partial(measure, prices()), CHUNKS, reports.append))
    assert_equal(found, expected())
    assert [(p.done, p.total) for p in reports] == [(n, 12) for n in range(12)]


def test_here_work_begins_when_it_is_asked_for_and_ends_when_cancelled():
    asked = []

    def chunks():
        for n in range(10):
            asked.append(n)
            yield n

    def report(progress):
        if progress.done == 3:
            raise Cancelled("Cancelled.")

    found = []
    with pytest.raises(Cancelled):
        found.extend(local_executor().map(abs, chunks(), report))
    assert asked == [0, 1, 2, 3]


def test_the_settings_choose_where():
    assert executor_from(Settings()) is None
    chosen = executor_from(Settings(dask_scheduler_address="tcp://127.0.0.1:8786"))
    assert type(chosen) is dask_cluster.DaskExecutor


def test_a_cluster_gives_what_this_machine_gives(cluster):
    reports = []
    task = partial(measure, prices())
    found = list(dask_executor(cluster.address).map(task, CHUNKS, reports.append))
    assert_equal(found, expected())
    assert {progress.total for progress in reports} == {12}
    assert [p.done for p in reports] == sorted(p.done for p in reports)
    assert list(dask_executor(cluster.address).map(task, [])) == []


def test_a_worker_that_is_killed_in_the_middle_changes_no_number(cluster, tmp_path):
    watched = Watched(cluster, partial(measure_at_a_sign, tmp_path, prices()))
    until(lambda: who_computes(tmp_path) == set(cluster.workers))
    cluster.kill(cluster.workers[0])
    (tmp_path / "go").touch()
    watched.end()
    assert watched.error is None
    assert_equal(watched.found, expected())


def test_when_all_workers_are_killed_one_that_comes_later_goes_on(cluster, tmp_path):
    watched = Watched(cluster, partial(measure_at_a_sign, tmp_path, prices()))
    until(lambda: who_computes(tmp_path) == set(cluster.workers))
    for number in list(cluster.workers):
        cluster.kill(number)
    (tmp_path / "go").touch()
    cluster.hire()
    watched.end()
    assert watched.error is None
    assert_equal(watched.found, expected())


def test_a_cluster_without_workers_is_told(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "PATIENCE_SECONDS", 0.5)
    watched = Watched(cluster, partial(measure_at_a_sign, tmp_path, prices()))
    until(lambda: who_computes(tmp_path) == set(cluster.workers))
    for number in list(cluster.workers):
        cluster.kill(number)
    watched.end()
    assert isinstance(watched.error, ClusterUnavailable)
    assert "has no workers: start one" in str(watched.error)


def test_a_scheduler_that_is_killed_is_told_as_soon_as_one_that_was_never_there(cluster, tmp_path):
    watched = Watched(cluster, partial(measure_at_a_sign, tmp_path, prices()))
    until(lambda: who_computes(tmp_path) == set(cluster.workers))
    assert dask.config.get(REACHED_WITHIN) == f"{dask_cluster.ANSWER_SECONDS}s"
    with dask.config.set({REACHED_WITHIN: "1s"}):
        cluster.kill(cluster.scheduler)
        watched.end()
    assert isinstance(watched.error, ClusterUnavailable)
    assert f"scheduler at {cluster.address} does not answer" in str(watched.error)
    cluster.open(workers=0)  # for the fixture to end


def test_a_cluster_stops_when_the_work_is_cancelled(cluster, tmp_path):
    def report(_):
        if who_computes(tmp_path) == set(cluster.workers):
            raise Cancelled("Cancelled.")

    watched = Watched(cluster, partial(measure_at_a_sign, tmp_path, prices()), report)
    watched.end()
    assert isinstance(watched.error, Cancelled)
    begun = set(tmp_path.iterdir())
    (tmp_path / "go").touch()
    assert_equal(list(dask_executor(cluster.address).map(
        partial(measure, prices()), CHUNKS)), expected())  # fmt: skip
    assert set(tmp_path.iterdir()) - begun == {tmp_path / "go"}


@pytest.mark.parametrize(("task", "error"), [(fail, InvalidParams), (time_out, TimeoutError)])
def test_what_a_task_raises_arrives_as_it_is(cluster, task, error):
    with pytest.raises(error, match="must be below|the task's own"):
        list(dask_executor(cluster.address).map(task, range(4)))


def test_a_worker_of_other_versions_is_refused(cluster, monkeypatch):
    monkeypatch.setattr(dask_cluster, "versions", lambda: {"numpy": "1.0"} | versions_here())
    with pytest.raises(ClusterUnavailable, match="has program .* where 0.0 is wanted"):
        list(dask_executor(cluster.address).map(abs, range(2)))


def versions_here() -> dict[str, str]:
    from services.runs.fingerprint import versions

    return versions() | {"program": "0.0"}


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1:1"])
def test_a_scheduler_that_is_not_there_is_told_before_dask_is_asked(address, monkeypatch):
    monkeypatch.delattr(dask_cluster, "_client")
    with pytest.raises(ClusterUnavailable, match="does not answer: start it, or unset"):
        list(dask_executor(address).map(abs, [1]))


def test_what_answers_but_is_no_scheduler_is_told(monkeypatch):
    monkeypatch.setattr(dask_cluster, "ANSWER_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ClusterUnavailable, match="does not answer"):
            list(dask_executor(address).map(abs, [1]))


@pytest.mark.parametrize("address", ["foo://h:1", "tcp://h:x", "tcp://", "tcp://me:s3cret@h:1"])
def test_an_address_that_is_none_is_told_without_what_it_holds(address):
    with pytest.raises(InvalidParams, match="DASK_SCHEDULER_ADDRESS is not the address") as told:
        list(dask_executor(address).map(abs, [1]))
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("fails", [False, True])
def test_a_search_connects_once_and_ends_its_connection(cluster, monkeypatch, fails):
    opened, make = [], dask_cluster._client
    monkeypatch.setattr(
        dask_cluster, "_client", lambda address: opened.append(make(address)) or opened[-1]
    )
    bars, space = random_walk(120, seed=5), {"fast": (2, 30), "slow": (31, 60)}
    batches = []

    def keep(batch):
        batches.append(batch)
        if fails and len(batches) == 2:
            raise Cancelled("Cancelled.")

    def searched(executor):
        return search(bars, MaCross, space, trials=20, seed=1, executor=executor, keep=keep)

    if fails:
        with pytest.raises(Cancelled):
            searched(dask_executor(cluster.address))
    else:
        found = searched(dask_executor(cluster.address))
        pd.testing.assert_frame_equal(found, searched(None), check_exact=True)
    assert len(batches) > 1
    assert [client.status for client in opened] == ["closed"]
