"""Bar replay: what was known of a run when one of its bars had closed."""

from dataclasses import dataclass

import numpy as np

from services.backtest.result import BacktestResult
from services.errors import InvalidParams, did_you_mean

LAST_TRADES = 5
JUMPS = ("start", "next", "previous")
BUY, SELL = "BUY", "SELL"


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
    be empty.
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
        position=int(is_open),
        quantity=float(result.trades["quantity"].iloc[closed]) if is_open else 0.0,
        equity=float(equity[at]),
        fraction=float(equity[at] / cash - 1.0),
        benchmark_fraction=float(result.benchmark_equity.iloc[at] / cash - 1.0),
        closed=closed,
        won=int((profits > 0).sum()),
        trades=tuple(_closed_trade(result, place) for place in last),
        open_trade=_open_trade(result, closed, at) if is_open else None,
        signal=_signal(result, at, is_open),
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
        said = np.flatnonzero(result.signals > 0)
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
    """Mark a trade to a close: all cash went in, so its profit is the equity's gain since."""
    trade = result.trades.iloc[place]
    entry, price, shares = int(trade["entry_bar"]), trade["entry_price"], trade["quantity"]
    before = result.equity.iloc[entry - 1] if entry > 0 else result.settings.cash
    profit = float(result.equity.iloc[at] - before)
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


def _signal(result: BacktestResult, at: int, is_open: bool) -> str:
    """Say what the rule said, and what follows from it."""
    signal = int(result.signals[at])
    if signal == 0:
        return ""
    word = BUY if signal > 0 else SELL
    if result.settings.fill == "close":
        return word
    if (signal > 0) == is_open:
        return f"{word}, {'already long' if is_open else 'nothing to sell'}"
    return f"{word}, fills at the next open"


def _fill(result: BacktestResult, at: int, entries: np.ndarray, exits: np.ndarray) -> str:
    when = "close" if result.settings.fill == "close" else "open"
    if at in entries:
        return f"bought at the {when}"
    return f"sold at the {when}" if at in exits else ""
