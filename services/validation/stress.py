"""How much of a result hangs on how its orders are assumed to be filled."""

from collections.abc import Iterator
from dataclasses import dataclass

import services.backtest.simulate as kernel
from services.analysis.again import Again, Play
from services.backtest.settings import SimulationSettings
from services.wording import grouped, percent_text

SLIPPAGES = (0.0, 1.0, 2.0, 5.0)  # times what was assumed
RANGED = ("total_return", "sharpe", "max_drawdown")
_FILLS = {
    "next_open": (kernel.FILL_NEXT_OPEN, "Filled at the next bar's open"),
    "close": (kernel.FILL_CLOSE, "Filled at the signal's own close"),
}
_ORDERS = {
    "stop_first": (False, "Within a bar the stop comes first"),
    "target_first": (True, "Within a bar the target comes first"),
}


@dataclass(frozen=True)
class StressRow:
    """The run under one assumption; the others are as the run has them.

    `group` is what the assumption is about: fill, bar, slippage or delay. `entries` counts
    trades, one that is still open too.
    """

    group: str
    name: str
    is_own: bool
    total_return: float | None
    sharpe: float | None
    max_drawdown: float | None
    entries: int


@dataclass(frozen=True)
class Stress:
    """A run under every assumption about its fills: one row each, its own among them."""

    rows: tuple[StressRow, ...]

    @property
    def own(self) -> StressRow:
        """The run as it was assumed."""
        return next(row for row in self.rows if row.is_own)

    @property
    def worst(self) -> StressRow | None:
        """The assumption under which least is left; None when none can be told from its own."""
        others = [row for row in self.rows if not row.is_own and row.total_return is not None]
        if not others or self.own.total_return is None:
            return None
        lowest = min(others, key=lambda row: row.total_return)
        return lowest if lowest.total_return < self.own.total_return else None

    @property
    def loses(self) -> bool:
        """Tell whether a profit is gone under one of the assumptions."""
        worst = self.worst
        return worst is not None and self.own.total_return > 0 >= worst.total_return

    def range_of(self, metric: str) -> tuple[float, float] | None:
        """Return the lowest and the highest of a metric over all assumptions."""
        values = [getattr(row, metric) for row in self.rows]
        known = [value for value in values if value is not None]
        return (min(known), max(known)) if known else None

    @property
    def text(self) -> str:
        """Name the worst in a sentence."""
        if not any(row.entries for row in self.rows):
            return "Nothing was traded, so that no fill matters."
        worst = self.worst
        if worst is None:
            return "No other assumption about the fills leaves less than the one that was made."
        words = worst.name[0].lower() + worst.name[1:]
        change = (
            f"{percent_text(worst.total_return)} instead of {percent_text(self.own.total_return)}"
        )
        if self.loses:
            return f"The profit hangs on the fills: {words}, the return is {change}."
        return f"Worst of the fills: {words}, the return is {change}."


def stress_of(run: Again, settings: SimulationSettings) -> Stress:
    """Simulate a run under each assumption about its fills.

    The fill at the next open or at the signal's close; the order of stop and target within a bar,
    where it has both; no, once, twice and five times its slippage (of a run without: of 1 basis
    point); and every signal a bar late.
    """
    rows = [*_fills(run, settings), *_within(run, settings), *_slippages(run, settings)]
    late = _row("delay", "Every signal filled a bar later", False, run.play(bars_late=1))
    return Stress((*rows, late))


def _fills(run: Again, settings: SimulationSettings) -> Iterator[StressRow]:
    for name, (fill, words) in _FILLS.items():
        yield _row("fill", words, name == settings.fill, run.play(fill=fill))


def _within(run: Again, settings: SimulationSettings) -> Iterator[StressRow]:
    if not (settings.take_profit and (settings.stop_loss or settings.trailing_stop)):
        return
    if settings.needs_finer:
        yield _row("bar", "Within a bar finer bars show which comes first", True, run.play())
    for name, (target_first, words) in _ORDERS.items():
        played = run.play(target_first=target_first)
        yield _row("bar", words, name == settings.intrabar, played)


def _slippages(run: Again, settings: SimulationSettings) -> Iterator[StressRow]:
    own, unit = settings.slippage_bps, settings.slippage_bps or 1.0
    for multiple in SLIPPAGES:
        bps = unit * multiple
        times = f"{multiple:g} × slippage, " if own and multiple else ""
        words = f"{times}{grouped(bps, 2).rstrip('0').rstrip('.')} bp" if bps else "No slippage"
        words = words if times or not bps else f"Slippage of {words}"
        played = run.play(run.money.slipping(bps / 10_000))
        yield _row("slippage", words, bps == own, played)


def _row(group: str, words: str, is_own: bool, played: Play) -> StressRow:
    metrics = played.metrics
    values = {name: metrics[name] for name in RANGED}
    return StressRow(group, words, is_own, **values, entries=len(played.rows))
