"""A printed page: text that is measured before it is placed, and panels, in inches from the top.

Nothing here touches matplotlib's global state, so that pages can be drawn in several threads.
Every text is a text of the figure, in the font that comes with matplotlib.
"""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from services.plots import look

_FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
_PER_INCH = 72
_LINE_HEIGHT = 1.3
_ELLIPSIS = "…"


class Page:
    """An A4 landscape page on which x runs from the left and y from the top, both in inches."""

    def __init__(self):
        self.width, self.height = look.A4
        self.figure = Figure(look.A4, dpi=look.DPI, facecolor="white")
        self._canvas = FigureCanvasAgg(self.figure)
        self._renderer = self._canvas.get_renderer()

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = look.SMALL,
        *,
        bold: bool = False,
        colour: str = look.INK,
        align: str = "left",
    ) -> None:
        """Write one line whose middle is at height y; x is its left, center or right."""
        self.figure.add_artist(
            Text(
                x / self.width,
                1 - y / self.height,
                printable(words),
                fontproperties=_font(size, bold),
                color=colour,
                horizontalalignment=align,
                verticalalignment="center_baseline",
                parse_math=False,
                transform=self.figure.transFigure,
            )
        )

    def typed(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        bold: bool = False,
        ink: str = look.INK,
    ) -> None:
        """Write one line in letters of equal width, so that columns of spaces stand; y is its base.

        A row of a table costs a fraction of what its cells would, each as a text of its own.
        """
        self.figure.add_artist(
            Text(
                x / self.width,
                1 - y / self.height,
                words,
                fontproperties=_font(size, bold, "Mono"),
                color=ink,
                verticalalignment="baseline",
                parse_math=False,
                transform=self.figure.transFigure,
            )
        )

    def text_width(self, words: str, size: float = look.SMALL, *, bold: bool = False) -> float:
        """Measure a line in inches."""
        width, _, _ = self._renderer.get_text_width_height_descent(
            printable(words), _font(size, bold), False
        )
        return width / look.DPI

    def fit(self, words: str, width: float, size: float = look.SMALL, *, bold: bool = False) -> str:
        """Return the words, cut with an ellipsis where they are wider than `width`."""
        if self.text_width(words, size, bold=bold) <= width:
            return words
        fits, too_long = 0, len(words)
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            cut = words[:middle].rstrip() + _ELLIPSIS
            if self.text_width(cut, size, bold=bold) <= width:
                fits = middle
            else:
                too_long = middle
        return words[:fits].rstrip() + _ELLIPSIS

    def wrap(self, words: str, width: float, size: float, most: int) -> list[str]:
        """Break words into at most `most` lines; what does not fit is cut with an ellipsis."""
        left, lines = printable(words).split(), []
        space = self.text_width("a a", size) - 2 * self.text_width("a", size)
        widths = [self.text_width(word, size) + space for word in left]
        while left and len(lines) < most - 1:
            ends = np.cumsum(widths) - space
            count = max(1, int(np.count_nonzero(ends <= width)))
            lines.append(self.fit(" ".join(left[:count]), width, size))
            left, widths = left[count:], widths[count:]
        return [*lines, self.fit(" ".join(left), width, size)] if left else lines

    def box(
        self, left: float, top: float, width: float, height: float, ground: str, edge: str = "none"
    ) -> None:
        """Fill a rectangle."""
        self.figure.add_artist(
            Rectangle(
                (left / self.width, 1 - (top + height) / self.height),
                width / self.width,
                height / self.height,
                facecolor=ground,
                edgecolor=edge,
                linewidth=0.8,
                transform=self.figure.transFigure,
                zorder=-1,
            )
        )

    def stroke(self, xs: Sequence[float], ys: Sequence[float], **style) -> None:
        """Draw a line, or markers, through points of the page."""
        self.figure.add_artist(
            Line2D(
                [x / self.width for x in xs],
                [1 - y / self.height for y in ys],
                transform=self.figure.transFigure,
                **style,
            )
        )

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Add bare axes: a frame, no ticks, no labels."""
        axes = self.figure.add_axes(
            (
                left / self.width,
                1 - (top + height) / self.height,
                width / self.width,
                height / self.height,
            )
        )
        axes.set_facecolor("white")
        axes.grid(False)
        axes.xaxis.set_visible(False)
        axes.yaxis.set_visible(False)
        for spine in axes.spines.values():
            spine.set(color=look.FRAME, linewidth=0.6)
        return axes

    def to_png(self) -> bytes:
        """Draw the page and return it as a PNG."""
        file = BytesIO()
        self._canvas.print_png(file, pil_kwargs={"compress_level": 4})
        return file.getvalue()


def line_height(size: float) -> float:
    """Return the distance of two lines of text in inches."""
    return size * _LINE_HEIGHT / _PER_INCH


def printable(words: str) -> str:
    """Return the words on one line, with what the font cannot show as question marks."""
    known = _glyphs()
    return "".join(c if ord(c) in known else "?" for c in " ".join(str(words).split()))


@cache
def _font(size: float, bold: bool, family: str = "") -> FontProperties:
    name = f"DejaVuSans{family}{'-Bold' if bold else ''}.ttf"
    return FontProperties(fname=str(_FONTS / name), size=size)


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(FT2Font(str(_FONTS / "DejaVuSans.ttf")).get_charmap()) & frozenset(
        FT2Font(str(_FONTS / "DejaVuSans-Bold.ttf")).get_charmap()
    )
