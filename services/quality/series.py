"""A series of bars as arrays, with the size of its usual moves, and words for its times."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from services.bars import BAR_COLUMNS
from services.timespan import RESOLUTIONS, is_session_based

NAMES = {
    "1m": "1-minute",
    "5m": "5-minute",
    "15m": "15-minute",
    "30m": "30-minute",
    "1h": "hourly",
    "4h": "4-hour",
    "1d": "daily",
    "1w": "weekly",
}
_BLOCK = 250  # bars in which the usual move is taken as one
_NORMAL = 1.4826  # the median of absolute moves, as a standard deviation


@dataclass(frozen=True, eq=False)
class Series:
    """Bars of one resolution: `ts` is datetime64[us] in UTC, the others are floats."""

    resolution: str
    ts: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray

    @classmethod
    def of(cls, bars: pd.DataFrame, resolution: str) -> "Series":
        """Take the columns of a frame that keeps the contract of services.bars."""
        ts = bars["ts"].dt.tz_localize(None).to_numpy().astype("datetime64[us]")
        return cls(resolution, ts, *(bars[name].to_numpy(float) for name in BAR_COLUMNS[1:]))

    def __len__(self) -> int:
        return len(self.ts)

    def later(self, start: int) -> "Series":
        """Return the bars from number `start` on."""
        columns = (getattr(self, name)[start:] for name in BAR_COLUMNS)
        return Series(self.resolution, *columns)

    @property
    def by_session(self) -> bool:
        """Tell whether a bar stands for whole sessions."""
        return is_session_based(self.resolution)

    @property
    def step(self) -> np.timedelta64:
        """Return the length of a bar."""
        return RESOLUTIONS[self.resolution].to_timedelta64().astype("timedelta64[us]")

    @property
    def bar_name(self) -> str:
        """Return what one bar is called: "daily bar"."""
        return f"{NAMES[self.resolution]} bar"

    @cached_property
    def flat(self) -> np.ndarray:
        """Mark the bars whose four prices are one."""
        return self.high == self.low

    @cached_property
    def day(self) -> np.ndarray:
        """Return the date of each bar in UTC."""
        return self.ts.astype("datetime64[D]")

    @cached_property
    def scale(self) -> np.ndarray:
        """Return the usual size of a move from close to close around each bar, as a log return.

        The median of the absolute moves of 250 bars, as a standard deviation: the few wrong bars
        that are looked for do not change it, and a calm stretch beside a wild one counts as wild.
        Moves of zero are left out: in thin trading they would make every move large.
        """
        moves = np.abs(np.diff(np.log(self.close), prepend=np.nan))
        blocks = max(len(self) // _BLOCK, 1)
        edges = np.minimum(np.arange(blocks) * _BLOCK, len(self))
        sizes = np.array([_usual(part) for part in np.split(moves, edges[1:])])
        overall = np.median(sizes[sizes > 0]) if (sizes > 0).any() else np.inf
        sizes[sizes == 0] = overall
        padded = np.pad(sizes, 1, mode="edge")
        widest = np.maximum(sizes, np.maximum(padded[:-2], padded[2:]))
        return np.repeat(widest, np.diff(np.append(edges, len(self))))

    def stamp(self, bar: int) -> pd.Timestamp:
        """Return the time of one bar."""
        return stamp(self.ts[bar])

    def when(self, bar: int) -> str:
        """Write the time of one bar: a date, or date and time in UTC."""
        return self.write(self.ts[bar])

    def write(self, moment: np.datetime64) -> str:
        """Write a moment as this resolution needs it."""
        text = str(moment.astype("datetime64[m]")).replace("T", " ")
        return text[:10] if self.by_session else f"{text} UTC"

    def span(self, first: int, last: int) -> str:
        """Write the span from one bar to another."""
        if first == last:
            return self.when(first)
        return f"{self.when(first)} to {self.when(last)}"


def _usual(moves: np.ndarray) -> float:
    moves = moves[moves > 0]
    return float(np.median(moves)) * _NORMAL if len(moves) else 0.0


def stamp(moment: np.datetime64) -> pd.Timestamp:
    """Return a moment as an aware timestamp."""
    return pd.Timestamp(moment.astype("datetime64[us]"), tz="UTC").as_unit("us")


def runs(mark: np.ndarray) -> list[tuple[int, int]]:
    """Return the first and last position of each stretch of True."""
    edges = np.diff(np.concatenate(([False], mark, [False])).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def share(fraction: float) -> str:
    """Write a fraction as percent; only a whole is 100 %, only nothing is 0 %."""
    percent = fraction * 100
    if 0 < percent < 0.1:
        return "under 0.1 %"
    digits = 1 if percent >= 99 or percent < 10 else 0
    shown = min(round(percent, digits), 99.9) if fraction < 1 else 100.0
    return f"{shown:.0f} %" if shown == int(shown) else f"{shown} %"
