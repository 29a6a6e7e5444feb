"""Makes the pictures of the documents again: python -m docs.pictures (needs the test requirements).

Starts a dashboard of its own with the sample bars, opens each page in headless Chromium and writes
what it shows to docs/images/.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from benchmarks.bench_browser import browser, served
from services.backtest import BacktestRequest
from services.settings import Settings
from services.studies import StudyRequest
from services.studies.prepare import create_prepared, prepare_study
from services.studies.work import run_study
from services.workspace import open_workspace
from strategies.registry import STRATEGIES

IMAGES = Path(__file__).parent / "images"
PATIENCE = 30
GOOG = "/backtest?symbol=GOOG&resolution=1d&strategy=ma_cross&duration=5 Y&p.fast=20&p.slow=50"
OTHER = "/backtest?symbol=GOOG&resolution=1d&strategy=supertrend&duration=5 Y"
THIRD = "/backtest?symbol=MSFT&resolution=1d&strategy=rsi&duration=10 Y"
DRAWN = "#chart[data-painted]"
GRID = {"fast": list(range(5, 51, 5)), "slow": list(range(60, 201, 20))}
WIDE = {"fast": (2, 60), "slow": (20, 250)}
SEARCH = {"method": "search", "samples": 400, "further": ("max_drawdown", "volatility")}
WALK = {"method": "walk_forward", "train": "2 Y", "test": "6 M"}
OPTIMISED, VERDICT = ".opt-map td.is-best", ".opt-verdict"
VERDICT_PANEL = ".optimise-page #opt-evidence > :first-child"

Step = Callable[[Chrome], None]


@dataclass(frozen=True)
class Picture:
    """One picture: where, in which theme and size, what to wait for, and what to do there."""

    name: str
    path: str
    ready: str
    theme: str = "light"
    size: tuple[int, int] = (1440, 900)
    steps: tuple[Step, ...] = field(default=())


def main() -> None:
    """Write every picture."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(folder) as url, browser() as driver:
        for path in (GOOG, OTHER, THIRD):
            open_page(driver, url, Picture("", path, DRAWN))
        for space, how in ((GRID, {"holdout": 20}), (GRID, WALK), (WIDE, SEARCH)):
            study(folder, space, how)
        for picture in PICTURES:
            take(driver, url, picture)
            sys.stdout.write(f"{picture.name}\n")


def study(folder: str, space: dict[str, Any], how: dict[str, Any]) -> None:
    """Do a study of GOOG in the database of a folder, as a worker would."""
    database = open_workspace(Settings(database_url="", data_dir=Path(folder))).database
    backtest = BacktestRequest("GOOG", "1d", "ma_cross", duration="8 Y")
    kind = STRATEGIES["ma_cross"]
    prepared = prepare_study(database, StudyRequest(backtest, space, **how), kind)
    run_study(database, create_prepared(database, prepared).id, kind)
    database.close()


def take(driver: Chrome, url: str, picture: Picture) -> None:
    """Open a page as the picture wants it and write what it shows."""
    open_page(driver, url, picture)
    for step in picture.steps:
        step(driver)
    settle(driver)
    driver.save_screenshot(str(IMAGES / f"{picture.name}.png"))


def open_page(driver: Chrome, url: str, picture: Picture) -> None:
    """Open a page in a size and a theme, and wait until it is there."""
    width, height = picture.size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.get(f"{url}/healthz")
    driver.execute_script("localStorage.setItem('theme', arguments[0])", picture.theme)
    driver.get(f"{url}{picture.path}")
    wait_for(picture.ready)(driver)


def wait_for(selector: str) -> Step:
    """Wait until something is on the page."""

    def step(driver: Chrome) -> None:
        WebDriverWait(driver, PATIENCE).until(
            lambda d: any(e.is_displayed() for e in d.find_elements(By.CSS_SELECTOR, selector))
        )

    return step


def click(selector: str) -> Step:
    """Press what a selector finds first."""

    def step(driver: Chrome) -> None:
        wait_for(selector)(driver)
        driver.execute_script("document.querySelector(arguments[0]).click()", selector)

    return step


def scroll_to(selector: str) -> Step:
    """Bring something to the top of the window."""

    def step(driver: Chrome) -> None:
        wait_for(selector)(driver)
        driver.execute_script(
            "document.querySelector(arguments[0])"
            ".scrollIntoView({block: 'start', behavior: 'instant'})",
            selector,
        )

    return step


def press(*keys: str) -> Step:
    """Press keys together, wherever the focus is."""

    def step(driver: Chrome) -> None:
        driver.find_element(By.TAG_NAME, "body").send_keys(*keys)

    return step


def settle(driver: Chrome) -> None:
    """Wait until nothing is asked for or drawn any more: half a second without a change."""
    driver.execute_async_script(
        "const done = arguments[0]; let timer = setTimeout(done, 500);"
        "new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, 500); })"
        ".observe(document.getElementById('content'), {subtree: true, childList: true,"
        " attributes: true});"
    )


PICTURES: tuple[Picture, ...] = (
    Picture("home", "/", "#stored-bars"),
    Picture("data-light", "/data?symbol=AAPL&resolution=1d", "[data-heat] svg"),
    Picture("chart", "/chart?symbol=MSFT&resolution=1d&ind=sma:50,bb:20:2,rsi:14", DRAWN),
    Picture("backtest-light", GOOG, DRAWN, size=(1440, 1000)),
    Picture("backtest-dark", "/runs/1?trade=3&tab=trades", DRAWN, "dark", (1440, 1000)),
    Picture("overview", "/runs/1?tab=overview", DRAWN, steps=(scroll_to("#report-tabs"),)),
    Picture("performance", "/runs/1?tab=performance", DRAWN, steps=(scroll_to("#report-tabs"),)),
    Picture("trades", "/runs/1?tab=trades", DRAWN, steps=(scroll_to("#report-tabs"),)),
    Picture("costs", "/runs/1?tab=costs", DRAWN, steps=(scroll_to("#report-tabs"),)),
    Picture("optimise", "/optimise?study=1", OPTIMISED),
    Picture("optimise-evidence", "/optimise?study=1", VERDICT, steps=(scroll_to(VERDICT_PANEL),)),
    Picture("walk-forward", "/optimise?study=2", ".plot.js-plotly-plot"),
    Picture("front", "/optimise?study=3", ".opt-plot", steps=(scroll_to(".panel:has(.opt-plot)"),)),
    Picture("studies", "/optimise", "#studies-table .ag-row"),
    Picture("replay", "/runs/1", DRAWN, steps=(click(".replay-start"),)),
    Picture("runs", "/runs", ".ag-row"),
    Picture("compare", "/runs/compare?ids=1,2", ".js-plotly-plot"),
    Picture("palette", "/", "#stored-bars", steps=(press(Keys.CONTROL, "k"),)),
    Picture("phone", "/runs/1", DRAWN, size=(390, 844)),
)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"The dashboard could not be prepared: {error.stderr.decode(errors='replace')}")
