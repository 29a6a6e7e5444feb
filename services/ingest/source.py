"""What every source of bars hands over, before the bars are checked."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class SourceBars:
    """Rows as a source gave them, in ascending order unless the source was in disorder.

    `frame` has the columns of services.bars; what could not be read is NaT or NaN, an unreadable
    volume infinite. `row_numbers` counts the source's rows from 1. `adj_close`, where the source
    has one, stays apart: it is never a close. `notes` says in sentences what was decided.
    """

    frame: pd.DataFrame
    format: str
    row_numbers: np.ndarray
    adj_close: pd.Series | None = None
    notes: list[str] = field(default_factory=list)
