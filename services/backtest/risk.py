"""How much to buy and where to get out, as people write it: "5%", "2ATR", "percent:50"."""

import math
import re
from dataclasses import dataclass

from services.backtest.costs import plain_number
from services.errors import InvalidParams, did_you_mean
from services.timespan import RESOLUTIONS

SIDES = {
    "long": "a BUY opens, a SELL closes",
    "short": "a SELL opens a short, a BUY covers it",
    "both": "a BUY turns to long, a SELL to short",
}
FINER_BARS = "finer_bars"
# The resolutions that other bars can be made of, from short to long.
FINER_RESOLUTIONS = tuple(RESOLUTIONS)[:-1]
INTRABAR = {
    "stop_first": "the stop, where a bar touches both stop and target",
    "target_first": "the target, where a bar touches both stop and target",
    FINER_BARS: "what the finest stored bars show",
    **{f"{FINER_BARS}:{name}": f"what the {name} bars show" for name in FINER_RESOLUTIONS},
}
SIZINGS = {
    "all_in": "all of the equity",
    "percent": "a percentage of the equity",
    "cash": "an amount of money",
    "shares": "a number of shares",
    "volatility": "as much as moves by so many percent a year, by the last 20 bars",
}
_MOST = {"percent": 100.0, "cash": 1e12, "shares": 1e12, "volatility": 1000.0}
_DISTANCE = re.compile(r"\s*([0-9.]+)\s*(%|atr)\s*", re.IGNORECASE)
_MOST_PERCENT = {"stop_loss": 99.9, "trailing_stop": 99.9, "take_profit": 10_000.0}
_MOST_ATR = 100.0


@dataclass(frozen=True)
class Distance:
    """How far a level lies from a price: a fraction of it plus a multiple of ATR(14)."""

    fraction: float = 0.0
    atr: float = 0.0

    @classmethod
    def parse(cls, text: str, field: str) -> "Distance":
        """Read "5%" or "2ATR", or nothing; raise InvalidParams for anything else."""
        if not text:
            return cls()
        match = _DISTANCE.fullmatch(text)
        number = plain_number(match[1]) if match else math.nan
        is_percent = bool(match) and match[2] == "%"
        most = _MOST_PERCENT[field] if is_percent else _MOST_ATR
        if not 0 < number <= most:
            raise InvalidParams(
                f"{field} must be like 5% (up to {_MOST_PERCENT[field]:g}%) or 2ATR "
                f'(up to {_MOST_ATR:g}ATR), not "{text[:40]}".',
                field=field,
            )
        return cls(fraction=number / 100) if is_percent else cls(atr=number)


def canonical_distance(text: str | None) -> str:
    """Return a distance in its one spelling; what cannot be read stays as it is."""
    match = _DISTANCE.fullmatch(str(text or ""))
    number = plain_number(match[1]) if match else math.nan
    if not math.isfinite(number):
        return str(text or "").strip()
    return f"{_digits(number)}{match[2].upper()}"


@dataclass(frozen=True)
class Sizing:
    """How much an entry takes; `amount` is percent, money, shares or percent a year."""

    model: str
    amount: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "Sizing":
        """Read "all_in" or "MODEL:X"; raise InvalidParams when that cannot be meant."""
        model, _, number = text.partition(":")
        if model not in SIZINGS:
            raise InvalidParams(
                f'Unknown sizing "{text[:40]}": use all_in, percent:X, cash:X, shares:X or '
                f"volatility:X.{did_you_mean(model, SIZINGS)}",
                field="sizing",
            )
        if model == "all_in" and not number:
            return cls(model)
        amount = plain_number(number)
        if model == "all_in" or not 0 < amount <= _MOST[model]:
            raise InvalidParams(_unusable(text, model), field="sizing")
        return cls(model, amount)


def canonical_sizing(text: str) -> str:
    """Return a sizing in its one spelling; what cannot be read stays as it is."""
    model, _, number = (part.strip() for part in str(text).partition(":"))
    amount = plain_number(number)
    if not number:
        return model
    return f"{model}:{_digits(amount) if math.isfinite(amount) else number}"


def _unusable(text: str, model: str) -> str:
    if model == "all_in":
        return f'sizing "{text[:40]}": all_in takes no number.'
    return (
        f'sizing "{text[:40]}": the number after the colon must be above 0 and at most '
        f"{_MOST[model]:g}."
    )


def _digits(number: float) -> str:
    return repr(number).removesuffix(".0")
