"""The card that explains a trade: why it was entered and left, and what became of it."""

import logging
from collections.abc import Callable
from typing import Any

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from components.icons import icon
from components.report_parts import (
    colour_of,
    facts,
    local_time,
    plain_table,
    signed_text,
    table_row,
)
from components.report_tabs import UNEXPECTED, Find
from services.analysis.story import Excursion, Leg, LineValue, TradeStory, trade_story
from services.errors import UserError
from services.wording import MISSING, grouped, money_text, percent_text, price_text

log = logging.getLogger(__name__)

TRADE_CARD, TRADE = "trade-card", "report-trade"
_DAY = 86_400


def trade_card() -> html.Div:
    """Return the empty card; the script in the page asks for a trade through the store."""
    return html.Div(
        [
            html.Section(
                id=TRADE_CARD,
                className="trade-card panel",
                hidden=True,
                **{"aria-label": "Why this trade?"},
            ),
            dcc.Store(id=TRADE),
        ],
        className="trade-card-slot",
    )


def register_trade_card(app: Dash, find: Find) -> None:
    """Fill the card for the trade that is chosen; `find` returns a run and its time zone."""

    @app.callback(
        Output(TRADE_CARD, "children"),
        Input(TRADE, "data"),
        prevent_initial_call=True,
        on_error=_failed,
    )
    def _fill(wanted: dict[str, int]):
        run, timezone = find(wanted["run"])
        return card_of(trade_story(run.result, wanted["number"]), run.request.resolution, timezone)


def card_of(story: TradeStory, resolution: str, timezone: str) -> list[Component]:
    """Return the content of the card for a trade's story."""

    def when(moment: Any) -> str:
        return local_time(moment, resolution, timezone)

    return [
        _head(story),
        html.P([html.B("The rule: "), story.rule or story.strategy], className="card-rule"),
        html.Div(
            [
                _leg("Sold short" if story.is_short else "Bought", story.entry, when),
                _exit(story, when) if story.exit else _still_open(story),
                _outcome(story, when),
            ],
            className="card-columns",
        ),
    ]


def _failed(error: Exception) -> list[Component]:
    """Answer a card that failed with its sentence; a defect goes to the log."""
    text = str(error)
    if not isinstance(error, UserError):
        log.error("Unexpected error in the card of a trade", exc_info=error)
        text = UNEXPECTED
    return [
        html.Div(
            [
                html.H3("Why this trade?", className="panel-title"),
                _button("close", "x-lg", "Close"),
            ],
            className="card-head",
        ),
        html.P(text, role="alert"),
    ]


def _head(story: TradeStory) -> html.Div:
    colour = colour_of(story.profit)
    result = f"{signed_text('percent', story.trade_return)} · {signed_text('money', story.profit)}"
    return html.Div(
        [
            html.Div(
                [
                    html.H3("Why this trade?", className="panel-title"),
                    html.Span(f"Trade {story.number} of {story.trades:,}", className="muted"),
                    html.Span(result, className=f"card-result {colour}".strip()),
                    html.Span(_held(story), className="muted"),
                ],
                className="card-title",
            ),
            html.Div(
                [
                    _button("previous", "chevron-left", "Previous trade ([)", story.number == 1),
                    _button(
                        "next", "chevron-right", "Next trade (])", story.number == story.trades
                    ),
                    _button("close", "x-lg", "Close (Escape)"),
                ],
                className="card-buttons",
            ),
        ],
        className="card-head",
    )


def _button(do: str, icon_name: str, label: str, disabled: bool = False) -> html.Button:
    return html.Button(
        icon(icon_name),
        type="button",
        className="icon-button",
        title=label,
        disabled=disabled,
        **{"data-card": do, "aria-label": label},
    )


def _held(story: TradeStory) -> str:
    noun = "bar" if story.bars == 1 else "bars"
    days = story.held.total_seconds() / _DAY
    span = f", {grouped(days, 0 if days >= 10 else 1)} days" if days >= 1 else ""
    return f"{story.bars:,} {noun}{span}" + (", still open" if story.is_open else "")


def _leg(title: str, leg: Leg, when: Callable[[Any], str]) -> html.Div:
    at_open = leg.fill.position != leg.signal.position
    moment = "open" if at_open else "close"
    against = (
        "against you" if leg.gap_cost > 0 else "in your favour" if leg.gap_cost < 0 else "no gap"
    )
    asked = [
        ("Signal", f"{when(leg.signal.time)}, close {price_text(leg.signal.close)}"),
        ("Fill", f"{when(leg.fill.time)}, {moment} {price_text(leg.market_price)}"),
        ("Gap from signal to fill", f"{signed_text('percent', leg.gap)}, {against}"),
    ]
    return _column(title, leg, asked, _lines(leg.lines, at_open))


def _exit(story: TradeStory, when: Callable[[Any], str]) -> html.Div:
    title, leg = "Covered" if story.is_short else "Sold", story.exit
    if leg.signal:
        return _leg(title, leg, when)
    asked = [
        ("Why", story.why),
        ("Fill", f"{when(leg.fill.time)}, at {price_text(leg.market_price)}"),
    ]
    return _column(title, leg, asked, None)


def _column(title: str, leg: Leg, asked: list[tuple[str, str]], lines: html.Div | None) -> html.Div:
    return html.Div(
        [
            html.H4(f"{title} at {price_text(leg.fill_price)}"),
            facts(
                [
                    *asked,
                    ("Slippage", f"{money_text(leg.slippage)} ({_points(leg.slippage_rate)})"),
                    ("Commission", money_text(leg.commission)),
                ]
            ),
            lines,
        ],
        className="card-column",
    )


def _points(rate: float) -> str:
    return f"{grouped(rate * 1e4, 1)} bp"


def _lines(lines: tuple[LineValue, ...], has_fill_bar: bool) -> html.Div | None:
    """Return what the strategy's lines showed before the signal, at it, and at the fill."""
    if not lines:
        return None
    head = ("Line", "Bar before", "Signal bar", *(("Fill bar",) if has_fill_bar else ()))
    return plain_table("Indicators", head, [_line(line, has_fill_bar) for line in lines])


def _line(line: LineValue, has_fill_bar: bool) -> html.Tr:
    values = [line.before_signal, line.at_signal, *([line.at_fill] if has_fill_bar else [])]
    levels = " and ".join(f"{level:g}" for level in line.levels)
    name = (
        [line.label, html.Span(f"levels {levels}", className="row-note")] if levels else line.label
    )
    return table_row(name, *(MISSING if v is None else price_text(v) for v in values))


def _still_open(story: TradeStory) -> html.Div:
    word, title = ("buy", "Not covered yet") if story.is_short else ("sell", "Not sold yet")
    text = (
        f"The rule has not said {word} by the last bar: the trade is marked to its close, "
        f"{price_text(story.mark_price)}."
    )
    return html.Div([html.H4(title), html.P(text)], className="card-column")


def _outcome(story: TradeStory, when: Callable[[Any], str]) -> html.Div:
    share = percent_text(story.costs_of_entry_value)
    return html.Div(
        [
            html.H4("What became of it"),
            facts(
                [
                    ("Shares", grouped(story.quantity, 2)),
                    ("Value at entry", money_text(story.entry_value)),
                    ("Before costs", signed_text("money", story.gross_profit)),
                    ("Costs", f"{money_text(story.costs)}, {share} of the entry"),
                    *([("Loan of the shares", money_text(story.loan))] if story.loan else []),
                    ("Worst mark (MAE)", _mark(story.mae, when)),
                    ("Best mark (MFE)", _mark(story.mfe, when)),
                ]
            ),
        ],
        className="card-column",
    )


def _mark(mark: Excursion, when: Callable[[Any], str]) -> str:
    return f"{signed_text('percent', mark.value)} at {price_text(mark.price)}, {when(mark.time)}"
