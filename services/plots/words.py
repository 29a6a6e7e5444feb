"""What a report says in words: title, span, assumptions."""

from collections.abc import Mapping
from typing import Any

from services.backtest.costs import COMMISSIONS, DEFAULT_PERCENT
from services.backtest.result import BacktestResult
from services.backtest.settings import FILLS
from services.plots.numbers import grouped, money_text
from services.timespan import is_session_based

NO_COSTS = (
    "NO COSTS: this run charges neither commission nor slippage; real trading would earn less."
)


def params_text(params: Mapping[str, Any]) -> str:
    """List parameters by name."""
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in params.items()
    )


def span_text(result: BacktestResult, resolution: str) -> str:
    """Say from when to when, and how many bars."""
    form = "%Y-%m-%d" if is_session_based(resolution) else "%Y-%m-%d %H:%M"
    zone = "" if is_session_based(resolution) else " UTC"
    count = len(result.bars)
    bars = "1 bar" if count == 1 else f"{grouped(count, 0)} bars"
    return f"{result.start:{form}} to {result.end:{form}}{zone}  ·  {bars}"


def assumptions_text(result: BacktestResult) -> str:
    """Say under which assumptions the run traded."""
    settings = result.settings
    parts = [
        f"starting cash {money_text(settings.cash)}",
        _commission(settings.commission),
        _slippage(settings.slippage_bps),
        f"filled {FILLS[settings.fill]}",
        "long or flat, all cash in, fractional shares",
        "Buy & Hold: bought at the first open under the same costs",
        "no risk-free rate in Sharpe and Sortino",
    ]
    return "Assumptions:  " + "  ·  ".join(parts) + "."


def _commission(text: str) -> str:
    model, _, number = text.partition(":")
    if model == "none":
        return COMMISSIONS[model]
    if model == "percent":
        return f"commission: {number or f'{DEFAULT_PERCENT:g}'} % of the trade's value"
    if model == "ibkr_fixed" and number:
        return f"commission: USD {number} a share, at least 1.00, at most 1 % of the trade"
    return f"commission: {COMMISSIONS[model]}"


def _slippage(basis_points: float) -> str:
    if basis_points == 0:
        return "no slippage"
    return f"slippage {basis_points:g} bp of the price, against the trader"
