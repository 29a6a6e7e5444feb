"""The stored indicators of a series: what each bar's are, whenever and in whatever order it came.

Bar number i lies in block i // BLOCK. The first block is computed from the first bar. A later one
is computed from a window that begins WINDOW bars before it, so that new bars at the end of a long
series need the last block only. Whether the window was long enough is seen at the seam: the bar
before the block has its values already. Where they disagree, all bars from the first are used.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.indicators.columns import INDICATOR_COLUMNS, compute_indicators

BLOCK = 100_000
WINDOW = 10_000
INPUTS = ("high", "low", "close")
TOLERANCE = 1e-9  # of the value at a seam
_PRICE_TOLERANCE = 1e-12  # of the close: a MACD near zero is a difference of two averages
_ATH = INDICATOR_COLUMNS.index("ath")
_CLOSE = INPUTS.index("close")


@dataclass(frozen=True)
class Window:
    """Bars from number `start` on: an array a column of INPUTS, and what is known before them.

    `ath` is the highest high before `start`. `seam` holds the stored indicators of the last bar
    before the block; a window that begins with the series has none.
    """

    start: int
    inputs: list[np.ndarray]
    ath: float = -np.inf
    seam: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.inputs[0])


def block_begin(position: int) -> int:
    """Return the number of the first bar in the block of a bar."""
    return position // BLOCK * BLOCK


def left_in_block(position: int) -> int:
    """Return how many bars the block of a bar holds from that bar on."""
    return block_begin(position) + BLOCK - position


def window_begin(position: int) -> int:
    """Return the number of the bar from which on the block of a bar is computed."""
    return max(0, block_begin(position) - WINDOW)


def window_values(window: Window, block: int) -> np.ndarray | None:
    """Return the indicators of a window's bars from number `block` on, a row a bar.

    None when the bar before the block comes out other than it is stored.
    """
    values = _compute(window.inputs)
    np.maximum(values[:, _ATH], window.ath, out=values[:, _ATH])
    first = block - window.start
    if window.seam is not None:
        close = window.inputs[_CLOSE][first - 1]
        if not _agree(values[first - 1], window.seam, close):
            return None
    return values[first:]


def series_values(bars: pd.DataFrame) -> np.ndarray:
    """Return the indicators of a whole series as they are stored, a row a bar."""
    inputs = [bars[name].to_numpy(np.float64) for name in INPUTS]
    count = len(bars)
    if count <= BLOCK:
        return _compute(inputs)
    values = np.empty((count, len(INDICATOR_COLUMNS)))
    for block in range(0, count, BLOCK):
        end = min(block + BLOCK, count)
        values[block:end] = _block_values(inputs, values, block, end)
    return values


def _block_values(inputs: list[np.ndarray], before: np.ndarray, block: int, end: int) -> np.ndarray:
    start = window_begin(block)
    part = [column[start:end] for column in inputs]
    if start == 0 and block == 0:
        return window_values(Window(0, part), 0)
    ath = before[start - 1, _ATH] if start else -np.inf
    values = window_values(Window(start, part, ath, before[block - 1]), block)
    if values is None:
        values = _compute([column[:end] for column in inputs])[block:]
    return values


def _compute(inputs: list[np.ndarray]) -> np.ndarray:
    frame = pd.DataFrame(dict(zip(INPUTS, inputs, strict=True)), copy=False)
    # A copy: pandas gives out its own arrays to be read only.
    return compute_indicators(frame).to_numpy(np.float64, copy=True)


def _agree(computed: np.ndarray, stored: np.ndarray, close: float) -> bool:
    return np.allclose(
        computed, stored, rtol=TOLERANCE, atol=_PRICE_TOLERANCE * close, equal_nan=True
    )
