"""Reads times that are counts since 1970, as programs write them and spreadsheets spoil them."""

import numpy as np
import pandas as pd

from services.errors import InvalidFile
from services.timespan import RESOLUTIONS

EPOCH = r"(?:-?\d{1,19}(?:\.\d+)?|\d(?:[.,]\d*)?[eE]\+?(?:0?\d|1[0-8]))"
_SCIENTIFIC = r"\d(?:[.,](?P<decimals>\d*))?[eE]\+?(?P<exponent>\d+)"
_COMPACT = r"(?:1[89]|20|21)\d{2}[01]\d[0-3]\d(?:\d{4}|\d{6})?"
_QUARTER = pd.Timedelta(minutes=15)  # on which sessions, and so bars of that length or more, start


def are_epochs(sample: pd.Series) -> bool:
    """Tell whether most cells of a column are epochs rather than dates written without signs."""
    digits = sample[sample.str.fullmatch(EPOCH)]
    if len(digits) < len(sample) / 2 or digits.str.fullmatch(_COMPACT).all():
        return False
    # Smaller numbers are no epoch that any market data has, but may be a spreadsheet's day count.
    return bool(_floats(digits).abs().max() >= 1e8)


def read_epochs(cells: pd.Series, resolution: str, name: str) -> pd.Series:
    """Return the moments without zone, NaT where a cell is no epoch.

    Seconds, milli-, micro- and nanoseconds are told apart by the largest number. Raises
    InvalidFile when a spreadsheet has rounded a number so that its time is not certain.
    """
    numbers = _floats(cells.where(cells.str.fullmatch(EPOCH), "nan")).to_numpy()
    unit = 10 ** int(np.digitize(np.nanmax(np.abs(numbers)), [1e11, 1e14, 1e17]) * 3)
    _check_digits(cells, numbers / unit, unit, resolution, name)
    whole = np.isfinite(numbers)
    micros = np.full(len(numbers), np.iinfo("int64").min)
    micros[whole] = np.round(numbers[whole] / unit * 1e6).astype("int64")
    return pd.Series(micros.astype("datetime64[us]"), index=cells.index)


def _check_digits(
    cells: pd.Series, seconds: np.ndarray, unit: int, resolution: str, name: str
) -> None:
    """Refuse numbers like 1.704067E+09 unless it can be shown that they were not rounded.

    Bars start on a grid. A number that lies on it, and was rounded by less than the distance of
    two of its points, is the number that it was before.
    """
    parts = cells.str.extract(f"^{_SCIENTIFIC}$")
    places = parts["exponent"].astype(float) - parts["decimals"].fillna("").str.len()
    step = (10**places / unit).to_numpy()  # seconds that the last digit stands for
    grid = min(RESOLUTIONS[resolution], _QUARTER).total_seconds()
    certain = (step <= 1) | ((step / 2 < grid) & (np.round(seconds) % grid == 0))
    lost = np.flatnonzero(parts["exponent"].notna().to_numpy() & ~certain)
    if len(lost):
        raise InvalidFile(
            f'{name} has times such as "{cells.iloc[lost[0]]}" whose last digits a spreadsheet '
            "dropped: fetch it again and do not save it from a spreadsheet."
        )


def _floats(cells: pd.Series) -> pd.Series:
    return cells.str.replace(",", ".", regex=False).astype(object).astype(float)
