"""Asking for jobs, sharing, cancelling and asking again: the table of jobs, on both engines."""

import threading

import pytest

from db.models import Job
from services.errors import InvalidParams, QueueUnavailable, UnknownJob
from services.jobs import (
    cancel_job,
    count_active,
    desk,
    get_job,
    list_jobs,
    retry_job,
    submit,
)
from services.jobs.queue import job_queue
from services.jobs.store import JobTable
from services.processes import this_process
from services.settings import Settings
from services.workspace import Workspace

TSLA = {"symbol": "TSLA", "resolution": "1d", "duration": "5 Y", "source": "ibkr"}
GONE = "elsewhere:1:1"  # a worker that cannot be seen from here


@pytest.fixture
def office(database, tmp_path):
    """Give a workspace whose queues are files, on each engine."""
    return Workspace(Settings(database_url="", data_dir=tmp_path), database)


def queued(office, name: str) -> set[int]:
    with job_queue(office.settings, name) as queue:
        return queue.waiting()


def rows(office) -> int:
    with office.database.reading() as session:
        return session.query(Job).count()


def end(office, job, state: str):
    running = JobTable(office.database).claim(job.id, this_process())
    assert JobTable(office.database).finish(running, {"state": state, "message": "It ended."})


def test_a_job_is_stored_and_its_queue_told(office):
    job = submit(office, "ingest", TSLA)
    assert (job.state, job.title) == ("queued", "TSLA 1d, 5 Y from Interactive Brokers")
    assert (job.queue, queued(office, "broker"), queued(office, "compute")) == (
        "broker", {job.id}, set(),
    )  # fmt: skip
    assert get_job(office, job.id) == job
    assert list_jobs(office) == [job]


def test_a_file_is_read_in_the_queue_for_computing(office):
    job = submit(office, "ingest", TSLA | {"source": "csv", "file": "prices.csv"})
    assert (job.queue, queued(office, "compute")) == ("compute", {job.id})


def test_equal_requests_share_one_job_however_they_are_written(office):
    first = submit(office, "ingest", TSLA)
    again = {"duration": "5y", "resolution": "1d", "symbol": " tsla", "source": "ibkr"}
    assert submit(office, "ingest", again | {"exchange": None}).id == first.id
    assert queued(office, "broker") == {first.id}
    assert submit(office, "ingest", TSLA | {"duration": "1 Y"}).id != first.id


def test_equal_requests_in_the_same_moment_share_one_job(office):
    ready, found = threading.Barrier(6), []

    def ask():
        ready.wait()
        found.append(submit(office, "ingest", TSLA).id)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == rows(office) == 1


def test_a_series_is_not_deleted_while_bars_of_it_come_in(office):
    fetching = submit(office, "ingest", TSLA)
    series = {"symbol": "TSLA", "resolution": "1d"}
    with pytest.raises(InvalidParams, match=f"job {fetching.id}.*cancel that first"):
        submit(office, "delete_series", series)
    submit(office, "delete_series", series | {"resolution": "1h"})
    cancel_job(office, fetching.id)
    assert submit(office, "delete_series", series).state == "queued"


def test_a_job_that_has_ended_is_not_shared(office):
    first = submit(office, "ingest", TSLA)
    end(office, first, "done")
    assert submit(office, "ingest", TSLA).id != first.id


def test_a_message_that_comes_twice_runs_once(office):
    job = submit(office, "ingest", TSLA)
    assert JobTable(office.database).claim(job.id, "one").state == "running"
    assert JobTable(office.database).claim(job.id, "two") is None
    assert get_job(office, job.id).worker == "one"


def test_a_waiting_job_is_cancelled_at_once_and_can_be_asked_for_again(office):
    job = submit(office, "ingest", TSLA)
    assert cancel_job(office, job.id).state == "cancelled"
    assert JobTable(office.database).claim(job.id, "one") is None
    again = retry_job(office, job.id)
    assert (again.id, again.state, again.attempt) == (job.id, "queued", 2)


def test_a_running_job_is_asked_to_end(office):
    job = submit(office, "ingest", TSLA)
    running = JobTable(office.database).claim(job.id, this_process())
    assert JobTable(office.database).is_cancelled(running) is False
    assert cancel_job(office, job.id).cancel_requested
    assert JobTable(office.database).is_cancelled(running) is True


def test_asking_again_for_a_done_job_changes_nothing(office):
    job = submit(office, "ingest", TSLA)
    end(office, job, "done")
    assert retry_job(office, job.id).state == "done"


def test_asking_again_shares_an_equal_job_that_is_active(office):
    failed = submit(office, "ingest", TSLA)
    end(office, failed, "failed")
    active = submit(office, "ingest", TSLA)
    assert retry_job(office, failed.id).id == active.id
    assert get_job(office, failed.id).state == "failed"


@pytest.mark.parametrize(
    "worker",
    [GONE, this_process().rpartition(":")[0] + ":1"],
    ids=["elsewhere", "number used again"],
)
def test_a_job_whose_worker_is_gone_is_interrupted_for_every_reader(office, worker, monkeypatch):
    monkeypatch.setattr("services.jobs.recovery.SILENT_SECONDS", -1)
    job = submit(office, "ingest", TSLA)
    JobTable(office.database).claim(job.id, worker)
    seen = get_job(office, job.id)
    assert (seen.state, seen.message) == (
        "interrupted",
        "The worker stopped in the middle: retry to go on from what was stored.",
    )
    assert list_jobs(office, "running") == []
    assert [job.id for job in list_jobs(office, "interrupted")] == [job.id]
    assert retry_job(office, job.id).state == "queued"


def test_a_job_whose_worker_is_gone_is_shared_with_nobody(office, monkeypatch):
    monkeypatch.setattr("services.jobs.recovery.SILENT_SECONDS", -1)
    job = submit(office, "ingest", TSLA)
    JobTable(office.database).claim(job.id, GONE)
    assert submit(office, "ingest", TSLA).id != job.id
    assert JobTable(office.database).find(job.id).state == "interrupted"


def test_a_living_worker_that_writes_nothing_for_a_while_keeps_its_job(office, monkeypatch):
    monkeypatch.setattr("services.jobs.recovery.SILENT_SECONDS", -1)
    job = submit(office, "ingest", TSLA)
    JobTable(office.database).claim(job.id, this_process())
    assert get_job(office, job.id).state == "running"


def test_a_worker_that_lost_its_job_writes_no_more(office):
    job = submit(office, "ingest", TSLA)
    old = JobTable(office.database).claim(job.id, GONE)
    assert JobTable(office.database).interrupt(old)
    retry_job(office, job.id)
    JobTable(office.database).claim(job.id, this_process())
    assert JobTable(office.database).touch(old, {"done": 7}) is False
    assert JobTable(office.database).is_cancelled(old) is None
    assert not JobTable(office.database).finish(old, {"state": "failed", "message": ""})
    assert get_job(office, job.id).state == "running"


def test_what_runs_is_listed_first_then_what_waits_then_what_ended_last(office):
    def ask(symbol):
        return submit(office, "ingest", TSLA | {"symbol": symbol})

    first, second, third, fourth, fifth = (ask(name) for name in ("A", "B", "C", "D", "E"))
    end(office, second, "failed")
    end(office, first, "done")
    JobTable(office.database).claim(fifth.id, this_process())
    listed = [job.id for job in list_jobs(office)]
    assert listed == [fifth.id, third.id, fourth.id, first.id, second.id]
    assert [job.id for job in list_jobs(office, limit=2)] == listed[:2]
    assert [job.id for job in list_jobs(office, {"done", "queued"})] == listed[1:4]
    assert count_active(office) == 3


def test_a_queue_that_cannot_be_told_leaves_no_job_behind(office, monkeypatch):
    def refuse(*_):
        raise QueueUnavailable("The queue is gone.")

    monkeypatch.setattr(desk, "_tell", refuse)
    with pytest.raises(QueueUnavailable):
        submit(office, "ingest", TSLA)
    assert rows(office) == 0


def test_an_address_that_is_none_leaves_no_job_behind(office):
    settings = office.settings.model_copy(update={"redis_url": "ftp://x"})
    with pytest.raises(InvalidParams, match="REDIS_URL"):
        submit(Workspace(settings, office.database), "update", {"symbol": "A", "resolution": "1d"})
    assert rows(office) == 0


def test_a_retry_that_cannot_be_told_leaves_the_job_as_it_was(office, monkeypatch):
    job = submit(office, "ingest", TSLA)
    end(office, job, "failed")
    before = get_job(office, job.id)

    def refuse(*_):
        raise QueueUnavailable("The queue is gone.")

    monkeypatch.setattr(desk, "_tell", refuse)
    with pytest.raises(QueueUnavailable):
        retry_job(office, job.id)
    assert get_job(office, job.id) == before


@pytest.mark.parametrize(
    ("kind", "arguments", "words"),
    [
        ("ingst", TSLA, 'Did you mean "ingest"'),
        ("ingest", TSLA | {"resolution": "2d"}, "Unknown resolution"),
        ("ingest", TSLA | {"symbol": "../x"}, "is not a symbol"),
        ("ingest", TSLA | {"duration": "5"}, "is not a duration"),
        ("ingest", {"resolution": "1d"}, "symbol is needed"),
        ("update", TSLA, "takes no duration"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_stored(workspace, kind, arguments, words):
    with pytest.raises(InvalidParams, match=words):
        submit(workspace, kind, arguments)
    assert list_jobs(workspace) == []


@pytest.mark.parametrize("number", [0, 99, "x", "-1", 2**40, "9" * 30])
def test_a_number_that_no_job_has_is_one_sentence(workspace, number):
    for ask in (get_job, cancel_job, retry_job):
        with pytest.raises(UnknownJob, match="There is no job"):
            ask(workspace, number)


def test_an_unknown_state_is_named(workspace):
    with pytest.raises(InvalidParams, match='Did you mean "running"'):
        list_jobs(workspace, "runing")
