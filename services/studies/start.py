"""Asks for a study to be done by a worker."""

from services.errors import UserError
from services.jobs import submit
from services.jobs.kinds import OPTIMISE
from services.studies.load import find_study
from services.studies.prepare import create_prepared, prepare_study
from services.studies.request import StudyRequest
from services.studies.saved import FAILED, RUNNING, WAITING, Study
from services.studies.store import assign_job, end_study
from services.workspace import Workspace


def start_study(workspace: Workspace, request: StudyRequest) -> Study:
    """Store a study, submit its job and return it with the job's number.

    One that is equal is shared: whole as it is, otherwise it goes on. Raises InvalidParams,
    UnknownSymbol or NoBars for what cannot be done, QueueUnavailable when workers cannot be told.
    """
    strategy_class = workspace.strategy_class(request.backtest.strategy)
    prepared = prepare_study(workspace.database, request, strategy_class)
    return go_on(workspace, create_prepared(workspace.database, prepared))


def go_on(workspace: Workspace, study: Study) -> Study:
    """Submit the job of a study that is not whole and that nobody works on."""
    if study.is_whole or study.state == RUNNING:
        return study
    backtest = study.request.backtest
    arguments = {
        "study": study.id,
        "symbol": backtest.symbol,
        "resolution": backtest.resolution,
        "strategy": backtest.strategy,
    }
    # Before the job, whose worker may begin and end at any moment after.
    end_study(workspace.database, study.id, WAITING)
    try:
        job = submit(workspace, OPTIMISE, arguments)
    except UserError:
        end_study(workspace.database, study.id, FAILED)
        raise
    assign_job(workspace.database, study.id, job.id)
    return find_study(workspace.database, study.id)
