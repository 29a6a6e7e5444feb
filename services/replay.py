"""Bar replay: what was known of a run when one of its bars had closed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.backtest.costs import Commission
from services.backtest.orders import commission_of
from services.backtest.result import BacktestResult
from services.backtest.trades import SHORT
from services.errors import InvalidParams, did_you_mean
from services.wording import EXIT_NAMES

LAST_TRADES = 5
JUMPS = ("start", "next", "previous")
BUY, SELL = "BUY", "SELL"
_LEFT = {
    **{reason: f"out at the {EXIT_NAMES[reason]}" for reason in ("stop", "target", "trailing")},
    "ruin": "closed, as the equity was gone",
}


@dataclass(frozen=True)
class ReplayTrade:
    """A trade as it stood at a bar; `exit_bar` and `exit_price` are None while it is open.

    `profit` is net of the costs paid until then, `fraction` is it over the entry value.
    """

    number: int
    entry_bar: int
    entry_price: float
    quantity: float
    exit_bar: int | None
    exit_price: float | None
    profit: float
    fraction: float


@dataclass(frozen=True)
class ReplayState:
    """A run at the close of bar `at` (of `bars`): nothing in it is of a later bar.

    `fraction` and `benchmark_fraction` are the returns so far of the strategy and of Buy & Hold.
    `trades` are the last closed ones, newest first, of `closed` in all, of which `won` made money.
    `signal` says what the rule said at this close, `fill` what was traded in this bar; both may
    be empty. `position` is 1 while long, -1 while short, `quantity` never below zero.
    """

    at: int
    bars: int
    position: int
    quantity: float
    equity: float
    fraction: float
    benchmark_fraction: float
    closed: int
    won: int
    trades: tuple[ReplayTrade, ...]
    open_trade: ReplayTrade | None
    signal: str
    fill: str


def replay_state(result: BacktestResult, at: int) -> ReplayState:
    """Tell how a run stood at the close of a bar; raise InvalidParams when there is no such bar."""
    bars = len(result.bars)
    if not 0 <= at < bars:
        raise InvalidParams(f"There is no bar {at} in this run: choose 0 to {bars - 1}.", "at")
    cash = result.settings.cash
    equity = result.equity.to_numpy()
    entries, exits = _fills(result)
    closed = int(np.searchsorted(exits, at, side="right"))
    is_open = closed < len(entries) and entries[closed] <= at
    profits = result.trades["profit"].to_numpy()[:closed]
    last = range(closed - 1, max(closed - LAST_TRADES, 0) - 1, -1)
    return ReplayState(
        at=at,
        bars=bars,
        position=int(result.position[at]),
        quantity=float(result.trades["quantity"].iloc[closed]) if is_open else 0.0,
        equity=float(equity[at]),
        fraction=float(equity[at] / cash - 1.0),
        benchmark_fraction=float(result.benchmark_equity.iloc[at] / cash - 1.0),
        closed=closed,
        won=int((profits > 0).sum()),
        trades=tuple(_closed_trade(result, place) for place in last),
        open_trade=_open_trade(result, closed, at) if is_open else None,
        signal=_signal(result, at),
        fill=_fill(result, at, entries, exits),
    )


def jump_from(result: BacktestResult, at: int, where: str) -> int:
    """Return the bar to go to: "start" the first signal, "next" or "previous" the entry there.

    Where there is no such bar, `at` is returned. Raises InvalidParams for another word.
    """
    if where not in JUMPS:
        raise InvalidParams(
            f'jump must be one of {", ".join(JUMPS)}, not "{where[:20]}".'
            f"{did_you_mean(where[:20], JUMPS)}",
            field="jump",
        )
    if where == "start":
        opens = {"long": (1,), "short": (-1,), "both": (-1, 1)}[result.settings.side]
        said = np.flatnonzero(np.isin(result.signals, opens))
        return int(said[0]) if len(said) else at
    entries, _ = _fills(result)
    place = np.searchsorted(entries, at, side="right" if where == "next" else "left")
    place = int(place) if where == "next" else int(place) - 1
    return int(entries[place]) if 0 <= place < len(entries) else at


def _fills(result: BacktestResult) -> tuple[np.ndarray, np.ndarray]:
    """Return the bars of entry and of exit; an exit that never came lies behind the last bar."""
    entries = result.trades["entry_bar"].to_numpy()
    exits = result.trades["exit_bar"].to_numpy()
    return entries, np.where(exits < 0, len(result.bars), exits)


def _closed_trade(result: BacktestResult, place: int) -> ReplayTrade:
    trade = result.trades.iloc[place]
    return ReplayTrade(
        number=place + 1,
        entry_bar=int(trade["entry_bar"]),
        entry_price=float(trade["entry_price"]),
        quantity=float(trade["quantity"]),
        exit_bar=int(trade["exit_bar"]),
        exit_price=float(trade["exit_price"]),
        profit=float(trade["profit"]),
        fraction=float(trade["return"]),
    )


def _open_trade(result: BacktestResult, place: int, at: int) -> ReplayTrade:
    """Mark a trade to a close, net of what it has cost until then."""
    trade = result.trades.iloc[place]
    entry, price, shares = int(trade["entry_bar"]), trade["entry_price"], trade["quantity"]
    profit = _profit_until(result, trade, at)
    value = float(price * shares)
    return ReplayTrade(
        number=place + 1,
        entry_bar=entry,
        entry_price=float(price),
        quantity=float(shares),
        exit_bar=None,
        exit_price=None,
        profit=profit,
        fraction=profit / value,
    )


def _profit_until(result: BacktestResult, trade: pd.Series, at: int) -> float:
    entry, price, shares = int(trade["entry_bar"]), trade["entry_price"], trade["quantity"]
    if result.settings.is_plain:  # all cash went in: the profit is the equity's gain since
        before = result.equity.iloc[entry - 1] if entry > 0 else result.settings.cash
        return float(result.equity.iloc[at] - before)
    fee = Commission.parse(result.settings.commission)
    paid = commission_of(shares, price, fee.per_share, fee.minimum, fee.cap, fee.rate)
    gained = shares * (result.bars["close"].iloc[at] - price)
    if trade["side"] != SHORT:
        return float(gained - paid)
    return float(-gained - paid - _loan_until(result, entry, at, shares))


def _loan_until(result: BacktestResult, entry: int, at: int, shares: float) -> float:
    """Return what the loan of a short's shares has cost from its entry to a close."""
    days = result.bars["ts"].iloc[entry : at + 1].diff().iloc[1:] / pd.Timedelta(days=1)
    value = shares * result.bars["close"].iloc[entry:at].to_numpy()
    return float((value * days.to_numpy()).sum() * result.settings.borrow_rate / 100 / 365)


def _signal(result: BacktestResult, at: int) -> str:
    """Say what the rule said, and what follows from it."""
    signal, position = int(result.signals[at]), int(result.position[at])
    if signal == 0:
        return ""
    word = BUY if signal > 0 else SELL
    if result.settings.fill == "close":
        return word
    return f"{word}, {_what_follows(result, signal, position)}"


def _what_follows(result: BacktestResult, signal: int, position: int) -> str:
    if signal == position:
        return f"already {'long' if position > 0 else 'short'}"
    if position == 0 and (result.settings.side, signal) == ("long", -1):
        return "nothing to sell"
    if position == 0 and (result.settings.side, signal) == ("short", 1):
        return "nothing to cover"
    if position == 0 and not result.settings.is_plain:
        return "for the next open"  # which may find no money, or no size that is known
    return "fills at the next open"


def _fill(result: BacktestResult, at: int, entries: np.ndarray, exits: np.ndarray) -> str:
    when = "close" if result.settings.fill == "close" else "open"
    said = []
    for place in np.flatnonzero((entries == at) | (exits == at)):
        trade = result.trades.iloc[place]
        is_short = trade["side"] == SHORT
        if entries[place] == at:
            said.append(f"{'sold short' if is_short else 'bought'} at the {when}")
        if exits[place] == at:
            left = f"{'covered' if is_short else 'sold'} at the {when}"
            said.append(_LEFT.get(trade["exit_reason"], left))
    return ", ".join(said)
