"""A worker that is killed at any moment of a backfill: what it stored stays, and the end is whole.

KILLS sets how often it is killed (3 unless told); a release is tried with 50.
"""

import json
import os
import random
import signal
import time
from contextlib import contextmanager

import pandas as pd
import pytest
from gateway import Market, StandIn
from nurseries import born, nursery
from sqlalchemy import text
from waiting import PATIENCE

from services.ingest import IngestRequest, ingest_from
from services.ingest.pacing import PacingBudget
from services.jobs import get_job, retry_job, submit
from services.market_data import load_bars
from services.series import delete_series
from services.settings import Settings
from services.workspace import Workspace

KILLS = int(os.environ.get("KILLS", "3"))
NOW = pd.Timestamp("2013-03-02 12:00", tz="UTC")
ASKED = {"source": "ibkr", "symbol": "IBM", "resolution": "1d", "duration": "12 Y"}


@pytest.fixture
def gateway():
    with StandIn(Market(now=NOW), NOW, delay=0.05) as gateway:
        yield gateway


def workspace_of(database, url, gateway, folder):
    settings = Settings(database_url=url, data_dir=folder, ib_port=gateway.port, ib_timeout=60)
    return Workspace(settings, database)


def tables(database):
    """Return what is stored, but for the moment at which it was."""
    with database.reading() as session:
        series = session.execute(
            text("SELECT symbol, resolution, first, last, bars, stale_from, coverage, source, "
                 "adjustment, regular_hours FROM price_series")
        )  # fmt: skip
        staged = session.scalar(text("SELECT count(*) FROM staged_bars"))
        return series.all(), staged


@pytest.fixture(scope="module")
def workers():
    with nursery("unpaced_worker.py") as process:
        yield process


@contextmanager
def worker(workers, workspace):
    """Run a worker, give its number, and kill it."""
    environment = {
        "DATABASE_URL": workspace.settings.database_url,
        "DATA_DIR": str(workspace.settings.data_dir),
        "IB_PORT": str(workspace.settings.ib_port),
        "IB_TIMEOUT": "60",
    }
    number = int(born(workers, json.dumps(environment)))
    try:
        assert workers.stdout.readline() == "Worker: ready\n"
        yield number
    finally:
        os.kill(number, signal.SIGKILL)
        assert int(workers.stdout.readline()) == -signal.SIGKILL


def wait_for(workspace, job, states):
    deadline = time.monotonic() + PATIENCE
    while (found := get_job(workspace, job.id)).state not in states:
        assert time.monotonic() < deadline, f"the job is {found.state}: {found.message}"
        time.sleep(0.02)
    return found


@pytest.mark.parametrize("begun", [None, "2 Y"])
def test_a_worker_killed_at_random_leaves_a_backfill_that_ends_whole(
    database, database_url, gateway, workers, tmp_path, monkeypatch, begun
):
    workspace = workspace_of(database, database_url, gateway, tmp_path)
    monkeypatch.setattr(PacingBudget, "acquire", lambda *_, **__: None)
    if begun:  # the history grows backwards from what is there
        ingest_from(workspace, "ibkr", IngestRequest("IBM", "1d", begun))
    chance = random.Random(7)
    job = submit(workspace, "ingest", ASKED)
    interrupted = 0
    for _ in range(KILLS):
        with worker(workers, workspace):
            if wait_for(workspace, job, {"running", "done"}).state == "done":
                break
            time.sleep(chance.uniform(0.0, 0.5))  # the moment is the test's own choice
        if wait_for(workspace, job, {"interrupted", "done"}).state == "done":
            break
        interrupted += 1
        retry_job(workspace, job.id)
    with worker(workers, workspace):
        wait_for(workspace, job, {"done"})
    assert interrupted >= min(KILLS, 2)
    bars, kept = load_bars(database, "IBM", "1d"), tables(database)

    delete_series(database, "IBM", "1d")
    ingest_from(workspace, "ibkr", IngestRequest("IBM", "1d", ASKED["duration"]))
    pd.testing.assert_frame_equal(bars, load_bars(database, "IBM", "1d"))
    assert kept == tables(database)
    assert kept[0][0].stale_from is None
