"""run_backtest: bars and a strategy in, a BacktestResult out."""

from dataclasses import replace
from typing import Literal, Protocol

import numpy as np
import pandas as pd

import services.backtest.simulate as kernel
from services import metrics
from services.backtest.costs import Commission
from services.backtest.lines import Line
from services.backtest.result import BacktestResult, StrategyInfo
from services.backtest.settings import SimulationSettings
from services.backtest.trades import trades_table
from services.bars import BAR_COLUMNS, PRICE_COLUMNS
from services.errors import InvalidSignals, NoBars
from services.indicators import with_indicators


class Rule(Protocol):
    """What the engine asks of a strategy."""

    name: str
    rule: str

    def signals_from(self, df: pd.DataFrame, first: int) -> np.ndarray:
        """Return +1, -1 or 0 for each bar from `first` on."""

    def lines(self, df: pd.DataFrame) -> list[Line]:
        """List what to draw with the bars."""


def run_backtest(
    bars: pd.DataFrame,
    strategy: Rule,
    settings: SimulationSettings = SimulationSettings(),  # noqa: B008  (frozen)
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    timezone: str = "UTC",
) -> BacktestResult:
    """Backtest a strategy on a frame of bars (see `services.bars`) and measure it.

    Indicator columns that the frame lacks are computed first. Only bars from `start` to `end`
    (both included) are traded; earlier ones serve as history, so that the first traded bar has
    its averages. `timezone` says where a day ends in the metrics of intraday bars. Raises NoBars
    when no bar is left.
    """
    frame, first = _window(bars, start, end)
    signals = _signals(strategy, frame, first)
    traded = frame[BAR_COLUMNS].iloc[first:].reset_index(drop=True)
    open_, high, low, close = (traded[name].to_numpy(np.float64) for name in PRICE_COLUMNS)
    money = _money(settings)
    fill = kernel.FILL_CLOSE if settings.fill == "close" else kernel.FILL_NEXT_OPEN
    equity, position, rows = kernel.simulate(open_, high, low, close, signals, fill, *money)
    benchmark, benchmark_costs = kernel.buy_and_hold(open_, close, *money)

    trades = trades_table(rows, traded["ts"])
    calendar = metrics.calendar_of(traded["ts"], timezone)
    return BacktestResult(
        bars=traded,
        signals=signals,
        equity=_series(equity, traded, "equity"),
        benchmark_equity=_series(benchmark, traded, "benchmark_equity"),
        position=position,
        trades=trades,
        metrics=metrics.in_order(
            metrics.equity_metrics(equity, settings.cash, calendar)
            | metrics.relation_metrics(equity, benchmark, settings.cash, calendar)
            | {"exposure": float(position.mean())}
            | _trade_metrics(rows)
        ),
        benchmark_metrics=metrics.in_order(
            metrics.equity_metrics(benchmark, settings.cash, calendar)
            | {"exposure": 1.0, "costs": float(benchmark_costs)}
        ),
        lines=_lines(strategy, frame, first),
        strategy=_info(strategy),
        settings=settings,
    )


def _window(
    bars: pd.DataFrame, start: pd.Timestamp | None, end: pd.Timestamp | None
) -> tuple[pd.DataFrame, int]:
    """Cut what lies after `end`, and find the first bar to trade."""
    if len(bars) == 0:
        raise NoBars("There are no bars to test: load some first.")
    frame = with_indicators(bars)
    if end is not None:
        frame = frame.iloc[: _place(frame["ts"], end, "right")]
    first = 0 if start is None else _place(frame["ts"], start, "left")
    if first >= len(frame):
        stored = f"{bars['ts'].iloc[0]:%Y-%m-%d} to {bars['ts'].iloc[-1]:%Y-%m-%d}"
        raise NoBars(f"No bars lie in that span: those at hand run from {stored}.")
    return frame, first


def _place(ts: pd.Series, moment: pd.Timestamp, side: Literal["left", "right"]) -> int:
    # In microseconds both: a moment that the bars' own unit cannot hold would raise.
    return int(ts.dt.as_unit("us").searchsorted(moment.as_unit("us"), side=side))


def _signals(strategy: Rule, frame: pd.DataFrame, first: int) -> np.ndarray:
    signals = np.asarray(strategy.signals_from(frame, first))
    wanted = len(frame) - first
    if signals.shape != (wanted,) or not np.isin(signals, (-1, 0, 1)).all():
        raise InvalidSignals(
            f"{strategy.name}.signals must give one +1, 0 or -1 for each of {wanted} bars."
        )
    return signals.astype(np.int8)


def _money(settings: SimulationSettings) -> tuple[float, float, float, float, float, float]:
    fee = Commission.parse(settings.commission)
    slippage = settings.slippage_bps / 10_000
    return settings.cash, fee.per_share, fee.minimum, fee.cap, fee.rate, slippage


def _trade_metrics(rows: np.ndarray) -> metrics.Metrics:
    return metrics.trade_metrics(
        profit=rows[:, kernel.PROFIT],
        entry_value=rows[:, kernel.SHARES] * rows[:, kernel.ENTRY_PRICE],
        costs=rows[:, kernel.COMMISSION] + rows[:, kernel.SLIPPAGE],
        is_open=rows[:, kernel.EXIT_BAR] == kernel.STILL_OPEN,
    )


def _series(values: np.ndarray, bars: pd.DataFrame, name: str) -> pd.Series:
    return pd.Series(values, index=pd.DatetimeIndex(bars["ts"]), name=name, copy=False)


def _lines(strategy: Rule, frame: pd.DataFrame, first: int) -> tuple[Line, ...]:
    """Return the lines of the tested bars as plain arrays: an author may give pandas columns."""
    return tuple(
        replace(
            line,
            values=np.asarray(line.values, dtype=np.float64)[first:],
            levels=tuple(float(level) for level in line.levels if np.isfinite(level)),
        )
        for line in strategy.lines(frame)
    )


def _info(strategy: Rule) -> StrategyInfo:
    params = getattr(strategy, "params", None)
    return StrategyInfo(strategy.name, params.model_dump() if params else {}, strategy.rule)
