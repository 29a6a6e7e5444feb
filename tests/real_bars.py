"""Real daily bars for tests: the sample that ships, or the development data beside the project."""

from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parent.parent
PLACES = (ROOT / "data" / "sample" / "daily", ROOT.parent / "shared" / "data" / "daily")
SYMBOLS = ("AAPL", "GOOG", "IBM", "MSFT")


def real_bars(symbol: str) -> pd.DataFrame:
    """Read a symbol's daily bars; skip the test where neither folder has them."""
    for place in PLACES:
        if (path := place / f"{symbol}.csv").exists():
            bars = pd.read_csv(path, parse_dates=["ts"])
            bars["ts"] = bars["ts"].dt.tz_localize("UTC").astype("datetime64[us, UTC]")
            return bars.astype(dict.fromkeys(bars.columns[1:], "float64"))
    return pytest.skip(f"no {symbol}.csv in data/sample/daily: the sample data is not there")
