"""The closed trades by the weekday, month or hour in which they were entered."""

from dataclasses import dataclass

import numpy as np

from services.analysis.numbers import mean_of, share_of
from services.analysis.sampling import bar_times, local_times
from services.analysis.trades import Trades, closed_trades
from services.backtest.result import BacktestResult

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_THURSDAY = 3  # day 0 of the epoch


@dataclass(frozen=True)
class Season:
    """The trades entered in one weekday, month or hour; `profit` is their sum in money."""

    label: str
    count: int
    profit: float
    mean_return: float | None
    win_rate: float | None


def by_weekday(result: BacktestResult, timezone: str = "UTC") -> tuple[Season, ...]:
    """Group the trades by the weekday of entry: Monday to Friday, and to Sunday if any is later."""
    trades = closed_trades(result)
    day = _entered(result, trades, timezone).astype("datetime64[D]").astype(np.int64)
    weekday = (day + _THURSDAY) % 7
    shown = 7 if (weekday > 4).any() else 5
    return _grouped(trades, weekday, WEEKDAYS[:shown])


def by_month(result: BacktestResult, timezone: str = "UTC") -> tuple[Season, ...]:
    """Group the trades by the month of entry, January to December."""
    trades = closed_trades(result)
    month = _entered(result, trades, timezone).astype("datetime64[M]").astype(np.int64) % 12
    return _grouped(trades, month, MONTHS)


def by_hour(result: BacktestResult, timezone: str = "UTC") -> tuple[Season, ...]:
    """Group the trades by the hour of entry; only hours that have any, none for daily bars."""
    trades = closed_trades(result)
    times = _entered(result, trades, timezone)
    if (times == times.astype("datetime64[D]")).all():
        return ()
    hour = times.astype("datetime64[h]").astype(np.int64) % 24
    seasons = _grouped(trades, hour, tuple(f"{h:02d}:00" for h in range(24)))
    return tuple(season for season in seasons if season.count)


def _entered(result: BacktestResult, trades: Trades, timezone: str) -> np.ndarray:
    """Return the times of entry on the exchange's clocks, those of daily bars as they are."""
    # Asked of the trades alone, a run that enters at midnight UTC only would pass for daily bars.
    return local_times(trades.entry_time, timezone, bar_times(result))


def _grouped(trades: Trades, key: np.ndarray, labels: tuple[str, ...]) -> tuple[Season, ...]:
    return tuple(_season(trades.where(key == i), label) for i, label in enumerate(labels))


def _season(trades: Trades, label: str) -> Season:
    wins = float((trades.profit > 0).sum())
    return Season(
        label,
        len(trades),
        float(trades.profit.sum()),
        mean_of(trades.returns),
        share_of(wins, len(trades)),
    )
