"""Lists of saved runs: the short table of Home and the full one."""

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
from dash import dcc, html

from components.format import bar_time, metric_text_of
from components.tables import data_table, number_column, signed_column
from services.wording import params_text

RUNS_TABLE = "runs-table"


def latest_runs_table(runs: Sequence[Any]) -> html.Div:
    """Return the newest saved runs, each with a link to it."""
    heads = (
        ("Run", ""),
        ("Parameters", "wide-only"),
        ("Span", "wide-only"),
        ("Return", "num"),
        ("Sharpe", "num"),
        ("Max drawdown", "num wide-only"),
    )
    head = html.Tr([html.Th(name, scope="col", className=kind) for name, kind in heads])
    body = html.Tbody([_latest_row(run) for run in runs])
    table = html.Table([html.Thead(head), body], className="table", id="latest-runs")
    return html.Div(table, className="panel table-panel")


def runs_table(runs: Sequence[Any]) -> dag.AgGrid:
    """Return all the runs given, newest first, to sort and filter; a click opens one."""
    columns = [
        {"field": "id", "headerName": "Run", "width": 68},
        {"field": "symbol", "headerName": "Symbol", "width": 100, "filter": True},
        {"field": "resolution", "headerName": "Res.", "width": 66},
        {"field": "strategy", "headerName": "Strategy", "width": 138, "filter": True},
        {
            "field": "params",
            "headerName": "Parameters",
            "minWidth": 180,
            "flex": 1,
            "tooltipField": "params",
        },
        signed_column("total_return", "Return", "percent", width=106),
        number_column("sharpe", "Sharpe", "ratio", width=82),
        number_column("max_drawdown", "Max drawdown", "percent", width=120),
        number_column("trades", "Trades", "count", width=82),
        {"field": "span", "headerName": "Span", "width": 212},
        {"field": "created", "headerName": "Saved (UTC)", "width": 154},
    ]
    return data_table(
        RUNS_TABLE,
        columns,
        [_record(run) for run in runs],
        height="calc(100vh - 160px)",
    )


def _latest_row(run: Any) -> html.Tr:
    gain = run.metrics.get("total_return")
    colour = "" if not gain else "up" if gain > 0 else "down"
    title = f"{run.symbol} {run.resolution} {run.strategy}"
    return html.Tr(
        [
            html.Th(dcc.Link(run.name or title, href=f"/runs/{run.id}"), scope="row"),
            html.Td(params_text(run.params) or "none", className="wide-only muted"),
            html.Td(_span(run), className="wide-only muted"),
            html.Td(metric_text_of("total_return", gain), className=f"num {colour}"),
            html.Td(metric_text_of("sharpe", run.metrics.get("sharpe")), className="num"),
            html.Td(
                metric_text_of("max_drawdown", run.metrics.get("max_drawdown")),
                className="num wide-only",
            ),
        ]
    )


def _record(run: Any) -> dict[str, Any]:
    names = ("total_return", "sharpe", "max_drawdown", "trades")
    return {
        "id": str(run.id),
        "created": f"{run.created_at:%Y-%m-%d %H:%M}",
        "symbol": run.symbol,
        "resolution": run.resolution,
        "strategy": run.strategy,
        "params": params_text(run.params),
        "span": _span(run),
        **{name: run.metrics.get(name) for name in names},
    }


def _span(run: Any) -> str:
    first, last = (bar_time(moment, run.resolution) for moment in (run.start, run.end))
    return f"{first} to {last}"
