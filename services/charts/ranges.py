"""How far the y axis of each pane reaches: what is in view, with a little air."""

import math

import numpy as np

import services.charts.panes as p
from services.charts.traces import Drawn
from services.charts.view import View

_AIR = 0.06  # of the range, above and below
_LEAST_TICKS = 3
_MANY_DECADES = 4


def pane_range(
    pane: str, drawn: list[Drawn], view: View, beyond: np.ndarray, log: bool
) -> list[float]:
    """Return the range of what is in view and of the values `beyond`; a flat one is opened up.

    On a logarithmic axis it is in powers of ten, and values that are not above zero do not count.
    """
    shown = view.visible
    reach = [part[shown] for item in drawn for part in (item.low, item.high)]
    values = np.concatenate([*reach, beyond])
    values = values[np.isfinite(values)]
    if log:
        values = np.log10(values[values > 0])
    if len(values) == 0:
        return [0.0, 1.0]
    return _with_air(float(values.min()), float(values.max()), pane, log)


def price_can_be_log(price: Drawn) -> bool:
    """Tell whether every price that is loaded is above zero, as a logarithm needs it."""
    return bool((price.low > 0).all())


def log_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 of each power of ten within a range, for one that holds several of them.

    Between few of them Plotly finds round prices by itself; else it would shorten 20 to "2".
    """
    digits = (1, 2, 5) if high - low < _MANY_DECADES else (1,)
    powers = range(math.floor(low), math.ceil(high) + 1)
    values = [digit * 10.0**power for power in powers for digit in digits]
    within = [value for value in values if low <= math.log10(value) <= high]
    return within if len(within) >= _LEAST_TICKS else []


def _with_air(low: float, high: float, pane: str, log: bool) -> list[float]:
    if pane == p.VOLUME:
        return [0.0, high * 1.05 or 1.0]
    if pane == p.DRAWDOWN:
        return [min(low * 1.1, -0.01), 0.0]
    flat = 0.01 if log else abs(high) * 0.01 or 1.0
    air = (high - low) * _AIR or flat
    return [low - air, high + air]
