"""The head of a report: what was tested, the downloads, and what a reader must know first."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components.format import bar_time
from components.icons import icon
from components.share import COPY_LINK
from services.timespan import is_session_based
from services.wording import params_text, settings_text

DOWNLOADS = (
    ("PNG", "image", "png"),
    ("Trades CSV", "filetype-csv", "csv"),
)


def report_heading(run: Any) -> list[Component]:
    """Return the heading of a saved run with its actions and cautions."""
    result, request = run.result, run.request
    params = params_text(request.params)
    name = f"{request.symbol} · {request.resolution} · {request.strategy}"
    return [
        html.Div(
            [
                html.Div(
                    [
                        html.H2(name + (f" ({params})" if params else ""), className="report-name"),
                        html.P(result.strategy.rule, className="report-rule"),
                        html.P(
                            f"{_span(run)} · {settings_text(result.settings)}",
                            className="report-line",
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


def _span(run: Any) -> str:
    result, resolution = run.result, run.request.resolution
    bars = len(result.bars)
    start, end = (bar_time(moment, resolution) for moment in (result.start, result.end))
    zone = "" if is_session_based(resolution) else " UTC"
    # A run of before the bars were labelled has no note.
    noun = run.bars_note or ("bar" if bars == 1 else "bars")
    return f"{start} to {end}{zone} · {bars:,} {noun}"


def _actions(run: Any) -> html.Div:
    number = run.id
    return html.Div(
        [
            html.Details(
                [
                    html.Summary(
                        [icon("download"), " Download"],
                        className="btn btn-sm btn-outline-secondary",
                    ),
                    html.Div(
                        [_download(number, *download) for download in DOWNLOADS],
                        className="menu-items",
                    ),
                ],
                className="menu",
            ),
            html.Button(
                [icon("link-45deg"), " Copy link"],
                id=COPY_LINK,
                type="button",
                className="btn btn-sm btn-outline-secondary",
                **{"aria-haspopup": "dialog"},
            ),
            dcc.Link(f"Run {number}", href=f"/runs/{number}", className="run-number"),
        ],
        className="report-actions",
    )


def _download(number: int, label: str, icon_name: str, kind: str) -> html.A:
    return html.A(
        [icon(icon_name), f" {label}"],
        href=f"/export/runs/{number}.{kind}",
        download="",
        className="menu-item",
    )
