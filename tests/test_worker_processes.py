"""Workers as processes: stopped, killed, several at once, beside a dashboard, over Redis."""

import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from waiting import PATIENCE, state, until
from waiting_worker import WAITING

from db.models import Lease
from services.errors import QueueUnavailable
from services.jobs import get_job, list_jobs, retry_job, submit
from services.jobs.kinds import KINDS
from services.jobs.queue import job_queue
from services.jobs.recovery import queue_trouble
from services.jobs.store import JobTable
from services.jobs.trouble import trouble_with
from services.leases import has_living_worker
from services.processes import ProcessName, is_gone
from services.settings import ROOT, Settings
from services.workspace import Workspace

HOW_TO_GET_REDIS = "no redis-server: install the package redis-server"
WORKER = Path(__file__).parent / "waiting_worker.py"


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    for name, kind in WAITING.items():
        monkeypatch.setitem(KINDS, name, kind)


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
    assert second.wait(PATIENCE) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_marks_its_job_and_leaves(
    workspace, start_worker, tmp_path, number
):
    worker = start_worker()
    assert has_living_worker(workspace.database)
    job = submit(workspace, "wait", {"file": tmp_path / "go"})
    until(lambda: get_job(workspace, job.id).done)
    worker.send_signal(number)
    _, errors = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0
    assert JobTable(workspace.database).find(job.id).state == "interrupted"
    assert "Traceback" not in errors
    # A file of its own: two processes that rotate one lose what the other writes.
    assert [file.name for file in (tmp_path / "logs").iterdir()] == ["worker.log"]
    assert not has_living_worker(workspace.database)


def test_a_job_that_hears_nothing_does_not_hold_the_worker_up(workspace, start_worker, tmp_path):
    worker = start_worker()
    job = submit(workspace, "deaf", {"file": tmp_path / "begun"})
    until((tmp_path / "begun").exists)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0
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
    until(lambda: state(workspace, second) == "done")
    assert get_job(workspace, second.id).worker != server


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
    assert keeper.wait(PATIENCE) == 0
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
def redis_server(redis_program, tmp_path, monkeypatch):
    """Give a Redis that listens on a port of its own, with `start` and `stop`."""
    monkeypatch.setattr("services.jobs.queue._ANSWER_SECONDS", PATIENCE)
    server = RedisServer(redis_program, tmp_path)
    server.start()
    yield server
    server.stop()


class RedisServer:
    """A Redis server with a password, which keeps its port when it is started again."""

    def __init__(self, program, folder):
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
        self._process.wait(PATIENCE)


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


def test_asking_redis_leaves_no_connection_open(on_redis):
    def connections() -> int:
        with job_queue(on_redis.settings, "compute") as queue:
            return len(queue.huey.storage.conn.client_list())

    gc.disable()
    try:
        before = connections()
        assert [queue_trouble(on_redis.settings) for _ in range(3)] == [""] * 3
        until(lambda: connections() <= before)
    finally:
        gc.enable()


def test_of_many_who_watch_one_waits_for_a_redis_that_says_nothing(workspace, monkeypatch):
    monkeypatch.setattr("services.jobs.queue._ANSWER_SECONDS", PATIENCE)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        settings = workspace.settings.model_copy(update={"redis_url": url})
        watched = Workspace(settings, workspace.database)
        with ThreadPoolExecutor(4) as pool:
            watching = [pool.submit(trouble_with, watched, []) for _ in range(4)]
            until(lambda: sum(one.done() for one in watching) >= 3)
            silent.close()  # now there is nobody left to wait for
            answers = sorted(one.result() for one in watching)
        assert answers[:3] == [""] * 3
        assert "does not answer" in answers[3]
        assert "does not answer" in trouble_with(watched, [])


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
        timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "REDIS_URL" in done.stderr
    assert "s3cret" not in done.stderr
