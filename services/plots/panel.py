"""A panel of a chart: axes by bar index, a header with its legend, labels and lines of a grid."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from services.plots import look
from services.plots.numbers import axis_texts
from services.plots.page import Page
from services.plots.thin import thin_line
from services.plots.ticks import DateTick, log_ticks, value_ticks

HEADER = 0.23
DATE_LABELS = 0.36
LOG_FROM_RATIO = 20
_MOST_ON_LOG = 1e6
_LABEL_ROOM, _LABEL_HEIGHT = 0.2, 0.135  # inches from label to label: at ease, at least
_EDGE = 0.055  # no label closer than this to the panel's bottom
_LINE_SWATCH, _MARKER_SWATCH, _SWATCH_GAP, _GAP = 0.22, 0.1, 0.05, 0.15
_LONGEST_LABEL = 2.4


@dataclass(frozen=True)
class Key:
    """An entry of a legend; `style` is how the line or marker is drawn."""

    label: str
    style: dict

    @property
    def is_marker(self) -> bool:
        """Tell whether this stands for single points, not for a line."""
        return self.style.get("linestyle") == "none"

    @property
    def swatch(self) -> float:
        """Width of the drawn sample in inches."""
        return _MARKER_SWATCH if self.is_marker else _LINE_SWATCH


@dataclass(frozen=True)
class Span:
    """Where the panels of a page stand, and the bars that they share as their x axis."""

    page: Page
    left: float
    width: float
    bars: int
    dates: Sequence[DateTick]

    @property
    def limits(self) -> tuple[float, float]:
        """The first and last x that is shown: half a bar, and a little room for markers."""
        room = max(0.5, self.bars * 0.008)
        return -0.5 - room, self.bars - 0.5 + room

    @property
    def points_a_bar(self) -> float:
        """Width of a bar in points."""
        low, high = self.limits
        return self.width * 72 / (high - low)

    def inches(self, bar: float) -> float:
        """Return the x of a bar on the page."""
        low, high = self.limits
        return self.left + self.width * (bar - low) / (high - low)


@dataclass(frozen=True)
class Panel:
    """One panel; `top` and `height` are those of its axes, in inches."""

    span: Span
    axes: Axes
    top: float
    height: float

    def scale(self, low: float, high: float, *, pad: float = 0.07, log: bool = False) -> None:
        """Set the range of values, widened by a part of it; equal ends are moved apart."""
        if log:
            low = max(low, high / _MOST_ON_LOG)  # a ruin must not flatten everything else
            room = (high / low) ** pad
            self.axes.set_yscale("log")
            self.axes.set_ylim(low / room, high * room)
            return
        room = (high - low) * pad
        if not room > abs(high) * 1e-9:
            room = abs(high) * 0.01 or 1.0
        self.axes.set_ylim(low - room, high + room)

    def line(self, values: np.ndarray, colour: str, width: float = 1.0, **style) -> None:
        """Draw one value a bar; a single bar gets a dot."""
        x, y = thin_line(np.asarray(values, dtype=float))
        dot = {"marker": "o", "markersize": 3.5} if np.isfinite(y).sum() == 1 else {}
        self.axes.plot(x, y, color=colour, linewidth=width, solid_joinstyle="round", **dot, **style)

    def grid(self, suffix: str = "", levels: Sequence[float] = ()) -> None:
        """Draw the grid and label the values; two `levels` or more replace round ones."""
        values = [v for v in sorted(set(levels)) if self._has_room(v)]
        if len(values) < 2:
            values = self._round_values()
        page, left = self.span.page, self.span.left - 0.06
        for value, label in zip(values, self._labels(values, suffix), strict=True):
            page.text(left, self.y_of(value), label, align="right", colour=look.FAINT_INK)
        across = [[(0, v), (1, v)] for v in values]
        down = [[(tick.bar, 0), (tick.bar, 1)] for tick in self.span.dates]
        for lines, transform in (
            (across, self.axes.get_yaxis_transform()),
            (down, self.axes.get_xaxis_transform()),
        ):
            self.axes.add_collection(
                LineCollection(
                    lines, colors=look.GRID, linewidths=0.5, zorder=0.5, transform=transform
                ),
                autolim=False,
            )

    def y_of(self, value: float) -> float:
        """Return the height of a value on the page, in inches from the top."""
        pixels = self.axes.transData.transform((0, value))[1]
        return self.span.page.height - pixels / look.DPI

    def header(self, title: str, keys: Sequence[Key] = (), y: float | None = None) -> None:
        """Write the title and the legend above the panel; keys without room are counted."""
        page, y = self.span.page, self.top - HEADER / 2 + 0.02 if y is None else y
        end = self.span.left + self.span.width
        page.text(self.span.left, y, title, look.NORMAL, bold=True)
        x = self.span.left + page.text_width(title, look.NORMAL, bold=True) + _GAP
        for drawn, key in enumerate(keys):
            more = f"+ {len(keys) - drawn} more"
            label = page.fit(key.label, _LONGEST_LABEL)
            sample = key.swatch + _SWATCH_GAP
            width = sample + page.text_width(label)
            is_last = drawn == len(keys) - 1
            needed = width + (0 if is_last else _GAP + page.text_width(more))
            if x + needed > end:
                page.text(x, y, more, colour=look.FAINT_INK)
                return
            self._swatch(x, y, key)
            page.text(x + sample, y, label)
            x += width + _GAP

    def date_labels(self) -> None:
        """Write the dates below the panel."""
        page, y = self.span.page, self.top + self.height + 0.1
        for tick in self.span.dates:
            x = self.span.inches(tick.bar)
            page.stroke([x, x], [y - 0.1, y - 0.065], color=look.FRAME, linewidth=0.6)
            page.text(x, y, tick.label, align="center", colour=look.FAINT_INK)
            if tick.context:
                page.text(x, y + 0.13, tick.context, align="center", colour=look.INK)

    def _swatch(self, x: float, y: float, key: Key) -> None:
        if key.is_marker:
            style = key.style | {"markersize": 6, "markeredgewidth": 0.6}
            self.span.page.stroke([x + key.swatch / 2], [y], **style)
        else:
            self.span.page.stroke([x, x + key.swatch], [y, y], **key.style)

    def _round_values(self) -> list[float]:
        most = max(2, min(3, int(self.height / _LABEL_HEIGHT)), int(self.height / _LABEL_ROOM))
        low, high = self.axes.get_ylim()
        if self._is_log:
            values = log_ticks(low, high, most)
        else:
            values = value_ticks(low + (high - low) * _EDGE / self.height, high, most)
        return [v for v in values if self._has_room(v)]

    def _has_room(self, value: float) -> bool:
        return self.top - 1e-6 <= self.y_of(value) <= self.top + self.height - _EDGE

    def _labels(self, values: list[float], suffix: str) -> list[str]:
        if self._is_log:
            return [axis_texts([v], suffix)[0] for v in values]
        return axis_texts(values, suffix)

    @property
    def _is_log(self) -> bool:
        return self.axes.get_yscale() == "log"


def add_panel(span: Span, top: float, height: float) -> Panel:
    """Add a panel whose axes begin at `top`, in inches."""
    axes = span.page.axes(span.left, top, span.width, height)
    axes.set_xlim(*span.limits)
    return Panel(span, axes, top, height)


def wants_log(low: float, high: float) -> bool:
    """Tell whether positive values span so much that a linear axis would hide the early ones."""
    return low > 0 and high / low >= LOG_FROM_RATIO
