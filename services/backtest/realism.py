"""The assumptions of a simulation beyond cash, costs and fill, as numbers for the kernel."""

import math

import numpy as np
import pandas as pd

from services.backtest import assumptions
from services.backtest.assumptions import Realism, Rules
from services.backtest.pieces import Pieces
from services.backtest.risk import Distance, Sizing
from services.backtest.settings import SimulationSettings
from services.sampling import calendar_of

VOLATILITY_BARS = 20
_SIDES = {
    "long": assumptions.LONG_ONLY,
    "short": assumptions.SHORT_ONLY,
    "both": assumptions.BOTH_SIDES,
}
_SIZINGS = {
    "all_in": assumptions.ALL_IN,
    "percent": assumptions.PERCENT,
    "cash": assumptions.CASH,
    "shares": assumptions.SHARES_OF,
    "volatility": assumptions.VOLATILITY,
}
_US_A_DAY = 86_400_000_000


def realism_of(
    settings: SimulationSettings,
    frame: pd.DataFrame,
    first: int = 0,
    timezone: str = "UTC",
    pieces: Pieces | None = None,
) -> Realism | None:
    """Return what the kernel must know of settings beyond the usual ones, or None.

    `frame` has the bars with their indicators, those from `first` on are traded. ATR and
    volatility at a bar are those known at the close before it. `pieces` are the finer bars of the
    traded ones, where the settings need them.
    """
    if settings.is_plain:
        return None
    stop, target, trail = (
        Distance.parse(getattr(settings, name), name)
        for name in ("stop_loss", "take_profit", "trailing_stop")
    )
    sizing = Sizing.parse(settings.sizing)
    is_share = sizing.model in ("percent", "volatility")
    needs_atr = stop.atr > 0 or target.atr > 0 or trail.atr > 0
    nothing = np.zeros(len(frame) - first)
    rules = Rules(
        sides=_SIDES[settings.side],
        stop_fraction=stop.fraction,
        stop_atr=stop.atr,
        target_fraction=target.fraction,
        target_atr=target.atr,
        trail_fraction=trail.fraction,
        trail_atr=trail.atr,
        target_first=settings.intrabar == "target_first",
        sizing=_SIZINGS[sizing.model],
        amount=sizing.amount / 100 if is_share else sizing.amount,
        fractional=settings.fractional,
        max_exposure=settings.max_exposure,
        interest=settings.cash_interest / 100,
        borrow=settings.borrow_rate / 100,
    )
    return Realism(
        rules=rules,
        atr=_known_before(frame["atr"].to_numpy(np.float64), first) if needs_atr else nothing,
        volatility=_volatility(frame, first, timezone) if sizing.model == "volatility" else nothing,
        years=_years(frame["ts"], first)
        if settings.cash_interest or settings.borrow_rate
        else nothing,
        pieces=pieces,
    )


def known_of(realism: Realism | None) -> dict[str, np.ndarray]:
    """Return what a simulation knew at each bar from the bars before it, where its rules ask."""
    if realism is None:
        return {}
    rules = realism.rules
    asked = {
        "atr": rules.stop_atr > 0 or rules.target_atr > 0 or rules.trail_atr > 0,
        "volatility": rules.sizing == assumptions.VOLATILITY,
    }
    return {name: getattr(realism, name) for name, is_asked in asked.items() if is_asked}


def bars_a_year(ts: pd.Series, timezone: str = "UTC") -> float:
    """Return how many bars make a year: sessions a year times the usual bars of a session."""
    calendar = calendar_of(ts, timezone)
    bars = np.diff(calendar.ends, prepend=-1)
    return calendar.periods_a_year * float(np.median(bars))


def _volatility(frame: pd.DataFrame, first: int, timezone: str) -> np.ndarray:
    """Return the yearly deviation of the last 20 returns known at the close before each bar."""
    close = frame["close"].to_numpy(np.float64)
    deviation = np.full(len(close), np.nan)
    if len(close) > VOLATILITY_BARS:
        windows = np.lib.stride_tricks.sliding_window_view(
            np.diff(close) / close[:-1], VOLATILITY_BARS
        )
        deviation[VOLATILITY_BARS:] = windows.std(axis=1, ddof=1)
    return _known_before(deviation, first) * math.sqrt(bars_a_year(frame["ts"], timezone))


def _known_before(values: np.ndarray, first: int) -> np.ndarray:
    return np.concatenate(([np.nan], values[:-1]))[first:]


def _years(ts: pd.Series, first: int) -> np.ndarray:
    """Return the years of 365 days from each close to the next; none after the last."""
    stamps = ts.iloc[first:].dt.as_unit("us").astype("int64").to_numpy()
    return np.diff(stamps, append=stamps[-1]) / _US_A_DAY / 365.0
