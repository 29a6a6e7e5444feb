"""What an order costs: the commission models, as numbers for the kernel, in words for people."""

import math
from dataclasses import dataclass
from typing import Any

from services.errors import InvalidParams, did_you_mean

# Interactive Brokers' fixed pricing for US stocks: USD 0.005 a share, at least 1.00 and at most
# 1 % of the trade's value an order; where the two limits meet, the maximum wins.
IBKR_PER_SHARE = 0.005
IBKR_MINIMUM = 1.0
IBKR_CAP = 0.01
# Tiered pricing up to 300,000 shares a month: IBKR's own part. The fees of exchanges, clearing and
# regulators, which tiered pricing passes on and fixed pricing has in it, come on top.
IBKR_TIERED_PER_SHARE = 0.0035
IBKR_TIERED_MINIMUM = 0.35
DEFAULT_PERCENT = 0.1

COMMISSIONS = {
    "ibkr_fixed": "IBKR fixed: USD 0.005 a share, at least 1.00, at most 1 % of the trade",
    "ibkr_tiered": "IBKR tiered: USD 0.0035 a share, at least 0.35, at most 1 % of the trade; "
    "exchange and regulatory fees come on top and are not charged here",
    "percent": "a percentage of the trade's value",
    "none": "no commission",
}


@dataclass(frozen=True)
class Commission:
    """Commission of one order: max(per_share * shares, minimum), at most cap * value,
    plus rate * value (a fraction)."""

    per_share: float
    minimum: float
    cap: float
    rate: float

    @classmethod
    def parse(cls, text: str) -> "Commission":
        """Read "MODEL[:X]"; raise InvalidParams when the model or its number is not usable."""
        model, _, number = canonical_commission(text).partition(":")
        if model == "none" and not number:
            return cls(0.0, 0.0, math.inf, 0.0)
        if model == "ibkr_fixed":
            return cls(_amount(text, number, IBKR_PER_SHARE, 10), IBKR_MINIMUM, IBKR_CAP, 0.0)
        if model == "ibkr_tiered":
            per_share = _amount(text, number, IBKR_TIERED_PER_SHARE, 10)
            return cls(per_share, IBKR_TIERED_MINIMUM, IBKR_CAP, 0.0)
        if model == "percent":
            return cls(0.0, 0.0, math.inf, _amount(text, number, DEFAULT_PERCENT, 50) / 100)
        raise InvalidParams(
            f'Unknown commission "{text}": use ibkr_fixed[:USD a share], '
            "ibkr_tiered[:USD a share], percent[:percent] or none."
            f"{did_you_mean(model, COMMISSIONS)}",
            field="commission",
        )

    @property
    def is_free(self) -> bool:
        """Tell whether this model never charges anything."""
        return self.per_share == self.minimum == self.rate == 0


def canonical_commission(text: str) -> str:
    """Return a commission without what means nothing: spaces, and a colon without a number."""
    model, _, number = (part.strip() for part in str(text).partition(":"))
    return f"{model}:{number}" if number else model


def _amount(text: str, number: str, default: float, most: float) -> float:
    if not number:
        return default
    amount = plain_number(number)
    if not 0 <= amount <= most:
        raise InvalidParams(
            f'commission "{text}": the number after the colon must be from 0 to {most:g}.',
            field="commission",
        )
    return amount


def plain_number(value: Any) -> float:
    """Read a number as people write one, NaN for anything else (Python also takes 1_0 and True)."""
    if isinstance(value, bool) or "_" in str(value):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
