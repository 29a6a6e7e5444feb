"""What other costs make of the best combination of a study, and whether it stays the best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from services.analysis.again import Again
from services.analysis.break_even import BreakEven, break_even_of
from services.analysis.money import Money
from services.metric_specs import Metrics
from services.optimise.objective import Objective
from services.wording import grouped, params_text, percent_text

MULTIPLES = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0)
BASIS_POINTS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0)  # a side, of a study that assumed no costs


@dataclass(frozen=True)
class Contender:
    """A combination of the study with the signals that it gave."""

    params: Mapping[str, Any]
    signals: np.ndarray


@dataclass(frozen=True)
class CostRow:
    """The chosen combination at other costs, and its rank by the objective among those compared.

    `multiple` counts what the study assumed; where it assumed none, `per_side` is the fraction of
    an order's value that is charged instead. `ranked` of the compared have a value there, and
    `best` are the parameters of the first of them; `rank` is None where the chosen has none.
    """

    multiple: float | None
    per_side: float | None
    metrics: Metrics
    rank: int | None
    ranked: int
    best: Mapping[str, Any] | None

    @property
    def is_own(self) -> bool:
        """Tell whether these are the costs that were assumed."""
        return self.multiple == 1 or self.per_side == 0


@dataclass(frozen=True)
class CostSensitivity:
    """Rows of rising cost; `break_even` is that of the chosen combination."""

    rows: tuple[CostRow, ...]
    compared: int
    break_even: BreakEven

    @property
    def text(self) -> str:
        """Say at which cost the profit is gone, and until when the best stays the best."""
        return f"{self._left()} {self._order()}".strip()

    def _left(self) -> str:
        total, times = self.break_even.total, self.break_even.multiple
        if total is None:
            own = next(row for row in self.rows if row.is_own).metrics["total_return"]
            if own is not None and own > 0:
                return "No cost that was looked at takes the profit."
            return "It earns nothing even without costs."
        counted = f", {grouped(times, 1)} times what was assumed" if times is not None else ""
        share = f"{percent_text(total)} of the trade{counted}"
        return f"The profit is gone when a round trip costs {share}."

    def _order(self) -> str:
        if self.compared < 2:
            return ""
        own = next(place for place, row in enumerate(self.rows) if row.is_own)
        later = [row for row in self.rows[own:] if row.rank != 1]
        if not later and own == len(self.rows) - 1:
            return ""
        if not later:
            return f"It stays the best of {self.compared:,} compared at all costs that were tried."
        first = later[0]
        if first.is_own:
            return f"It is not the best of {self.compared:,} compared even at the assumed costs."
        place = "has no rank any more" if first.rank is None else f"ranks {first.rank:,}"
        best = f"; first is {params_text(first.best)}" if first.best else ""
        return f"{charge_text(first)} it {place} of {first.ranked:,} compared{best}."


def charge_text(row: CostRow) -> str:
    """Name the costs of a row, as in "At 2 times the costs"."""
    if row.multiple is None:
        return f"At {row.per_side * 10_000:g} bp a side"
    return f"At {row.multiple:g} times the costs"


def cost_sensitivity_of(
    run: Again, chosen: int, contenders: Sequence[Contender], objective: Objective
) -> CostSensitivity:
    """Trade the contenders (`run` is one of them, at `chosen`) at none to five times the costs.

    A cost at which an order would take as much as it is worth is left out.
    """
    rows = [
        _row(run, chosen, contenders, objective, charge, *said)
        for charge, said in _charges(run.money)
        if charge.most_of_an_order < 1
    ]
    own = replace(run, signals=contenders[chosen].signals)
    return CostSensitivity(tuple(rows), len(contenders), break_even_of(own, run.money))


def _charges(own: Money) -> list[tuple[Money, tuple[float | None, float | None]]]:
    if own.times(2.0) == own:  # nothing times two is nothing
        return [(own.flat(bp / 10_000), (None, bp / 10_000)) for bp in BASIS_POINTS]
    return [(own.times(multiple), (multiple, None)) for multiple in MULTIPLES]


def _row(
    run: Again,
    chosen: int,
    contenders: Sequence[Contender],
    objective: Objective,
    charge: Money,
    multiple: float | None,
    per_side: float | None,
) -> CostRow:
    played = [replace(run, signals=one.signals).play(charge).metrics for one in contenders]
    scores = np.array([_score(objective, metrics) for metrics in played])
    known = np.isfinite(scores)
    rank = 1 + int((scores > scores[chosen]).sum()) if known[chosen] else None
    best = contenders[int(np.nanargmax(scores))].params if known.any() else None
    return CostRow(multiple, per_side, played[chosen], rank, int(known.sum()), best)


def _score(objective: Objective, metrics: Metrics) -> float:
    enough = (metrics["trades"] or 0) >= objective.minimum_trades
    return objective.score(metrics[objective.metric]) if enough else np.nan
