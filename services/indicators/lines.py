"""What a strategy wants to see on its chart: lines over the price or in a pane of their own."""

from dataclasses import dataclass

import numpy as np

PRICE_PANE = "price"


@dataclass(frozen=True)
class Line:
    """A named series, one value a bar; `levels` are the thresholds drawn across its pane."""

    label: str
    values: np.ndarray
    pane: str = PRICE_PANE
    levels: tuple[float, ...] = ()
