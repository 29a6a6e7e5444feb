"""Every page in both themes under axe-core: nothing that keeps somebody from using it."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from patience import until

from dashboard.app import PAGES
from services.backtest import BacktestRequest
from services.ingest import ingest_sample
from services.research import run_request
from services.runs import change_run
from services.settings import Settings
from services.studies import StudyRequest
from services.studies.prepare import create_prepared, prepare_study
from services.studies.work import run_study
from services.workspace import open_workspace
from strategies.registry import STRATEGIES, load_strategy

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "vendor" / "axe" / "axe.min.js").read_text()
RUN_AXE = """
const done = arguments[0];
const found = axe.run(document, {resultTypes: ["violations"]});
found.then(({violations}) => done(violations
  .filter(({impact}) => ["serious", "critical"].includes(impact))
  .flatMap(({id, nodes}) => nodes.map((n) => `${id}: ${n.target.join(" ")} ${n.any[0]?.message || ""}`))
)).catch((error) => done([String(error)]));
"""  # noqa: E501  (one expression)
SPACE = {"fast": [5, 10, 20], "slow": [15, 50, 100]}
BACKTEST = "/backtest?symbol=AAPL&resolution=1d&strategy=ma_cross&duration=5+Y"


@dataclass(frozen=True)
class State:
    """A page in a state worth judging: where it stands, and what shows that it is there."""

    page: str
    name: str
    path: str
    ready: str
    press: str = ""
    empty: bool = False


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
    """Give settings of a database with two series and two saved runs, one a favourite."""
    settings = Settings(database_url="", data_dir=tmp_path_factory.mktemp("accessible"))
    workspace = open_workspace(settings)
    for symbol in ("AAPL", "MSFT"):
        ingest_sample(workspace.database, symbol)
        request = BacktestRequest(symbol, "1d", "ma_cross", duration="5 Y")
        run_request(workspace, request, load_strategy("ma_cross"))
    asked = StudyRequest(BacktestRequest("AAPL", "1d", "ma_cross", duration="5 Y"), SPACE)
    prepared = prepare_study(workspace.database, asked, STRATEGIES["ma_cross"])
    study = create_prepared(workspace.database, prepared)
    run_study(workspace.database, study.id, STRATEGIES["ma_cross"])
    change_run(workspace.database, 1, name="Slow and steady", tags=("keeper",), favourite=True)
    workspace.database.close()
    return settings


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
        page.driver.get(f"{page.server_url}/healthz")  # a place to keep the theme
        for theme in ("light", "dark"):
            if wrong := violations(page, state, theme):
                found[state.name, theme] = wrong
    assert found == {}


def _any_empty(states: list[State]) -> bool:
    return any(state.empty for state in states)


def violations(page, state: State, theme: str) -> list[str]:
    page.driver.execute_script("localStorage.setItem('theme', arguments[0])", theme)
    page.driver.get(f"{page.server_url}{state.path}")
    if state.press:
        page.wait_for_element(state.press).click()
    page.wait_for_element(state.ready, timeout=20)
    until(lambda: is_still(page), 20)
    page.driver.execute_script(AXE)
    return page.driver.execute_async_script(RUN_AXE)


def is_still(page) -> bool:
    """Tell whether nothing is on its way: a half-drawn page is not what is judged."""
    return page.driver.execute_script(
        "return ![...document.querySelectorAll('[data-dash-is-loading=true], .is-loading')]"
        ".some((element) => element.checkVisibility())"
    )
