"""A result cut into folds: how even it is, and what choosing on the other folds would have given.

Purged k-fold cross-validation: López de Prado (2018), Advances in Financial Machine Learning,
chapter 7, with the folds of `services.optimise.folds`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.optimise.folds import Fold, purged_folds
from services.wording import grouped

DEFAULT_FOLDS = 5
_FEWEST = 20  # returns of a fold whose Sharpe says something
_NOISE = 1e-14  # as in services.metrics: a smaller deviation than this is rounding


@dataclass(frozen=True)
class FoldScore:
    """One fold: the returns from the close at `start` to that at `end`, both included.

    `chosen` is the yearly Sharpe of the chosen configuration on it, `anew` that of the one that
    was the best on the other folds; None where it does not vary, or there was no choice.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    chosen: float | None
    anew: float | None


@dataclass(frozen=True)
class FoldTest:
    """All folds; `purge` returns were left out on both sides of each when choosing anew."""

    folds: tuple[FoldScore, ...]
    purge: int

    @property
    def scores(self) -> list[float]:
        """The yearly Sharpes of the chosen configuration that are defined."""
        return [fold.chosen for fold in self.folds if fold.chosen is not None]

    @property
    def above_zero(self) -> int:
        """In how many folds the chosen configuration was above zero."""
        return sum(score > 0 for score in self.scores)

    @property
    def anew(self) -> float | None:
        """The mean yearly Sharpe of what was chosen on the other folds."""
        known = [fold.anew for fold in self.folds if fold.anew is not None]
        return math.fsum(known) / len(known) if known else None

    @property
    def text(self) -> str:
        """Say how even the result is, and what a choice without the fold was worth in it."""
        count = len(self.folds)
        if not self.scores:
            return f"Cut into {count} spans, it has no Sharpe in any."
        low, high = (grouped(of(self.scores), 2) for of in (min, max))
        even = (
            f"Cut into {count} spans, its Sharpe is {low} to {high}, above zero in "
            f"{self.above_zero} of them"
        )
        if self.anew is None:
            return f"{even}."
        return (
            f"{even}; what was the best on the other spans had a Sharpe of "
            f"{grouped(self.anew, 2)} on average."
        )


def fold_test(
    returns: np.ndarray,
    times: pd.DatetimeIndex,
    chosen: int,
    periods_a_year: int = 252,
    *,
    folds: int = DEFAULT_FOLDS,
    purge: int = 0,
) -> FoldTest | None:
    """Score returns (a row a period, a column a configuration) by fold; None of too few.

    `times` are those of the closes at which the periods end.

    `purge` should be how many periods the longest trade lasts; it is cut to half a fold, so that
    enough is left to choose on.
    """
    count = len(returns)
    if count < folds * _FEWEST:
        return None
    purge = min(purge, count // (2 * folds))
    root = math.sqrt(periods_a_year)
    cut = purged_folds(count, folds, purge=purge)
    found = (_score(returns, times, fold, chosen, root) for fold in cut)
    return FoldTest(tuple(found), purge)


def _score(
    returns: np.ndarray, times: pd.DatetimeIndex, fold: Fold, chosen: int, root: float
) -> FoldScore:
    trained = _sharpes(_rows(returns, fold.train))
    tested = _sharpes(_rows(returns, [fold.test]))
    is_choice = len(trained) > 1 and not np.isnan(trained).all()
    anew = int(np.nanargmax(trained)) if is_choice else None
    return FoldScore(
        times[fold.test.start],
        times[fold.test.stop - 1],
        _yearly(tested[chosen], root),
        None if anew is None else _yearly(tested[anew], root),
    )


def _rows(returns: np.ndarray, spans: Sequence[range]) -> np.ndarray:
    return np.concatenate([returns[span.start : span.stop] for span in spans])


def _sharpes(returns: np.ndarray) -> np.ndarray:
    """Return the Sharpe ratio per period of each column; NaN where it does not vary."""
    mean, deviation = returns.mean(axis=0), returns.std(axis=0, ddof=1)
    varies = deviation > _NOISE
    return np.where(varies, mean / np.where(varies, deviation, 1.0), np.nan)


def _yearly(sharpe: float, root: float) -> float | None:
    return None if math.isnan(sharpe) else float(sharpe * root)
