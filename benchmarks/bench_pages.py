"""Waits between the pages: a link of the navigation pressed, until the page is on the screen.

    python -m benchmarks.bench_pages

Every page is opened from every other one, in a browser in which somebody has looked at one page
for a moment. Two waits are told: until the page stands there, and until what it is for does: the
table of stored series, the painted chart, the form, the rows of the runs. The command palette is
opened where one stands; its wait is until the next frame after it is on the screen.
"""

import itertools
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

from benchmarks.bench_browser import browser, served
from benchmarks.bench_runs_browser import LINK, save_runs, time_of
from benchmarks.machine import describe_machine, print_line

ROUNDS = 5
RUNS = 30
PALETTES = 20
PAGE = {
    "/": "document.querySelector('.home-page h1')",
    "/data": "document.querySelector('.data-page h1')",
    "/chart": "document.querySelector('.chart-page #chart')",
    "/backtest": "document.querySelector('#bt-run')",
    "/optimise": "document.querySelector('#opt-start')",
    "/runs": "document.querySelector('.runs-page h1')",
}
SHOWN = PAGE | {
    "/data": "document.querySelector('#data-grid .ag-row')",
    "/chart": "document.querySelector('#chart[data-painted]')",
    "/runs": "document.querySelector('#runs-table .run-link')",
}
# Two frames after a press what it brought is on the screen.
TIME_OF_PALETTE = """
const done = arguments[0], palette = document.getElementById("palette"), start = performance.now();
document.getElementById("palette-open").click();
requestAnimationFrame(() => requestAnimationFrame(() => {
  const took = palette.open ? performance.now() - start : NaN;
  palette.close();
  done(took);
}));
"""


def main() -> None:
    """Print median, minimum and maximum of the wait for each page."""
    print(describe_machine("dash", "dash-ag-grid", "selenium"))
    with tempfile.TemporaryDirectory() as folder, served(folder) as url:
        save_runs(folder, RUNS)
        with browser() as driver:
            for what, wanted in (("the page", PAGE), ("what it shows", SHOWN)):
                print(f"\n{what}; the four samples, {RUNS} saved runs")
                report([measure(driver, url, wanted) for _ in range(ROUNDS)])
            print("\nthe command palette, on Home")
            print_line("open the palette", measure_palette(driver, url), "ms")


def report(waits: list[tuple[dict, dict]]) -> None:
    """Print the waits for each page, the first visit of a tab and the next ones."""
    for path in SHOWN:
        if path != "/":
            print_line(f"{path}, first", [first[path] for first, _ in waits], "ms")
        print_line(f"{path}, again", sum((again[path] for _, again in waits), []), "ms")


def measure(driver: webdriver.Chrome, url: str, wanted: dict[str, str]) -> tuple[dict, dict]:
    """Load Home in full, look at it, then go along every way between two pages."""
    driver.get("about:blank")
    driver.get(url)
    wait_until(driver, SHOWN["/"])
    time.sleep(1.5)  # a person reads; the browser has a moment for itself
    first = {path: go(driver, "/", path, wanted) for path in SHOWN if path != "/"}
    again = {path: [] for path in SHOWN}
    for before, after in itertools.permutations(SHOWN, 2):
        again[after].append(go(driver, before, after, wanted))
    return first, again


def measure_palette(driver: webdriver.Chrome, url: str) -> list[float]:
    """Open and close the palette on a page that has come to rest; return the milliseconds."""
    driver.get(url)
    wait_until(driver, SHOWN["/"])
    time.sleep(1.5)
    return [driver.execute_async_script(TIME_OF_PALETTE) for _ in range(PALETTES)]


def go(driver: webdriver.Chrome, before: str, after: str, wanted: dict[str, str]) -> float:
    """Stand on one page, press the link of another; return the milliseconds until it is there."""
    time_of(driver, LINK.format(before), SHOWN[before])
    time.sleep(0.1)
    return time_of(driver, LINK.format(after), wanted[after])


def wait_until(driver: webdriver.Chrome, expression: str) -> None:
    """Wait until an expression holds; raise what Selenium raises when it does not."""
    WebDriverWait(driver, 30).until(lambda d: d.execute_script(f"return {expression}"))


if __name__ == "__main__":
    main()
