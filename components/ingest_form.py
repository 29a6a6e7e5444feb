"""The form that brings bars in from the broker or from the samples, and the jobs it started."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from components.commands import command_button
from components.fields import field, select_field, switch_field
from components.icons import icon
from services.timespan import RESOLUTIONS

SOURCE, SYMBOL, RESOLUTION = "in-source", "in-symbol", "in-resolution"
DURATION, HOURS, FIND, FETCH = "in-duration", "in-hours", "in-find", "in-fetch"
CHOICES, CANDIDATES, ERROR = "in-choices", "in-candidates", "in-error"
CANDIDATE = "in-candidate"  # the number of the chosen one
BROKER_PART = "in-broker-part"
DURATIONS = ("1 M", "6 M", "1 Y", "2 Y", "5 Y", "10 Y", "20 Y")
SOURCE_LABELS = {"ibkr": "Interactive Brokers", "sample": "Samples (four shares, daily)"}
_KINDS = {
    "STK": "Stock",
    "IND": "Index",
    "CASH": "Currency pair",
    "CRYPTO": "Crypto",
    "FUT": "Future",
    "CONTFUT": "Future",
}


def ingest_form(samples: Sequence[str]) -> html.Div:
    """Return the form; `samples` are the symbols that ship with the program."""
    return html.Div(
        [
            html.H3("Fetch", className="panel-title"),
            html.Datalist([html.Option(value=text) for text in DURATIONS], id="in-durations"),
            html.Datalist([html.Option(value=name) for name in samples], id="in-samples"),
            select_field(SOURCE, "Source", SOURCE_LABELS, "ibkr"),
            field(SYMBOL, "Symbol or company", _symbol_and_find()),
            dcc.Loading(
                [
                    html.Div(id=CANDIDATES, className="field-help", role="status"),
                    dbc.RadioItems(id=CANDIDATE, options=[], className="candidates"),
                    dcc.Store(id=CHOICES),
                ],
                type="dot",
                delay_show=200,
                className="candidates-wait",
            ),
            html.Div(
                [
                    select_field(RESOLUTION, "Resolution", RESOLUTIONS.keys(), "1d"),
                    field(
                        DURATION,
                        "Duration",
                        dbc.Input(
                            id=DURATION,
                            type="text",
                            value="5 Y",
                            list="in-durations",
                            autocomplete="off",
                        ),
                        help="back from now: S, D, W, M or Y",
                    ),
                ],
                className="field-pair",
            ),
            html.Div(switch_field(HOURS, "Regular trading hours only", True), id=BROKER_PART),
            html.Div(id=ERROR, className="field-error", role="alert"),
            dbc.Button(
                [icon("cloud-download"), " Fetch"],
                id=FETCH,
                color="primary",
                type="button",
                className="run-button",
            ),
        ],
        className="panel ingest-form",
        role="group",
        **{"aria-label": "Fetch bars"},
    )


def candidate_options(contracts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the contracts that a symbol may mean, as options to choose one by its number."""
    return [
        {"label": _candidate(contract), "value": number}
        for number, contract in enumerate(contracts)
    ]


def job_trouble(text: str) -> list[html.P]:
    """Return the sentence that says why jobs wait, if there is one."""
    return [html.P([icon("exclamation-triangle"), text], className="caution")] if text else []


def job_lines(jobs: Sequence[Any]) -> list[html.Div]:
    """Return a live line a job: what it is, how far, and a way to end it."""
    return [_job_line(job) for job in jobs]


def _job_line(job: Any) -> html.Div:
    return html.Div(
        [
            html.Div(
                [html.Strong(job.title), html.Span(_job_state(job), className="job-text")],
                className="job-words",
            ),
            _bar(job) if job.is_active else None,
            html.Div(_job_buttons(job), className="job-buttons"),
        ],
        className=f"job-line is-{job.state}",
        **{"data-job": str(job.id)},
    )


def _job_buttons(job: Any) -> list[html.Button]:
    if job.is_active:
        off = job.cancel_requested
        return [command_button("cancel", "Cancel", "x-lg", disabled=off, job=job.id)]
    again = command_button("retry", "Retry", "arrow-clockwise", job=job.id)
    return [again, command_button("dismiss", "Dismiss", "x-lg", job=job.id)]


def _job_state(job: Any) -> str:
    if job.state == "queued":
        return job.message or "waiting for its turn"
    parts = [job.message or job.state]
    if job.is_active and job.queue == "broker" and job.total > 1:
        parts.append(f"{job.done:,} of {job.total:,} chunks")
    if (rest := job.rest()) is not None:
        parts.append(f"about {_in_words(rest.total_seconds())} left")
    if job.cancel_requested and job.is_active:
        parts.append("ending after this piece")
    return " · ".join(parts)


def _bar(job: Any) -> html.Div:
    share = job.progress
    width = {"width": f"{100 * min(share, 1):.1f}%"} if share else {}
    spoken = {"aria-label": job.title, "aria-valuemin": "0", "aria-valuemax": "100"}
    if share is not None:
        spoken["aria-valuenow"] = f"{100 * share:.0f}"
    kind = "" if share else " is-unknown" if job.state == "running" else " is-waiting"
    inner = html.Div(className="job-bar-fill", style=width)
    return html.Div(inner, className=f"job-bar{kind}", role="progressbar", **spoken)


def _symbol_and_find() -> dbc.InputGroup:
    return dbc.InputGroup(
        [
            dbc.Input(
                id=SYMBOL,
                type="text",
                placeholder="as in TSLA",
                autocomplete="off",
                maxlength=60,
            ),
            dbc.Button([icon("search"), " Find"], id=FIND, color="secondary", outline=True),
        ]
    )


def _candidate(contract: dict[str, Any]) -> html.Span:
    kind = _KINDS.get(contract["sec_type"], contract["sec_type"])
    facts = [contract["exchange"], contract["currency"], kind]
    return html.Span(
        [
            html.Strong(contract["symbol"]),
            html.Span(contract["name"], className="candidate-name"),
            html.Span(" · ".join(fact for fact in facts if fact), className="candidate-facts"),
        ],
        className="candidate",
    )


def _in_words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
