"""Spans of bars to choose parameters on, and spans to try them on that the choice never saw.

Positions count bars from the first of the frame; an end is the first bar that no longer belongs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pandas as pd

from services.errors import InvalidParams
from services.timespan import Duration
from services.wording import counted

MOST_WINDOWS = 1000
Length = int | str | Duration


@dataclass(frozen=True)
class Window:
    """The bars to choose on, `train_start` to `train_end`, and those to try the choice on."""

    train_start: int
    train_end: int
    test_start: int
    test_end: int
    is_partial: bool = False

    @property
    def train(self) -> range:
        """The positions of the bars to choose on."""
        return range(self.train_start, self.train_end)

    @property
    def test(self) -> range:
        """The positions of the bars to try the choice on."""
        return range(self.test_start, self.test_end)


@dataclass(frozen=True)
class Windows:
    """Windows whose tests follow each other; `left_out` bars at the end are in none of them."""

    windows: tuple[Window, ...]
    left_out: int


@dataclass(frozen=True)
class Fold:
    """Bars to test on, and the ranges of bars before and after them to train on."""

    train: tuple[range, ...]
    test: range


def windows_of(
    ts: pd.Series,
    train: Length,
    test: Length,
    *,
    anchored: bool = False,
    embargo: int = 0,
    first: int = 0,
) -> Windows:
    """Cut bars with these times into windows; the step from one to the next is the test's length.

    `train` and `test` are numbers of bars, or both durations ("2 Y", "6 M") counted by the
    calendar from the first bar. Rolling windows train on the last `train` before each test,
    anchored ones on all from the bar `first` on. `embargo` bars between the two belong to
    neither. The last test may be shorter than the others, but not than half of them. Raises
    InvalidParams when the bars are too few or the windows too many.
    """
    train, test = _lengths(train, test)
    if embargo < 0:
        raise InvalidParams(f"The embargo must be 0 or more bars, not {embargo}.", field="embargo")
    if first >= len(ts):
        raise InvalidParams("There are no bars to cut into windows: load some first.")
    ruler = _Bars if isinstance(train, int) else _Calendar
    windows = tuple(_windows(ruler(ts, train, test, first), anchored, embargo))
    if not windows:
        raise InvalidParams(_too_short(ts.iloc[first:], train, test, embargo), field="train")
    return Windows(windows, len(ts) - windows[-1].test_end)


def purged_folds(bars: int, folds: int = 5, *, purge: int = 0, embargo: int = 0) -> Iterator[Fold]:
    """Cut `bars` bars into folds, each to test on once while the others train.

    López de Prado (2018), Advances in Financial Machine Learning, chapter 7: `purge` bars on
    both sides of the test are left out, as many as a trade may last, so that no trade touches
    both; `embargo` more after it, because what follows a test still remembers it. Folds differ
    by one bar where they must. Raises InvalidParams when nothing to train on would remain.
    """
    if folds < 2 or purge < 0 or embargo < 0:
        raise InvalidParams(
            f"Folds must be 2 or more, purge and embargo 0 or more, not {folds}, {purge} and "
            f"{embargo}.",
            field="folds",
        )
    if bars < folds:
        raise InvalidParams(
            f"{counted(bars, 'bar')} cannot be cut into {folds} folds: take fewer folds.",
            field="folds",
        )
    edges = [k * bars // folds for k in range(folds + 1)]
    cut = [
        _fold(bars, range(start, end), purge, embargo)
        for start, end in zip(edges, edges[1:], strict=False)
    ]
    if not all(fold.train for fold in cut):
        raise InvalidParams(
            f"{counted(bars, 'bar')} in {folds} folds leave nothing to train on beside a purge of "
            f"{purge} and an embargo of {counted(embargo, 'bar')}: take less of them.",
            field="purge",
        )
    yield from cut


def _fold(bars: int, test: range, purge: int, embargo: int) -> Fold:
    sides = range(test.start - purge), range(test.stop + purge + embargo, bars)
    return Fold(tuple(side for side in sides if len(side)), test)


def _lengths(train: Length, test: Length) -> tuple[int, int] | tuple[Duration, Duration]:
    both = _length(train, "train"), _length(test, "test")
    if isinstance(both[0], int) != isinstance(both[1], int):
        raise InvalidParams(
            f'Give both lengths in bars or both as durations, not "{train}" and "{test}".',
            field="test",
        )
    return both


def _length(length: Length, field: str) -> int | Duration:
    if isinstance(length, Duration):
        return length
    if isinstance(length, str) and not length.strip().lstrip("-").isdecimal():
        return Duration.parse(length)
    if int(length) < 1:
        raise InvalidParams(f"The {field} length must be 1 bar or more, not {length}.", field=field)
    return int(length)


class _Bars:
    """Measures windows in bars."""

    def __init__(self, ts: pd.Series, train: int, test: int, first: int):
        self.first, self.count = first, len(ts)
        self._train, self._test = train, test

    def edge(self, k: int) -> int:
        """Return where the bars to train on end in window k."""
        return self.first + self._train + k * self._test

    def train_start(self, k: int) -> int:
        """Return where they start when the windows roll."""
        return self.edge(k) - self._train

    def is_half(self, k: int, start: int) -> bool:
        """Tell whether the bars from `start` on are at least half a test."""
        return 2 * (self.count - start) >= self._test

    def span(self, k: int) -> str:
        """Name the bars to train on in window k."""
        return f"bars {self.train_start(k)} to {self.edge(k)}"


class _Calendar:
    """Measures windows by the calendar; the last bar lasts as long as most do."""

    def __init__(self, ts: pd.Series, train: Duration, test: Duration, first: int):
        self.first, self.count = first, len(ts)
        self._ts, self._train, self._test = ts.dt.as_unit("us"), train, test
        self._end = ts.iloc[-1] + ts.diff().median() if len(ts) > 1 else ts.iloc[-1]

    def edge(self, k: int) -> int:
        return self._place(self._moment(k))

    def train_start(self, k: int) -> int:
        return max(self.first, self._place(self._train.before(self._moment(k))))

    def is_half(self, k: int, start: int) -> bool:
        return 2 * (self._end - self._ts.iloc[start]) >= self._moment(k + 1) - self._moment(k)

    def span(self, k: int) -> str:
        end = self._moment(k)
        return f"{self._train.before(end):%Y-%m-%d} to {end:%Y-%m-%d}"

    def _moment(self, k: int) -> pd.Timestamp:
        # Every edge from the first one, not from the one before: a month may end on the 28th.
        return self._test.after(self._train.after(self._ts.iloc[self.first]), k)

    def _place(self, moment: pd.Timestamp) -> int:
        # Beyond the bars there may have been more: such a window is not complete.
        if moment > self._end:
            return self.count + 1
        return int(self._ts.searchsorted(moment.as_unit("us")))


def _windows(ruler: _Bars | _Calendar, anchored: bool, embargo: int) -> Iterator[Window]:
    for k in count():
        end, start = ruler.edge(k), ruler.edge(k) + embargo
        stop = ruler.edge(k + 1) + embargo
        if start >= ruler.count or (stop > ruler.count and not ruler.is_half(k, start)):
            return
        if k >= MOST_WINDOWS:
            raise InvalidParams(
                f"That makes more than {MOST_WINDOWS} windows: choose a longer test.", field="test"
            )
        train_start = ruler.first if anchored else ruler.train_start(k)
        if train_start >= end:
            raise InvalidParams(
                f"No bars lie in the span to train on, {ruler.span(k)}: choose a longer one.",
                field="train",
            )
        if start < stop:  # a test in which nothing was traded, as in a long holiday, is none
            partial = stop > ruler.count
            yield Window(train_start, end, start, min(stop, ruler.count), partial)


def _too_short(ts: pd.Series, train: Length, test: Length, embargo: int) -> str:
    to_train, to_test = (
        counted(length, "bar") if isinstance(length, int) else length for length in (train, test)
    )
    between = f", an embargo of {counted(embargo, 'bar')}" if embargo else ""
    are = "is" if len(ts) == 1 else "are"
    return (
        f"{counted(len(ts), 'bar')} from {ts.iloc[0]:%Y-%m-%d} to {ts.iloc[-1]:%Y-%m-%d} {are} too "
        f"few for {to_train} to train on{between} and at least half of {to_test} to test on: "
        "choose shorter windows or load more bars."
    )
