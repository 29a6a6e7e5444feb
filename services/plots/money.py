"""The panels of money: equity against Buy & Hold, and how far each is below its peak."""

import numpy as np

from services.backtest.result import BacktestResult
from services.metrics import drawdown_of
from services.plots import look
from services.plots.panel import Key, Panel, wants_log
from services.plots.thin import thin_line
from services.wording import money_text, percent_text

_STRATEGY = {"color": look.STRATEGY, "linewidth": 1.3}
_BENCHMARK = {"color": look.BENCHMARK, "linewidth": 1.2}
_CASH = {"color": look.FAINT_INK, "linewidth": 0.8, "linestyle": (0, (1, 1.5))}


def draw_equity(panel: Panel, result: BacktestResult) -> None:
    """Draw the equity of the strategy and of Buy & Hold on one axis, in money."""
    equity, benchmark = result.equity.to_numpy(), result.benchmark_equity.to_numpy()
    cash = result.settings.cash
    low = float(min(equity.min(), benchmark.min(), cash))
    high = float(max(equity.max(), benchmark.max(), cash))
    log = wants_log(low, high)
    panel.scale(low, high, log=log)
    panel.grid()
    panel.axes.axhline(cash, zorder=1, **_CASH)
    panel.line(benchmark, look.BENCHMARK, 1.1, zorder=2)
    panel.line(equity, look.STRATEGY, 1.2, zorder=3)
    panel.header(
        "Equity (log scale)" if log else "Equity",
        [
            Key(f"Strategy {money_text(equity[-1])}", _STRATEGY),
            Key(f"Buy & Hold {money_text(benchmark[-1])}", _BENCHMARK),
            Key(f"Starting cash {money_text(cash)}", _CASH),
        ],
    )


def draw_drawdown(panel: Panel, result: BacktestResult) -> None:
    """Draw the fall of both below their highest equity so far, in percent."""
    cash = result.settings.cash
    fall = drawdown_of(result.equity.to_numpy(), cash) * 100
    benchmark_fall = drawdown_of(result.benchmark_equity.to_numpy(), cash) * 100
    deepest = float(min(fall.min(), benchmark_fall.min()))
    panel.axes.set_ylim(deepest * 1.08 if deepest < -1e-6 else -1.0, 0.0)
    panel.grid(suffix=" %")
    x, y = thin_line(fall)
    panel.axes.fill_between(x, y, 0.0, color=look.STRATEGY, alpha=0.28, linewidth=0, zorder=2)
    panel.line(benchmark_fall, look.BENCHMARK, 0.9, zorder=2.5)
    panel.line(fall, look.STRATEGY, 0.8, zorder=3)
    panel.header(
        "Drawdown",
        [
            Key(f"Strategy, worst {_worst(fall)}", _STRATEGY),
            Key(f"Buy & Hold, worst {_worst(benchmark_fall)}", _BENCHMARK),
        ],
    )


def _worst(fall: np.ndarray) -> str:
    return percent_text(float(fall.min()) / 100)
