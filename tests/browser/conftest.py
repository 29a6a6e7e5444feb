"""What browser tests share: a served app, and a page that tolerates no error and no outside."""

import logging
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from dash.testing.browser import Browser
from one_browser import SharedBrowser, forget
from patience import remember_selectors
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from werkzeug.serving import make_server

from dashboard.app import create_app
from services.backtest import BacktestRequest
from services.ingest import ingest_sample
from services.research import run_request
from services.settings import Settings
from services.workspace import open_workspace
from strategies.registry import load_strategy

HOW_TO_GET_CHROMIUM = "no Chromium: install the packages chromium and chromium-driver"
CHROMIUM_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1440,900",
    "--force-device-scale-factor=1",
    # Nothing scrolls slowly while a test points at it.
    "--force-prefers-reduced-motion",
    # Whatever is asked of another host fails, and shows as an error on the console.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def pytest_setup_options():
    """Tell the test browser how to start."""
    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for option in CHROMIUM_OPTIONS:
        options.add_argument(option)
    return options


# What a real browser on a busy machine may fail by; a wrong value is never tried again.
SLOWNESS = ["Exception: Message", "it did not come about"]


def pytest_collection_modifyitems(items):
    """Let a browser test that ran out of patience try once more."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=SLOWNESS))


@dataclass
class Server:
    """A dashboard that answers at `url`, on a port of its own, until it is stopped."""

    settings: Settings
    port: int = 0

    def start(self) -> "Server":
        """Serve from a thread; the port stays the same when it is started again."""
        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # one line a request otherwise
        app = create_app(self.settings)
        self._server = make_server("127.0.0.1", self.port, app.server, threaded=True)
        self.port = self._server.server_port
        # Half a second is how long it would else take to notice that it shall stop.
        often = {"poll_interval": 0.02}
        threading.Thread(target=self._server.serve_forever, kwargs=often, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The address of Home."""
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="session")
def chromium():
    """Skip the test, with a line that says how to get it, where there is no browser."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip(HOW_TO_GET_CHROMIUM)


@pytest.fixture(scope="session")
def sample_settings(tmp_path_factory):
    """Give settings of a database that holds the bars of AAPL and MSFT and one saved run."""
    settings = Settings(database_url="", data_dir=tmp_path_factory.mktemp("browser"))
    workspace = open_workspace(settings)
    for symbol in ("AAPL", "MSFT"):
        ingest_sample(workspace.database, symbol)
    request = BacktestRequest("MSFT", "1d", "ma_cross", duration="5 Y")
    run_request(workspace, request, load_strategy("ma_cross"))
    workspace.database.close()
    return settings


@pytest.fixture(scope="session")
def server(sample_settings):
    """Give a dashboard on the sample database, shared by the tests of a session."""
    server = Server(sample_settings).start()
    yield server
    server.stop()


@pytest.fixture
def serve():
    """Give a function that starts a dashboard on settings of the test's own."""
    started = []

    def start(settings: Settings) -> Server:
        started.append(Server(settings).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def shared_browser(request, chromium, tmp_path_factory):
    """Give the browser of this process."""

    def start() -> Browser:
        return Browser(
            browser=request.config.getoption("webdriver"),
            headless=request.config.getoption("headless"),
            options=request.config.hook.pytest_setup_options(),
            download_path=str(tmp_path_factory.mktemp("download")),
            percy_run=False,
        )

    shared = SharedBrowser(start)
    yield shared
    shared.quit()


@pytest.fixture
def dash_br(shared_browser):
    """Give the browser with a new tab, and let go of the server at the end."""
    browser = shared_browser.renewed()
    yield browser
    browser.driver.get("about:blank")


@pytest.fixture
def open_browser(dash_br, serve):
    """Give a function that opens a browser at a dashboard, on Home unless that is left to the test.

    Servers of the test's own are stopped after the browser is judged: it asks them to the last.
    The test fails when the page asks another host for anything, or reports an error on its
    console; a test that causes errors empties the console with `get_logs()`.
    """

    def open_at(url: str, home: bool = True):
        forget(dash_br, url)
        dash_br._url = url  # setting `server_url` would load Home
        if home:
            dash_br.wait_for_page()
        return dash_br

    yield open_at
    assert _outside_requests(dash_br) == []
    assert _errors_on_console(dash_br) == []


@pytest.fixture
def second_browser(chromium):
    """Give a browser of somebody else, without anything that the first one stored."""
    driver = webdriver.Chrome(options=pytest_setup_options())
    remember_selectors(driver)
    yield driver
    driver.quit()


@pytest.fixture
def sample_run(sample_settings):
    """Give the saved run of the sample database."""
    workspace = open_workspace(sample_settings)
    run = workspace.recent_runs.get(workspace.database, 1)
    workspace.database.close()
    return run


@pytest.fixture
def page(server, open_browser):
    """Give a browser for the dashboard on the sample database; no page is loaded yet."""
    return open_browser(server.url, home=False)


@pytest.fixture
def home(server, open_browser):
    """Give a browser at Home of the sample database."""
    return open_browser(server.url)


def _errors_on_console(browser) -> list[str]:
    entries = browser.driver.get_log("browser")
    return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]


def _outside_requests(browser) -> list[str]:
    script = "return performance.getEntriesByType('resource').map(entry => entry.name)"
    urls = browser.driver.execute_script(script)
    return [url for url in urls if urlsplit(url).hostname not in ("127.0.0.1", None)]
