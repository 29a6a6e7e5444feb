"""The tab Trades: the table with its filters, and how the trades are spread."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from components.icons import icon
from components.plot import plot
from components.report_parts import facts, pair, panel
from components.report_performance import percent_of
from components.trades import trades_grid
from services.analysis.distribution import trade_returns
from services.analysis.durations import Held, durations
from services.analysis.excursions import Excursions, excursions
from services.analysis.seasons import by_hour, by_month, by_weekday
from services.analysis.streaks import Streak, streaks
from services.backtest.result import BacktestResult
from services.charts.report_figures import (
    distribution_figure,
    duration_figure,
    excursion_figure,
    season_figure,
)
from services.timespan import is_session_based
from services.wording import MISSING, grouped, metric_text, money_text, percent_text

TRADES_TITLE = "trades-title"
HOW_TO_FILTER = "A field under every heading: type 2008, >0, <-5 or 1..10"
KINDS = {"all": "All", "winners": "Winners", "losers": "Losers"}


def trades_tab(run: Any, timezone: str) -> list[Component]:
    """Return the content of the tab for a saved run."""
    result = run.result
    table = _table(run, timezone)
    if not (result.trades["exit_bar"] >= 0).any():
        return [table]
    return [
        table,
        pair(_returns(result), _streaks(result)),
        pair(*_excursions(excursions(result))),
        pair(*_seasons(result, timezone)),
        _durations(result),
    ]


def trades_title(run: Any, timezone: str) -> str:
    """Return how many trades there are, and in which zone their times are written."""
    result = run.result
    closed = int((result.trades["exit_bar"] >= 0).sum())
    still_open = len(result.trades) - closed
    noun = "trade" if closed == 1 else "trades"
    zone = "" if is_session_based(run.request.resolution) else f" · times in {timezone}"
    return f"{closed:,} closed {noun}" + (", one still open" if still_open else "") + zone


def _table(run: Any, timezone: str) -> html.Section:
    head = [
        html.H3(trades_title(run, timezone), id=TRADES_TITLE, className="panel-title"),
        html.Div([_filters(), _switch()], className="panel-tools"),
    ]
    return html.Section(
        [html.Div(head, className="panel-head"), trades_grid(len(run.result.trades))],
        className="panel",
    )


def _filters() -> html.Button:
    """Return the button that shows a field under every heading of the table."""
    return html.Button(
        [icon("funnel"), " Filter"],
        id="trade-filters",
        type="button",
        className="btn btn-sm btn-outline-secondary",
        title=HOW_TO_FILTER,
        **{"aria-pressed": "false"},
    )


def _switch() -> html.Div:
    """Return the switch between all trades, winners and losers."""
    buttons = [
        html.Button(
            label,
            type="button",
            className="segment",
            **{"data-kind": kind, "aria-pressed": "true" if kind == "all" else "false"},
        )
        for kind, label in KINDS.items()
    ]
    return html.Div(
        buttons,
        id="trade-kinds",
        className="segments",
        role="group",
        **{"aria-label": "Which trades to list"},
    )


def _returns(result: BacktestResult) -> html.Section:
    spread = trade_returns(result)
    return panel(
        "Returns of the trades",
        plot(distribution_figure(spread, unit="trades"), "How many trades had which return", 260),
        facts(
            [
                ("Mean", percent_of(spread.mean)),
                ("Median", percent_of(spread.median)),
                ("Best", percent_of(spread.best)),
                ("Worst", percent_of(spread.worst)),
            ]
        ),
    )


def _streaks(result: BacktestResult) -> html.Section:
    found = streaks(result)
    return panel(
        "Streaks",
        facts(
            [
                ("Longest winning streak", _streak(found.longest_win)),
                ("Longest losing streak", _streak(found.longest_loss)),
                ("Wins in a row, on average", metric_text("ratio", found.mean_win)),
                ("Losses in a row, on average", metric_text("ratio", found.mean_loss)),
                ("At the end", _now(found.current)),
            ],
            single=True,
        ),
        note="Trades in a row that won, or that lost.",
    )


def _streak(streak: Streak | None) -> Any:
    if streak is None:
        return "none"
    noun = "trade" if streak.length == 1 else "trades"
    where = f"{streak.first}" if streak.length == 1 else f"{streak.first} to {streak.last}"
    button = html.Button(
        where,
        type="button",
        className="link-button",
        **{"data-trade": str(streak.first), "aria-label": f"Show trade {where}"},
    )
    return [f"{streak.length} {noun}, {money_text(streak.profit)} (", button, ")"]


def _now(streak: Streak | None) -> str:
    if streak is None:
        return "neither won nor lost"
    won = "won" if streak.kind == "win" else "lost"
    return f"the last one {won}" if streak.length == 1 else f"the last {streak.length} {won}"


def _excursions(found: Excursions) -> list[html.Section]:
    notes = {
        "mae": "How far a trade went against you, and how it ended. Choose a point to see it. "
        + (
            ""
            if found.worst_of_winners is None
            else f"No winner was ever below {percent_text(found.worst_of_winners)}."
        ),
        "mfe": "How far a trade went your way, and how it ended. Choose a point to see it. "
        + (
            ""
            if found.efficiency is None
            else f"Winners kept {percent_text(found.efficiency)} of their best mark."
        ),
    }
    titles = {"mae": "Worst mark (MAE)", "mfe": "Best mark (MFE)"}
    return [
        panel(
            title,
            html.Div(
                plot(
                    excursion_figure(found, kind=kind), f"{title} against the trade's return", 320
                ),
                className="choosable",
            ),
            note=notes[kind],
        )
        for kind, title in titles.items()
    ]


def _seasons(result: BacktestResult, timezone: str) -> list[html.Section]:
    groups = {
        "By weekday of entry": by_weekday(result, timezone),
        "By month of entry": by_month(result, timezone),
        "By hour of entry": by_hour(result, timezone),
    }
    return [
        panel(
            title,
            plot(season_figure(group, value="mean_return"), f"Mean return {title}", 240),
            note="Mean return of a trade.",
        )
        for title, group in groups.items()
        if group
    ]


def _durations(result: BacktestResult) -> html.Section:
    found = durations(result)
    return panel(
        "How long trades lasted",
        plot(duration_figure(found), "How many trades lasted how many bars", 260),
        facts(
            [
                ("All", _held(found.all)),
                ("Winners", _held(found.winners_held)),
                ("Losers", _held(found.losers_held)),
            ],
            single=True,
        ),
    )


def _held(held: Held) -> str:
    if held.mean_bars is None:
        return MISSING
    return (
        f"{grouped(held.mean_bars, 1)} bars on average, {held.shortest_bars:,} to "
        f"{held.longest_bars:,}; {grouped(held.mean_days, 1)} days"
    )
