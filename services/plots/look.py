"""Colours, line styles and sizes of the printed page: readable in grey and by the colour-blind."""

A4 = (11.69, 8.27)  # inches, landscape
DPI = 160
MARGIN = 0.4

SMALL, NORMAL, TITLE = 7.0, 8.0, 13.0  # points

INK, FAINT_INK, GRID, FRAME, ZEBRA = "#1A1A1A", "#555555", "#E3E3E3", "#9A9A9A", "#F3F5F7"
# Green is the lighter and red the darker one, so that they differ in grey as well.
BUY, SELL, OPEN = "#1DB584", "#B3200F", "#F0E442"
PRICE, VOLUME = "#404040", "#A9B4BF"
STRATEGY, BENCHMARK = "#0072B2", "#E69F00"
WARNING_GROUND, WARNING_INK = "#FFF1CC", "#8A1C00"

# Lines of indicators differ in hue, in lightness and in dash; none is the green or red of a trade.
LINE_STYLES = (
    ("#7A3E9D", "solid"),
    ("#2196D6", (0, (6, 1.5))),
    ("#B7791F", (0, (3, 1))),
    ("#CC79A7", "solid"),
    ("#2F4B7C", (0, (1.5, 1))),
    ("#8C8C8C", (0, (6, 1.5))),
)

CANDLES_UP_TO = 150
CROWD = 300  # trades


def marker_size(count: int) -> float:
    """Return the size in points at which this many markers still leave the price visible."""
    for most, size in ((40, 7.5), (120, 6.0), (400, 4.8), (1200, 3.4)):
        if count <= most:
            return size
    return 2.4
