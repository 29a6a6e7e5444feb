"""Reads prices and volumes from text cells, in the English or the continental style."""

import re

import numpy as np
import pandas as pd

from services.errors import InvalidFile

_PLAIN = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_ENGLISH_GROUPS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_CONTINENTAL = re.compile(r"[+-]?(?:\d{1,3}(?:[.\s]\d{3})+|\d+)(?:,\d*)?")
_COULD_BE_BOTH = r"[+-]?\d{1,3}[.,]\d{3}"
_CURRENCY = re.compile(r"^[$€£¥]\s*")
_MULTIPLES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_MISSING = {"", "-", "—", "n/a", "na", "nan", "null", "none"}


def uses_decimal_comma(prices: pd.DataFrame, name: str) -> bool:
    """Decide from all price cells whether a comma is the decimal sign.

    Raises InvalidFile when the cells contradict each other or could be read in both ways.
    """
    cells = pd.Series(prices.to_numpy().ravel())
    cells = cells[cells.str.contains(",", regex=False) | cells.str.contains(".", regex=False)]
    with_comma = cells[cells.str.contains(",", regex=False)]
    if with_comma.empty:
        return False
    clear = cells[~cells.str.fullmatch(_COULD_BE_BOTH)]
    comma_last = clear.str.rfind(",") > clear.str.rfind(".")
    if clear.empty or comma_last.nunique() > 1:
        raise InvalidFile(
            f'{name} has prices such as "{with_comma.iloc[0]}" that can be read in two ways: write '
            "them with a decimal point and without thousands separators."
        )
    return bool(comma_last.iloc[0])


def read_prices(cells: pd.Series, decimal_comma: bool = False) -> np.ndarray:
    """Return the cells as floats, NaN where a cell is no number."""
    return _floats(cells, decimal_comma, np.nan)


def read_volumes(cells: pd.Series, decimal_comma: bool = False) -> np.ndarray:
    """Return the cells as floats, NaN where nothing is known, infinite where a cell is no volume.

    "1.2M" and the like are expanded; -1 is how IBKR says that there is no volume.
    """
    volumes = _floats(cells, decimal_comma, np.inf)
    volumes[volumes == -1] = np.nan
    volumes[volumes < 0] = np.inf
    return volumes


def _floats(cells: pd.Series, decimal_comma: bool, unreadable: float) -> np.ndarray:
    values = np.full(len(cells), unreadable)
    # Python's float() rounds correctly to the last digit; pandas' own parser may not.
    plain = cells.str.fullmatch(_PLAIN).to_numpy(dtype=bool)
    if decimal_comma:
        plain = plain & ~cells.str.contains(".", regex=False).to_numpy(dtype=bool)
    text = cells.to_numpy(dtype=object)
    values[plain] = text[plain].astype(float)
    for position in np.flatnonzero(~plain):
        values[position] = _number(text[position], decimal_comma, unreadable)
    return values


def _number(text: str, decimal_comma: bool, unreadable: float) -> float:
    if text.lower() in _MISSING:
        return np.nan
    text = _CURRENCY.sub("", text)
    multiple = _MULTIPLES.get(text[-1:].upper(), 1.0)
    digits = text[:-1].strip() if multiple != 1.0 else text
    if decimal_comma and _CONTINENTAL.fullmatch(digits):
        digits = re.sub(r"[.\s]", "", digits).replace(",", ".")
    elif not decimal_comma and _ENGLISH_GROUPS.fullmatch(digits):
        digits = digits.replace(",", "")
    if not re.fullmatch(_PLAIN, digits):
        return unreadable
    # 1.1 * 1e9 is not 1.1e9 to the last digit; the text is.
    exponent = f"e{round(np.log10(multiple))}"
    return float(digits + exponent) if multiple != 1.0 and "e" not in digits else float(digits)
