"""What a worker does with jobs: in this process, and as processes that are stopped and killed."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from cable import Cable
from sqlalchemy import make_url
from waiting_worker import WAITING

from db.models import Lease
from services.errors import QueueUnavailable
from services.jobs import cancel_job, get_job, list_jobs, retry_job, submit
from services.jobs.kinds import KINDS
from services.jobs.leases import Leases, has_living_worker
from services.jobs.processes import ProcessName, is_gone
from services.jobs.queue import job_queue
from services.jobs.recovery import ask_again, queue_trouble
from services.jobs.runner import JobRunner
from services.jobs.store import JobTable
from services.jobs.worker import Worker
from services.settings import ROOT, Settings
from services.workspace import Workspace, open_workspace

HOW_TO_GET_REDIS = "no redis-server: install the package redis-server"
WORKER = Path(__file__).parent / "waiting_worker.py"


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    for name, kind in WAITING.items():
        monkeypatch.setitem(KINDS, name, kind)


@pytest.fixture
def office(database, tmp_path):
    return Workspace(Settings(database_url="", data_dir=tmp_path), database)


def until(condition, seconds=20.0):
    """Wait for a condition; answer with what it gives."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return value


def state(office, job) -> str:
    return get_job(office, job.id).state


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
        lambda *_: ended.wait(20) and {}, lambda _: "Silence", ("file",)))  # fmt: skip
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
        runner.stop(seconds=10)
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


def test_a_lease_has_one_owner_until_it_is_left_or_over(database, monkeypatch):
    one, two = Leases(database, "here:1:1"), Leases(database, "there:1:1")
    assert one.take("queue")
    assert not two.take("queue")
    assert one.take("queue")
    one.leave("queue")
    assert two.take("queue")
    monkeypatch.setattr("services.jobs.leases.SECONDS", -1)
    assert two.take("queue")
    monkeypatch.undo()
    assert one.take("queue")


def test_of_many_that_want_a_lease_at_once_one_gets_it(database):
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
            (tmp_path / "go").write_text("fail")
            until(lambda: "is failed" in caplog.text)
        cable.mend()
    assert state(office, job) == "failed"


# From here on, processes.


@pytest.fixture
def start_worker(settings, workspace, tmp_path):
    """Give a function that starts a worker on the workspace's database and waits until it is ready.

    Whatever still runs at the end is killed.
    """
    started = []

    def start(**names) -> subprocess.Popen:
        kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment = kept | {"PYTHONPATH": str(ROOT), "DATA_DIR": str(settings.data_dir), **names}
        process = subprocess.Popen(
            [sys.executable, str(WORKER)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == "Worker: ready\n", process.stderr.read()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_killed_workers_job_is_interrupted_at_once_and_can_be_retried(
    workspace, start_worker, tmp_path
):
    job = submit(workspace, "wait", {"file": tmp_path / "go"})
    worker = start_worker()
    until(lambda: get_job(workspace, job.id).done)
    worker.kill()
    worker.wait()
    assert state(workspace, job) == "interrupted"
    second = start_worker()
    assert JobTable(workspace.database).find(job.id).state == "interrupted"
    retry_job(workspace, job.id)
    (tmp_path / "go").touch()
    until(lambda: state(workspace, job) == "done")
    assert get_job(workspace, job.id).attempt == 2
    second.send_signal(signal.SIGTERM)
    assert second.wait(15) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_marks_its_job_and_leaves(
    workspace, start_worker, tmp_path, number
):
    worker = start_worker()
    assert has_living_worker(workspace.database)
    job = submit(workspace, "wait", {"file": tmp_path / "go"})
    until(lambda: get_job(workspace, job.id).done)
    worker.send_signal(number)
    _, errors = worker.communicate(timeout=15)
    assert worker.returncode == 0
    assert JobTable(workspace.database).find(job.id).state == "interrupted"
    assert "Traceback" not in errors
    assert not has_living_worker(workspace.database)


def test_a_job_that_hears_nothing_does_not_hold_the_worker_up(workspace, start_worker, tmp_path):
    worker = start_worker()
    job = submit(workspace, "deaf", {"file": tmp_path / "begun"})
    until((tmp_path / "begun").exists)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert JobTable(workspace.database).find(job.id).state == "interrupted"


def test_two_workers_serve_the_broker_one_at_a_time(workspace, start_worker, tmp_path):
    workers = [start_worker(), start_worker()]
    first, second = (
        submit(workspace, "wait_broker", {"file": tmp_path / name}) for name in ("one", "two")
    )
    until(lambda: get_job(workspace, first.id).done)
    other = submit(workspace, "wait", {"file": tmp_path / "three"})
    until(lambda: get_job(workspace, other.id).done)  # computing goes on meanwhile
    assert state(workspace, second) == "queued"
    (tmp_path / "one").touch()
    until(lambda: get_job(workspace, second.id).done)
    server = get_job(workspace, second.id).worker
    busy = next(worker for worker in workers if f":{worker.pid}:" in server)
    busy.kill()
    busy.wait()
    # The other takes the queue over without waiting for the lease to end.
    retry_job(workspace, second.id)
    (tmp_path / "two").touch()
    until(lambda: state(workspace, second) == "done", seconds=10)
    assert get_job(workspace, second.id).worker != server


def test_the_schedule_is_looked_at_by_the_queues_own_clock(workspace, monkeypatch):
    looked = threading.Event()
    monkeypatch.setattr("services.jobs.worker._EVERY_FIVE_MINUTES", lambda _: True)
    monkeypatch.setattr("services.jobs.worker.submit_due_updates", lambda _: looked.set())
    worker = Worker(workspace, cores=1)
    worker.start()
    assert looked.wait(15)
    worker.stop()


@pytest.fixture
def keeper(settings, workspace, tmp_path):
    """Give what keeps a worker beside the dashboard, with its pipes."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard.worker_process"],
        cwd=tmp_path,
        env=kept | {"PYTHONPATH": str(ROOT), "DATA_DIR": str(settings.data_dir)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "Worker: ready\n"
    yield process
    process.kill()
    process.wait()


def pid_of_worker(workspace) -> int:
    with workspace.database.reading() as session:
        owners = {lease.owner for lease in session.query(Lease) if not is_gone(lease.owner)}
    (owner,) = owners
    return ProcessName.parse(owner).pid


def test_the_worker_beside_the_dashboard_is_replaced_and_ends_with_it(workspace, keeper):
    first = pid_of_worker(workspace)
    os.kill(first, signal.SIGKILL)
    assert keeper.stdout.readline() == "Worker: ready\n"
    assert pid_of_worker(workspace) != first
    keeper.stdin.close()  # what happens when the dashboard ends in whatever way
    assert keeper.wait(20) == 0
    assert not has_living_worker(workspace.database)


def test_a_worker_whose_keeper_is_killed_ends_by_itself(workspace, keeper):
    keeper.kill()
    until(lambda: not has_living_worker(workspace.database))


# Redis


@pytest.fixture(scope="session")
def redis_program():
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip(HOW_TO_GET_REDIS)
    return program


@pytest.fixture
def redis_server(redis_program, tmp_path):
    """Give a Redis that listens on a port of its own, with `start` and `stop`."""
    server = RedisServer(redis_program, tmp_path)
    server.start()
    yield server
    server.stop()


class RedisServer:
    """A Redis server with a password, which keeps its port when it is started again."""

    def __init__(self, program, folder):
        import socket

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._command = [
            program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
            "--requirepass", "s3cret", "--dir", str(folder), "--logfile", str(folder / "redis.log"),
        ]  # fmt: skip
        self.url = f"redis://:s3cret@127.0.0.1:{self.port}/0"

    def start(self):
        self._process = subprocess.Popen(self._command)
        until(lambda: not queue_trouble(Settings(redis_url=self.url)))

    def stop(self):
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture
def on_redis(workspace, redis_server):
    """Give the workspace with its queues on Redis."""
    settings = workspace.settings.model_copy(update={"redis_url": redis_server.url})
    return Workspace(settings, workspace.database)


def test_jobs_run_over_redis_also_after_it_was_away(on_redis, redis_server, start_worker, tmp_path):
    start_worker(REDIS_URL=redis_server.url)
    job = submit(on_redis, "wait", {"file": tmp_path / "go"})
    until(lambda: get_job(on_redis, job.id).done)
    redis_server.stop()
    (tmp_path / "go").touch()
    until(lambda: state(on_redis, job) == "done")  # what runs needs no queue
    redis_server.start()
    again = submit(on_redis, "wait_broker", {"file": tmp_path / "go"})
    until(lambda: state(on_redis, again) == "done")


def test_a_redis_that_is_stopped_is_one_sentence_without_its_password(on_redis, redis_server):
    redis_server.stop()
    with pytest.raises(QueueUnavailable) as caught:
        submit(on_redis, "update", {"symbol": "TSLA", "resolution": "1d"})
    sentence = "The job queue on Redis does not answer: start Redis, or unset REDIS_URL."
    assert str(caught.value) == sentence == queue_trouble(on_redis.settings)
    assert list_jobs(on_redis) == []
    redis_server.start()


def test_what_lies_in_redis_is_data_and_never_code(on_redis):
    submit(on_redis, "update", {"symbol": "TSLA", "resolution": "1d"})
    with job_queue(on_redis.settings, "broker") as queue:
        (message,) = queue.huey.storage.enqueued_items()
    assert message.startswith(b"[")


def test_a_password_that_redis_refuses_is_said(on_redis):
    wrong = on_redis.settings.redis_url.replace("s3cret", "guess")
    settings = on_redis.settings.model_copy(update={"redis_url": wrong})
    assert queue_trouble(settings) == (
        "The job queue on Redis refuses the user or the password: check REDIS_URL."
    )


def test_an_address_that_is_none_stops_the_worker_with_one_line(settings, workspace, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.worker"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "DATA_DIR": str(settings.data_dir),
                          "REDIS_URL": "ftp://ann:s3cret@x"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "REDIS_URL" in done.stderr
    assert "s3cret" not in done.stderr
