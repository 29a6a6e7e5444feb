"""Times that a user waits: from a press of Run, a zoom or a link to the painted chart."""

import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from benchmarks.machine import describe_machine, print_line

REPEATS = 20
COLD_REPEATS = 15
TEN_YEARS = {"symbol": "MSFT", "resolution": "1d", "strategy": "ma_cross", "duration": "10 Y"}
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--window-size=1440,900",
)
# The chart counts its drawings in data-painted; two frames later the last one is on the screen.
WATCH = """
window.drawings = [];
new MutationObserver((changes) => {
  if (!changes.some((change) => change.target.id === "chart")) return;
  requestAnimationFrame(() => requestAnimationFrame(() => window.drawings.push(performance.now())));
}).observe(document, {subtree: true, attributes: true, attributeFilter: ["data-painted"]});
"""
TIME_OF = """
const [done, act] = [arguments[arguments.length - 1], arguments[0]];
const before = window.drawings.length, start = performance.now();
if (act === "run") document.getElementById("bt-run").click();
else document.getElementById("chart").dispatchEvent(new KeyboardEvent("keydown", {key: act}));
const wait = () => window.drawings.length > before
  ? done(window.drawings[before] - start) : setTimeout(wait, 5);
wait();
"""


def main() -> None:
    """Print median, minimum and maximum of each wait."""
    print(describe_machine("dash", "plotly", "selenium"))
    parameters = itertools.product(range(5, 40), range(45, 200))  # a new run each time
    with tempfile.TemporaryDirectory() as folder, served(folder) as url:
        with browser() as driver:
            print(driver.capabilities["browserName"], driver.capabilities["browserVersion"])
            print("\nMSFT daily, the last 10 years, ma_cross with other parameters each time")
            open_run(driver, url, *next(parameters))
            presses = [time_of_run(driver, *next(parameters)) for _ in range(REPEATS)]
            print_line("press Run, again", presses, "ms")
            print_line("zoom in and out", [time_of_zoom(driver, n) for n in range(REPEATS)], "ms")
            first = [first_press(driver, url, *next(parameters)) for _ in range(COLD_REPEATS)]
            print_line("press Run, first time", first, "ms")
        cold = [cold_link(url, *next(parameters)) for _ in range(COLD_REPEATS)]
        print_line("link, empty browser", cold, "ms")


@contextmanager
def served(folder: str) -> Iterator[str]:
    """Serve the dashboard with the sample bars from a folder; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"DATA_DIR": folder, "DATABASE_URL": "", "PORT": str(port)}
    python = [sys.executable, "-m"]
    subprocess.run([*python, "scripts.prepare"], env=environment, check=True, capture_output=True)
    server = subprocess.Popen(
        [*python, "dashboard"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait(30)


def wait_for(url: str) -> None:
    """Wait until the server answers; raise TimeoutError when it does not."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise TimeoutError("the dashboard does not answer")


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """Start a browser without a cache that notes when charts are painted."""
    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for option in OPTIONS:
        options.add_argument(option)
    driver = webdriver.Chrome(options=options)
    driver.set_script_timeout(30)
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    try:
        yield driver
    finally:
        driver.quit()


def open_run(driver: webdriver.Chrome, url: str, fast: int, slow: int) -> None:
    """Open the link of a run and wait for its chart."""
    driver.get(f"{url}/backtest?{urlencode(TEN_YEARS | {'p.fast': fast, 'p.slow': slow})}")
    WebDriverWait(driver, 30).until(lambda d: d.execute_script("return drawings.length"))


def time_of_run(driver: webdriver.Chrome, fast: int, slow: int) -> float:
    """Type parameters, press Run; return the milliseconds until the chart is painted."""
    for name, value in (("fast", fast), ("slow", slow)):
        control = driver.find_element(By.CSS_SELECTOR, f"[id*='\"{name}\"'][id$='\"bt-param\"}}']")
        control.send_keys(Keys.CONTROL, "a")
        control.send_keys(str(value), Keys.TAB)
    return driver.execute_async_script(TIME_OF, "run")


def time_of_zoom(driver: webdriver.Chrome, number: int) -> float:
    """Zoom in, or out at every second time; return the milliseconds until it is painted."""
    return driver.execute_async_script(TIME_OF, "-" if number % 2 else "+")


def first_press(driver: webdriver.Chrome, url: str, fast: int, slow: int) -> float:
    """Load the empty form of ten years, press Run; return the milliseconds."""
    driver.get(f"{url}/backtest?duration=10+Y")
    WebDriverWait(driver, 30).until(
        lambda d: d.find_elements(By.CSS_SELECTOR, "[id*='\"fast\"'][id$='\"bt-param\"}']")
    )
    return time_of_run(driver, fast, slow)


def cold_link(url: str, fast: int, slow: int) -> float:
    """Open a link in a browser that was never there; return the milliseconds from the start."""
    with browser() as driver:
        open_run(driver, url, fast, slow)
        return driver.execute_script("return drawings[0]")


if __name__ == "__main__":
    main()
