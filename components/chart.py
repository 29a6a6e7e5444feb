"""The chart panel: toolbar, legend, and the chart that assets/chart draws."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from components.chart_toolbar import chart_help, chart_toolbar

CHART_SPEC = "chart-spec"
# Dash draws nothing at first from a store that an absent page's callback could fill: a spec that
# comes with the page has a store of its own.
FIRST_SPEC = "chart-first-spec"
TRADES_GRID = "trades-grid"
_LABEL = (
    "Price chart: arrow keys pan, plus and minus zoom, brackets step through trades, "
    "Escape shows everything"
)


def chart_panel(spec: dict[str, Any] | None = None) -> html.Div:
    """Return the panel; `spec` as chart_spec gives it, or None until there is one."""
    return html.Div(
        [
            chart_toolbar(),
            html.Div(
                [
                    html.Div(className="chart-legend"),
                    html.Div(className="chart-note", **{"aria-live": "polite"}),
                ],
                className="chart-head",
            ),
            html.Div(
                [
                    html.Div(
                        id="chart",
                        className="chart",
                        tabIndex="0",
                        role="application",
                        **{
                            "aria-roledescription": "chart",
                            "aria-label": _LABEL,
                        },
                    ),
                    html.Div(className="chart-overlay"),
                    html.Div(
                        className="chart-flags",
                        role="group",
                        hidden=True,
                        **{"aria-label": "Events"},
                    ),
                ],
                className="chart-stage",
            ),
            chart_help(),
            dcc.Store(id=CHART_SPEC),
            dcc.Store(id=FIRST_SPEC, data=spec),
            *(dcc.Store(id=_done(source)) for source in (CHART_SPEC, FIRST_SPEC, TRADES_GRID)),
        ],
        className="chart-box is-loading panel",
    )


def chart_spec(
    url: str,
    figure: dict[str, Any],
    *,
    name: str = "",
    note: str = "",
    run: int | None = None,
    trades: int = 0,
    state: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what the script in the page needs: where to ask for other views, and the first.

    `name` ("MSFT 1d") names pictures of the chart; `note` says what the bars are, under the
    legend; `trades` counts the run's trades; `state` is what the first figure was made for:
    style, log, zone.
    """
    return {
        "url": url,
        "name": name,
        "note": note,
        "run": run,
        "trades": trades,
        "figure": figure,
        "state": state or {},
    }


def register_chart(app: Dash) -> None:
    """Connect every chart panel with its script: draw a spec, zoom to a trade of the table."""
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
