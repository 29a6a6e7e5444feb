"""What tests of the page of data do: a dashboard with a worker, and its fields and rows."""

from contextlib import contextmanager

from patience import until
from selenium.webdriver.support.ui import Select

from services.jobs.worker import Worker
from services.settings import Settings
from services.workspace import open_workspace

PATIENCE = 20


@contextmanager
def working(settings: Settings):
    """Do the jobs of a database in threads of this process."""
    workspace = open_workspace(settings)
    worker = Worker(workspace, cores=1)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        workspace.database.close()


def texts(page, selector: str) -> list[str]:
    """Return what stands in each of these at one moment: an element may be gone in the next."""
    script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText.trim())"
    return page.driver.execute_script(script, selector)


def rows(page) -> list[str]:
    """Return the symbols in the catalogue, as they stand."""
    return texts(page, "#data-grid .ag-row .data-symbol")


def wait_for_rows(page, expected: list[str]) -> None:
    until(lambda: rows(page) == expected, PATIENCE)


def choose(page, symbol: str) -> None:
    """Click the row of a symbol, and wait for the series' head."""
    page.find_element(f"#data-grid .ag-row[row-id^='{symbol}|'] .data-symbol").click()
    wait_for_series(page, symbol)


def wait_for_series(page, symbol: str) -> None:
    until(lambda: symbol in text(page, ".series-name"), PATIENCE)


def press(page, do: str, within: str = "") -> None:
    """Press the first button that says `do`, when it is there."""
    page.wait_for_element(f"{within} [data-do='{do}']", timeout=PATIENCE)
    page.find_element(f"{within} [data-do='{do}']").click()


def select(page, id: str, value: str) -> None:
    Select(page.find_element(f"[id='{id}']")).select_by_value(value)


def text(page, selector: str) -> str:
    """Return what stands there now, empty when nothing does."""
    return next(iter(texts(page, selector)), "")


def field(name: str) -> str:
    """Return the id of a field of a file's preview."""
    return f'{{"name":"{name}","type":"up-field"}}'


def search_of(page) -> str:
    return page.driver.execute_script("return location.search")
