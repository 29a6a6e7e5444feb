"""How a backtest trades: cash, costs, the moment of the fill, the side, the stops and the size."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from services.backtest.costs import Commission, canonical_commission, plain_number
from services.backtest.risk import (
    FINER_BARS,
    INTRABAR,
    SIDES,
    Distance,
    Sizing,
    canonical_distance,
    canonical_sizing,
)
from services.errors import InvalidParams, did_you_mean

FILLS = {
    "next_open": "at the next bar's open",
    "close": "at the signal's own close",
}
STOPS = ("stop_loss", "take_profit", "trailing_stop")
_ALWAYS_SAID = ("cash", "commission", "slippage_bps", "fill")
_NO = ("false", "no", "off", "0")
_YES = ("true", "yes", "on", "1")


@dataclass(frozen=True)
class SimulationSettings:
    """The assumptions of a simulation; raises InvalidParams when one is out of range.

    cash in the instrument's currency; commission as "ibkr_fixed[:USD a share]",
    "ibkr_tiered[:USD a share]", "percent[:percent of the trade]" or "none"; slippage in basis
    points, against the trader. Stops as "5%" or "2ATR", empty for none; sizing as in
    `services.backtest.risk`; intrabar what is met first within a bar: "stop_first",
    "target_first", or "finer_bars[:resolution]" for what finer bars show. max_exposure is the
    largest part of the equity that an entry may put into a position; cash_interest and
    borrow_rate are in percent a year.
    """

    cash: float = 100_000.0
    commission: str = "ibkr_fixed"
    slippage_bps: float = 1.0
    fill: str = "next_open"
    side: str = "long"
    stop_loss: str = ""
    take_profit: str = ""
    trailing_stop: str = ""
    intrabar: str = "stop_first"
    sizing: str = "all_in"
    fractional: bool = True
    max_exposure: float = 1.0
    cash_interest: float = 0.0
    borrow_rate: float = 0.0

    def __post_init__(self):
        self._set("commission", canonical_commission(self.commission))
        self._set("sizing", canonical_sizing(self.sizing))
        self._set("fractional", _yes_or_no(self.fractional, "fractional"))
        for name in STOPS:
            self._set(name, canonical_distance(getattr(self, name)))
            Distance.parse(getattr(self, name), name)
        self._between("cash", 1, 1e12, "1 and 1e12")
        self._between("slippage_bps", 0, 1000, "0 and 1000 basis points", "slippage")
        self._between("max_exposure", 0.01, 1, "0.01 and 1 (1 is all of the equity)")
        self._between("cash_interest", 0, 100, "0 and 100 percent a year")
        self._between("borrow_rate", 0, 1000, "0 and 1000 percent a year")
        for name, words in (("fill", FILLS), ("side", SIDES), ("intrabar", INTRABAR)):
            self._one_of(name, words)
        Commission.parse(self.commission)
        Sizing.parse(self.sizing)

    @property
    def is_free(self) -> bool:
        """Tell whether trading costs nothing under these settings."""
        is_lent_free = self.borrow_rate == 0 or self.side == "long"
        return self.slippage_bps == 0 and is_lent_free and Commission.parse(self.commission).is_free

    @cached_property
    def is_plain(self) -> bool:
        """Tell whether all cash goes in and out by signals alone, long and without interest."""
        return not set(self.as_dict()) - set(_ALWAYS_SAID)

    @property
    def needs_atr(self) -> bool:
        """Tell whether a stop or a target is so many ATRs away."""
        return any("ATR" in getattr(self, name) for name in STOPS)

    @property
    def needs_finer(self) -> bool:
        """Tell whether exits within a bar are looked for in finer bars."""
        has_level = any(getattr(self, name) for name in STOPS)
        return has_level and self.intrabar.startswith(FINER_BARS)

    @property
    def finer_resolution(self) -> str:
        """The resolution of the finer bars, empty where none is named."""
        return self.intrabar.partition(":")[2]

    def as_dict(self) -> dict[str, Any]:
        """Return the settings by name; of those beyond cash, costs and fill what is not usual."""
        usual = {field.name: field.default for field in fields(self)}
        return {
            name: value
            for name, value in asdict(self).items()
            if name in _ALWAYS_SAID or value != usual[name]
        }

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _between(self, name: str, low: float, high: float, words: str, called: str = "") -> None:
        called = called or name
        self._set(name, _number(getattr(self, name), called))
        if not low <= getattr(self, name) <= high:
            raise InvalidParams(f"{called} must be between {words}.", field=called)

    def _one_of(self, name: str, words: Mapping[str, str]) -> None:
        value = getattr(self, name)
        if value not in words:
            raise InvalidParams(
                f'{name} must be one of {", ".join(words)}, not "{str(value)[:40]}".'
                f"{did_you_mean(str(value)[:40], words)}",
                field=name,
            )


def _number(value: Any, field: str) -> float:
    number = plain_number(value)
    if not math.isfinite(number):
        raise InvalidParams(f"{field} must be a number, not {str(value)[:40]!r}.", field=field)
    return number


def _yes_or_no(value: Any, field: str) -> bool:
    said = str(value).strip().lower()
    if said not in _YES + _NO:
        raise InvalidParams(f"{field} must be true or false, not {said[:40]!r}.", field=field)
    return said in _YES
