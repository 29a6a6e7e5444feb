"""Says whether a saved run would still come out as it did: its bars, its strategy's code."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from db.session import Database
from services.bars import BAR_COLUMNS
from services.errors import NoBars, UnknownSymbol
from services.finer_bars import load_finer
from services.market_data import read_bars
from services.metrics import METRICS_VERSION
from services.runs.fingerprint import bars_hash, code_hash, finer_hash
from services.runs.saved import SavedRun
from services.version import VERSION

_AGAIN = "re-run and compare"
_TICK = pd.Timedelta(microseconds=1)


@dataclass(frozen=True)
class Changes:
    """What differs today; None where there is nothing left to compare with. "" is nothing."""

    bars: bool | None
    code: bool | None
    text: str


def changes_since(database: Database, run: SavedRun, strategy_class: type | None) -> Changes:
    """Compare a saved run with today's stored bars and code (None: no such strategy any more).

    All bars count that the run could see, those before its span too; bars that came after its
    last one do not, nor do indicators that were computed again.
    """
    if run.manifest is None:
        return Changes(None, None, "")
    today = bars_seen(database, run, with_indicators=False)
    bars = None if today.empty else bars_hash(today) != run.manifest.bars_hash
    finer = _finer_changed(database, run)
    code = None if strategy_class is None else code_hash(strategy_class) != run.manifest.code_hash
    sentences = [
        _changed(bars, code, _difference(run.result.bars, today) if bars else ""),
        f"The finer bars that it looked into changed since this run: {_AGAIN}." if finer else "",
        _gone(run, bars, code),
        _version(run),
    ]
    return Changes(finer or bars, code, " ".join(filter(None, sentences)))


def _finer_changed(database: Database, run: SavedRun) -> bool:
    """Tell whether the finer bars of a run are others today, or gone."""
    if not run.manifest.finer_hash:
        return False
    try:
        finer = load_finer(database, run.request, run.result.start, run.result.end)
    except (NoBars, UnknownSymbol):
        return True
    return finer_hash(finer) != run.manifest.finer_hash


def bars_seen(database: Database, run: SavedRun, *, with_indicators: bool = True) -> pd.DataFrame:
    """Return what is stored today of the bars that a run could see; empty without any."""
    asked, end = run.request, run.result.end + _TICK
    with database.reading() as session:
        return read_bars(
            session, asked.symbol, asked.resolution, with_indicators=with_indicators, end=end
        )


def _changed(bars: bool | None, code: bool | None, difference: str) -> str:
    if bars and code:
        return f"Data ({difference}) and the strategy's code changed since this run: {_AGAIN}."
    if bars:
        return f"Data changed since this run ({difference}): {_AGAIN}."
    return f"The strategy's code changed since this run: {_AGAIN}." if code else ""


def _gone(run: SavedRun, bars: bool | None, code: bool | None) -> str:
    asked = run.request
    gone = []
    if bars is None:
        gone.append(f"the {asked.resolution} bars of {asked.symbol}")
    if code is None:
        gone.append(f'the strategy "{asked.strategy}"')
    if not gone:
        return ""
    return f"No longer there: {' and '.join(gone)}. The run is shown as it was saved."


def _version(run: SavedRun) -> str:
    then, program = run.manifest.metrics_version, run.manifest.versions.get("program", "")
    if then != METRICS_VERSION:
        return f"Metrics are computed in another way now (version {then} then, {METRICS_VERSION})."
    if program != VERSION:
        return f"Saved by version {program} of this program; this is {VERSION}."
    return ""


def _difference(saved: pd.DataFrame, today: pd.DataFrame) -> str:
    """Say how many of the tested bars differ and where; `saved` are those of the run."""
    tested = today[today["ts"] >= saved["ts"].iloc[0]]
    both = saved.merge(tested, on="ts", how="outer", suffixes=("", "_now"), indicator="_where")
    both = both.sort_values("ts")
    names = BAR_COLUMNS[1:]
    then, now = (
        both[[name + suffix for name in names]].to_numpy(np.float64) for suffix in ("", "_now")
    )
    differs = ~((then == now) | (np.isnan(then) & np.isnan(now))).all(axis=1)
    differs |= (both["_where"] != "both").to_numpy()
    if not differs.any():
        return "bars before its first one, which indicators remember"
    count, first = int(differs.sum()), both["ts"][differs].iloc[0]
    bars = "1 bar differs, on" if count == 1 else f"{count:,} bars differ, the first on"
    return f"{bars} {first:%Y-%m-%d}"
