"""What stands at the head and the foot of a report: the span of the data, the assumptions."""

from services.backtest.result import BacktestResult
from services.timespan import is_session_based
from services.wording import grouped, settings_text

_ALWAYS = (
    "long or flat, all cash in, fractional shares",
    "Buy & Hold: bought at the first open under the same costs",
    "Sharpe and Sortino without a risk-free rate",
)


def span_text(result: BacktestResult, resolution: str) -> str:
    """Say from when to when, and how many bars."""
    by_session = is_session_based(resolution)
    form, zone = ("%Y-%m-%d", "") if by_session else ("%Y-%m-%d %H:%M", " UTC")
    count = len(result.bars)
    bars = "1 bar" if count == 1 else f"{grouped(count, 0)} bars"
    return f"{result.start:{form}} to {result.end:{form}}{zone} · {bars}"


def assumptions_text(result: BacktestResult) -> str:
    """Say under which assumptions the run traded."""
    return " · ".join([f"Assumptions: {settings_text(result.settings)}", *_ALWAYS]) + "."
