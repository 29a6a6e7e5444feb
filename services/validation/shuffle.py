"""What luck had a hand in: the order of the trades, which trades came, and the timing."""

from dataclasses import dataclass

import numpy as np

from services.errors import InvalidParams
from services.metrics import drawdown_of
from services.validation.finite import finite
from services.validation.paths import CIRCULAR, PERMUTED, Paths, draw_paths
from services.validation.spread import Bands, Spread, bands_of, spread_of

DEFAULT_RESAMPLES = 1000
_SAME = 1e-12  # sums that differ by less, relative to their parts, are one


@dataclass(frozen=True, eq=False)
class TradeShuffle:
    """The same trades in random order: all paths end at `total_return`, none goes the same way.

    Steps of the bands count trades. `deeper` is the share of orders whose max drawdown is at
    least as deep as the one that was seen: near one, the run was lucky in its order.
    """

    trades: int
    total_return: float | None
    seen_drawdown: float | None
    equity: Bands
    drawdown: Bands
    max_drawdown: Spread
    deeper: float | None


@dataclass(frozen=True, eq=False)
class TradeResample:
    """As many trades, drawn from the same ones with replacement: the end differs too."""

    trades: int
    equity: Bands
    drawdown: Bands
    total_return: Spread
    max_drawdown: Spread
    probability_of_loss: float | None


@dataclass(frozen=True, eq=False)
class TimingTest:
    """The mean return a bar of the position as it was timed, and as chance would have timed it.

    `p_value` is the share of all timings, the real one among them, that did at least as well;
    None where there is no timing to judge.
    """

    timed: float
    random: Spread
    p_value: float | None


def shuffle_trades(
    trade_returns: np.ndarray, resamples: int = DEFAULT_RESAMPLES, seed: int = 0
) -> TradeShuffle:
    """Put the closed trades' returns in random order, each compounding on the one before.

    That is the run's own equity only where it trades with all its money.
    """
    paths = draw_paths(trade_returns, PERMUTED, 1, resamples, seed)
    equity = np.cumprod(np.maximum(1.0 + finite(trade_returns), 0.0))
    seen = float(drawdown_of(equity, 1.0).min()) if len(equity) else None
    return TradeShuffle(
        trades=len(equity),
        total_return=float(equity[-1] - 1.0) if len(equity) else None,
        seen_drawdown=seen,
        **_bands(paths),
        max_drawdown=spread_of(paths.max_drawdown),
        # Another order rounds otherwise: as deep but for the last digits is as deep.
        deeper=None if seen is None else float(np.mean(paths.max_drawdown <= seen + _SAME)),
    )


def resample_trades(
    trade_returns: np.ndarray, resamples: int = DEFAULT_RESAMPLES, seed: int = 0
) -> TradeResample:
    """Draw as many trades from the closed ones with replacement, each compounding on the last."""
    paths = draw_paths(trade_returns, CIRCULAR, 1, resamples, seed)
    return TradeResample(
        trades=len(trade_returns),
        **_bands(paths),
        total_return=spread_of(paths.total_return),
        max_drawdown=spread_of(paths.max_drawdown),
        probability_of_loss=float(np.mean(paths.total_return < 0.0))
        if len(trade_returns)
        else None,
    )


def _bands(paths: Paths) -> dict[str, Bands]:
    return {
        "equity": bands_of(paths.steps, paths.equity),
        "drawdown": bands_of(paths.steps, paths.drawdown),
    }


def timing_test(position: np.ndarray, bar_returns: np.ndarray) -> TimingTest:
    """Tell how often random timing with the same exposure would have done as well.

    `position[i]` is the exposure (1 long, -1 short, 0 flat, or between) while the price moved by
    `bar_returns[i]`. Chance moves the whole position along the bars and around the end: as much
    exposure, holding as long, in the same market. All such shifts are tried, none is drawn, hence
    the p-value is exact; costs are left out, as every shift trades as often.
    """
    held, r = finite(position), finite(bar_returns)
    if held.shape != r.shape:
        raise InvalidParams("The position and the returns must be of the same bars.")
    n = len(r)
    if n < 2 or not held.any():
        return TimingTest(0.0, spread_of(np.empty(0)), None)
    means = _mean_of_every_shift(held, r)
    rounding = _SAME * float(np.abs(held).max() * np.abs(r).max())
    as_well = means >= means[0] - rounding
    return TimingTest(float(means[0]), spread_of(means[1:]), float(as_well.mean()))


def _mean_of_every_shift(held: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Return the mean product at every shift: a circular correlation, by Fourier transform."""
    product = np.fft.rfft(held).conj() * np.fft.rfft(r)
    return np.fft.irfft(product, len(r)) / len(r)
