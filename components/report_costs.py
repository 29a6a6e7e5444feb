"""The tab Costs: what was paid, and what the result would be under other costs."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from components.optimise_stress import stress_panel
from components.plot import plot
from components.report_parts import facts, pair, panel, plain_table, signed_cell, table_row
from components.report_performance import percent_of
from services.analysis.again import Again
from services.analysis.costs import (
    BreakEven,
    CostCurve,
    CostPoint,
    CostsPaid,
    cost_curve,
    costs_paid,
)
from services.charts.report_figures import cost_figure
from services.errors import NotReproducible
from services.validation import stress_of
from services.wording import grouped, metric_text, money_text, settings_text


def costs_tab(run: Any, timezone: str) -> list[Component]:
    """Return the content of the tab for a saved run."""
    result = run.result
    if not len(result.trades):
        return [
            panel(
                "Costs", html.P("This run made no trade: it paid nothing.", className="panel-note")
            )
        ]
    try:
        curve = cost_curve(result)
    except NotReproducible as error:
        unknown = html.P(str(error), className="panel-note")
        return [_paid_panel(result), panel("The result under other costs", unknown)]
    return [
        pair(
            _paid_panel(result),
            panel("Break-even", _break_even(curve), note=_BREAK_EVEN_NOTE),
        ),
        panel(
            "The result under other costs",
            plot(cost_figure(curve), "Return of the strategy and of Buy & Hold by costs", 320),
            _points(curve),
            note=_NOTE if result.settings.is_plain else f"{_NOTE} {_RULES_NOTE}",
        ),
        stress_panel(stress_of(Again.of(result, timezone), result.settings)),
    ]


def _paid_panel(result: Any) -> Component:
    note = f"Assumed: {settings_text(result.settings)}."
    return panel("Paid", _paid(costs_paid(result)), note=note)


_NOTE = "The same signals, traded again at other costs."
_RULES_NOTE = (
    "Stops, sizes and loans follow what is paid, so that a dearer trade may also end elsewhere."
)
_BREAK_EVEN_NOTE = "What a round trip (entry and exit) may cost, as a share of the trade's value."


def _paid(paid: CostsPaid) -> html.Dl:
    return facts(
        [
            ("Commission", money_text(paid.commission)),
            ("Slippage", money_text(paid.slippage)),
            ("Both", money_text(paid.total)),
            ("A closed trade, on average", metric_text("money", paid.per_trade)),
            ("Of the trade's value", _fine_percent(paid.per_trip)),
            ("Of the profit before costs", percent_of(paid.of_gross_profit)),
        ]
    )


def _break_even(curve: CostCurve) -> html.Dl:
    even = curve.break_even
    rows = [
        ("The profit is gone at", _or_why(even.total, "it loses even without costs")),
        (
            "Buy & Hold is better from",
            _or_why(even.total_benchmark, "it is better even without costs"),
        ),
        ("Room left beyond these costs", _or_why(even.extra, "none: it loses already")),
    ]
    return facts([*rows, *_multiples(even, curve)], single=True)


def _multiples(even: BreakEven, curve: CostCurve) -> list[tuple[str, str]]:
    times = getattr(even, "multiple", None)
    if not curve.by_multiple or times is None:
        return []
    return [("That is", f"{grouped(times, 1)} times what was assumed")]


def _or_why(value: float | None, why_not: str) -> str:
    return why_not if value is None else _fine_percent(value)


def _fine_percent(value: float | None) -> str:
    """Write a small share with the digits that matter."""
    if value is None or abs(value) >= 0.01:
        return percent_of(value)
    return f"{grouped(value * 100, 3)} %"


def _points(curve: CostCurve) -> html.Div:
    head = ("Costs", "A round trip", "Paid", "Return", "Buy & Hold", "Final equity")
    return plain_table("Results by costs", head, [_point(point) for point in curve.points])


def _point(point: CostPoint) -> html.Tr:
    if point.multiple is None:
        name = f"{grouped(point.per_side * 1e4, 0)} bp a side"
    else:
        name = f"{point.multiple:g} × assumed"
    is_run = point.multiple == 1 or (point.multiple is None and point.per_side == 0)
    return table_row(
        [name, html.Span("this run", className="row-note")] if is_run else name,
        _fine_percent(point.per_trip),
        money_text(point.costs),
        signed_cell("percent", point.total_return),
        signed_cell("percent", point.benchmark_return),
        money_text(point.final_equity),
        className="is-chosen" if is_run else "",
    )
