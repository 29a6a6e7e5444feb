"""The head of a study, how far it is, the best combination, and the parts of its results."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import dash_bootstrap_components as dbc
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from components.format import direction, metric_text_of
from components.icons import icon
from components.optimise_axes import AxisChoice
from components.optimise_front import FrontChoice, front_panel
from components.optimise_map import map_panel
from components.optimise_table import Tried, table_panel
from components.optimise_unseen import unseen_panel
from components.plot import plot
from components.report_parts import panel
from services.charts.optimise import parallel_figure
from services.metrics import METRIC_SPECS
from services.optimise.objective import Objective, best_of
from services.optimise.surface import searched, value_text
from services.studies import Study
from services.studies.front import chosen_text
from services.studies.holdout import Unseen
from services.studies.record import failed_count
from services.wording import counted, listing_text, settings_text

_NOWHERE = object()  # there are no unseen bars
CANCEL, RESUME = "opt-cancel", "opt-resume"
_MARKS = ("objective", "2nd", "3rd")
_SHOWN = ("sharpe", "total_return", "max_drawdown", "trades", "win_rate", "profit_factor")
STATES = {
    "waiting": "Waiting for a worker",
    "running": "Running",
    "cancelled": "Cancelled: what was done is kept",
    "failed": "Failed: what was done is kept",
    "interrupted": "Interrupted as its worker stopped: what was done is kept",
}
_ACTIVE = ("waiting", "running")


def study_head(study: Study, method: str) -> html.Div:
    """Return what a study is called and was asked, with the ways to its remarks and to all."""
    title, line = study.request.title, study_line(study.request)
    parts = [title, method, line] if study.name else [method, line]
    return html.Div(
        [
            html.Div(
                [
                    html.H2(
                        [
                            study.name or title,
                            html.Span(f"Study {study.id}", className="run-number muted"),
                        ]
                    ),
                    html.P(" · ".join(parts), className="report-line"),
                    html.P(study.notes, className="opt-notes") if study.notes else None,
                ]
            ),
            html.Div(
                [
                    _act(study.id, "edit", "Name and notes", "pencil"),
                    _act(study.id, "delete", "Delete", "trash"),
                    dcc.Link(
                        [icon("list-ul"), " All studies"],
                        href="/optimise",
                        className="btn btn-sm btn-outline-secondary",
                    ),
                ],
                className="opt-acts",
            ),
        ],
        className="opt-head",
    )


def study_line(request: Any) -> str:
    """Say what several objectives a study has, on which span and under what it trades."""
    asked = request.backtest
    span = asked.duration or " to ".join(part for part in (asked.start, asked.end) if part)
    kept = f", the last {request.holdout} % unseen" if request.holdout else ""
    labels = [objective.spec.label for objective in request.objectives]
    looked_for = f"the front of {listing_text(labels)} · " if len(labels) > 1 else ""
    return f"{looked_for}{span or 'all bars'}{kept} · {settings_text(asked.settings)}"


def progress_box(
    state: str,
    done: int,
    total: int,
    *,
    rest: timedelta | None = None,
    message: str = "",
    is_ending: bool = False,
) -> html.Div | None:
    """Return how far a study is, with the way to stop it or to go on; None when it is done.

    `is_ending` says that it was told to stop and has not yet.
    """
    if state not in STATES:
        return None
    words = [f"{done:,} of {total:,}"] + ([f"about {_span(rest)} left"] if rest else [])
    head = [
        html.Strong(STATES[state]),
        html.Span(" · ".join(words), className="muted"),
        _stop_button(is_ending) if state in _ACTIVE else _go_on_button(),
    ]
    return html.Div(
        [
            html.Div(head, className="opt-progress-head"),
            _bar(100 * done / total if total else 0.0),
            html.P(message, className="opt-message") if message else None,
        ],
        className=f"panel opt-progress is-{state}",
    )


def _stop_button(is_ending: bool) -> dbc.Button:
    return dbc.Button(
        "Cancelling…" if is_ending else "Cancel",
        id=CANCEL,
        size="sm",
        outline=True,
        color="secondary",
        disabled=is_ending,
    )


def _go_on_button() -> dbc.Button:
    return dbc.Button("Go on", id=RESUME, size="sm", color="primary")


def _bar(percent: float) -> html.Div:
    return html.Div(
        html.Div(className="opt-done", style={"width": f"{percent:.1f}%"}),
        className="opt-bar",
        role="progressbar",
        **{
            "aria-label": "Combinations tried",
            "aria-valuenow": str(round(percent)),
            "aria-valuemin": "0",
            "aria-valuemax": "100",
        },
    )


def best_panel(
    frame: pd.DataFrame,
    names: Sequence[str],
    objectives: Sequence[Objective],
    address: str,
    note: str = "",
    unseen: Unseen | None = None,
) -> html.Section:
    """Return the best combination with its numbers and the way to its backtest."""
    objective, place = objectives[0], best_of(frame, *objectives)
    if place is None:
        return panel(
            "Best combination",
            html.P(_nothing(frame, objective), className="opt-message"),
        )
    row = frame.iloc[place]
    later = {} if unseen is None else unseen.frame.iloc[0]  # the best comes first
    params = ", ".join(f"{name.replace('_', ' ')} {value_text(row[name])}" for name in names)
    wanted = [one.metric for one in objectives]
    shown = [*wanted, *(name for name in _SHOWN if name not in wanted)][:6]
    marks = dict(zip(wanted, _MARKS, strict=False))
    words = chosen_text(objectives) if len(objectives) > 1 else ""
    return panel(
        "Best combination",
        html.Div(
            [
                _number(name, row[name], marks.get(name, ""), later.get(name, _NOWHERE))
                for name in shown
            ],
            className="metric-cards",
        ),
        html.P(words, className="opt-message") if words else None,
        note=f"{params}{note}",
        tools=dcc.Link(
            [icon("box-arrow-up-right"), " Open its backtest"],
            href=address,
            className="btn btn-sm btn-primary opt-open-best",
        ),
    )


def result_parts(
    tried: Tried,
    choice: AxisChoice,
    front: FrontChoice,
    rows: str,
    export: str,
    *,
    only_front: bool = False,
) -> list[Component]:
    """Return map, front, parallel lines of more than two parameters, unseen bars, and the table.

    The table's rows, perhaps `only_front`, and all as a file are at the addresses `rows` and
    `export`.
    """
    frame, names, objective = tried.frame, tried.names, tried.objective
    parts: list[Component] = [_failures(frame)] if failed_count(frame) else []
    parts += [map_panel(frame, choice, names)] if choice.x else []
    beside = front_panel(front)
    parts = [beside, *parts] if tried.further else [*parts, beside]
    axes = [name for name in names if name in searched(frame, names)]
    if len(axes) > 2 and best_of(frame, objective) is not None:
        parts.append(
            panel(
                "All parameters at once",
                plot(
                    parallel_figure(frame, axes, objective),
                    "Each combination as a line through its parameters to the objective",
                    340,
                ),
                note="A line is a combination; where the coloured ones run together, the value "
                "matters.",
            )
        )
    if tried.unseen is not None:
        several = bool(tried.further)
        parts.append(unseen_panel(frame, tried.unseen, objective, with_front=several))
    return [*parts, table_panel(tried, rows, export, only_front=only_front)]


def backtest_query(base: Mapping[str, str], params: Mapping[str, Any]) -> dict[str, str]:
    """Return the query of the backtest with these parameters."""
    return dict(base) | {f"p.{name}": _word(value) for name, value in params.items()}


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _act(study: int, do: str, text: str, icon_name: str) -> html.Button:
    return html.Button(
        [icon(icon_name), f" {text}"],
        type="button",
        className="btn btn-sm btn-outline-secondary",
        **{"data-study-do": do, "data-study": str(study)},
    )


def _number(name: str, value: Any, mark: str, unseen: Any) -> html.Div:
    spec = METRIC_SPECS[name]
    number = None if pd.isna(value) else float(value)
    text = metric_text_of(name, number)
    return html.Div(
        [
            html.Div(
                [spec.label, html.Span(f" · {mark}", className="muted") if mark else ""],
                className="metric-label",
            ),
            html.Div(text, className=f"metric-value {direction(spec, number)}".strip()),
            html.Div(_beside(name, unseen), className="metric-benchmark"),
        ],
        className="metric-card",
        title=spec.definition,
        role="group",
        tabIndex="0",
        **{
            "aria-label": f"{spec.label}: {text}",
            "aria-description": spec.definition,
            "data-metric": name,
        },
    )


def _beside(name: str, unseen: Any) -> str:
    if unseen is _NOWHERE:
        return ""
    return f"unseen {metric_text_of(name, None if pd.isna(unseen) else float(unseen))}"


def _failures(frame: pd.DataFrame) -> html.P:
    count, first = failed_count(frame), frame["error"].dropna().iloc[0]
    return html.P(
        f"{counted(count, 'combination')} failed. The first: {first}", className="caution"
    )


def _nothing(frame: pd.DataFrame, objective: Objective) -> str:
    if failed_count(frame) == len(frame):
        return "No combination has a result: all of them failed."
    least = objective.minimum_trades
    if least and (frame["trades"] < least).all():
        return f"No combination made {least} trades: ask for fewer, or take a longer span."
    return f"No combination has a value of {objective.spec.label}: none of them closed a trade."


def _span(rest: timedelta) -> str:
    seconds = rest.total_seconds()
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
