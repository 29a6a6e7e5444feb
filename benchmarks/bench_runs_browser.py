"""Waits of a person who looks through 10,000 saved runs, in headless Chromium.

    python -m benchmarks.bench_runs_browser

Opens the list from Home, searches it, sorts it by a metric, and opens a saved run from it. The
runs are made from a few real ones; they have metrics, trades and tags, but no series of their own.
"""

import itertools
import random
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait
from sqlalchemy import insert, select

from benchmarks.bench_browser import browser, served
from benchmarks.machine import describe_machine, print_line
from db.models import BacktestRun, RunTag
from services.backtest import BacktestRequest
from services.research import run_request
from services.settings import Settings
from services.workspace import Workspace, open_workspace
from strategies.registry import load_strategy

RUNS = 10_000
REPEATS = 12
LOOK_SECONDS = 1.5  # nobody clicks on what was not yet seen; the browser has a moment for itself
STRATEGIES = ("ma_cross", "rsi", "bollinger", "macd", "supertrend")
# Two frames after what is waited for is there, it is on the screen.
TIME_OF = """
const done = arguments[arguments.length - 1], start = performance.now();
ACT
const wait = () => (WANTED)
  ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)))
  : setTimeout(wait, 4);
wait();
"""
LINK = "document.querySelector('.rail a[href=\"{}\"]').click()"
ROWS = "document.querySelector('#runs-table .run-link')"
ANSWERED = "document.querySelector('#runs-table').dataset.rows === '{}' && " + ROWS
SEARCH = """const box = document.querySelector('#runs-search');
Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(box, '{}');
box.dispatchEvent(new Event('input', {{bubbles: true}}));"""
SORT = "document.querySelector('#runs-table [col-id=\"{}\"] .ag-header-cell-label').click()"
OPEN = "document.querySelector('#runs-table .ag-row [col-id=\"strategy\"]').click()"
PAINTED = "document.querySelector('#chart[data-painted]')"


def main() -> None:
    """Print median, minimum and maximum of each wait."""
    print(describe_machine("dash", "dash-ag-grid", "selenium"))
    with tempfile.TemporaryDirectory() as folder, served(folder) as url:
        save_runs(folder)
        with browser() as driver:
            print(f"\n{RUNS:,} saved runs")
            waits = [open_list(driver, url) for _ in range(REPEATS)]
            print_line("list, first of a tab", [first for first, _ in waits], "ms")
            print_line("list, again", [again for _, again in waits], "ms")
            words = (f"candidate {n}" for n in itertools.count(10))
            searches = [time_of_search(driver, next(words)) for _ in range(REPEATS)]
            print_line("search", searches, "ms")
            sorts = [time_of_sort(driver, url, n) for n in range(REPEATS)]
            print_line("sort by Sharpe", sorts, "ms")
            print_line("open a run", [open_run(driver, url) for _ in range(REPEATS)], "ms")


def save_runs(folder: str, count: int = RUNS) -> None:
    """Save runs in the database of a folder."""
    workspace = open_workspace(Settings(database_url="", data_dir=Path(folder)))
    for strategy in STRATEGIES:
        request = BacktestRequest("MSFT", "1d", strategy, duration="5 Y")
        run_request(workspace, request, load_strategy(strategy))
    _multiply(workspace, count - len(STRATEGIES))
    workspace.database.close()


def _multiply(workspace: Workspace, count: int) -> None:
    """Save copies that are older than the runs they are made from."""
    rng = random.Random(1)
    table = BacktestRun.__table__
    with workspace.database.writing() as session:
        originals = [dict(row._mapping) for row in session.execute(select(table))]
        copies = [_copy(originals[n % len(originals)], n, rng) for n in range(count)]
        session.execute(insert(table), copies)
        session.flush()
        ids = session.scalars(select(BacktestRun.id)).all()
        tags = [{"run_id": one, "tag": f"group {one % 7}"} for one in ids if one % 3 == 0]
        session.execute(insert(RunTag), tags)


def _copy(run: dict, number: int, rng: random.Random) -> dict:
    metrics = {
        name: value * rng.uniform(0.5, 1.5) if isinstance(value, float) else value
        for name, value in run["metrics"].items()
    }
    return {name: value for name, value in run.items() if name != "id"} | {
        "fingerprint": f"{number:064d}",
        "created_at": run["created_at"] - timedelta(minutes=number),
        "name": f"Candidate {number}" if number % 3 == 0 else None,
        "favourite": number % 50 == 0,
        "metrics": metrics,
    }


def open_list(driver: webdriver.Chrome, url: str) -> tuple[float, float]:
    """Go from Home to the list twice; return the milliseconds of the first time and the second."""
    driver.get(url)
    WebDriverWait(driver, 30).until(
        lambda d: d.execute_script("return document.querySelector('h1')")
    )
    time.sleep(LOOK_SECONDS)
    first = time_of(driver, LINK.format("/runs"), ROWS)
    time_of(driver, LINK.format("/"), "!document.querySelector('#runs-table')")
    return first, time_of(driver, LINK.format("/runs"), ROWS)


def time_of_search(driver: webdriver.Chrome, words: str) -> float:
    """Type words at once; return the milliseconds until their rows stand there."""
    return time_of(driver, SEARCH.format(words), ANSWERED.format("q=" + words.replace(" ", "+")))


def time_of_sort(driver: webdriver.Chrome, url: str, number: int) -> float:
    """Sort all runs by Sharpe, every second time from the lowest; return the milliseconds."""
    if number % 2 == 0:
        driver.get(f"{url}/runs")
        WebDriverWait(driver, 30).until(lambda d: d.execute_script(f"return {ROWS}"))
    order = "&order=asc" if number % 2 else ""
    return time_of(driver, SORT.format("sharpe"), ANSWERED.format("sort=sharpe" + order))


def open_run(driver: webdriver.Chrome, url: str) -> float:
    """Open one of the runs that have a series; return the milliseconds until it is painted."""
    driver.get(f"{url}/runs?sort=id&order=asc")
    WebDriverWait(driver, 30).until(lambda d: d.execute_script(f"return {ROWS}"))
    time.sleep(LOOK_SECONDS)
    return time_of(driver, OPEN, PAINTED)


def time_of(driver: webdriver.Chrome, act: str, wanted: str) -> float:
    """Run a script; return the milliseconds until an expression holds and is painted."""
    return driver.execute_async_script(TIME_OF.replace("ACT", act).replace("WANTED", wanted))


if __name__ == "__main__":
    main()
