"""A run's own signals traded again by the kernel under other costs."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import services.backtest.simulate as kernel
from services.backtest.costs import Commission
from services.backtest.result import BacktestResult
from services.errors import PlainRunsOnly

NEEDS_EVERY_BAR = (
    "What this run would be under other costs cannot be told from its signals alone, as it has "
    "rules of risk and sizing: run it again with other costs."
)


class Money(NamedTuple):
    """Cash and costs as the kernel takes them; `slippage` and `rate` are fractions."""

    cash: float
    per_share: float
    minimum: float
    cap: float
    rate: float
    slippage: float

    @classmethod
    def of(cls, result: BacktestResult) -> "Money":
        """Return what a run assumed."""
        fee = Commission.parse(result.settings.commission)
        slippage = result.settings.slippage_bps / 10_000
        return cls(result.settings.cash, fee.per_share, fee.minimum, fee.cap, fee.rate, slippage)

    def times(self, multiple: float) -> "Money":
        """Return the same cash with every cost multiplied."""
        cap = self.cap if math.isinf(self.cap) else self.cap * multiple
        scaled = (x * multiple for x in (self.rate, self.slippage))
        return Money(self.cash, self.per_share * multiple, self.minimum * multiple, cap, *scaled)

    def flat(self, rate: float) -> "Money":
        """Return the same cash with one cost, a fraction of every order's value."""
        return Money(self.cash, 0.0, 0.0, math.inf, rate, 0.0)

    def on_top(self, rate: float) -> "Money":
        """Return the same costs and one more, a fraction of every order's value."""
        return self._replace(rate=self.rate + rate)

    @property
    def most_of_an_order(self) -> float:
        """The largest part of an order's value that its costs may take."""
        return (0.0 if math.isinf(self.cap) else self.cap) + self.rate + self.slippage


@dataclass(frozen=True, eq=False)
class Market:
    """The prices at which a run's orders were filled and the last close, with their signals."""

    prices: np.ndarray
    signals: np.ndarray
    first_open: np.ndarray
    last_close: np.ndarray

    @classmethod
    def of(cls, result: BacktestResult) -> "Market":
        """Keep the bars that decide the last equity, for a kernel that is asked a hundred times.

        Of signals in a row that say the same only the first does anything. The fills become
        closes at which the same kernel trades, so that the last equity is the same to the last
        digit. Raises PlainRunsOnly for a run whose bars in between decide too.
        """
        if not result.settings.is_plain:
            raise PlainRunsOnly(NEEDS_EVERY_BAR)
        open_, close = (result.bars[name].to_numpy(np.float64) for name in ("open", "close"))
        at_open = result.settings.fill == "next_open"
        signals = result.signals[:-1] if at_open else result.signals
        said = np.flatnonzero(signals)
        said = said[np.diff(signals[said], prepend=0) != 0]
        fills = open_[said + 1] if at_open else close[said]
        prices = np.append(fills, close[-1])
        prices.flags.writeable = False  # as the frame's own: one compiled kernel serves both
        acting = np.append(signals[said], 0).astype(np.int8)
        return cls(prices, acting, open_[:1], close[-1:])

    def trade(self, money: Money) -> tuple[float, np.ndarray]:
        """Return final equity and the kernel's trade rows."""
        p = self.prices
        equity, _, rows = kernel.simulate((p, p, p, p), self.signals, kernel.FILL_CLOSE, money)
        return float(equity[-1]), rows

    def hold(self, money: Money) -> float:
        """Return the final equity of Buy & Hold."""
        return float(kernel.buy_and_hold(self.first_open, self.last_close, *money)[0][-1])
