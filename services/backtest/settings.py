"""How a backtest trades: starting cash, commission, slippage and the moment of the fill."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from services.backtest.costs import Commission, canonical_commission, plain_number
from services.errors import InvalidParams, did_you_mean

FILLS = {
    "next_open": "at the next bar's open",
    "close": "at the signal's own close",
}


@dataclass(frozen=True)
class SimulationSettings:
    """The assumptions of a simulation; raises InvalidParams when one is out of range.

    cash in the instrument's currency; commission as "ibkr_fixed[:USD a share]",
    "percent[:percent of the trade]" or "none"; slippage in basis points, against the trader.
    """

    cash: float = 100_000.0
    commission: str = "ibkr_fixed"
    slippage_bps: float = 1.0
    fill: str = "next_open"

    def __post_init__(self):
        object.__setattr__(self, "commission", canonical_commission(self.commission))
        object.__setattr__(self, "cash", _number(self.cash, "cash"))
        object.__setattr__(self, "slippage_bps", _number(self.slippage_bps, "slippage"))
        if not 1 <= self.cash <= 1e12:
            raise InvalidParams("cash must be between 1 and 1e12.", field="cash")
        if not 0 <= self.slippage_bps <= 1000:
            raise InvalidParams(
                "slippage must be between 0 and 1000 basis points.", field="slippage"
            )
        if self.fill not in FILLS:
            raise InvalidParams(
                f'fill must be one of {", ".join(FILLS)}, not "{self.fill}".'
                f"{did_you_mean(self.fill, FILLS)}",
                field="fill",
            )
        Commission.parse(self.commission)

    @property
    def is_free(self) -> bool:
        """Tell whether trading costs nothing under these settings."""
        return self.slippage_bps == 0 and Commission.parse(self.commission).is_free

    def as_dict(self) -> dict[str, Any]:
        """Return the settings by name."""
        return asdict(self)


def _number(value: Any, field: str) -> float:
    number = plain_number(value)
    if not math.isfinite(number):
        raise InvalidParams(f"{field} must be a number, not {str(value)[:40]!r}.", field=field)
    return number
