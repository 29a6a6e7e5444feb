"""How a chart is divided: panes above one another on one time axis."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.indicators.lines import PRICE_PANE

PRICE, VOLUME, EQUITY, DRAWDOWN = PRICE_PANE, "Volume", "Equity", "Drawdown"
_HEIGHTS = {PRICE: 380, VOLUME: 64, EQUITY: 170, DRAWDOWN: 90}
_INDICATOR_HEIGHT = 120
_MANY = 4  # indicators' panes; more of them are lower
_LOW_HEIGHT = 90
_GAP = 14
TOP, BOTTOM, LEFT, RIGHT = 6, 28, 8, 66


@dataclass(frozen=True)
class Pane:
    """One pane: the name of its y axis in a trace ("y", "y2"…) and its part of the height."""

    name: str
    axis: str
    domain: tuple[float, float]

    @property
    def layout_key(self) -> str:
        """The key of this pane's axis in a Plotly layout."""
        return "yaxis" + self.axis.removeprefix("y")


def stack_panes(others: Sequence[str]) -> tuple[dict[str, Pane], int]:
    """Place price, volume and then the others from top to bottom.

    Return the panes by name, and the chart's height in pixels.
    """
    names = list(dict.fromkeys([PRICE, VOLUME, *others]))
    low = len([name for name in names if name not in _HEIGHTS]) > _MANY
    usual = _LOW_HEIGHT if low else _INDICATOR_HEIGHT
    heights = [_HEIGHTS.get(name, usual) for name in names]
    inner = sum(heights) + _GAP * (len(names) - 1)
    panes, top = {}, inner
    for number, (name, height) in enumerate(zip(names, heights, strict=True), start=1):
        axis = "y" if number == 1 else f"y{number}"
        panes[name] = Pane(name, axis, (max(0.0, (top - height) / inner), top / inner))
        top -= height + _GAP
    return panes, inner + TOP + BOTTOM
