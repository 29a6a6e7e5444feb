"""Why a trade was made and what became of it, from what the run stored."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.analysis.numbers import defined
from services.backtest.costs import Commission
from services.backtest.orders import commission_of
from services.backtest.result import BacktestResult
from services.backtest.trades import SHORT
from services.errors import InvalidParams
from services.wording import EXIT_NAMES

BUY, SELL = "BUY", "SELL"
EXIT_WORDS = {
    "signal": f"the {EXIT_NAMES['signal']} said so",
    "stop": f"the {EXIT_NAMES['stop']} was met",
    "target": f"the {EXIT_NAMES['target']} was reached",
    "trailing": f"the {EXIT_NAMES['trailing']} was met",
    "ruin": "the equity was gone",
    "open": EXIT_NAMES["open"],
}
# What is ordered beforehand and met within a bar, without a signal.
_BY_LEVEL = ("stop", "target", "trailing")


@dataclass(frozen=True)
class Bar:
    """One bar of the run: its position, its time (UTC) and its prices."""

    position: int
    time: pd.Timestamp
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True)
class LineValue:
    """What a line of the strategy showed, None where it has no value; and its thresholds."""

    label: str
    pane: str
    at_signal: float | None
    at_fill: float | None
    before_signal: float | None
    levels: tuple[float, ...]


@dataclass(frozen=True)
class Leg:
    """An entry or an exit: the bar on whose close the rule spoke, and the bar of the fill.

    An exit that the rule did not ask for, as by a stop, has no signal, no gap and no lines.

    `market_price` is the fill's price before slippage, `fill_price` the one paid or got. `gap` is
    market price / signal close - 1, whoever it favours; `gap_cost` the same against the trader
    (positive: worse than the signal's close). `slippage_rate` is the fraction that slippage moved
    the price against the trader; `slippage` and `commission` are money.
    """

    side: str
    signal: Bar | None
    fill: Bar
    market_price: float
    fill_price: float
    gap: float | None
    gap_cost: float | None
    slippage_rate: float
    slippage: float
    commission: float
    lines: tuple[LineValue, ...]


@dataclass(frozen=True)
class Excursion:
    """The worst or best mark within a trade: a fraction of the entry price, and where it was.

    `offset` counts bars from the entry's.
    """

    value: float
    price: float
    bar: int
    time: pd.Timestamp
    offset: int


@dataclass(frozen=True)
class TradeStory:
    """One trade told in full. Money is net where it says profit, and `gross_profit` before costs.

    `exit` is None for a trade still open, whose profit is marked to `mark_price`, the last close.
    `held` runs from the fill's bar to the exit's (the last bar's when open), `bars` counts them.
    `why` says what ended the trade; `loan` is the part of the commission that was paid for the
    loan of a short's shares.
    """

    number: int
    trades: int
    is_open: bool
    is_short: bool
    why: str
    rule: str
    strategy: str
    entry: Leg
    exit: Leg | None
    mark_price: float
    quantity: float
    entry_value: float
    profit: float
    gross_profit: float
    trade_return: float
    commission: float
    loan: float
    slippage: float
    costs: float
    costs_of_entry_value: float
    mae: Excursion
    mfe: Excursion
    bars: int
    held: pd.Timedelta


def trade_story(result: BacktestResult, number: int) -> TradeStory:
    """Tell a trade by its number, counted from one; raise InvalidParams when there is none."""
    trades = result.trades
    if not 1 <= number <= len(trades):
        raise InvalidParams(_no_such_trade(number, len(trades)), field="trade")
    row = trades.iloc[number - 1]
    first, last = int(row["entry_bar"]), int(row["exit_bar"])
    is_open = last < 0
    last = len(result.bars) - 1 if is_open else last
    quantity = float(row["quantity"])
    is_short, reason = row["side"] == SHORT, row["exit_reason"]
    sides = (SELL, BUY) if is_short else (BUY, SELL)
    entry = _leg(result, sides[0], first, float(row["entry_price"]), quantity)
    exit_ = None
    if not is_open:
        exit_ = _leg(result, sides[1], last, float(row["exit_price"]), quantity, reason)
    mae, mfe = _excursions(result, row, entry, exit_, last)
    return TradeStory(
        number=number,
        trades=len(trades),
        is_open=is_open,
        is_short=is_short,
        why=EXIT_WORDS[reason],
        rule=result.strategy.rule,
        strategy=result.strategy.name,
        entry=entry,
        exit=exit_,
        mark_price=float(result.bars["close"].iloc[last]) if is_open else exit_.fill_price,
        quantity=quantity,
        entry_value=quantity * entry.fill_price,
        profit=float(row["profit"]),
        gross_profit=float(row["profit"] + row["costs"]),
        trade_return=float(row["return"]),
        commission=float(row["commission"]),
        loan=_loan(result, row, entry, exit_),
        slippage=float(row["slippage"]),
        costs=float(row["costs"]),
        costs_of_entry_value=float(row["costs"] / (quantity * entry.fill_price)),
        mae=mae,
        mfe=mfe,
        bars=int(row["bars"]),
        held=_bar(result, last).time - entry.fill.time,
    )


def _no_such_trade(number: int, count: int) -> str:
    if count == 0:
        return "This run made no trade."
    return f"This run has no trade {number}: its trades are numbered 1 to {count}."


def _loan(result: BacktestResult, row: pd.Series, entry: Leg, exit_: Leg | None) -> float:
    if row["side"] != SHORT or not result.settings.borrow_rate:
        return 0.0
    return float(row["commission"]) - entry.commission - (exit_.commission if exit_ else 0.0)


def _leg(
    result: BacktestResult,
    side: str,
    fill: int,
    paid: float,
    quantity: float,
    reason: str = "signal",
) -> Leg:
    if reason != "signal":
        return _unasked_leg(result, side, fill, paid, quantity, reason)
    at_open = result.settings.fill == "next_open"
    signal = fill - 1 if at_open else fill
    signal_bar, fill_bar = _bar(result, signal), _bar(result, fill)
    market = fill_bar.open if at_open else fill_bar.close
    against = 1 if side == BUY else -1
    gap = market / signal_bar.close - 1.0
    return Leg(
        side=side,
        signal=signal_bar,
        fill=fill_bar,
        market_price=market,
        fill_price=paid,
        gap=gap,
        gap_cost=against * gap + 0.0,
        slippage_rate=against * (paid / market - 1.0) + 0.0,
        slippage=against * quantity * (paid - market) + 0.0,
        commission=_commission(result, quantity, paid),
        lines=_lines(result, signal, fill),
    )


def _unasked_leg(
    result: BacktestResult, side: str, fill: int, paid: float, quantity: float, reason: str
) -> Leg:
    """Tell an exit by a level or by ruin; a target has no slippage."""
    against = 1 if side == BUY else -1
    slippage = 0.0 if reason == "target" else result.settings.slippage_bps / 10_000
    market = paid / (1.0 + against * slippage)
    return Leg(
        side=side,
        signal=None,
        fill=_bar(result, fill),
        market_price=market,
        fill_price=paid,
        gap=None,
        gap_cost=None,
        slippage_rate=slippage,
        slippage=against * quantity * (paid - market) + 0.0,
        commission=_commission(result, quantity, paid),
        lines=(),
    )


def _commission(result: BacktestResult, quantity: float, price: float) -> float:
    fee = Commission.parse(result.settings.commission)
    return float(commission_of(quantity, price, fee.per_share, fee.minimum, fee.cap, fee.rate))


def _bar(result: BacktestResult, i: int) -> Bar:
    row = result.bars.iloc[i]
    prices = (float(row[name]) for name in ("open", "high", "low", "close"))
    return Bar(i, row["ts"], *prices)


def _lines(result: BacktestResult, signal: int, fill: int) -> tuple[LineValue, ...]:
    return tuple(
        LineValue(
            line.label,
            line.pane,
            defined(line.values[signal]),
            defined(line.values[fill]),
            defined(line.values[signal - 1]) if signal else None,
            line.levels,
        )
        for line in result.lines
    )


def _excursions(
    result: BacktestResult, row: pd.Series, entry: Leg, exit_: Leg | None, last: int
) -> tuple[Excursion, Excursion]:
    """Find the marks behind MAE and MFE: the kernel's, in the order in which it saw them.

    What neither whole bars nor the exit show was in a finer bar of the last day, before the exit.
    """
    first, reason = entry.fill.position, row["exit_reason"]
    begin, end = first, last
    if result.settings.fill == "close":  # on from the close of the first bar on
        begin = first + 1
    # Off at the open of the last bar or within it, unless that bar was lived through to its close.
    if reason in ("open", "ruin") or (reason == "signal" and result.settings.fill == "close"):
        end = last + 1
    whole = np.arange(begin, end)
    at_exit = [exit_.market_price] if exit_ else []
    if reason in _BY_LEVEL:
        at_exit.insert(0, exit_.fill.open)
    side = -1.0 if row["side"] == SHORT else 1.0
    in_pieces = result.settings.needs_finer and reason in _BY_LEVEL
    lows, highs = ("mae", "low", np.argmin), ("mfe", "high", np.argmax)
    if side < 0:
        lows, highs = ("mfe", "low", np.argmin), ("mae", "high", np.argmax)
    bars = np.concatenate(([first], whole, [last] * len(at_exit))).astype(np.int64)
    found = {}
    for name, column, pick in (lows, highs):
        seen = result.bars[column].to_numpy()[whole]
        marks = np.concatenate(([entry.market_price], seen, at_exit))
        place = int(pick(marks))
        price, bar = float(marks[place]), int(bars[place])
        told = float(row["entry_price"]) * (1.0 + side * float(row[name]))
        if in_pieces and pick([price, told]) and not math.isclose(price, told, rel_tol=1e-9):
            price, bar = told, last
        time = result.bars["ts"].iloc[bar]
        found[name] = Excursion(float(row[name]), price, bar, time, bar - first)
    return found["mae"], found["mfe"]
