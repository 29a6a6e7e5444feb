"""What finer bars could not tell of a run: counted, and said in a sentence."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from services.backtest.finer import CONTRARY, FIT, MISSING, PARTIAL

_BY_LEVEL = ("stop", "target", "trailing")


@dataclass(frozen=True)
class FinerUse:
    """How far finer bars could tell what was met first, of bars that were looked into.

    Those are `bars`; of `missing` ones there are no finer bars, `partial` ones are shown only in
    part, `contrary` ones contradicted: the first of all these is at `first`. Of a run they are the
    bars through which a position's levels were watched; `exits` were made by a level, `blind` of
    them in a bar that was not looked into. `exits` is None where nothing was traded yet.
    """

    resolution: str
    bars: int
    missing: int
    partial: int
    contrary: int
    first: pd.Timestamp | None
    exits: int | None = None
    blind: int = 0

    @property
    def text(self) -> str:
        """Say where the order within a bar was assumed all the same; empty for nowhere."""
        finer = f"{self.resolution or 'finer'} bars"
        what = (
            (self.missing, f"no {finer}"),
            (self.partial, f"{finer} that show only a part of it"),
            (self.contrary, f"{finer} that lie beyond its range"),
        )
        said = [f"{count:,} {_has(count)} {words}" for count, words in what if count]
        if not said:
            return ""
        listed = " and ".join(filter(None, (", ".join(said[:-1]), said[-1])))
        held, exits = "", ""
        if self.exits is not None:
            held = " with a position"
            exits = f", as for {self.blind:,} of {self.exits:,} exits by a level"
        return (
            f"FINER BARS: of {self.bars:,} bars{held} {listed} (the first on "
            f"{self.first:%Y-%m-%d}): there the stop counts as met first{exits}."
        )


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


def finer_use(
    fit: np.ndarray, trades: pd.DataFrame, ts: pd.Series, resolution: str, at_close: bool
) -> FinerUse:
    """Count how far finer bars could tell the exits of trades; `fit` has a value a bar."""
    left, reason = trades["exit_bar"].to_numpy(), trades["exit_reason"].to_numpy()
    entry, by_level = trades["entry_bar"].to_numpy(), np.isin(reason, _BY_LEVEL)
    # A signal's fill at the open leaves before the bar is lived through.
    leaves_first = (reason == "signal") & (not at_close)
    stop = np.where(left < 0, len(fit), np.where(leaves_first, left, left + 1))
    change = np.zeros(len(fit) + 1, np.int64)
    np.add.at(change, np.minimum(entry + at_close, stop), 1)
    np.add.at(change, stop, -1)
    counted = _counted(fit, np.cumsum(change)[:-1] > 0, ts, resolution)
    blind = np.count_nonzero(fit[left[by_level]] != FIT)
    return replace(counted, exits=int(by_level.sum()), blind=blind)


def finer_cover(fit: np.ndarray, ts: pd.Series, resolution: str) -> FinerUse:
    """Count how far finer bars could tell the exits of any trades in these bars."""
    return _counted(fit, np.ones(len(fit), bool), ts, resolution)


def _counted(fit: np.ndarray, looked: np.ndarray, ts: pd.Series, resolution: str) -> FinerUse:
    assumed = np.flatnonzero(looked & (fit != FIT))
    counts = np.bincount(fit[looked], minlength=CONTRARY + 1).tolist()
    return FinerUse(
        resolution=resolution,
        bars=sum(counts),
        missing=counts[MISSING],
        partial=counts[PARTIAL],
        contrary=counts[CONTRARY],
        first=ts.iloc[assumed[0]] if len(assumed) else None,
    )
