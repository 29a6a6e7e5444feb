"""How good a series is: a sentence, the map of its sessions, and what was found, with actions."""

import json
from typing import Any

import numpy as np
from dash import html

from components.commands import command_button
from components.format import bar_time
from components.icons import icon

LISTED = 60
_ICONS = {"error": "x-octagon-fill", "warning": "exclamation-triangle-fill", "info": "info-circle"}
_WORDS = {"error": "Error", "warning": "Warning", "info": "Note"}
_CODES = {"whole": "w", "part": "p", "missing": "m", "extra": "x"}
# Whose calendar a symbol can be given here; the command line knows all of them.
EXCHANGES = {
    "NYSE": "New York",
    "TSE": "Toronto",
    "LSE": "London",
    "XETRA": "Frankfurt (Xetra)",
    "SBF": "Paris",
    "TSEJ": "Tokyo",
    "SEHK": "Hong Kong",
    "IDEALPRO": "Currencies",
    "PAXOS": "Crypto, every day",
}
_LEGEND = (
    ("heat-w", "complete"),
    ("heat-h", "half day"),
    ("heat-p", "partly there"),
    ("heat-m", "missing"),
    ("heat-x", "bars without a session"),
)
_BUTTONS = {
    "refetch": ("arrow-repeat", "Fetch again", "Fetch this span again from the broker"),
    "accept": ("check2", "Accept", "It is right: list it no more"),
    "drop": ("trash", "Drop", "Take these bars out of the series"),
    "unaccept": ("arrow-counterclockwise", "List again", "List it among the findings again"),
}


def quality_panel(report: Any, can_refetch: bool) -> list[Any]:
    """Return what an examination found; `can_refetch` tells that the broker has this series."""
    return [
        html.Div([_measure(report), html.P(report.summary, className="quality-summary")],
                 className="quality-top"),
        _session_map(report),
        _findings(report, can_refetch),
        _accepted(report),
    ]  # fmt: skip


def _measure(report: Any) -> html.Div:
    cells = [
        ("Coverage", _coverage(report)),
        ("Expected bars", "n/a" if report.expected is None else f"{report.expected:,}"),
        ("Calendar", report.calendar or "none"),
        ("Errors", f"{report.count('error'):,}"),
        ("Warnings", f"{report.count('warning'):,}"),
        ("In quarantine", f"{report.quarantined:,}"),
    ]
    return html.Dl(
        [
            html.Div([html.Dt(name), html.Dd(value)], className=f"measure {_alarm(name, value)}")
            for name, value in cells
        ],
        className="measures",
    )


def _alarm(name: str, value: str) -> str:
    if value == "0":
        return ""
    return {"Errors": "is-error", "Warnings": "is-warning"}.get(name, "")


def _coverage(report: Any) -> str:
    if report.coverage is None:
        return "n/a"
    return f"{int(report.coverage * 10_000) / 100:.2f} %"  # never rounded up to 100


def _session_map(report: Any) -> html.Div | None:
    """Return the place where the script draws the map: a string a year instead of 400 elements."""
    sessions = report.sessions
    if not len(sessions):
        if report.calendar is None:
            return _choose_calendar()
        return None
    return html.Div(
        [
            html.Div(
                [html.H3("Sessions", className="panel-title"), _legend(sessions)],
                className="heat-head",
            ),
            html.Div(
                className="heat-map",
                **{"data-heat": json.dumps(_packed(report), separators=(",", ":"))},
            ),
        ],
        className="quality-block",
    )


def _choose_calendar() -> html.Div:
    buttons = [command_button("exchange", name, exchange=key) for key, name in EXCHANGES.items()]
    return html.Div(
        [
            html.P(
                "Missing sessions cannot be told, because nothing says where this symbol trades. "
                "Where does it?",
                className="quality-note",
            ),
            html.Div(buttons, className="exchange-choice"),
        ],
        className="quality-block",
    )


def _packed(report: Any) -> dict[str, Any]:
    sessions = report.sessions
    status = np.array([_CODES[name] for name in sessions.status])
    status[(status == "w") & sessions.half_day] = "h"
    days = sessions.dates.astype("datetime64[D]")
    lacking = np.flatnonzero(status == "p")
    return {
        "resolution": report.resolution,
        "first": str(days[0]),
        # Days since the one before: small numbers, and runs of 1 and 3 pack well.
        "steps": np.diff(days).astype(int).tolist(),
        "status": "".join(status.tolist()),
        "present": {int(i): [int(sessions.present[i]), int(sessions.expected[i])] for i in lacking},
        "label": f"Sessions of {report.symbol} {report.resolution}: {report.summary}",
    }


def _legend(sessions: Any) -> html.Ul:
    present = set(sessions.status.tolist())
    shown = {_CODES[name] for name in present} | ({"h"} if sessions.half_day.any() else set())
    return html.Ul(
        [
            html.Li([html.Span(className=f"heat-key {name}"), text])
            for name, text in _LEGEND
            if name[-1] in shown
        ],
        className="heat-legend",
    )


def _findings(report: Any, can_refetch: bool) -> html.Div:
    found = report.findings
    if not found:
        content = html.P(
            [icon("check-circle-fill", "up"), " Nothing is open: no gap and no suspect price."],
            className="quality-note",
        )
    else:
        content = html.Ul(
            [_finding(finding, report.resolution, can_refetch) for finding in found[:LISTED]],
            className="findings",
        )
    more = len(found) - LISTED
    return html.Div(
        [
            html.H3(f"Findings ({len(found):,})" if found else "Findings", className="panel-title"),
            content,
            html.P(f"{more:,} more are listed when these are settled.", className="muted")
            if more > 0
            else None,
        ],
        className="quality-block",
    )


def _finding(finding: Any, resolution: str, can_refetch: bool) -> html.Li:
    names = [name for name in finding.actions if name != "refetch" or can_refetch]
    mark = icon(_ICONS[finding.severity], f"finding-icon is-{finding.severity}")
    return _line(finding, resolution, mark, [_button(finding, name) for name in names])


def _accepted(report: Any) -> html.Details | None:
    if not report.accepted:
        return None
    mark = icon("check2", "finding-icon muted")
    lines = [
        _line(finding, report.resolution, mark, [_button(finding, "unaccept")])
        for finding in report.accepted
    ]
    return html.Details(
        [
            html.Summary(f"Accepted ({len(report.accepted):,})"),
            html.Ul(lines, className="findings"),
        ],
        className="quality-block accepted",
    )


def _line(finding: Any, resolution: str, mark: html.I, buttons: list[html.Button]) -> html.Li:
    spoken = html.Span(f"{_WORDS[finding.severity]}: ", className="visually-hidden")
    span = html.Span(_span(finding, resolution), className="finding-span")
    return html.Li(
        [
            mark,
            html.Div(
                [
                    html.Span([spoken, html.Strong(finding.title), span]),
                    html.P(finding.text, className="finding-text"),
                ],
                className="finding-body",
            ),
            html.Div(buttons, className="finding-actions"),
        ],
        className="finding",
    )


def _button(finding: Any, name: str) -> html.Button:
    icon_name, text, help = _BUTTONS[name]
    return command_button(
        name,
        text,
        icon_name,
        title=help,
        kind=finding.kind,
        start=finding.start.isoformat(),
        end=finding.end.isoformat(),
    )


def _span(finding: Any, resolution: str) -> str:
    ends = (finding.start, finding.end)
    # Sessions, as those that are missing, are named by their date alone.
    by_date = all(moment == moment.normalize() for moment in ends)
    first, last = (bar_time(moment, "1d" if by_date else resolution) for moment in ends)
    return first if first == last else f"{first} to {last}"
