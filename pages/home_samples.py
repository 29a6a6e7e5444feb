"""Loads the samples one after the other, tells how far it is, and leads to a first backtest."""

from urllib.parse import urlencode

from dash import Dash, Input, Output, dcc

from components.first_steps import START, step_id
from components.stored import FIRST_STRATEGY
from services.ingest import SAMPLES, ingest_sample
from services.workspace import Workspace

_GO = "first-go"
_SYMBOLS = tuple(SAMPLES)
FIRST_BACKTEST = "/backtest?" + urlencode(
    {"symbol": _SYMBOLS[0], "resolution": "1d", "strategy": FIRST_STRATEGY, "duration": "5 Y"}
)


def stores() -> list:
    """Return where each step says that it is done, and what leads to the backtest."""
    done = [dcc.Store(id=_done(place)) for place in range(len(_SYMBOLS))]
    return [*done, dcc.Location(id=_GO, refresh="callback-nav")]


def register(app: Dash, workspace: Workspace) -> None:
    """Register one step a sample, each begun by the one before, and the way to the backtest."""
    for place in range(len(_SYMBOLS)):
        _register_step(app, workspace, place)

    @app.callback(
        Output(_GO, "href"), Input(_done(len(_SYMBOLS) - 1), "data"), prevent_initial_call=True
    )
    def _go(_done):
        return FIRST_BACKTEST


def _register_step(app: Dash, workspace: Workspace, place: int) -> None:
    before = Input(_done(place - 1), "data") if place else Input(START, "n_clicks")

    @app.callback(
        Output(_done(place), "data"),
        Output(f"{step_id(place)}-words", "children"),
        Output(step_id(place), "className"),
        before,
        running=[
            (Output(step_id(place), "hidden"), False, False),
            (Output(step_id(place), "className"), "is-busy", ""),
        ],
        prevent_initial_call=True,
    )
    def _load(_before):
        found = ingest_sample(workspace.database, _SYMBOLS[place])
        stored = found.stored_new + found.changed + found.unchanged
        return True, f"{stored:,} bars stored", "is-done"


def _done(place: int) -> str:
    return f"first-done-{place}"
