"""The chart panel: a legend that follows the pointer, and the chart that assets/chart draws."""

from typing import Any

import dash
from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from services.backtest.result import BacktestResult

CHART_SPEC = "chart-spec"
# Dash draws nothing at first from a store that an absent page's callback could fill: a spec that
# comes with the page has a store of its own.
FIRST_SPEC = "chart-first-spec"
TRADES_GRID = "trades-grid"
_LIBRARY = "vendor/plotly/plotly-finance.min.js"


def chart_panel(spec: dict[str, Any] | None = None) -> html.Div:
    """Return the panel; `spec` as chart_spec gives it, or None until there is a run."""
    return html.Div(
        [
            html.Div(
                [
                    html.Div(className="chart-legend"),
                    html.Div(className="chart-note", **{"aria-live": "polite"}),
                ],
                className="chart-head",
            ),
            html.Div(
                id="chart",
                className="chart",
                tabIndex="0",
                role="img",
                **{
                    "data-plotly": dash.get_asset_url(_LIBRARY),
                    "aria-label": "Price chart with trades; arrow keys pan, plus and minus zoom, "
                    "Escape shows everything",
                },
            ),
            dcc.Store(id=CHART_SPEC),
            dcc.Store(id=FIRST_SPEC, data=spec),
            *(dcc.Store(id=_done(source)) for source in (CHART_SPEC, FIRST_SPEC, TRADES_GRID)),
        ],
        className="chart-box is-loading panel",
    )


def chart_spec(
    url: str, result: BacktestResult, figure: dict[str, Any], note: str = ""
) -> dict[str, Any]:
    """Return what the script in the page needs: where to ask for other views, and the first.

    `note` says what the bars are, under the legend.
    """
    trades = zip(
        result.trades["entry_bar"].tolist(), result.trades["exit_bar"].tolist(), strict=True
    )
    return {
        "url": url,
        "note": note,
        "figure": figure,
        "trades": [{"entry": entry, "exit": exit_} for entry, exit_ in trades],
    }


def register_chart(app: Dash) -> None:
    """Connect every chart panel with its script: draw a run, zoom to a chosen trade."""
    for source in (CHART_SPEC, FIRST_SPEC):
        app.clientside_callback(
            ClientsideFunction("chart", "draw"),
            Output(_done(source), "data"),
            Input(source, "data"),
        )
    app.clientside_callback(
        ClientsideFunction("chart", "select"),
        Output(_done(TRADES_GRID), "data"),
        Input(TRADES_GRID, "selectedRows"),
        prevent_initial_call=True,
    )


def _done(source: str) -> str:
    """Return the id of the store that stands for the answer of a script without one."""
    return f"{source}-done"
