"""Times that a user waits for a chart: open, zoom and pan, of 2,500 and of 1,000,000 bars.

The bars are made for their number, not from a market: no result of them means anything.
"""

import tempfile
import time
from pathlib import Path

from selenium import webdriver

from benchmarks.bench_browser import browser, served
from benchmarks.bench_data import made_bars
from benchmarks.machine import describe_machine, print_line
from services.ingest.store import store_bars
from services.instruments import add_instrument
from services.settings import Settings
from services.workspace import open_workspace

REPEATS = 20
OPENED = 7
SIZES = {"FEW": ("1d", "D", 2_500), "MANY": ("1m", "m", 1_000_000)}
TIME_OF_KEY = """
const [key, done] = [arguments[0], arguments[arguments.length - 1]];
const before = window.drawings.length, start = performance.now();
document.getElementById("chart").dispatchEvent(new KeyboardEvent("keydown", {key}));
const wait = () => window.drawings.length > before
  ? done(window.drawings[before] - start) : setTimeout(wait, 5);
wait();
"""
TIME_OF_WHEEL = """
const done = arguments[arguments.length - 1], [turn] = arguments;
const drag = document.querySelector("#chart .nsewdrag"), box = drag.getBoundingClientRect();
const before = window.drawings.length, start = performance.now();
drag.dispatchEvent(new WheelEvent("wheel", {deltaY: turn, bubbles: true, cancelable: true,
  clientX: box.left + box.width * 0.6, clientY: box.top + 100}));
const wait = () => window.drawings.length > before
  ? done(window.drawings[before] - start) : setTimeout(wait, 5);
wait();
"""


def main() -> None:
    """Print median, minimum and maximum of each wait; the answer's size in kB."""
    print(describe_machine("dash", "plotly", "selenium"))
    print("Bars made for their number; headless Chromium.")
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        with served(folder) as url, browser() as driver:
            for symbol, (resolution, _, count) in SIZES.items():
                print(f"\n{count:,} bars of {resolution}")
                measure(driver, f"{url}/chart?symbol={symbol}&resolution={resolution}")


def fill(folder: Path) -> None:
    """Store the bars in the database of a folder."""
    workspace = open_workspace(Settings(database_url="", data_dir=folder))
    for symbol, (resolution, unit, count) in SIZES.items():
        add_instrument(workspace.database, symbol)
        store_bars(workspace.database, symbol, resolution, made_bars(count, unit))
        workspace.columns.prepare(symbol, resolution)  # as every way of bringing bars in does
    workspace.database.close()


def measure(driver: webdriver.Chrome, address: str) -> None:
    """Open a chart often, then zoom and pan in it."""
    first = opening(driver, address)
    print_line("open, the very first time", [first], "ms")
    print_line("open, a full page load", [opening(driver, address) for _ in range(OPENED)], "ms")
    act = driver.execute_async_script
    turns = [act(TIME_OF_WHEEL, -240 if n % 4 < 2 else 240) for n in range(REPEATS)]
    print_line("zoom by wheel", turns, "ms")
    print_line("zoom by key", [act(TIME_OF_KEY, "+-"[n % 2]) for n in range(REPEATS)], "ms")
    act(TIME_OF_KEY, "+")
    print_line("pan by key", panning(driver), "ms")
    for _ in range(12):
        act(TIME_OF_KEY, "+")
    print_line("pan, every bar shown", panning(driver), "ms")


def panning(driver: webdriver.Chrome) -> list[float]:
    """Pan to and fro; return the milliseconds of each."""
    moves = ("ArrowRight", "ArrowLeft")
    return [driver.execute_async_script(TIME_OF_KEY, moves[n % 2]) for n in range(REPEATS)]


def opening(driver: webdriver.Chrome, address: str) -> float:
    """Load the page; return the milliseconds from the start until the chart is on the screen."""
    driver.get("about:blank")
    driver.get(address)
    end = time.monotonic() + 60
    while not driver.execute_script("return window.drawings?.length"):
        if time.monotonic() > end:
            raise TimeoutError("the chart is not drawn")
        time.sleep(0.02)
    return driver.execute_script("return drawings[0]")


if __name__ == "__main__":
    main()
