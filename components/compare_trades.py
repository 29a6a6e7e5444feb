"""The trades that some runs made and others did not: a row a trade, a column a run, filters."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from components.compare import line_key, table_of_runs
from components.format import bar_time
from services.timespan import is_session_based
from services.wording import percent_text

TRADES = "compare-trades"
_OUTCOMES = (("", "All"), ("won", "Winners"), ("lost", "Losers"))


def trades_section(comparison: Any) -> html.Section:
    """Return the trades that not all runs made."""
    if not comparison.trades:
        content = [html.P(_all_alike(comparison.trades_in_all), className="muted compare-none")]
    else:
        body = [_row(row, comparison.runs) for row in comparison.trades]
        content = [
            html.Div([_by_run(comparison), _by_outcome()], className="compare-filters"),
            html.P(_summary(comparison), className="compare-note muted", role="status"),
            table_of_runs(comparison.runs, body, "Trades that differ", TRADES, "Entry to exit"),
            html.P(
                "No trade passes both filters.", id=f"{TRADES}-none", className="muted", hidden=True
            ),
        ]
    return html.Section(
        [html.H2("Trades that differ", className="panel-title"), *content], className="panel"
    )


def _by_run(comparison: Any) -> html.Div:
    counts = zip(comparison.runs, comparison.only_some, strict=True)
    buttons = [_filter("run", "", ["All ", _count(comparison.trades_differing)])]
    buttons += [
        _filter("run", str(i), [line_key(i), f"Made by run {run.id} ", _count(count)])
        for i, (run, count) in enumerate(counts)
    ]
    return html.Div(buttons, className="segments", role="group", **{"aria-label": "Made by"})


def _by_outcome() -> html.Div:
    buttons = [_filter("outcome", value, label) for value, label in _OUTCOMES]
    return html.Div(buttons, className="segments", role="group", **{"aria-label": "Outcome"})


def _count(number: int) -> html.Span:
    return html.Span(f"{number:,}", className="muted")


def _filter(what: str, value: str, content: Any) -> html.Button:
    return html.Button(
        content,
        type="button",
        className="segment",
        **{
            "data-compare-by": what,
            "data-compare-value": value,
            "aria-pressed": "false" if value else "true",
        },
    )


def _row(row: Any, runs: Sequence[Any]) -> html.Tr:
    entry, exit_ = (_time(moment, runs) for moment in (row.entry_time, row.exit_time))
    cells = [_cell(cell, run) for cell, run in zip(row.cells, runs, strict=True)]
    made = [i for i, cell in enumerate(row.cells) if cell]
    gain = row.cells[made[0]].result
    return html.Tr(
        [html.Th(f"{entry} to {exit_}", scope="row"), *cells],
        **{
            "data-by-run": " ".join(map(str, made)),
            "data-by-outcome": "won" if gain > 0 else "lost",
        },
    )


def _cell(cell: Any, run: Any) -> html.Td:
    if cell is None:
        absent = html.Span("not made", className="visually-hidden")
        return html.Td([html.Span("–", **{"aria-hidden": "true"}), absent], className="muted")
    gain = cell.result
    look = "up" if gain > 0 else "down" if gain < 0 else ""
    text = f"{'+' if gain > 0 else ''}{percent_text(gain)}"
    address = f"/runs/{run.id}?" + urlencode({"tab": "trades", "trade": cell.number})
    title = f"Open trade {cell.number} of run {run.id}"
    return html.Td(dcc.Link(text, href=address, title=title, className=f"compare-trade {look}"))


def _time(moment: Any, runs: Sequence[Any]) -> str:
    if moment is None:
        return "still open"
    resolutions = [run.request.resolution for run in runs]
    finer = [one for one in resolutions if not is_session_based(one)]
    return bar_time(moment, (finer or resolutions)[0])


def _summary(comparison: Any) -> str:
    listed, count = len(comparison.trades), comparison.trades_differing
    text = (
        f"Trades are the same when they begin and end together: {comparison.trades_in_all:,} were "
        f"made by all runs, {count:,} only by some."
    )
    return text if listed == count else f"{text} The first {listed:,} are listed."


def _all_alike(same: int) -> str:
    if not same:
        return "None of these runs made a trade."
    return (
        "All runs made the same trade." if same == 1 else f"All runs made the same {same:,} trades."
    )
