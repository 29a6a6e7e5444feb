"""The report of a run: heading, cards, chart and trades; drawn whole, or filled by a callback."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from components.cards import metric_card
from components.chart import CHART_SPEC, TRADES_GRID, chart_panel, chart_spec, register_chart
from components.format import bar_time
from components.icons import icon
from components.trades import trade_rows, trades_grid
from services.backtest.result import BacktestResult
from services.charts import chart_figure
from services.metrics import HEADLINE_METRICS, METRIC_SPECS, METRICS, MetricSpec
from services.timespan import is_session_based
from services.wording import params_text, settings_text

REPORT, HEADING, CARDS, TRADES_TITLE = "report", "report-heading", "report-cards", "trades-title"
PAGE_TITLE = "report-title"
MORE_CARDS = "report-more-cards"
COPY_LINK = "copy-link"
STALE = "The form has changed since this run: press Run backtest to see what it says now."
FIRST_CARDS = (*HEADLINE_METRICS, "win_rate", "profit_factor")
# What a page fills in one callback, in the order of report_values.
REPORT_OUTPUTS = (
    Output(REPORT, "hidden"),
    Output(HEADING, "children"),
    Output(CARDS, "children"),
    Output(CHART_SPEC, "data"),
    Output(TRADES_TITLE, "children"),
    Output(TRADES_GRID, "rowData"),
    Output(TRADES_GRID, "selectedRows"),
    Output(MORE_CARDS, "children"),
    Output(PAGE_TITLE, "data"),
)
HIDDEN_REPORT = (True, None, None, None, None, [], [], None, None)


def report(run: Any = None) -> html.Div:
    """Return the report of a saved run, or an empty one for a callback to fill."""
    shown = report_values(run) if run else HIDDEN_REPORT
    hidden, heading, cards, spec, trades_title, _, _, more, title = shown
    return html.Div(
        [
            html.P(STALE, className="stale-note", role="status"),
            html.Div(heading, id=HEADING),
            html.Div(cards, id=CARDS, className="metric-cards headline"),
            chart_panel(spec),
            html.Section(
                [
                    html.H2(trades_title, id=TRADES_TITLE, className="panel-title"),
                    trades_grid(run.result if run else None),
                ],
                className="panel",
            ),
            html.Section(
                [
                    html.H2("All metrics", className="section-title"),
                    html.Div(more, id=MORE_CARDS, className="metric-cards"),
                ]
            ),
            dcc.Store(id=PAGE_TITLE, data=title),
        ],
        id=REPORT,
        className="report",
        hidden=hidden,
    )


def report_values(run: Any) -> tuple[Any, ...]:
    """Return the values of REPORT_OUTPUTS for a saved run."""
    result = run.result
    return (
        False,
        _heading(run),
        [_card(METRIC_SPECS[name], result) for name in FIRST_CARDS],
        chart_spec(f"/api/runs/{run.id}/chart", result, chart_figure(result), run.bars_note),
        _trades_title(run),
        trade_rows(result),
        [],
        [_card(spec, result) for spec in METRICS if spec.name not in FIRST_CARDS],
        f"{run.title} · Trading Research",
    )


def register_report(app: Dash) -> None:
    """Connect what every report has: chart, browser title, copy button."""
    register_chart(app)
    app.clientside_callback(
        ClientsideFunction("report", "title"),
        Output(PAGE_TITLE, "modified_timestamp"),
        Input(PAGE_TITLE, "data"),
    )
    app.clientside_callback(
        ClientsideFunction("report", "copyLink"),
        Output(COPY_LINK, "n_clicks_timestamp"),
        Input(COPY_LINK, "n_clicks"),
        prevent_initial_call=True,
    )


def _card(spec: MetricSpec, result: BacktestResult) -> html.Div:
    other = result.benchmark_metrics[spec.name]
    return metric_card(spec, result.metrics[spec.name], other, compare=other is not None)


def _heading(run: Any) -> list[Component]:
    result, request = run.result, run.request
    params = params_text(request.params)
    bars = len(result.bars)
    start, end = (bar_time(moment, request.resolution) for moment in (result.start, result.end))
    zone = "" if is_session_based(request.resolution) else " UTC"
    # A run of before the bars were labelled has no note.
    noun = run.bars_note or ("bar" if bars == 1 else "bars")
    span = f"{start} to {end}{zone} · {bars:,} {noun}"
    return [
        html.Div(
            [
                html.Div(
                    [
                        html.H2(
                            f"{request.symbol} · {request.resolution} · {request.strategy}"
                            + (f" ({params})" if params else ""),
                            className="report-name",
                        ),
                        html.P(result.strategy.rule, className="report-rule"),
                        html.P(
                            f"{span} · {settings_text(result.settings)}", className="report-line"
                        ),
                    ]
                ),
                _actions(run),
            ],
            className="report-head",
        ),
        *(
            html.P([icon("exclamation-triangle"), html.Span(text)], className="caution")
            for text in run.warnings
        ),
    ]


def _actions(run: Any) -> html.Div:
    number = run.id
    return html.Div(
        [
            _download("PNG", "image", f"/export/runs/{number}.png"),
            _download("Trades CSV", "filetype-csv", f"/export/runs/{number}.csv"),
            html.Button(
                [icon("link-45deg"), " Copy link"],
                id=COPY_LINK,
                type="button",
                className="btn btn-sm btn-outline-secondary",
                **{"data-path": f"/runs/{number}"},
            ),
            dcc.Link(f"Run {number}", href=f"/runs/{number}", className="run-number"),
        ],
        className="report-actions",
    )


def _download(label: str, icon_name: str, href: str) -> html.A:
    return html.A(
        [icon(icon_name), f" {label}"],
        href=href,
        download="",
        className="btn btn-sm btn-outline-secondary",
    )


def _trades_title(run: Any) -> str:
    result = run.result
    closed = int((result.trades["exit_bar"] >= 0).sum())
    still_open = len(result.trades) - closed
    noun = "trade" if closed == 1 else "trades"
    zone = "" if is_session_based(run.request.resolution) else " · times in UTC"
    return f"{closed:,} closed {noun}" + (", one still open" if still_open else "") + zone
