"""How far each trade went against the trader and in his favour before it ended."""

from dataclasses import dataclass

import numpy as np

from services.analysis.numbers import defined, mean_of
from services.analysis.trades import closed_trades
from services.backtest.result import BacktestResult


@dataclass(frozen=True, eq=False)
class Excursions:
    """Arrays of one value a closed trade, fractions of its entry value; `number` is the trade's.

    `efficiency` is the mean of what winners kept of their best mark, `worst_of_winners` the
    deepest MAE from which a trade still won: a stop beyond it would have cost no winner.
    """

    number: np.ndarray
    mae: np.ndarray
    mfe: np.ndarray
    returns: np.ndarray
    profit: np.ndarray
    efficiency: float | None
    worst_of_winners: float | None


def excursions(result: BacktestResult) -> Excursions:
    """Return MAE, MFE and outcome of every closed trade."""
    trades = closed_trades(result)
    won = (trades.profit > 0) & (trades.mfe > 0)
    return Excursions(
        trades.number,
        trades.mae,
        trades.mfe,
        trades.returns,
        trades.profit,
        mean_of(trades.returns[won] / trades.mfe[won]),
        defined(trades.mae[won].min()) if won.any() else None,
    )
