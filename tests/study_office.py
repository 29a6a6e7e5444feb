"""Where studies are worked on in tests: bars, a workspace, workers that can be killed."""

import json
import os
import signal
import threading
from contextlib import contextmanager

import pytest
from builders import random_walk
from chunk_tasks import AtASign, TrainingAtASign
from nurseries import born, nursery
from waiting import until

from services.backtest import BacktestRequest, SimulationSettings
from services.ingest.store import store_bars
from services.jobs.runner import JobRunner
from services.optimise import search as searching
from services.optimise import walk_forward as walking
from services.settings import Settings
from services.studies import StudyRequest
from services.studies import prepare as preparing
from services.studies import work as working
from services.workspace import Workspace
from strategies.registry import strategy_class

GRID = {"fast": [5, 10, 15], "slow": [12, 20]}  # five valid ones: 15 is not below 12
PATIENCE = 60.0  # seconds: a busy machine takes long to start a worker


def request(space=GRID, strategy="ma_cross", **how) -> StudyRequest:
    """Ask for a study of the bars in the office."""
    settings = SimulationSettings(commission="percent:0.1")
    return StudyRequest(BacktestRequest("TEST", "1d", strategy, settings=settings), space, **how)


@pytest.fixture
def office(database, database_url, tmp_path, monkeypatch):
    """Give a workspace with bars in which studies are cut into chunks of two."""
    monkeypatch.setattr(preparing, "_MOST_ROWS", 2)
    store_bars(database, "TEST", "1d", random_walk(150, 3))
    settings = Settings(database_url=database_url, data_dir=tmp_path / "data")
    return Workspace(settings, database, strategy_class=strategy_class)


@pytest.fixture
def signs(tmp_path):
    """Give the folder in which chunks say that they are computed, and wait for the sign to go."""
    folder = tmp_path / "signs"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def workers():
    """Give a nursery of workers that compute chunks of studies at a sign."""
    with nursery("signed_worker.py") as process:
        yield process


def begun(signs) -> int:
    """Count the chunks that were begun, those that were begun again too."""
    return len(list(signs.glob("*-*")))


def wait_for_a_sign(monkeypatch, signs) -> None:
    """Let chunks wait for the sign in this process, from the second one on."""
    monkeypatch.setenv("SIGNS", str(signs))
    monkeypatch.setattr(working, "Evaluation", AtASign)
    monkeypatch.setattr(searching, "Evaluation", AtASign)
    monkeypatch.setattr(walking, "Training", TrainingAtASign)


@contextmanager
def under_way(office, study, signs, monkeypatch):
    """Run a study's job in a thread, up to its second chunk."""
    with monkeypatch.context() as patched:
        wait_for_a_sign(patched, signs)
        runner = JobRunner(office)
        thread = threading.Thread(target=runner.run, args=(study.job_id,), daemon=True)
        thread.start()
        until(lambda: begun(signs) == 2, PATIENCE)
        yield runner
        (signs / "go").touch()
        until(lambda: not thread.is_alive(), PATIENCE)


@contextmanager
def worker(workers, office, signs):
    """Run a worker process, give its number, and kill it."""
    environment = {
        "DATABASE_URL": office.settings.database_url,
        "DATA_DIR": str(office.settings.data_dir),
        "SIGNS": str(signs),
    }
    number = int(born(workers, json.dumps(environment)))
    assert workers.stdout.readline() == "Worker: ready\n"
    try:
        yield number
    finally:
        os.kill(number, signal.SIGKILL)
        assert int(workers.stdout.readline()) == -signal.SIGKILL
