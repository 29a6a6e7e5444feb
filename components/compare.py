"""Runs side by side: who they are, growth, metrics, what they were asked, trades that differ."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from components.format import bar_time, direction, metric_text_of
from components.icons import icon
from components.plot import plot
from components.report_head import BADGES
from services.wording import commission_text, grouped, money_text, risk_texts

ADD, DIFFERENT_ONLY = "compare-add", "compare-different"
# A line of each run: colours of both themes, and a dash of its own for who cannot tell them apart.
LINES = (
    ("--equity", "solid"),
    ("--line-1", "solid"),
    ("--line-4", "solid"),
    ("--line-3", "dash"),
    ("--line-2", "dot"),
    ("--benchmark", "dashdot"),
)


def compare_path(ids: Sequence[int]) -> str:
    """Return the address that sets these runs side by side."""
    return "/runs/compare?" + urlencode({"ids": ",".join(str(one) for one in ids)}, safe=",")


def run_chips(runs: Sequence[Any], most: int) -> html.Div:
    """Return a card a run, with its line, its way out, and the field that adds another."""
    ids = [run.id for run in runs]
    cards = [_card(run, i, [one for one in ids if one != run.id]) for i, run in enumerate(runs)]
    return html.Div(
        [html.Ul(cards, className="compare-runs"), _add(ids) if len(ids) < most else None],
        className="compare-head",
    )


def growth_chart(comparison: Any) -> html.Section:
    """Return the growth of all runs on one axis of time."""
    traces = [
        _trace(run, growth, *LINES[i])
        for i, (run, growth) in enumerate(zip(comparison.runs, comparison.growth, strict=True))
    ]
    layout = {
        "margin": {"l": 8, "r": 56, "t": 8, "b": 28},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Inter, sans-serif", "size": 11, "color": "--muted"},
        "showlegend": False,
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "--surface", "bordercolor": "--border-strong",
                       "font": {"color": "--text"}},
        "xaxis": {"type": "date", "gridcolor": "--grid", "zeroline": False},
        "yaxis": {"side": "right", "tickformat": "+,.0%", "gridcolor": "--grid",
                  "zerolinecolor": "--border-strong"},
    }  # fmt: skip
    label = "Growth of " + ", ".join(
        f"run {run.id}: {metric_text_of('total_return', run.result.metrics['total_return'])}"
        for run in comparison.runs
    )
    return html.Section(
        [
            html.H2("Growth of equity", className="panel-title"),
            plot({"data": traces, "layout": layout}, label, 340, id="compare-growth"),
        ],
        className="panel",
    )


def metrics_table(comparison: Any) -> html.Section:
    """Return the metrics of all runs, the best of each marked with a star."""
    body = [_metric_row(row) for row in comparison.metrics]
    return html.Section(
        [
            html.H2("Metrics", className="panel-title"),
            html.P(
                [icon("star-fill", "compare-star"), " the best of its row"],
                className="compare-note muted",
            ),
            table_of_runs(comparison.runs, body, "Metrics of the runs", "compare-metrics"),
        ],
        className="panel",
    )


def settings_table(comparison: Any) -> html.Section:
    """Return what each run was asked; rows in which they differ are marked."""
    rows = _asked(comparison.runs)
    body = [_asked_row(name, values) for name, values in rows if any(values)]
    return html.Section(
        [
            html.Div(
                [
                    html.H2("What was run", className="panel-title"),
                    html.Button(
                        "Only what differs",
                        id=DIFFERENT_ONLY,
                        type="button",
                        className="btn btn-sm btn-outline-secondary",
                        **{"aria-pressed": "false"},
                    ),
                ],
                className="compare-title",
            ),
            table_of_runs(comparison.runs, body, "Settings of the runs", "compare-settings"),
        ],
        className="panel",
    )


def _card(run: Any, position: int, others: Sequence[int]) -> html.Li:
    title = run.title
    facts = [title] if run.name else []
    return html.Li(
        [
            line_key(position),
            html.Div(
                [
                    dcc.Link(
                        [html.Span(f"{run.id} ", className="muted"), run.name or title],
                        href=f"/runs/{run.id}",
                        className="compare-name",
                        title=f"Open run {run.id}",
                    ),
                    html.Span(" · ".join([*facts, _span(run)]), className="muted"),
                ],
                className="compare-words",
            ),
            dcc.Link(
                [
                    icon("x-lg"),
                    html.Span(f"Take run {run.id} out", className="visually-hidden"),
                ],
                href=compare_path(others),
                className="row-button",
                title=f"Take run {run.id} out",
            ),
        ],
        className="compare-run",
        **{"data-run": str(run.id)},
    )


def line_key(position: int) -> html.Span:
    """Return a piece of the line that stands for the run at a position."""
    return html.Span(className=f"compare-line compare-line-{position}", **{"aria-hidden": "true"})


def _add(ids: Sequence[int]) -> html.Div:
    return html.Div(
        [
            html.Label("Add a run by number or words", htmlFor=ADD, className="visually-hidden"),
            dcc.Input(
                id=ADD,
                type="search",
                placeholder="Add a run: number or words…",
                autoComplete="off",
                className="form-control",
            ),
            html.Ul(id=f"{ADD}-list", className="compare-found", hidden=True),
        ],
        className="compare-add",
        **{"data-ids": ",".join(str(one) for one in ids)},
    )


def _trace(run: Any, growth: Any, colour: str, dash: str) -> dict[str, Any]:
    is_daily = not (growth.ts.astype("int64") % 86_400_000_000).any()
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"Run {run.id}",
        "x": [str(moment)[: 10 if is_daily else 16] for moment in growth.ts],
        "y": [round(float(value) - 1, 5) for value in growth.values],
        "line": {"color": colour, "dash": dash, "width": 1.6},
        "hovertemplate": "%{y:+,.2%}",
    }


def _metric_row(row: Any) -> html.Tr:
    # Where all are equal none is ahead.
    best = row.best if len(row.best) < len(row.values) else frozenset()
    cells = [_metric_cell(row.spec, value, i in best) for i, value in enumerate(row.values)]
    return html.Tr(
        [html.Th(row.spec.label, scope="row", title=row.spec.definition), *cells],
        **{"data-metric": row.spec.name},
    )


def _metric_cell(spec: Any, value: float | None, is_best: bool) -> html.Td:
    mark = [icon("star-fill", "compare-star"), html.Span("best: ", className="visually-hidden")]
    return html.Td(
        [html.Span(mark) if is_best else None, metric_text_of(spec.name, value)],
        className=f"num {direction(spec, value)} {'is-best' if is_best else ''}",
    )


def _asked(runs: Sequence[Any]) -> list[tuple[str, list[str]]]:
    """Return the lines of what was asked: a name, and the text of each run."""
    asked = [run.request for run in runs]
    settings = [one.settings for one in asked]
    params = list(dict.fromkeys(name for one in asked for name in one.params))
    return [
        ("Symbol", [one.symbol for one in asked]),
        ("Resolution", [one.resolution for one in asked]),
        ("Strategy", [one.strategy for one in asked]),
        *((name, [_param(one, name) for one in asked]) for name in params),
        ("Span", [_span(run) for run in runs]),
        ("Bars", [grouped(len(run.result.bars), 0) for run in runs]),
        ("Cash", [money_text(one.cash) for one in settings]),
        ("Commission", [commission_text(one.commission) for one in settings]),
        ("Slippage", [f"{one.slippage_bps:g} bp" for one in settings]),
        ("Fill", [one.fill.replace("_", " ") for one in settings]),
        ("Risk and sizing", ["; ".join(risk_texts(one)) for one in settings]),
        ("Bars used", [_mark(run, "bars_hash") for run in runs]),
        *_finer_row(runs),
        ("Strategy code", [_mark(run, "code_hash") for run in runs]),
        ("Look-ahead", [BADGES[run.look_ahead.status][1] for run in runs]),
    ]


def _finer_row(runs: Sequence[Any]) -> list[tuple[str, list[str]]]:
    marks = [_mark(run, "finer_hash") for run in runs]
    return [("Finer bars used", marks)] if any(marks) else []


def _param(asked: Any, name: str) -> str:
    value = asked.params.get(name)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _mark(run: Any, name: str) -> str:
    return getattr(run.manifest, name)[:8] if run.manifest else ""


def _asked_row(name: str, values: Sequence[str]) -> html.Tr:
    differs = len(set(values)) > 1
    head = [name]
    if differs:
        head.append(html.Span("differs", className="compare-differs"))
    return html.Tr(
        [html.Th(head, scope="row"), *(html.Td(text or "–") for text in values)],
        className="is-different" if differs else "is-same",
    )


def table_of_runs(
    runs: Sequence[Any], body: list[Any], label: str, id: str, first: str = ""
) -> html.Div:
    """Return a table with a column a run, that scrolls in its own box; `first` heads the names."""
    heads = [
        html.Th([line_key(i), f"Run {run.id}"], scope="col", title=run.name or run.title)
        for i, run in enumerate(runs)
    ]
    corner = html.Th(first, scope="col") if first else html.Td()
    table = html.Table(
        [html.Thead(html.Tr([corner, *heads])), html.Tbody(body)],
        className="table compare-table",
        id=id,
        **{"aria-label": label},
    )
    return html.Div(table, className="compare-scroll", tabIndex="0", role="region",
                    **{"aria-label": label})  # fmt: skip


def _span(run: Any) -> str:
    ends = (run.result.start, run.result.end)
    return " to ".join(bar_time(moment, run.request.resolution) for moment in ends)
