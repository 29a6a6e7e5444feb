"""The address at which a study's results are downloaded."""

from dash import Dash
from flask import Response

from services.studies import find_study, load_results
from services.workspace import Workspace


def add_study_routes(app: Dash, workspace: Workspace) -> None:
    """Add GET /export/studies/<id>.csv; 404 for an unknown study."""

    @app.server.get("/export/studies/<study_id>.csv")
    def _study_csv(study_id: str):
        study = find_study(workspace.database, study_id)
        text = load_results(workspace.database, study.id).to_csv(index=False)
        asked = study.request.backtest
        name = f"study_{study.id}_{asked.symbol}_{asked.resolution}_{asked.strategy}.csv"
        answer = Response(text, mimetype="text/csv")
        answer.headers.set("Content-Disposition", "attachment", filename=name)
        return answer
