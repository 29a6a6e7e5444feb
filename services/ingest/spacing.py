"""Holds the distance between a file's rows against the resolution that the user named."""

import numpy as np
import pandas as pd

from services.errors import InvalidFile
from services.ingest.times import Times
from services.timespan import RESOLUTIONS, is_session_based, step_text

_ENOUGH = 10  # rows; a few sparse bars may lie apart by chance
_DAY = pd.Timedelta(days=1)


def check_spacing(times: Times, resolution: str, name: str) -> None:
    """Raise InvalidFile when the rows lie closer together or wider apart than such bars do."""
    if not is_session_based(resolution) and not times.has_clock:
        raise InvalidFile(
            f"{name} has dates without a time of day, so its bars are not {resolution}: ingest it "
            "with -r 1d."
        )
    moments = np.unique(times.own.dropna().to_numpy().astype("datetime64[us]"))
    if len(moments) < 2:
        return
    steps = np.diff(moments)
    usual, least = pd.Timedelta(np.median(steps)), pd.Timedelta(steps.min())
    size = RESOLUTIONS[resolution]
    too_wide = least >= 2 * size and (len(moments) >= _ENOUGH or least >= _DAY > size)
    if usual <= size / 2 or too_wide:
        raise InvalidFile(
            f"{name} holds bars that lie {step_text(usual)} apart, not {resolution}: ingest it "
            f"with -r {_closest(usual)}."
        )


def _closest(step: pd.Timedelta) -> str:
    return min(RESOLUTIONS, key=lambda name: abs(np.log(RESOLUTIONS[name] / step)))
