"""Times in which the server answers for a chart, and the size of what it sends."""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.machine import describe_machine, print_line
from services.charts import figure_for_query
from services.charts.market import market_source
from services.ingest.store import store_bars
from services.settings import Settings
from services.workspace import Workspace, open_workspace

REPEATS = 20
COLD_REPEATS = 7
INDICATORS = "sma:20,bb:20:2,rsi:14"
SERIES = {
    "2,500 daily bars": ("DAYS", "1d", 2500),
    "1,000,000 minutes": ("MINUTES", "1m", 1_000_000),
}
QUERIES = {
    "all": {},
    "half of it, log": {"lo": "0", "hi": "{half}", "log": "1"},
    "400 bars": {"lo": "{half}", "hi": "{near}"},
    "Heikin-Ashi, all": {"style": "heikin_ashi"},
    "replay": {"until": "{half}"},
    "last session": {"range": "1D", "zone": "America/New_York"},
}


def main() -> None:
    """Print median, minimum and maximum of each answer, and the largest answer in kB."""
    print(describe_machine("numpy", "pandas", "TA-Lib", "numba"))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url="", data_dir=Path(folder))
        workspace = open_workspace(settings)
        for title, (symbol, resolution, count) in SERIES.items():
            print(f"\n{title}, {INDICATORS}")
            store_bars(workspace.database, symbol, resolution, waves(count, resolution))
            workspace.columns.prepare(symbol, resolution)
            measure(workspace, symbol, resolution, count)


def measure(workspace: Workspace, symbol: str, resolution: str, count: int) -> None:
    """Measure the first answer of a process, and later ones."""

    def answer(place: Workspace, query: dict[str, str]) -> str:
        source = market_source(place, symbol, resolution, INDICATORS)
        return json.dumps(figure_for_query(source, query))

    def cold() -> str:
        return answer(Workspace(workspace.settings, workspace.database), {})

    cold()  # compiled code is loaded before the server takes its first request
    print_line("first answer", [timed(cold)[0] for _ in range(COLD_REPEATS)], "ms")
    half = {"half": count // 2, "near": count // 2 + 400}
    largest = 0
    for title, query in QUERIES.items():
        asked = {name: value.format(**half) for name, value in query.items()}
        answer(workspace, asked)
        runs = [timed(lambda q=asked: answer(workspace, q)) for _ in range(REPEATS)]
        largest = max(largest, *(len(text) for _, text in runs))
        print_line(title, [milliseconds for milliseconds, _ in runs], "ms")
    print(f"  {'largest answer':<26}       {largest / 1000:8.0f} kB")


def timed(work: Callable[[], str]) -> tuple[float, str]:
    """Return the milliseconds that a piece of work takes, and what it gives."""
    start = time.perf_counter()
    outcome = work()
    return 1000 * (time.perf_counter() - start), outcome


def waves(count: int, resolution: str) -> pd.DataFrame:
    """Make bars of a seeded random walk: only their number matters here."""
    close = 100 * np.exp(np.random.default_rng(1).normal(0, 1e-3, count).cumsum())
    step = pd.Timedelta(days=1) if resolution == "1d" else pd.Timedelta(minutes=1)
    ts = pd.date_range("2015-01-01", periods=count, freq=step, tz="UTC", unit="us")
    prices = {"open": close, "high": close * 1.001, "low": close * 0.999, "close": close}
    return pd.DataFrame({"ts": ts, **prices, "volume": 1000.0})


if __name__ == "__main__":
    main()
