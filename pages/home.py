"""Home: from nothing to a first chart; later what is stored and the runs one comes back to."""

from typing import Any

import dash
from dash import Dash, dcc, html

from components.favourites import favourite_list
from components.feedback import empty_state
from components.first_steps import first_steps
from components.icons import icon
from components.runs import latest_runs_table
from components.stored import stored_table
from pages import home_samples
from services.ingest import SAMPLES
from services.market_data import CatalogueEntry, catalogue
from services.runs import RunFilter, RunSummary, find_runs, latest_runs
from services.workspace import Workspace

LATEST, SERIES, FAVOURITES = 12, 12, 12


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page and what loads the samples."""
    dash.register_page(
        __name__, path="/", title="Trading Research", layout=lambda **_query: layout(workspace)
    )
    home_samples.register(app, workspace)


def layout(workspace: Workspace) -> html.Div:
    """Return the page; raises what the database raises."""
    entries = catalogue(workspace.database)
    runs = latest_runs(workspace.database, LATEST)
    favourites = find_runs(workspace.database, RunFilter(favourite=True), limit=FAVOURITES).rows
    parts = _parts(entries, runs, favourites) if entries or runs else _first_visit()
    return html.Div([_head(entries), *parts], className="page home-page")


def _head(entries: list[CatalogueEntry]) -> html.Div:
    new = dcc.Link(
        [icon("play-fill"), " New backtest"], href="/backtest", className="btn btn-primary"
    )
    return html.Div([html.H1("Home"), new if entries else None], className="page-head")


def _first_visit() -> list:
    return [first_steps(SAMPLES), *home_samples.stores()]


def _parts(
    entries: list[CatalogueEntry], runs: list[RunSummary], favourites: list[RunSummary]
) -> list:
    newest = sorted(entries, key=_updated, reverse=True)[:SERIES]
    shown = [entry for entry in entries if entry in newest]
    every = f"All {len(entries):,} series" if len(entries) > SERIES else "All data"
    chosen = _section("Favourites", favourite_list(favourites)) if favourites else None
    return [
        chosen,
        html.Div(
            [
                _section(
                    "Stored bars",
                    stored_table(shown) if entries else _nothing_stored(),
                    dcc.Link(every, href="/data"),
                ),
                _section(
                    "Latest runs",
                    latest_runs_table(runs) if runs else _no_runs(),
                    dcc.Link("All runs", href="/runs") if runs else None,
                ),
            ],
            className="home-columns",
        ),
    ]


def _updated(entry: CatalogueEntry) -> float:
    return entry.updated_at.timestamp() if entry.updated_at is not None else 0.0


def _nothing_stored() -> html.Div:
    add = dcc.Link(
        [icon("database-add"), " Add data"], href="/data?add=1", className="btn btn-primary"
    )
    text = "Saved runs keep their own bars; a new backtest needs some."
    return empty_state("No bars are stored any more", text, add, "database")


def _no_runs() -> html.Div:
    text = "Press Backtest beside a symbol: every run is kept and listed here."
    return empty_state("No runs are saved yet", text, icon_name="clock-history")


def _section(title: str, content: Any, more: Any = None) -> html.Section:
    head = html.Div([html.H2(title, className="section-title"), more], className="section-head")
    return html.Section([head, content])
