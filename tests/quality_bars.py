"""Real and made bars for the tests of quality, and short ways to look into a report."""

import numpy as np
import pandas as pd
from builders import random_walk
from real_bars import real_bars

from services.bars import PRICE_COLUMNS
from services.calendars import SessionCalendar
from services.quality import Finding

NEW_YORK = SessionCalendar("XNYS")
ALWAYS = SessionCalendar("24/7")
CLEAN = ("IBM", "GOOG")  # real daily bars in which nothing is flagged


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def found(report, kind: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.kind == kind]


def kinds(report) -> list[str]:
    return [finding.kind for finding in report.findings]


def daily(symbol: str = "IBM", first="2004-01-01", last="2013-03-01") -> pd.DataFrame:
    bars = real_bars(symbol)
    return bars[bars["ts"].between(utc(first), utc(last))].reset_index(drop=True)


def minutes(first: str, last: str, step: str = "1min", seed: int = 0) -> pd.DataFrame:
    """Fill each session of New York with bars that move by a few cents."""
    parts = []
    for session in NEW_YORK.sessions(first, last):
        opens, closes_ = NEW_YORK.open_close(session)
        parts.append(pd.date_range(opens, closes_, freq=step, inclusive="left"))
    ts = parts[0].append(parts[1:])
    bars = random_walk(len(ts), seed=seed, spread=0.05)
    bars["ts"] = ts.as_unit("us")
    bars["volume"] = np.random.default_rng(seed).integers(100, 900, len(ts)).astype(float)
    scale = 1 + (bars[PRICE_COLUMNS] - 100) / 10_000
    bars[PRICE_COLUMNS] = 100 * scale
    return bars


def place(bars: pd.DataFrame, seed: int, margin: int = 10) -> int:
    return int(np.random.default_rng(seed).integers(margin, len(bars) - margin))


def only(report, kind: str) -> Finding:
    (finding,) = report.findings
    assert finding.kind == kind
    return finding


def broken_bars() -> pd.DataFrame:
    bars = daily()
    bars.loc[300, PRICE_COLUMNS] *= 100
    bars.loc[600, "high"] *= 2
    bars["volume"] = np.nan
    return bars.drop(index=[900, 901]).reset_index(drop=True)
