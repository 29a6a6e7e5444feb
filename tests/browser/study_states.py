"""Studies in every state that a list or a page may show, made without waiting for one."""

from contextlib import contextmanager
from datetime import timedelta

import numpy as np
import pytest

from services.backtest import BacktestRequest
from services.errors import Cancelled, ClusterUnavailable
from services.jobs.job import JobView, utc_now
from services.jobs.runner import CANCELLED_RUNNING
from services.jobs.store import JobTable
from services.parameters import Parameters, param
from services.processes import this_process
from services.studies import StudyRequest, begin_study, change_study, find_study
from services.studies import prepare as preparing
from services.studies.prepare import create_prepared, prepare_study
from services.studies.start import start_study
from services.studies.work import run_study
from services.workspace import Workspace
from strategies.base import Strategy
from strategies.registry import STRATEGIES

SPACE = {"fast": [5, 10, 20], "slow": [15, 50, 100]}
STEPS = {"every": [10, 20, 40]}
WALK = {"method": "walk_forward", "train": "2 Y", "test": "6 M"}
NOTES = "Every cell of the lower rows loses after costs.\nLook at 2022 again."
AWAY = "The cluster at tcp://10.0.0.7:8786 does not answer."
DEAD = this_process().rpartition(":")[0] + ":1"  # began at another time than the one of its number


class Fragile(Strategy):
    """Trades every so many bars, and cannot bear one of the days in the fourth of six tests."""

    rule = "Buy on every other step of so many bars, sell on the ones between."
    day = "2011-12-01"

    class Params(Parameters):
        """How long a step is, in bars."""

        every: int = param(20, "bars between two orders", ge=2, le=200, search=(10, 20, 40))

    def signals(self, df):
        days = df["ts"].tail(125).dt.strftime("%Y-%m-%d")  # half a year, as the tests are long
        if (days == self.day).any():
            raise ZeroDivisionError("division by zero")
        turns = np.arange(len(df)) // self.params.every % 2
        return np.where(turns == 0, 1, -1).astype(np.int8)


@contextmanager
def fragile_registered():
    """Offer the strategy that fails on some bars."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(STRATEGIES, "fragile", Fragile)
        yield


def request(space=SPACE, strategy="ma_cross", years=5, **how) -> StudyRequest:
    """Ask for a study of Apple's days."""
    return StudyRequest(
        BacktestRequest("AAPL", "1d", strategy, duration=f"{years} Y"), space, **how
    )


def make_studies(workspace: Workspace) -> dict[str, int]:
    """Store a study in each state and return their numbers by name.

    The bars of AAPL are stored and `fragile` is registered.
    """
    numbers = {
        "done": whole_study(workspace, request(holdout=20)),
        "walk": whole_study(workspace, request(**WALK)),
        "failed window": whole_study(workspace, request(STEPS, "fragile", **WALK)),
    }
    change_study(workspace.database, numbers["done"], name="Slow and steady", notes=NOTES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing, "_MOST_ROWS", 2)  # so that some of it is done
        numbers |= {
            "cancelled": _ended(workspace, 4, Cancelled(CANCELLED_RUNNING)),
            "failed": _ended(workspace, 6, ClusterUnavailable(AWAY)),
            "interrupted": _stopped(workspace, 7, DEAD),
            "running": _stopped(workspace, 8, this_process()),
            "waiting": start_study(workspace, request(years=9)).id,
        }
    return numbers


def whole_study(workspace: Workspace, asked: StudyRequest) -> int:
    """Do a study and return its number."""
    strategy = STRATEGIES[asked.backtest.strategy]
    prepared = prepare_study(workspace.database, asked, strategy)
    study = create_prepared(workspace.database, prepared)
    run_study(workspace.database, study.id, strategy)
    return study.id


def _ended(workspace: Workspace, years: int, why: Exception) -> int:
    """Store a study that ended early, and its job with the reason."""
    number, job = _begun(workspace, years, this_process(), why)
    state = find_study(workspace.database, number).state
    JobTable(workspace.database).finish(job, {"state": state, "message": str(why)})
    return number


def _stopped(workspace: Workspace, years: int, worker: str) -> int:
    """Store a study in the middle of its work, which `worker` is said to do."""
    number, job = _begun(workspace, years, worker, Cancelled())
    begin_study(workspace.database, number, as_job=True)
    # As if it had begun a while ago and told in a moment that is still to come: nobody tells more.
    now = utc_now()
    told = {"done": 5, "total": 8, "progress": 5 / 8, "message": "combinations"}
    times = {"started_at": now - timedelta(minutes=5), "heartbeat": now + timedelta(hours=1)}
    JobTable(workspace.database).touch(job, told | times)
    return number


def _begun(workspace: Workspace, years: int, worker: str, why: Exception) -> tuple[int, JobView]:
    """Store a study of which four of eight combinations were done when `why` ended it."""
    study = start_study(workspace, request(years=years))
    job = JobTable(workspace.database).claim(study.job_id, worker)

    def report(progress):
        if progress.done >= 4:
            raise why

    strategy = STRATEGIES[study.request.backtest.strategy]
    with pytest.raises(type(why)):
        run_study(workspace.database, study.id, strategy, report=report, as_job=True)
    return study.id, job
