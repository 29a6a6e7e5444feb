"""Numbers and assumptions as people read them: on the page, in a report, on the command line."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from services.backtest.costs import DEFAULT_PERCENT, IBKR_PER_SHARE, IBKR_TIERED_PER_SHARE
from services.backtest.risk import INTRABAR, Sizing
from services.backtest.settings import FILLS, SimulationSettings

if TYPE_CHECKING:
    from services.backtest.result import BacktestResult

MISSING = "n/a"
NO_COSTS = (
    "NO COSTS: this run charges neither commission nor slippage; real trading would earn less."
)
NO_MARGIN = (
    "SHORT SALES: margin calls, recalled shares and dividends owed are not modelled; a real "
    "account may have had to buy back earlier."
)
# What ended a trade, by the exit_reason of `services.backtest.trades`.
EXIT_NAMES = {
    "signal": "rule",
    "stop": "stop-loss",
    "target": "target",
    "trailing": "trailing stop",
    "ruin": "equity gone",
    "open": "still open",
}
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_COMPACT_FROM = 1e7
_MOST_PERCENT = 1e6


def metric_text(kind: str, value: float | None) -> str:
    """Write a metric; `kind` as in `services.metrics.MetricSpec`."""
    if value is None or not math.isfinite(value):
        return MISSING
    if kind == "percent":
        return percent_text(value)
    if kind == "count":
        return grouped(value, 0)
    if kind == "days":
        return f"{grouped(value, 0 if value >= 10 or value == int(value) else 1)} d"
    return money_text(value) if kind == "money" else grouped(value, 2)


def exit_names(reasons: Iterable[str]) -> list[str]:
    """Say of every trade what ended it, as a table does."""
    return [EXIT_NAMES.get(reason, reason) for reason in reasons]


def percent_text(fraction: float) -> str:
    """Write a fraction as percent, with fewer decimals the larger it is.

    Beyond a million percent only that is said: a few lucky days, taken to the power of a year.
    """
    percent = fraction * 100
    if abs(percent) > _MOST_PERCENT:
        return (
            f"{'>' if percent > 0 else '<'} {grouped(math.copysign(_MOST_PERCENT, percent), 0)} %"
        )
    return f"{grouped(percent, 2 if abs(percent) < 1000 else 0)} %"


def money_text(value: float) -> str:
    """Write an amount: cents below 1,000, whole units above, M, B or T from ten million on."""
    if abs(value) >= _COMPACT_FROM:
        return grouped(value, 2)
    return grouped(value, 2 if abs(value) < 1000 else 0)


def grouped(value: float, digits: int) -> str:
    """Write a number with thousands separated and at most some 12 characters wide."""
    if abs(value) >= 1e15:
        return _minus(f"{value:.2e}")
    for size, unit in _UNITS:
        if abs(value) >= max(size, _COMPACT_FROM):
            return _minus(f"{value / size:,.2f}{unit}")
    text = f"{value:,.{digits}f}"
    return _minus(text.lstrip("-") if not text.strip("-0.,") else text)


def counted(count: int, noun: str) -> str:
    """Write a count with its noun: "1 bar", "1,200 bars"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def price_text(price: float) -> str:
    """Write a price with the digits that matter at its size."""
    if price == 0 or abs(price) >= 1:
        return grouped(price, 2)
    if abs(price) < 1e-5:
        return _minus(f"{price:.3g}")
    return _minus(f"{price:.{3 - math.floor(math.log10(abs(price)))}f}")


def params_text(params: Mapping[str, Any]) -> str:
    """List parameters by name, as in "fast 20, slow 50"."""
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in params.items()
    )


def listing_text(words: Sequence[str]) -> str:
    """List some words, as in "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def settings_text(settings: SimulationSettings) -> str:
    """Say under which assumptions a run trades."""
    return (
        f"cash {money_text(settings.cash)} · {commission_text(settings.commission)} · "
        f"slippage {settings.slippage_bps:g} bp · filled {FILLS[settings.fill]}"
        + "".join(f" · {text}" for text in risk_texts(settings))
    )


def risk_texts(settings: SimulationSettings) -> list[str]:
    """Say what a run assumes beyond cash, costs and fill, as far as it is not the usual."""
    has_stop = settings.stop_loss or settings.trailing_stop
    finer = settings.needs_finer
    moved = "after each finer bar" if finer else "at each close"
    texts = {
        "short only": settings.side == "short",
        "long and short": settings.side == "both",
        f"stop-loss {settings.stop_loss}": settings.stop_loss,
        f"trailing stop {settings.trailing_stop}, moved {moved}": settings.trailing_stop,
        "stops filled at their level or a worse open, with slippage": has_stop,
        f"target {settings.take_profit}, filled at its level or a better open, without slippage": (
            settings.take_profit
        ),
        f"within a bar {INTRABAR[settings.intrabar]} first, the stop within one of these and where "
        "they are missing": finer,
        f"first {INTRABAR[settings.intrabar]}": has_stop and settings.take_profit and not finer,
        sizing_text(settings.sizing): settings.sizing != "all_in",
        "whole shares": not settings.fractional,
        f"at most {settings.max_exposure:.4g} of the equity in a position": (
            settings.max_exposure != 1
        ),
        f"interest on idle cash {settings.cash_interest:g} % a year": settings.cash_interest,
        f"loan of shorted shares {settings.borrow_rate:g} % a year": (
            settings.borrow_rate and settings.side != "long"
        ),
    }
    return [text for text, holds in texts.items() if holds]


def sizing_text(sizing: str) -> str:
    """Say how much an entry takes."""
    wanted = Sizing.parse(sizing)
    amount = f"{wanted.amount:,.10g}"
    return {
        "all_in": "all of the equity an entry",
        "percent": f"{amount} % of the equity an entry",
        "cash": f"{amount} of cash an entry",
        "shares": f"{amount} shares an entry",
        "volatility": f"sized for {amount} % volatility a year",
    }[wanted.model]


def settings_warnings(settings: SimulationSettings) -> tuple[str, ...]:
    """Return what a reader must be told of these assumptions before the numbers."""
    holds = {NO_COSTS: settings.is_free, NO_MARGIN: settings.side != "long"}
    return tuple(text for text, is_so in holds.items() if is_so)


def result_warnings(result: "BacktestResult") -> tuple[str, ...]:
    """Return what a reader must be told of a run's assumptions, and of its ruin."""
    ruins = result.trades[result.trades["exit_reason"] == "ruin"]
    ruined = tuple(
        f"RUIN: the equity was gone at the close of {moment:%Y-%m-%d}; nothing was traded after."
        for moment in ruins["exit_time"]
    )
    return (*settings_warnings(result.settings), *ruined)


def commission_text(commission: str) -> str:
    """Say what a commission setting charges."""
    model, _, number = commission.partition(":")
    if model == "percent":
        return f"commission {number or f'{DEFAULT_PERCENT:g}'} % of the trade"
    if model == "ibkr_fixed":
        return f"IBKR commission USD {number or IBKR_PER_SHARE} a share (at least 1, at most 1 %)"
    if model == "ibkr_tiered":
        rate = number or IBKR_TIERED_PER_SHARE
        return (
            f"IBKR tiered commission USD {rate} a share (at least 0.35, at most 1 %; exchange and "
            "regulatory fees not included)"
        )
    return "no commission"


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
