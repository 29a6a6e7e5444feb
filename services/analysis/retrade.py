"""A run's own signals traded again under other costs, by as few bars as decide."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

import services.backtest.simulate as kernel
from services.analysis.again import NOT_THE_SAME, Again
from services.analysis.money import Money
from services.backtest.result import BacktestResult
from services.errors import NotReproducible


class Retrade(Protocol):
    """What the same signals come to at other costs."""

    @property
    def bars(self) -> int:
        """How many bars are traded."""

    @property
    def is_smooth(self) -> bool:
        """Tell whether the end falls with every cost, without a jump."""

    def trade(self, money: Money) -> tuple[float, np.ndarray]:
        """Return final equity and the kernel's trade rows."""

    def hold(self, money: Money) -> float:
        """Return the final equity of Buy & Hold."""


def retrade_of(result: BacktestResult) -> Retrade:
    """Return what trades a run again; raise NotReproducible unless it gives the run's own end.

    Of a run of all the cash, long, left by signals alone, a few bars decide the end; of any other
    all do.
    """
    if not result.settings.is_plain:
        return Again.of(result)
    market = Market.of(result)
    if market.trade(Money.of(result.settings))[0] != result.equity.iloc[-1]:
        raise NotReproducible(NOT_THE_SAME)
    return market


@dataclass(frozen=True, eq=False)
class Market:
    """The prices at which a run's orders were filled and the last close, with their signals."""

    prices: np.ndarray
    signals: np.ndarray
    first_open: np.ndarray
    last_close: np.ndarray
    is_smooth = True

    @classmethod
    def of(cls, result: BacktestResult) -> "Market":
        """Keep the bars that decide the last equity, for a kernel that is asked a hundred times.

        Of signals in a row that say the same only the first does anything. The fills become
        closes at which the same kernel trades, so that the last equity is the same to the last
        digit.
        """
        open_, close = (result.bars[name].to_numpy(np.float64) for name in ("open", "close"))
        at_open = result.settings.fill == "next_open"
        signals = result.signals[:-1] if at_open else result.signals
        said = np.flatnonzero(signals)
        said = said[np.diff(signals[said], prepend=0) != 0]
        fills = open_[said + 1] if at_open else close[said]
        prices = np.append(fills, close[-1])
        acting = np.append(signals[said], 0).astype(np.int8)
        return cls(prices, acting, open_[:1], close[-1:])

    @property
    def bars(self) -> int:
        """How many bars are traded."""
        return len(self.prices)

    def trade(self, money: Money) -> tuple[float, np.ndarray]:
        """Return final equity and the kernel's trade rows."""
        p = self.prices
        orders, at_close = money.orders, kernel.FILL_CLOSE
        equity, _, rows = kernel.simulate((p, p, p, p), self.signals, at_close, orders)
        return float(equity[-1]), rows

    def hold(self, money: Money) -> float:
        """Return the final equity of Buy & Hold."""
        bought = kernel.buy_and_hold(self.first_open, self.last_close, *money.orders)
        return float(bought[0][-1])
