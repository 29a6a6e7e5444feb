"""Cash and what trading costs, as the kernel takes them, and the same at other costs."""

import math
from typing import NamedTuple

from services.backtest.costs import Commission
from services.backtest.settings import SimulationSettings


class Money(NamedTuple):
    """Cash and costs; `slippage`, `rate` and `loan` (of a short's shares, a year) are fractions."""

    cash: float
    per_share: float
    minimum: float
    cap: float
    rate: float
    slippage: float
    loan: float = 0.0

    @classmethod
    def of(cls, settings: SimulationSettings) -> "Money":
        """Return what a run assumes."""
        fee = Commission.parse(settings.commission)
        slippage, loan = settings.slippage_bps / 10_000, settings.borrow_rate / 100
        return cls(settings.cash, fee.per_share, fee.minimum, fee.cap, fee.rate, slippage, loan)

    @property
    def orders(self) -> tuple[float, float, float, float, float, float]:
        """All but the loan, in the kernel's order."""
        return self[:6]

    def times(self, multiple: float) -> "Money":
        """Return the same cash with every cost multiplied, the loan of shares among them."""
        cap = self.cap if math.isinf(self.cap) else self.cap * multiple
        scaled = (x * multiple for x in (self.rate, self.slippage, self.loan))
        return Money(self.cash, self.per_share * multiple, self.minimum * multiple, cap, *scaled)

    def flat(self, rate: float) -> "Money":
        """Return the same cash with one cost, a fraction of every order's value."""
        return Money(self.cash, 0.0, 0.0, math.inf, rate, 0.0)

    def on_top(self, rate: float) -> "Money":
        """Return the same costs and one more, a fraction of every order's value."""
        return self._replace(rate=self.rate + rate)

    def slipping(self, slippage: float) -> "Money":
        """Return the same with another slippage, a fraction of the price."""
        return self._replace(slippage=slippage)

    @property
    def most_of_an_order(self) -> float:
        """The largest part of an order's value that its costs may take."""
        return (0.0 if math.isinf(self.cap) else self.cap) + self.rate + self.slippage
