"""Two to six saved runs side by side; the address says which."""

from typing import Any

import dash
from dash import Dash, dcc, html
from dash.development.base_component import Component

from components.compare import growth_chart, metrics_table, run_chips, settings_table
from components.compare_trades import trades_section
from components.feedback import empty_state
from components.icons import icon
from services.errors import UnknownRun
from services.runs import SavedRun
from services.runs.compare import FEWEST, MOST, compare_runs
from services.workspace import Workspace

GO = "compare-go"
_LONGEST = 200  # of an address's list that is looked at


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page; before that of one run, whose address has the same form."""
    dash.register_page(
        __name__,
        path="/runs/compare",
        title="Compare runs",
        layout=lambda **query: layout(workspace, **query),
    )


def layout(workspace: Workspace, /, **query: Any) -> html.Div:
    """Return the page for `ids` as in "3,5,9"; what is wrong with one is said and left out."""
    runs, troubles = _runs_of(workspace, query.get("ids"))
    return html.Div(
        [
            dcc.Location(id=GO, refresh="callback-nav"),
            html.Div(
                [
                    html.H1("Compare runs"),
                    dcc.Link(
                        "All runs", href="/runs", className="btn btn-sm btn-outline-secondary"
                    ),
                ],
                className="page-head",
            ),
            *(
                html.P([icon("exclamation-triangle"), html.Span(text)], className="caution")
                for text in troubles
            ),
            run_chips(runs, MOST),
            *(_sections(runs) if len(runs) >= FEWEST else [_too_few(runs)]),
        ],
        className="page compare-page",
    )


def _sections(runs: list[SavedRun]) -> list[Component]:
    comparison = compare_runs(runs)
    return [
        *(html.P(note, className="compare-caveat muted") for note in comparison.notes),
        growth_chart(comparison),
        html.Div([metrics_table(comparison), settings_table(comparison)], className="compare-pair"),
        trades_section(comparison),
    ]


def _runs_of(workspace: Workspace, ids: Any) -> tuple[list[SavedRun], list[str]]:
    """Return the runs of an address in its order, and a sentence for what cannot be shown."""
    wanted = list(dict.fromkeys(word.strip() for word in _text(ids).split(",") if word.strip()))
    runs: dict[int, SavedRun] = {}
    troubles = []
    for word in wanted[: MOST + 1]:
        if len(runs) == MOST:
            break
        try:
            run = workspace.recent_runs.get(workspace.database, word)
            runs[run.id] = run
        except UnknownRun as error:
            troubles.append(str(error))
    if len(wanted) > MOST:
        troubles.append(f"At most {MOST} runs are compared at a time: the first are shown.")
    return list(runs.values()), troubles


def _text(ids: Any) -> str:
    return ",".join(map(str, ids if isinstance(ids, list) else [ids or ""]))[:_LONGEST]


def _too_few(runs: list[SavedRun]) -> html.Div:
    title = "One more run is needed" if runs else "Choose runs to compare"
    text = (
        f"Type the number or some words of {'another run' if runs else 'a run'} above, or choose "
        f"{FEWEST} to {MOST} in the list of runs and press Compare."
    )
    link = dcc.Link("Choose in the list", href="/runs", className="btn btn-primary")
    return empty_state(title, text, link, "layout-three-columns")
