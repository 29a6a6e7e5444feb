"""What a sweep found, row by row: metrics, or why there are none."""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from services.backtest.metric_row import METRIC_COUNT
from services.errors import InvalidParams
from services.metric_specs import METRIC_SPECS, METRICS
from services.optimise.grid import Combinations

ERROR = "error"


@dataclass(frozen=True, eq=False)
class Outcome:
    """A row of METRICS a combination, NaN where undefined; `errors` by position."""

    values: np.ndarray
    errors: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, count: int) -> "Outcome":
        """Make room for that many combinations."""
        return cls(np.full((count, METRIC_COUNT), np.nan))

    def fail(self, i: int, text: str) -> None:
        """Note why combination i has no metrics."""
        self.values[i] = np.nan
        self.errors.setdefault(i, text)

    def part(self, start: int, stop: int) -> "Outcome":
        """Return some of the rows."""
        errors = {i - start: text for i, text in self.errors.items() if start <= i < stop}
        return Outcome(self.values[start:stop], errors)

    def put(self, start: int, part: "Outcome") -> None:
        """Take over the rows of a part from `start` on."""
        self.values[start : start + len(part.values)] = part.values
        self.errors.update({start + i: text for i, text in part.errors.items()})

    def table(
        self, combinations: Combinations, metrics: Collection[str] = METRIC_SPECS
    ) -> pd.DataFrame:
        """Return a column a parameter, a column a metric, and `error` if something failed."""
        columns = dict(combinations.columns)
        for k, spec in enumerate(METRICS):
            if spec.name not in metrics:
                continue
            columns[spec.name] = self.values[:, k].copy()
            if spec.kind == "count" and not self.errors:
                columns[spec.name] = columns[spec.name].astype(np.int64)
        if self.errors:
            texts = np.full(len(combinations), None, dtype=object)
            texts[list(self.errors)] = list(self.errors.values())
            columns[ERROR] = pd.Series(texts, dtype=object)
        return pd.DataFrame(columns, copy=False)


def check_names(combinations: Combinations) -> None:
    """Refuse a parameter whose column would take the place of a metric's."""
    for name in combinations.columns:
        if name in METRIC_SPECS or name == ERROR:
            raise InvalidParams(
                f'A parameter called "{name}" cannot be optimised, as a metric is called so: '
                "give it another name.",
                field=name,
            )
