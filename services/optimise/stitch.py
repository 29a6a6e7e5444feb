"""One curve from the tests of many windows, each with the capital that the one before left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from services import metrics
from services.backtest.costs import Commission
from services.backtest.orders import commission_of
from services.backtest.result import BacktestResult
from services.backtest.run import run_backtest
from services.backtest.settings import SimulationSettings
from services.backtest.trades import OPEN
from services.indicators.lines import Line
from services.metrics import Metrics

WINDOW_END = "window end"  # the exit reason of a position that its window did not outlive


@dataclass(frozen=True, eq=False)
class Said:
    """A rule that was asked before; without `signals` one that stays out of the market."""

    signals: np.ndarray | None = None
    name: str = "said"
    rule: str = "Trade by the signals at hand."
    columns_read = frozenset()

    def signals_from(self, df: pd.DataFrame, first: int) -> np.ndarray:
        """Return the signals at hand, which are those of the bars from `first` on."""
        return np.zeros(len(df) - first, dtype=np.int8) if self.signals is None else self.signals

    def lines(self, _: pd.DataFrame) -> list[Line]:
        """Draw nothing."""
        return []


@dataclass(frozen=True, eq=False)
class Part:
    """The test of a window: equity at each close and trades, bars counted from its first."""

    equity: np.ndarray
    position: np.ndarray
    trades: pd.DataFrame

    @property
    def capital(self) -> float:
        """The money at the end."""
        return float(self.equity[-1])


@dataclass(frozen=True, eq=False)
class Stitched:
    """The tests of all windows as one run, and Buy & Hold over the same bars.

    `position` is what a test held at each close, at that of its end before it was closed there.
    """

    bars: pd.DataFrame
    equity: pd.Series
    position: np.ndarray
    benchmark_equity: pd.Series
    trades: pd.DataFrame
    metrics: Metrics
    benchmark_metrics: Metrics


def part_of(result: BacktestResult, closes: bool) -> Part:
    """Return a window's test; `closes` sells (or buys back) what is open at the last close."""
    equity, trades = result.equity.to_numpy(np.float64), result.trades
    if not closes or trades.empty or trades["exit_reason"].iloc[-1] != OPEN:
        return Part(equity, result.position, trades)
    last, close = len(equity) - 1, float(result.bars["close"].iloc[-1])
    trade = trades.iloc[-1]
    is_short = trade.get("side") == "short"
    slippage = close * result.settings.slippage_bps / 10_000
    price = close + slippage if is_short else close - slippage
    slipped, fee = trade["quantity"] * slippage, _fee(result.settings, trade["quantity"], price)
    cost = slipped + fee
    equity = np.append(equity[:-1], equity[-1] - cost)
    closed = {
        "exit_time": result.bars["ts"].iloc[-1],
        "exit_price": price,
        "costs": trade["costs"] + cost,
        "profit": trade["profit"] - cost,
        "return": (trade["profit"] - cost) / (trade["quantity"] * trade["entry_price"]),
        "exit_reason": WINDOW_END,
        "commission": trade["commission"] + fee,
        "slippage": trade["slippage"] + slipped,
        "exit_bar": last,
        "bars": last - trade["entry_bar"],
    }
    trades = trades.copy()
    for name, value in closed.items():
        trades.iloc[-1, trades.columns.get_loc(name)] = value
    return Part(equity, result.position, trades)


def stitched(
    bars: pd.DataFrame, parts: Sequence[Part], settings: SimulationSettings, timezone: str
) -> Stitched:
    """Join tests that follow each other; `bars` are theirs and those before, as history."""
    equity = np.concatenate([part.equity for part in parts])
    position = np.concatenate([part.position for part in parts])
    start = bars["ts"].iloc[len(bars) - len(equity)]
    # Out of the market, nothing is looked for within a bar.
    plain = replace(settings, intrabar="stop_first")
    held = run_backtest(bars, Said(), plain, start=start, timezone=timezone)
    trades = _joined(parts)
    calendar = metrics.calendar_of(held.bars["ts"], timezone)
    return Stitched(
        bars=held.bars,
        equity=pd.Series(equity, index=held.equity.index, name="equity"),
        position=position,
        benchmark_equity=held.benchmark_equity,
        trades=trades,
        metrics=metrics.in_order(
            metrics.equity_metrics(equity, settings.cash, calendar)
            | metrics.relation_metrics(
                equity, held.benchmark_equity.to_numpy(), settings.cash, calendar
            )
            | {"exposure": float(np.count_nonzero(position) / len(position))}
            | metrics.trade_metrics(
                profit=trades["profit"].to_numpy(np.float64),
                entry_value=(trades["quantity"] * trades["entry_price"]).to_numpy(np.float64),
                costs=trades["costs"].to_numpy(np.float64),
                is_open=(trades["exit_reason"] == OPEN).to_numpy(bool),
            )
        ),
        benchmark_metrics=held.benchmark_metrics,
    )


def _fee(settings: SimulationSettings, shares: float, price: float) -> float:
    fee = Commission.parse(settings.commission)
    return commission_of(shares, price, fee.per_share, fee.minimum, fee.cap, fee.rate)


def _joined(parts: Sequence[Part]) -> pd.DataFrame:
    """Return all trades, with their bars counted from the first bar of the first test."""
    moved, offset = [], 0
    for part in parts:
        trades = part.trades.copy()
        trades["entry_bar"] += offset
        trades.loc[trades["exit_bar"] >= 0, "exit_bar"] += offset
        moved.append(trades)
        offset += len(part.equity)
    some = [trades for trades in moved if len(trades)] or moved[:1]
    return pd.concat(some, ignore_index=True)
