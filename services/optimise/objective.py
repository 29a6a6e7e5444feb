"""What an optimisation looks for: a metric, which way is better, and how many trades it asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from services.errors import InvalidParams, did_you_mean
from services.metrics import METRIC_SPECS, METRICS, MetricSpec

OBJECTIVES: tuple[str, ...] = tuple(spec.name for spec in METRICS if spec.better)
DEFAULT_OBJECTIVE = "sharpe"


@dataclass(frozen=True)
class Objective:
    """A metric to make as good as it gets, among results with at least `minimum_trades`.

    Raises InvalidParams for an unknown metric, and for one of which neither more nor less is
    better (how often a rule trades is a matter of taste).
    """

    metric: str = DEFAULT_OBJECTIVE
    minimum_trades: int = 0

    def __post_init__(self):
        if self.metric not in OBJECTIVES:
            raise InvalidParams(_refusal(self.metric), field="objective")
        if self.minimum_trades < 0:
            raise InvalidParams(
                f"The least number of trades must be 0 or more, not {self.minimum_trades}.",
                field="minimum_trades",
            )

    @classmethod
    def parse(cls, text: str, minimum_trades: int = 0) -> "Objective":
        """Read a metric's name as a person writes it: "sharpe", "Max drawdown"."""
        return cls(_name(text), minimum_trades)

    @property
    def spec(self) -> MetricSpec:
        """How the metric is called, shown and defined."""
        return METRIC_SPECS[self.metric]

    @property
    def direction(self) -> str:
        """Which value is better: the "high" or the "low" one."""
        return self.spec.better

    def score(self, value: float | None) -> float:
        """Return a value of the metric turned so that more is better; NaN where undefined."""
        if value is None or not np.isfinite(value):
            return np.nan
        return float(value) if self.direction == "high" else -float(value)

    def scores(self, frame: pd.DataFrame) -> np.ndarray:
        """Score every row of a frame with a column a metric; NaN where a row does not qualify."""
        values = frame[self.metric].to_numpy(dtype=np.float64, na_value=np.nan)
        qualified = np.isfinite(values)
        if self.minimum_trades:
            trades = frame["trades"].to_numpy(dtype=np.float64, na_value=np.nan)
            qualified &= trades >= self.minimum_trades
        return np.where(qualified, values if self.direction == "high" else -values, np.nan)


def ranking(frame: pd.DataFrame, objectives: Sequence[Objective]) -> np.ndarray:
    """Return the positions of the rows that qualify by the first objective, the best first.

    Among equal ones the next objective decides, in the end their order.
    """
    scores = [objective.scores(frame) for objective in objectives]
    order = np.lexsort([-column for column in reversed(scores)])  # NaN comes last
    return order[: int(np.isfinite(scores[0]).sum())]


def best_of(frame: pd.DataFrame, *objectives: Objective) -> int | None:
    """Return the position of the best row by the first objective; None where none qualifies.

    Among equal ones the next objective decides, in the end the first of them is the best.
    """
    scores = objectives[0].scores(frame)
    if np.isnan(scores).all():
        return None
    if len(objectives) == 1:
        return int(np.nanargmax(scores))
    return int(ranking(frame, objectives)[0])


def objectives_of(wanted: Any, minimum_trades: int = 0) -> tuple[Objective, ...]:
    """Read one objective or several: an Objective, a text ("sharpe, max_drawdown") or a list."""
    if isinstance(wanted, Objective):
        return (wanted,)
    parts = wanted.split(",") if isinstance(wanted, str) else wanted
    found = tuple(
        part if isinstance(part, Objective) else Objective.parse(part, minimum_trades)
        for part in parts
    )
    names = [objective.metric for objective in found]
    if not names or len(set(names)) < len(names):
        raise InvalidParams("Name one objective or several different ones.", field="objective")
    return found


def _name(text: str) -> str:
    return str(text).strip().lower().replace(" ", "_").replace("-", "_")


def _refusal(metric: str) -> str:
    if metric in METRIC_SPECS:
        return (
            f'"{metric}" is no objective, as neither more nor less of it is better: '
            f"use one of {', '.join(OBJECTIVES)}."
        )
    return (
        f'Unknown objective "{metric[:40]}": use one of {", ".join(OBJECTIVES)}.'
        f"{did_you_mean(metric[:40], OBJECTIVES)}"
    )
