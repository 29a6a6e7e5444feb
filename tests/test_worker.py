"""What a worker does with jobs, and what it knows of others, on both engines."""

import threading
import time
from contextlib import contextmanager

import pytest
from builders import closes
from cable import Cable
from sqlalchemy import make_url
from waiting import PATIENCE, state, until
from waiting_worker import WAITING

from services.ingest.store import store_bars
from services.jobs import cancel_job, get_job, list_jobs, retry_job, submit
from services.jobs.kinds import KINDS
from services.jobs.queue import job_queue
from services.jobs.recovery import ask_again
from services.jobs.runner import JobRunner
from services.jobs.store import JobTable
from services.jobs.worker import Worker
from services.leases import Leases
from services.settings import Settings
from services.workspace import Workspace, open_workspace


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    for name, kind in WAITING.items():
        monkeypatch.setitem(KINDS, name, kind)


@pytest.fixture
def office(database, tmp_path):
    return Workspace(Settings(database_url="", data_dir=tmp_path), database)


@contextmanager
def running(office, runner, kind, path):
    """Run a job in a thread, as a worker does; wait for its end."""
    job = submit(office, kind, {"file": path})
    thread = threading.Thread(target=runner.run, args=(job.id,), daemon=True)
    thread.start()
    try:
        until(lambda: get_job(office, job.id).done)
        yield job
    finally:
        until(lambda: not thread.is_alive())


@pytest.mark.parametrize(
    ("text", "ended", "message"),
    [
        ("", "done", "Bars: 7 new."),
        ("fail", "failed", "There is nothing: try another file."),
        ("break", "failed", "Unexpected error, see log."),
    ],
)
def test_how_a_job_ended_is_written_down(office, tmp_path, text, ended, message, caplog):
    (tmp_path / "go").write_text(text)
    job = submit(office, "wait", {"file": tmp_path / "go"})
    JobRunner(office).run(job.id)
    seen = get_job(office, job.id)
    assert (seen.state, seen.message) == (ended, message)
    assert seen.finished_at >= seen.started_at >= seen.created_at
    assert seen.result == ({"new": 7} if ended == "done" else None)
    assert ("ZeroDivisionError" in caplog.text) == (text == "break")


def test_a_running_job_tells_how_far_it_is_and_goes_when_cancelled(office, tmp_path):
    runner = JobRunner(office)
    with running(office, runner, "wait", tmp_path / "go") as job:
        seen = get_job(office, job.id)
        assert (seen.state, seen.total, seen.progress) == ("running", 100, seen.done / 100)
        assert seen.message.startswith("step")
        assert seen.rest() > seen.elapsed()  # less than half is done
        cancel_job(office, job.id)
    assert state(office, job) == "cancelled"
    assert get_job(office, job.id).progress > 0
    assert runner.running == set()


def test_a_job_writes_its_heartbeat_while_the_work_reports_nothing(office, tmp_path, monkeypatch):
    monkeypatch.setattr("services.jobs.runner.HEARTBEAT_SECONDS", 0.1)
    ended = threading.Event()
    monkeypatch.setitem(KINDS, "wait", WAITING["wait"].__class__(
        lambda *_: ended.wait(PATIENCE) and {}, lambda _: "Silence", ("file",)))  # fmt: skip
    job = submit(office, "wait", {"file": tmp_path})
    thread = threading.Thread(target=JobRunner(office).run, args=(job.id,), daemon=True)
    thread.start()
    first = until(lambda: get_job(office, job.id).heartbeat)
    until(lambda: get_job(office, job.id).heartbeat > first)
    ended.set()
    thread.join()
    assert state(office, job) == "done"


def test_progress_is_written_a_few_times_a_second_and_the_last_always(office, monkeypatch):
    reports, written = 400, []
    touch = JobTable.touch
    monkeypatch.setattr(
        JobTable, "touch", lambda self, job, values: written.append(1) or touch(self, job, values)
    )
    from services.progress import Progress

    def work(_workspace, _arguments, report):
        for step in range(reports):
            report(Progress(step + 1, reports, "on its way"))
            time.sleep(0.002)
        raise ZeroDivisionError

    monkeypatch.setitem(KINDS, "wait", WAITING["wait"].__class__(work, lambda _: "", ("file",)))
    job = submit(office, "wait", {"file": "x"})
    JobRunner(office).run(job.id)
    seen = get_job(office, job.id)
    assert (seen.done, seen.total) == (reports, reports)
    assert len(written) <= 2 + 4 * (seen.finished_at - seen.started_at).total_seconds()


def test_a_worker_that_stops_interrupts_what_it_does(office, tmp_path):
    runner = JobRunner(office)
    with running(office, runner, "wait", tmp_path / "go") as job:
        runner.stop(PATIENCE)
    assert state(office, job) == "interrupted"
    runner.run(retry_job(office, job.id).id)
    assert state(office, job) == "queued"  # for a worker that goes on


def test_a_lost_queue_is_filled_from_the_table(office):
    job = submit(office, "update", {"symbol": "TSLA", "resolution": "1d"})
    with job_queue(office.settings, "broker") as queue:
        queue.huey.storage.flush_queue()
    assert ask_again(office.database, office.settings) == 1
    assert ask_again(office.database, office.settings) == 0
    with job_queue(office.settings, "broker") as queue:
        assert queue.waiting() == {job.id}


def test_a_worker_goes_on_with_the_file_that_takes_a_removed_queues_place(office, tmp_path):
    worker = Worker(office, cores=1)
    worker.start()
    for file in tmp_path.glob("queue-*.db*"):
        file.unlink()
    (tmp_path / "go").touch()
    job = submit(office, "wait", {"file": tmp_path / "go"})
    until(lambda: state(office, job) == "done")
    worker.stop()


def test_a_lease_has_one_owner_until_it_is_left_or_over(database, monkeypatch):
    monkeypatch.setattr("services.leases.SECONDS", 3600)
    one, two = Leases(database, "here:1:1"), Leases(database, "there:1:1")
    assert one.take("queue")
    assert not two.take("queue")
    assert one.take("queue")
    one.leave("queue")
    assert two.take("queue")
    assert not one.take("queue")
    monkeypatch.setattr("services.leases.SECONDS", -1)
    assert two.take("queue")
    assert one.take("queue")


def test_of_many_that_want_a_lease_at_once_one_gets_it(database, monkeypatch):
    monkeypatch.setattr("services.leases.SECONDS", 3600)
    ready, got = threading.Barrier(5), []

    def want(name):
        ready.wait()
        got.append(Leases(database, f"host:{name}:1").take("queue"))

    threads = [threading.Thread(target=want, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 4 + [True]


# A database that goes away and comes back.


@pytest.fixture
def cabled(request, tmp_path):
    """Give a workspace on PostgreSQL behind a cable that can be cut, and the cable."""
    url = make_url(request.getfixturevalue("make_postgresql")(
        request.getfixturevalue("migrated_postgresql")))  # fmt: skip
    cable = Cable(url)
    settings = Settings(database_url=cable.url, data_dir=tmp_path)
    workspace = open_workspace(settings)
    yield workspace, cable
    cable.cut()
    workspace.database.close()


def test_a_job_goes_on_when_the_database_was_away(cabled, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("services.jobs.runner.HEARTBEAT_SECONDS", 0.2)
    office, cable = cabled
    with running(office, JobRunner(office), "wait", tmp_path / "go") as job:
        before = get_job(office, job.id)
        with caplog.at_level("DEBUG", "services.jobs.runner"):
            cable.cut()
            until(lambda: "does not answer" in caplog.text)
            cable.mend()
        until(lambda: get_job(office, job.id).heartbeat > before.heartbeat)
        (tmp_path / "go").touch()
    assert state(office, job) == "done"


def test_how_a_job_ended_is_written_when_the_database_is_back(cabled, tmp_path, caplog):
    office, cable = cabled
    with running(office, JobRunner(office), "wait", tmp_path / "go") as job:
        with caplog.at_level("DEBUG", "services.jobs.runner"):
            cable.cut()
            (tmp_path / "written").write_text("fail")
            (tmp_path / "written").rename(tmp_path / "go")  # it is never seen half written
            until(lambda: "is failed" in caplog.text)
        cable.mend()
    assert state(office, job) == "failed"


def test_the_schedule_is_looked_at_by_the_queues_own_clock(workspace, monkeypatch):
    looked = threading.Event()
    monkeypatch.setattr("services.jobs.worker._EVERY_FIVE_MINUTES", lambda _: True)
    monkeypatch.setattr("services.jobs.worker.submit_due_updates", lambda _: looked.set())
    worker = Worker(workspace, cores=1)
    worker.start()
    assert looked.wait(PATIENCE)
    worker.stop()


def test_updating_all_asks_for_each_series_of_the_broker(office):
    for symbol, source in (("IBM", "ibkr"), ("KO", "csv"), ("GOOG", "ibkr")):
        store_bars(office.database, symbol, "1d", closes(1.0, 2.0), source=source)
    job = submit(office, "update_all", {})
    JobRunner(office).run(job.id)
    assert state(office, job) == "done"
    assert get_job(office, job.id).result == {"jobs": 2}
    asked = [(other.kind, other.arguments) for other in list_jobs(office, "queued")]
    assert asked == [
        ("update", {"symbol": "GOOG", "resolution": "1d"}),
        ("update", {"symbol": "IBM", "resolution": "1d"}),
    ]
