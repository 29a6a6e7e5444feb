"""Every page in both themes under axe-core: nothing that keeps somebody from using it."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from patience import until
from study_states import fragile_registered, make_studies

from dashboard.app import PAGES
from services.backtest import BacktestRequest
from services.ingest import ingest_sample
from services.research import run_request
from services.runs import change_run
from services.settings import Settings
from services.workspace import open_workspace
from strategies.registry import load_strategy, strategy_class

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "vendor" / "axe" / "axe.min.js").read_text()
RUN_AXE = """
const [part, done] = arguments;
const found = axe.run(part, {resultTypes: ["violations"]});
found.then(({violations}) => done(violations
  .filter(({impact}) => ["serious", "critical"].includes(impact))
  .flatMap(({id, nodes}) => nodes.map((n) => `${id}: ${n.target.join(" ")} ${n.any[0]?.message || ""}`))
)).catch((error) => done([String(error)]));
"""  # noqa: E501  (one expression)
BACKTEST = "/backtest?symbol=AAPL&resolution=1d&strategy=ma_cross&duration=5+Y"
FORM, PROGRESS = ".optimise-form", "#opt-progress"
BAD_GRID = "/optimise?symbol=AAPL&strategy=ma_cross&g.fast=5:x"
TOO_MANY = "/optimise?symbol=AAPL&strategy=rsi&g.period=2:200&g.lower=1:49:0.01&g.upper=51:99:0.01"


@dataclass(frozen=True)
class State:
    """A page in a state worth judging: where it stands, and what shows that it is there.

    `part` is what of it no other state shows.
    """

    page: str
    name: str
    path: str
    ready: str
    press: str = ""
    empty: bool = False
    part: str = "html"


STATES = (
    State("pages.home", "empty", "/", "#first-start", empty=True),
    State("pages.home", "full", "/", "#latest-runs"),
    State("pages.home", "palette", "/", "#palette [role=option]", "#palette-open"),
    State("pages.home", "keys", "/", "#keyboard-help[open] dl", "#help-open"),
    State("pages.data", "empty", "/data", "#drop-zone", empty=True),
    State("pages.data", "full", "/data", "#data-grid .ag-row"),
    State("pages.data", "series", "/data?symbol=AAPL&resolution=1d", ".heat-map"),
    State("pages.chart", "empty", "/chart", ".state", empty=True),
    State("pages.chart", "full", "/chart?symbol=AAPL&resolution=1d", "#chart[data-painted]"),
    State("pages.backtest", "form", "/backtest", "#bt-run"),
    State("pages.backtest", "run", BACKTEST, "#chart[data-painted]"),
    State("pages.runs", "empty", "/runs", ".state", empty=True),
    State("pages.runs", "full", "/runs", "#runs-table .ag-row [col-id]"),
    State("pages.run", "overview", "/runs/1", "#chart[data-painted]"),
    State("pages.run", "performance", "/runs/1?tab=performance", "#panel-performance .panel"),
    State("pages.optimise", "empty", "/optimise", ".state", empty=True),
    State("pages.optimise", "form", "/optimise?symbol=AAPL&strategy=ma_cross", "#opt-count"),
    State(
        "pages.optimise",
        "study",
        "/optimise?study=1",
        ".optimise-page:has(.opt-map td a) .opt-plot a",
    ),
    State("pages.optimise", "list", "/optimise", "#studies-table .ag-row .study-bar"),
    State("pages.optimise", "walk", "/optimise?study=2", ".opt-verdict"),
    State("pages.optimise", "failed window", "/optimise?study=3", ".opt-verdict"),
    State("pages.optimise", "cancelled", "/optimise?study=4", "#opt-resume", part=PROGRESS),
    State("pages.optimise", "failed", "/optimise?study=5", "#opt-resume", part=PROGRESS),
    State("pages.optimise", "interrupted", "/optimise?study=6", "#opt-resume", part=PROGRESS),
    State("pages.optimise", "running", "/optimise?study=7", "#opt-cancel"),
    State("pages.optimise", "waiting", "/optimise?study=8", "#opt-cancel"),
    State("pages.optimise", "bad values", BAD_GRID, f"{FORM} .field-error:not(:empty)", part=FORM),
    State("pages.optimise", "too many", TOO_MANY, "#opt-form-error:not(:empty)", part=FORM),
    State("pages.optimise", "missing", "/optimise?study=999", ".error-state"),
    State("pages.run", "trades", "/runs/1?tab=trades", "#panel-trades .ag-row"),
    State("pages.run", "costs", "/runs/1?tab=costs", "#panel-costs .panel"),
    State("pages.run", "manifest", "/runs/1?tab=manifest", "#panel-manifest .panel"),
    State("pages.run", "missing", "/runs/999", ".error-state"),
    State("pages.compare", "two", "/runs/compare?ids=1,2", ".page .js-plotly-plot"),
    State("pages.not_found", "nowhere", "/no/such/page", ".state"),
)


@pytest.fixture(scope="module")
def full_settings(tmp_path_factory):
    """Give settings of a database with two series, two saved runs and studies in all states."""
    settings = Settings(database_url="", data_dir=tmp_path_factory.mktemp("accessible"))
    workspace = open_workspace(settings, strategy_class)
    for symbol in ("AAPL", "MSFT"):
        ingest_sample(workspace.database, symbol)
        request = BacktestRequest(symbol, "1d", "ma_cross", duration="5 Y")
        run_request(workspace, request, load_strategy("ma_cross"))
    change_run(workspace.database, 1, name="Slow and steady", tags=("keeper",), favourite=True)
    with fragile_registered():
        make_studies(workspace)
        yield settings
    workspace.database.close()


def test_every_page_is_judged():
    assert {state.page for state in STATES} >= {module.__name__ for module in PAGES}


@pytest.mark.parametrize("module", [module.__name__ for module in PAGES])
def test_a_page_has_no_serious_violation(module, full_settings, open_browser, serve, tmp_path):
    states = [state for state in STATES if state.page == module]
    full = serve(full_settings).url
    empty = serve(Settings(database_url="", data_dir=tmp_path)).url if _any_empty(states) else ""
    found = {}
    for state in states:
        page = open_browser(empty if state.empty else full, home=False)
        arrive(page, state)
        for _ in range(2):
            theme = page.driver.execute_script("return window.look.current('theme')")
            if wrong := violations(page, state.part):
                found[state.name, theme] = wrong
            page.driver.execute_script("window.look.toggle('theme')")
    assert found == {}


def _any_empty(states: list[State]) -> bool:
    return any(state.empty for state in states)


def arrive(page, state: State) -> None:
    page.driver.get(f"{page.server_url}{state.path}")
    if state.press:
        page.wait_for_element(state.press).click()
    page.wait_for_element(state.ready, timeout=20)
    until(lambda: is_still(page), 20)
    page.driver.execute_script(AXE)


def violations(page, part: str) -> list[str]:
    return page.driver.execute_async_script(RUN_AXE, part)


def is_still(page) -> bool:
    """Tell whether nothing is on its way: a half-drawn page is not what is judged."""
    return page.driver.execute_script(
        "return ![...document.querySelectorAll('[data-dash-is-loading=true], .is-loading')]"
        ".some((element) => element.checkVisibility())"
    )
