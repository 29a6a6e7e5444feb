"""The address at which the bar replay asks how a run stood at one of its bars."""

from dataclasses import asdict
from typing import Any

from dash import Dash
from flask import jsonify, request

from services.charts.market import run_source
from services.charts.options import ChartOptions, whole_number
from services.charts.source import ChartSource
from services.errors import InvalidParams
from services.replay import ReplayTrade, jump_from, replay_state
from services.workspace import Workspace


def add_replay_routes(app: Dash, workspace: Workspace) -> None:
    """Add GET /api/runs/<id>/replay?at=<position>&jump=start|next|previous&zone=.

    The answer is a ReplayState with times in words, in the clock of `zone`. Bad values are a
    sentence and 400, an unknown run one and 404.
    """

    @app.server.get("/api/runs/<run_id>/replay")
    def _replay(run_id: str):
        run = workspace.recent_runs.get(workspace.database, run_id)
        at = whole_number(request.args, "at")
        if at is None:
            raise InvalidParams("Say which bar to show, as in ?at=100.", field="at")
        state = replay_state(run.result, at)
        if jump := request.args.get("jump", ""):
            state = replay_state(run.result, jump_from(run.result, at, jump))
        source = run_source(workspace, run)
        times = _Times(source, ChartOptions.from_query(request.args).zone)
        answer = asdict(state) | {
            "time": times.at(state.at),
            "zone": times.zone,
            "trades": [_trade(trade, times) for trade in state.trades],
            "open_trade": _trade(state.open_trade, times) if state.open_trade else None,
        }
        return jsonify(answer)


class _Times:
    """Writes the times of bars as the chart's own labels do."""

    def __init__(self, source: ChartSource, zone: str):
        self._ts = source.ts
        self._clock = source.clock(zone)
        self.zone = self._clock.text

    def at(self, bar: int) -> str:
        moment = self._clock.local(self._ts[bar : bar + 1])[0].astype("datetime64[s]").item()
        return f"{moment:%Y-%m-%d}" if self._clock.dated else f"{moment:%Y-%m-%d %H:%M}"


def _trade(trade: ReplayTrade, times: _Times) -> dict[str, Any]:
    return asdict(trade) | {
        "entry_time": times.at(trade.entry_bar),
        "exit_time": None if trade.exit_bar is None else times.at(trade.exit_bar),
    }
