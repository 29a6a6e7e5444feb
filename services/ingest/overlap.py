"""Compares bars that are stored with the same bars fetched again: has the past been rewritten?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.bars import PRICE_COLUMNS

_ROUNDING = 0.006  # half a cent and a little: prices are rounded after they are adjusted
_PRECISION = 2e-4  # of a price: two rewritten bars have the same ratio within this
_LEAST_STEP = 5e-4  # a smaller common ratio is no split and no dividend
_ENOUGH = 3  # bars with a common ratio; fewer only count when the step is large
_LARGE_STEP = 0.05
_UNIT_CHANGES = (100.0, 0.01)  # volumes in shares instead of lots of a hundred, or back


@dataclass(frozen=True)
class Overlap:
    """What a comparison found: `ratio` of new to old prices when the past was rewritten by it.

    `volume_ratio` is set when the unit of the volumes has changed. `revised` counts bars that
    differ otherwise.
    """

    bars: int
    revised: int
    ratio: float | None = None
    volume_ratio: float | None = None

    @property
    def rewritten(self) -> bool:
        """Tell whether the stored history no longer fits what the source now says."""
        return self.ratio is not None or self.volume_ratio is not None


def compare_overlap(stored: pd.DataFrame, fetched: pd.DataFrame) -> Overlap:
    """Compare two frames of bars at the times that both have.

    A split or a new adjustment changes every bar before some day by one ratio; a vendor's revision
    changes some bars, each by its own.
    """
    both = stored.merge(fetched, on="ts", suffixes=("_old", "_new"))
    if both.empty:
        return Overlap(0, 0)
    old, new = (both[[f"{c}_{side}" for c in PRICE_COLUMNS]].to_numpy() for side in ("old", "new"))
    changed = (np.abs(new - old) > 1e-9 * old).any(axis=1)
    ratio = _common_ratio(old, new)
    old_volume, new_volume = both["volume_old"].to_numpy(), both["volume_new"].to_numpy()
    volume_changed = (old_volume != new_volume) & ~(np.isnan(old_volume) & np.isnan(new_volume))
    return Overlap(
        bars=len(both),
        revised=int((changed | volume_changed).sum()),
        ratio=ratio,
        volume_ratio=None if ratio else _unit_change(old_volume, new_volume),
    )


def _common_ratio(old: np.ndarray, new: np.ndarray) -> float | None:
    """Return the ratio that the oldest bars share, None when they have not changed alike."""
    ratios = np.median(new / old, axis=1)
    moved = np.abs(ratios - 1) > _LEAST_STEP
    prefix = len(moved) if moved.all() else int(np.argmin(moved))
    if prefix == 0:
        return None
    ratio = float(np.median(ratios[:prefix]))
    expected = old[:prefix] * ratio
    alike = np.abs(new[:prefix] - expected) <= _ROUNDING * (1 + ratio) + _PRECISION * expected
    step = abs(ratio - 1)
    if alike.mean() < 0.9 or (prefix < _ENOUGH and step < _LARGE_STEP):
        return None
    # Where prices are so low that their rounding hides the ratio, nothing is certain.
    return ratio if step * np.median(old[:prefix]) > 2 * _ROUNDING or step > _LARGE_STEP else None


def _unit_change(old: np.ndarray, new: np.ndarray) -> float | None:
    known = (old > 0) & (new > 0)
    if known.sum() < _ENOUGH:
        return None
    ratio = float(np.median(new[known] / old[known]))
    return next((unit for unit in _UNIT_CHANGES if abs(ratio / unit - 1) < 0.02), None)
