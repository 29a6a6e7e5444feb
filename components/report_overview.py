"""The tab Overview: equity, falls, exposure, the groups of trades, and every metric."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from components.cards import all_cards
from components.plot import plot
from components.report_parts import (
    facts,
    local_time,
    pair,
    panel,
    plain_table,
    signed_cell,
    table_row,
)
from services.analysis.exposure import exposure
from services.analysis.trade_groups import GROUP_ROWS, TradeGroup, trade_groups
from services.analysis.underwater import UnderwaterPeriod, underwater, underwater_periods
from services.backtest.result import BacktestResult
from services.charts.report_figures import equity_figure, on_log_scale
from services.metrics import MetricSpec
from services.wording import MISSING, grouped, metric_text, percent_text

_EQUITY_HEIGHT = 460
_EQUITY_LABEL = "Equity of the strategy and of Buy & Hold, with the drawdown below"
_LINEAR = "equity-linear"
_SIGNED_ROWS = frozenset({"profit", "mean_profit", "median_profit", "mean_return", "median_return"})


def overview_tab(run: Any, timezone: str) -> list[Component]:
    """Return the content of the tab for a saved run."""
    result = run.result
    return [
        _equity(result, timezone),
        pair(_falls(result, run.request.resolution, timezone), _exposure(result)),
        _groups(result),
        html.Section(
            [html.H3("All metrics", className="section-title"), *all_cards(result)],
            className="all-cards",
        ),
    ]


def _equity(result: BacktestResult, timezone: str) -> html.Section:
    linear = equity_figure(result, timezone=timezone)
    log = {"layout": on_log_scale(linear["layout"])}
    charts = [
        html.Div(plot(linear, _EQUITY_LABEL, _EQUITY_HEIGHT, _LINEAR), **{"data-scale": "linear"}),
        html.Div(
            plot(log, _EQUITY_LABEL, _EQUITY_HEIGHT, data_of=_LINEAR),
            hidden=True,
            **{"data-scale": "log"},
        ),
    ]
    return panel("Equity against Buy & Hold", html.Div(charts, id="equity"), tools=_scales())


def _scales() -> html.Div:
    buttons = [
        html.Button(
            label,
            type="button",
            className="segment",
            **{"data-to-scale": scale, "aria-pressed": "true" if scale == "linear" else "false"},
        )
        for scale, label in (("linear", "Linear"), ("log", "Log"))
    ]
    return html.Div(buttons, className="segments", role="group", **{"aria-label": "Scale"})


def _falls(result: BacktestResult, resolution: str, timezone: str) -> html.Section:
    periods = underwater_periods(result)
    if not periods:
        return panel(
            "Deepest falls",
            html.P("Equity never fell below its highest value.", className="panel-note"),
        )
    whole = underwater(result)
    note = (
        f"{whole.count:,} in all; equity was below its highest value at "
        f"{percent_text(whole.share)} of the closes. Choose one to see it in the chart."
    )
    rows = [_fall(period, resolution, timezone) for period in periods]
    head = ("Depth", "From", "Lowest", "Recovered", "Days")
    return panel("Deepest falls", plain_table("Deepest falls", head, rows), note=note)


def _fall(period: UnderwaterPeriod, resolution: str, timezone: str) -> html.Tr:
    peak, trough = (local_time(t, resolution, timezone) for t in (period.peak, period.trough))
    recovered = period.recovery is not None
    end = local_time(period.recovery, resolution, timezone) if recovered else "not yet"
    depth = html.Button(
        percent_text(period.depth),
        type="button",
        className="link-button down",
        **{
            "data-zoom": f"{period.peak_bar},{period.end_bar}",
            "aria-label": f"Show the fall of {percent_text(period.depth)} from {peak} in the chart",
        },
    )
    return table_row(depth, peak, trough, end, grouped(period.days, 0))


def _exposure(result: BacktestResult) -> html.Section:
    held = exposure(result)
    return panel(
        "Time in the market",
        facts(
            [
                ("Bars in a position", percent_text(held.share)),
                ("Positions held", f"{len(held.spans):,}"),
                ("Longest in the market", _bars(held.longest_in)),
                ("Mean time in the market", _bars(held.mean_in)),
                ("Longest out of it", _bars(held.longest_out)),
                ("Mean time out of it", _bars(held.mean_out)),
            ]
        ),
    )


def _bars(count: float | None) -> str:
    if count is None:
        return MISSING
    text = grouped(count, 0 if count == int(count) else 1)
    return f"{text} bar" if count == 1 else f"{text} bars"


def _groups(result: BacktestResult) -> html.Section:
    if not len(result.trades):
        nothing = html.P("Nothing was opened in this span.", className="panel-note")
        return panel("All, winners and losers", nothing)
    groups = trade_groups(result)
    rows = [
        table_row(html.Span(row.label, title=row.definition), *(_cell(row, g) for g in groups))
        for row in GROUP_ROWS
    ]
    table = plain_table(
        "Trades in groups", ("", *(group.name for group in groups)), rows, "groups-table"
    )
    return panel("All, winners and losers", table)


def _cell(row: MetricSpec, group: TradeGroup) -> html.Td:
    value = group.values[row.name]
    if row.name in _SIGNED_ROWS:
        return signed_cell(row.kind, value)
    missing = " muted" if value is None else ""
    return html.Td(metric_text(row.kind, value), className=f"num{missing}")
