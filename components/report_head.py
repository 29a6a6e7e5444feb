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
    ("Picture (PNG)", "image", "png"),
    ("Report (HTML)", "filetype-html", "html"),
    ("Report (PDF)", "filetype-pdf", "pdf"),
    ("Trades (CSV)", "filetype-csv", "csv"),
    ("All data (JSON)", "filetype-json", "json"),
)
BADGES = {  # of the look-ahead check: icon and words
    "passed": ("shield-check", "No look-ahead"),
    "peeks": ("exclamation-octagon", "Looks ahead"),
    "unchecked": ("shield", "Look-ahead not checked"),
}


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
                        look_ahead_badge(run.look_ahead),
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
        _peeks(run.look_ahead),
    ]


def look_ahead_badge(found: Any) -> html.Div:
    """Return whether the strategy passed the check; one that was not checked offers it."""
    icon_name, words = BADGES[found.status]
    badge = html.Span(
        [icon(icon_name), f" {words}"],
        className=f"badge-line is-{found.status}",
        title=found.text,
        tabIndex="0",
        **{"aria-description": found.text},
    )
    check = html.Button("Check now", type="button", className="link-button", id="look-ahead-check")
    can_be_checked = found.status == "unchecked" and not found.reason
    return html.Div([badge, check if can_be_checked else None], id="look-ahead-badge")


def _peeks(found: Any) -> html.P | None:
    if found.status != "peeks":
        return None
    return html.P([icon("exclamation-octagon"), html.Span(found.text)], className="caution")


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
