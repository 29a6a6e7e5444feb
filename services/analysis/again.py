"""A run's own signals and bars, simulated whole again under other assumptions."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

import services.backtest.simulate as kernel
from services.analysis.money import Money
from services.backtest.inputs import KernelInputs, inputs_of
from services.backtest.measure import held_of
from services.backtest.measured import measure_run
from services.backtest.result import BacktestResult
from services.errors import NotReproducible
from services.indicators import with_indicators
from services.metric_specs import Metrics, metrics_of_row

NOT_THE_SAME = (
    "What this run would be otherwise cannot be told: traded again from what was kept of it, it "
    "does not come out the same. Run it anew and look there."
)
FINER_BARS_NOT_KEPT = (
    "What this run would be otherwise cannot be told: the finer bars that decided its exits are "
    "too many to keep with it. Run it anew with other assumptions."
)


@dataclass(frozen=True, eq=False)
class Play:
    """One simulation: equity at every close, the position after it, the kernel's trade rows."""

    given: KernelInputs
    equity: np.ndarray
    position: np.ndarray
    rows: np.ndarray

    @cached_property
    def metrics(self) -> Metrics:
        """All metrics, by the backtest's own code."""
        given, (open_, _, _, close) = self.given, self.given.prices
        benchmark, _ = kernel.buy_and_hold(open_, close, *given.money)
        held = held_of(benchmark, given.cash, given.sampling.ends)
        return metrics_of_row(measure_run(replace(given, held=held), self.equity, self.rows))


@dataclass(frozen=True, eq=False)
class Again:
    """What a run was made of: the kernel's inputs, its signals, its own cash and costs."""

    given: KernelInputs
    signals: np.ndarray
    money: Money
    is_smooth = False  # a stop that is met or not, a share more or less

    @classmethod
    def of(cls, result: BacktestResult, timezone: str = "UTC") -> "Again":
        """Gather it; raise NotReproducible unless it gives the run's equity to the last digit.

        ATR and volatility are those that the run knew; one saved without them is computed from its
        own bars, which is right when no bar came before them.
        """
        settings, known = result.settings, dict(result.known)
        if settings.needs_finer:
            if result.pieces is None:
                raise NotReproducible(FINER_BARS_NOT_KEPT)
            settings = replace(settings, intrabar="stop_first")
            known["pieces"] = result.pieces
        given = inputs_of(_frame(result), 0, settings, timezone)
        if known:
            given = replace(given, realism=given.realism._replace(**known))
        found = cls(given, result.signals, Money.of(result.settings))
        if not np.array_equal(found.play().equity, result.equity.to_numpy()):
            raise NotReproducible(NOT_THE_SAME)
        return found

    def play(
        self,
        money: Money | None = None,
        *,
        fill: int | None = None,
        target_first: bool | None = None,
        bars_late: int = 0,
    ) -> Play:
        """Simulate; what is not said is as the run assumed it.

        `bars_late` counts the bars by which every signal is delayed; `target_first` says which of
        two levels within a bar is met first, whatever finer bars show.
        """
        given = self._given(money, fill, target_first)
        signals = self.signals
        if bars_late:
            signals = np.concatenate((np.zeros_like(signals[:bars_late]), signals[:-bars_late]))
        simulated = kernel.simulate(given.prices, signals, given.fill, given.money, given.realism)
        return Play(given, *simulated)

    def trade(self, money: Money) -> tuple[float, np.ndarray]:
        """Return final equity and the kernel's trade rows at other costs."""
        played = self.play(money)
        return float(played.equity[-1]), played.rows

    def hold(self, money: Money) -> float:
        """Return the final equity of Buy & Hold."""
        open_, _, _, close = self.given.prices
        return float(kernel.buy_and_hold(open_[:1], close[-1:], *money.orders)[0][-1])

    @property
    def bars(self) -> int:
        """How many bars are traded."""
        return len(self.signals)

    def _given(
        self, money: Money | None, fill: int | None, target_first: bool | None
    ) -> KernelInputs:
        given = self.given
        if fill is not None:
            given = replace(given, fill=fill)
        if target_first is not None:
            rules = given.realism.rules._replace(target_first=target_first)
            given = replace(given, realism=given.realism._replace(rules=rules, pieces=None))
        if money is None or money == self.money:
            return given
        if given.realism is not None:
            rules = given.realism.rules._replace(borrow=money.loan)
            given = replace(given, realism=given.realism._replace(rules=rules))
        return replace(given, money=money.orders)


def _frame(result: BacktestResult) -> pd.DataFrame:
    """Return the bars with an ATR, where the rules ask for one."""
    if "atr" in result.known:
        return result.bars.assign(atr=np.nan)  # what was known takes its place
    return with_indicators(result.bars) if result.settings.needs_atr else result.bars
