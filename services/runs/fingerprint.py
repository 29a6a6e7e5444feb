"""What identifies a run: its request, the bars and the strategy's code that it was made with."""

import hashlib
import inspect
import json
import platform
from functools import lru_cache
from typing import Any

import numba
import numpy as np
import pandas as pd
import talib

from services.backtest.finer import FinerBars
from services.backtest.request import BacktestRequest
from services.backtest.result import BacktestResult
from services.bars import BAR_COLUMNS
from services.metrics import METRICS_VERSION
from services.version import VERSION


def bars_hash(bars: pd.DataFrame) -> str:
    """Return a digest of all bars that a run could see, history included."""
    digest = hashlib.blake2b(digest_size=32)
    digest.update(bars["ts"].dt.tz_localize(None).to_numpy().astype("datetime64[us]").tobytes())
    for name in BAR_COLUMNS[1:]:
        digest.update(np.ascontiguousarray(bars[name].to_numpy()).tobytes())
    return digest.hexdigest()


def finer_hash(finer: FinerBars | None) -> str:
    """Return a digest of finer bars and of the sessions that they were given; empty for None."""
    if finer is None:
        return ""
    known = f"{finer.resolution} {finer.tick} {bars_hash(finer.bars)}"
    digest = hashlib.blake2b(known.encode(), digest_size=32)
    if finer.sessions is not None:
        digest.update(finer.sessions.astype("datetime64[D]").tobytes())
    return digest.hexdigest()


def code_hash(strategy: Any) -> str:
    """Return a digest of the file in which a strategy, or its class, is written."""
    return _file_hash(strategy if isinstance(strategy, type) else type(strategy))


@lru_cache(maxsize=1024)
def _file_hash(kind: type) -> str:
    # Once for each class: what was loaded is what runs, whatever becomes of the file since.
    try:
        source = inspect.getsource(inspect.getmodule(kind))
    except (OSError, TypeError):
        source = kind.__qualname__
    return hashlib.blake2b(source.encode(), digest_size=32).hexdigest()


def fingerprint(
    request: BacktestRequest,
    result: BacktestResult,
    bars: str,
    code: str,
    said_of_bars: tuple[str, ...] = (),
    finer: str = "",
) -> str:
    """Return a digest that two runs share only if they are the same and gave the same.

    The numbers that came out are part of it: what else may change them (a time zone, the
    engine's own code) then needs no list.
    """
    known = [request.as_query(), bars, code, list(said_of_bars), METRICS_VERSION, versions()]
    known += [finer] if finer else []
    digest = hashlib.blake2b(digest_size=32)
    digest.update(json.dumps([known, result.metrics, result.benchmark_metrics]).encode())
    for series in (result.signals, result.equity.to_numpy(), result.benchmark_equity.to_numpy()):
        digest.update(np.ascontiguousarray(series).tobytes())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of what can change a number."""
    return {
        "program": VERSION,
        "python": platform.python_version(),
        "pandas": pd.__version__,
        "numpy": np.__version__,
        "numba": numba.__version__,
        "ta-lib": talib.__version__,
    }
