"""The tab Performance: returns by month, rolling ratios, their spread, and crises."""

from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from components.plot import plot
from components.report_parts import facts, pair, panel, plain_table, signed_cell, table_row
from services.analysis.crisis import CRISES, CrisisWindow, crisis_windows
from services.analysis.distribution import Distribution, period_returns
from services.analysis.monthly import MonthlyReturns, monthly_returns
from services.analysis.rolling import rolling
from services.charts.report_figures import distribution_figure, rolling_figure
from services.wording import metric_text, percent_text

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STRONGEST = 46  # percent of the colour behind a number: it stays readable in both themes


def performance_tab(run: Any, timezone: str) -> list[Component]:
    """Return the content of the tab for a saved run."""
    result = run.result
    months = monthly_returns(result, timezone)
    moving = rolling(result, timezone=timezone)
    unit = "weeks" if moving.periods_a_year == 52 else "days"
    spread = period_returns(result, timezone)
    return [
        panel("Returns by month", _months(months), note=_months_note(months)),
        panel(
            "Rolling Sharpe and volatility",
            plot(rolling_figure(moving), "Sharpe and volatility of the last half year", 340),
            note=f"Each point looks back over the last {moving.window} {unit}.",
        ),
        pair(
            panel(
                "Weekly returns" if unit == "weeks" else "Daily returns",
                plot(
                    distribution_figure(spread, unit=unit),
                    f"How many {unit} had which return",
                    260,
                ),
                spread_facts(spread),
            ),
            panel(
                "Crises",
                _crises(crisis_windows(result, timezone)),
                note="From the market's high to its low; whole falls of the S&P 500.",
            ),
        ),
    ]


def spread_facts(spread: Distribution) -> html.Dl:
    """Return the middle and the tails of a distribution of returns."""
    return facts(
        [
            ("Mean", percent_of(spread.mean)),
            ("Median", percent_of(spread.median)),
            ("Above zero", percent_of(spread.positive)),
            ("Best", percent_of(spread.best)),
            ("Worst", percent_of(spread.worst)),
            ("Deviation", percent_of(spread.deviation)),
            ("Skew", metric_text("ratio", spread.skew)),
            ("Excess kurtosis", metric_text("ratio", spread.kurtosis)),
        ]
    )


def percent_of(value: float | None) -> str:
    """Return a fraction as percent, or that there is none."""
    return metric_text("percent", value)


def _months_note(months: MonthlyReturns) -> str:
    if months.positive is None:
        return ""
    said = (
        f"{percent_text(months.positive)} of the months gained; best {percent_of(months.best)}, "
        f"worst {percent_of(months.worst)}."
    )
    return said + (" An asterisk marks a month that is covered in part." if months.partial else "")


def _months(months: MonthlyReturns) -> html.Div:
    rows = [
        table_row(
            str(year),
            *(_month(months, year, month) for month in range(1, 13)),
            signed_cell("percent", months.totals.get(year)),
        )
        for year in reversed(months.years)
    ]
    return plain_table("Returns by month", ("Year", *MONTHS, "Total"), rows, "months")


def _month(months: MonthlyReturns, year: int, month: int) -> html.Td:
    value = months.table[year][month]
    if value is None:
        return html.Td("", className="num")
    mark = "*" if (year, month) in months.partial else ""
    strength = min(abs(value) / months.scale, 1.0) if months.scale else 0.0
    colour = "var(--up)" if value > 0 else "var(--down)"
    share = round(_STRONGEST * strength)
    back = f"color-mix(in srgb, {colour} {share}%, transparent)" if share else "transparent"
    return html.Td(_short_percent(value) + mark, className="num", style={"background": back})


def _short_percent(fraction: float) -> str:
    """Write percent for a narrow cell, without its sign for percent."""
    digits = 1 if abs(fraction) < 1 else 0
    text = f"{fraction * 100:.{digits}f}"
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "\N{MINUS SIGN}")


def _crises(covered: tuple[CrisisWindow, ...]) -> html.Div:
    found = {window.name: window for window in covered}
    rows = [
        _crisis(found[name]) if name in found else _not_covered(name, start, end)
        for name, start, end in CRISES
    ]
    head = ("Crisis", "Return", "Buy & Hold", "Drawdown", "Buy & Hold")
    return plain_table("Crises", head, rows, "crises")


def _crisis(window: CrisisWindow) -> html.Tr:
    start, end = window.covered_from, window.covered_to
    part = "covered in part, " if window.partial else ""
    return table_row(
        _crisis_name(window.name, f"{part}{start:%Y-%m-%d} to {end:%Y-%m-%d}"),
        signed_cell("percent", window.total_return),
        signed_cell("percent", window.benchmark_return),
        percent_text(window.drawdown),
        percent_text(window.benchmark_drawdown),
    )


def _not_covered(name: str, start: str, end: str) -> html.Tr:
    first, last = pd.Timestamp(start), pd.Timestamp(end)
    return table_row(
        _crisis_name(name, f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"),
        html.Td("not covered by this run", colSpan=4, className="num muted"),
    )


def _crisis_name(name: str, span: str) -> list[Any]:
    return [name, html.Span(span, className="row-note")]
