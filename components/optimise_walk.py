"""A walk-forward: the windows in time, before and after, parameters by window, one equity."""

from collections.abc import Sequence

import pandas as pd
from dash import html
from dash.development.base_component import Component

from components.format import metric_text_of
from components.plot import plot
from components.report_parts import facts, pair, panel, plain_table, signed_cell, table_row
from services.charts.optimise import (
    before_after_figure,
    steps_of,
    stitched_figure,
    windows_figure,
)
from services.optimise.surface import value_text
from services.optimise.walked import WalkForward, WalkForwardWindow
from services.wording import MISSING, counted, metric_text, percent_text

EFFICIENCY = "Yearly growth out-of-sample over the mean yearly growth in-sample (Pardo, 2008)."
CONSISTENCY = "Share of the windows that ended with a profit."
DEGRADATION = (
    "The objective out-of-sample over that in-sample, averaged over the windows in which it was "
    "above zero in-sample: 1 is as good as promised."
)


def walk_parts(walk: WalkForward, names: Sequence[str], embargo: int = 0) -> list[Component]:
    """Return the panels of a walk-forward; `names` are the parameters that vary.

    `embargo` is how many bars were left out between training and test.
    """
    return [_told(walk), _timeline(walk, embargo), _windows(walk, names)]


def _told(walk: WalkForward) -> html.Section:
    run = walk.run
    edges = [window.test_start for window in walk.windows]
    figure = stitched_figure(
        run.bars["ts"],
        run.equity.to_numpy(),
        run.benchmark_equity.to_numpy(),
        edges,
        [(window.test_start, window.test_end) for window in walk.windows if window.is_failed],
    )
    return panel(
        "Out-of-sample, as one run",
        plot(figure, "Equity of all tests in a row, against Buy & Hold", 300),
        facts(_facts(walk)),
        *(html.P(note, className="panel-note opt-note") for note in (*_means(walk), *walk.notes)),
        note="Each window trades what was chosen on the bars before it: nothing here was seen "
        "when the choice was made.",
    )


def _means(walk: WalkForward) -> list[str]:
    """Say of which windows the means are: one that closed no trade has no Sharpe to count."""
    both = sum(w.before is not None and w.after is not None for w in walk.windows)
    if both == len(walk.windows):
        return []
    label = walk.objective.spec.label
    return [
        f"{label} in-sample and out-of-sample are means of {both} of {len(walk.windows)} windows: "
        f"the others have no {label} in one of the two."
    ]


def _facts(walk: WalkForward) -> list[tuple]:
    run, loss = walk.run.metrics, walk.degradation
    label = walk.objective.spec.label
    return [
        ("Return", metric_text_of("total_return", run["total_return"])),
        ("Sharpe", metric_text_of("sharpe", run["sharpe"])),
        ("Max drawdown", metric_text_of("max_drawdown", run["max_drawdown"])),
        ("Buy & Hold", metric_text_of("total_return", walk.run.benchmark_metrics["total_return"])),
        (f"{label} in-sample", metric_text_of(walk.objective.metric, loss.before)),
        (f"{label} out-of-sample", metric_text_of(walk.objective.metric, loss.after)),
        (_defined("Kept of it", DEGRADATION), _share(loss.mean)),
        (_defined("Efficiency", EFFICIENCY), _share(walk.efficiency)),
        (_defined("Windows with profit", CONSISTENCY), percent_text(walk.consistency)),
    ]


def _timeline(walk: WalkForward, embargo: int) -> Component:
    height = min(360, 110 + 22 * len(walk.windows))
    label = walk.objective.spec.label
    return pair(
        panel(
            "Windows",
            plot(windows_figure(walk), "When each window trained and was tested", height),
            note="A window chooses on the first part of its line and is tested on the second."
            + " The gap between the two is the embargo." * bool(embargo),
        ),
        panel(
            f"{label} before and after",
            plot(
                before_after_figure(walk), f"{label} of each window in-sample and after it", height
            ),
            note="How far the filled point lies under the open one is what the choice lost.",
        ),
    )


def _windows(walk: WalkForward, names: Sequence[str]) -> html.Section:
    label = walk.objective.spec.label
    head = (
        "Window", "Tested", *(name.replace("_", " ").capitalize() for name in names),
        f"{label} in", f"{label} out", "Return", "Trades",
    )  # fmt: skip
    changes = steps_of(walk.windows)
    most = len(walk.windows) - 1
    rows = [_row(walk, window, names) for window in walk.windows]
    note = f"The choice changed {changes} of {counted(most, 'time')}." if most else ""
    return panel("Parameters by window", plain_table("Windows", head, rows), note=note)


def _row(walk: WalkForward, window: WalkForwardWindow, names: Sequence[str]) -> html.Tr:
    metric = walk.objective.metric
    chosen = window.params or {}
    return table_row(
        str(window.number),
        _tested(window),
        *(value_text(chosen[name]) if name in chosen else MISSING for name in names),
        metric_text_of(metric, window.before),
        metric_text_of(metric, window.after),
        signed_cell("percent", window.profit),
        metric_text("count", (window.out_of_sample or {}).get("trades")),
    )


def _tested(window: WalkForwardWindow) -> Component | str:
    days = f"{_day(window.test_start)} to {_day(window.test_end)}"
    if not window.error:
        return days
    what = "failed" if window.is_failed else "all combinations failed"
    said = html.Span(f"{what}: {window.error}", className="opt-failed")
    return html.Td([days, said], className="num")


def _day(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%d}"


def _share(value: float | None) -> str:
    return MISSING if value is None else percent_text(value)


def _defined(name: str, definition: str) -> html.Span:
    return html.Span(name, title=definition, className="opt-defined", tabIndex="0")
