"""What stands above the table of runs: search and filters, what is chosen, and empty states."""

from collections.abc import Iterable

import dash_bootstrap_components as dbc
from dash import dcc, html

from components.feedback import empty_state
from components.icons import icon

SEARCH, TAG, FAVOURITES = "runs-search", "runs-tag", "runs-favourites"
SYMBOL, STRATEGY = "runs-symbol", "runs-strategy"
CHIPS, COUNT, BAR, BAR_TEXT = "runs-chips", "runs-count", "runs-bar", "runs-bar-text"
EVERY = "*"  # the choice of no value, as assets/runs knows it
EMPTY, NO_MATCH = "runs-empty", "runs-no-match"


def run_tools(
    *,
    text: str,
    symbol: str,
    strategy: str,
    favourite: bool,
    symbols: Iterable[str],
    strategies: Iterable[str],
    tags: Iterable[str],
) -> html.Div:
    """Return search and filters, with the values of the address."""
    return html.Div(
        [
            html.Div(
                [
                    html.Label("Search runs", htmlFor=SEARCH, className="visually-hidden"),
                    icon("search", "runs-search-icon"),
                    dbc.Input(
                        id=SEARCH,
                        type="search",
                        value=text,
                        placeholder="Search name, symbol, parameters, notes…",
                        autocomplete="off",
                        maxlength=200,
                    ),
                ],
                className="runs-search",
            ),
            _choice(SYMBOL, "Symbol", "All symbols", symbols, symbol),
            _choice(STRATEGY, "Strategy", "All strategies", strategies, strategy),
            _choice(TAG, "Tag", "Add a tag filter", tags, ""),
            dbc.Switch(id=FAVOURITES, label="Favourites only", value=favourite),
        ],
        className="runs-tools",
        role="search",
        **{"aria-label": "Saved runs"},
    )


def run_status() -> html.Div:
    """Return the line that says how many runs are shown, by what, and what to do with chosen ones.

    The script of the page writes into it.
    """
    return html.Div(
        [
            html.Span(id=COUNT, className="muted", role="status"),
            html.Div(id=CHIPS, className="run-chips"),
            html.Div(
                [
                    html.Span(id=BAR_TEXT, role="status"),
                    _act("compare", "Compare", "layout-three-columns"),
                    _act("delete", "Delete", "trash", "btn-outline-danger"),
                    _act("unselect", "Clear selection", "x-lg"),
                ],
                id=BAR,
                className="runs-bar",
                role="toolbar",
                hidden=True,
                **{"aria-label": "Chosen runs"},
            ),
        ],
        className="runs-status",
    )


def no_runs() -> html.Div:
    """Return what stands where no run is saved."""
    start = dcc.Link("Run a backtest", href="/backtest", className="btn btn-primary")
    text = "Every backtest that you run is kept here, with its trades and its chart."
    return empty_state("No runs are saved yet", text, start, "clock-history")


def no_match() -> html.Div:
    """Return what stands where no run passes search and filters."""
    clear = html.Button(
        "Clear search and filters",
        type="button",
        className="btn btn-primary",
        **{"data-run-do": "clear"},
    )
    text = "No saved run has all of these words and filters: take one away, or clear them all."
    return empty_state("No run matches", text, clear, "funnel")


def _choice(id: str, label: str, every: str, names: Iterable[str], value: str) -> html.Div:
    known = list(names)
    if value and value not in known:
        known.insert(0, value)  # what the address says stays visible
    options = [{"value": EVERY, "label": every}, *({"value": n, "label": n} for n in known)]
    return html.Div(
        [
            html.Label(label, htmlFor=id, className="visually-hidden"),
            dbc.Select(id=id, options=options, value=value or EVERY),
        ],
        className="runs-choice",
    )


def _act(do: str, text: str, icon_name: str, look: str = "btn-outline-secondary") -> html.Button:
    return html.Button(
        [icon(icon_name), html.Span(text)],
        type="button",
        className=f"btn btn-sm {look}",
        **{"data-run-do": do},
    )
