"""What the compiled kernels are given: the same arrays for a backtest and for a sweep."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.arrays import DatetimeArray

import services.backtest.simulate as kernel
from services.backtest.assumptions import Realism
from services.backtest.costs import Commission
from services.backtest.finer import FinerBars, Pieced, pieced
from services.backtest.measure import held_of
from services.backtest.metric_row import Held
from services.backtest.realism import realism_of
from services.backtest.settings import SimulationSettings
from services.bars import PRICE_COLUMNS
from services.errors import InvalidParams
from services.indicators.memory import column_of
from services.sampling import Sampling, calendar_of_times

Money = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class KernelInputs:
    """All that signals do not say.

    `times` and `prices` (open, high, low, close) are those of the traded bars; `money` is the
    cash, the commission's four numbers and the slippage; `held` is Buy & Hold; `fit` says of each
    bar what its finer bars are to it, None where they are not asked.
    """

    times: DatetimeArray
    prices: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    fill: int
    money: Money
    realism: Realism | None
    sampling: Sampling
    benchmark: np.ndarray
    benchmark_costs: float
    held: Held
    fit: np.ndarray | None = None

    @property
    def cash(self) -> float:
        """The money at the start."""
        return self.money[0]


def inputs_of(
    frame: pd.DataFrame,
    first: int,
    settings: SimulationSettings,
    timezone: str,
    finer: FinerBars | None = None,
) -> KernelInputs:
    """Prepare the bars from `first` on of a frame with indicators.

    Raises InvalidParams when settings that need finer bars have none, InvalidBars for bars that
    are none, BarsDisagree for those of something else.
    """
    times = frame["ts"].array[first:]
    # Copies, as pandas lets nobody write: floats that may be written are the one kind of array that
    # the kernels are compiled for.
    prices = tuple(np.array(column_of(frame, name)[first:]) for name in PRICE_COLUMNS)
    money = _money(settings)
    sampling = calendar_of_times(times, timezone).sampling
    taken = _taken_apart(frame, first, settings, timezone, finer)
    benchmark, costs = kernel.buy_and_hold(prices[0], prices[3], *money)
    return KernelInputs(
        times=times,
        prices=prices,
        fill=kernel.FILL_CLOSE if settings.fill == "close" else kernel.FILL_NEXT_OPEN,
        money=money,
        realism=realism_of(settings, frame, first, timezone, taken and taken.pieces),
        sampling=sampling,
        benchmark=benchmark,
        benchmark_costs=costs,
        held=held_of(benchmark, settings.cash, sampling.ends),
        fit=taken and taken.fit,
    )


def _taken_apart(
    frame: pd.DataFrame,
    first: int,
    settings: SimulationSettings,
    timezone: str,
    finer: FinerBars | None,
) -> Pieced | None:
    if not settings.needs_finer:
        return None
    if finer is None:
        raise InvalidParams(
            "No finer bars were given to look into these: give some, or let the stop come first.",
            field="intrabar",
        )
    return pieced(frame.iloc[first:], finer, timezone)


def _money(settings: SimulationSettings) -> Money:
    fee = Commission.parse(settings.commission)
    slippage = settings.slippage_bps / 10_000
    return settings.cash, fee.per_share, fee.minimum, fee.cap, fee.rate, slippage
