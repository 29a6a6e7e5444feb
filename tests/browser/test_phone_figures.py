"""Small figures on a phone: titles, legends and the marks of axes leave each other room."""

import pytest
from patience import until
from study_states import SPACE, STEPS, WALK, fragile_registered, request, whole_study

from services.backtest import BacktestRequest
from services.ingest import ingest_sample
from services.research import run_request
from services.settings import Settings
from services.workspace import open_workspace
from strategies.registry import load_strategy, strategy_class

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 6000, "deviceScaleFactor": 1, "mobile": True}  # all is in view
DRAWN = """
const all = [...document.querySelectorAll(".plot[data-figure]")].filter((one) => one.checkVisibility());
return all.length >= arguments[0] && all.every((one) => one.classList.contains("is-drawn"));
"""  # noqa: E501
CROWDED = """
const place = (element) => {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return { element, left, right, top, bottom, text: element.textContent };
};
const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
  && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;  // a line's box is higher than its letters
const found = [];
for (const plot of document.querySelectorAll(".plot.is-drawn")) {
  const all = (what) => [...plot.querySelectorAll(what)].filter((one) => one.checkVisibility()).map(place);
  const words = [".legendtext", ".legendsymbols", ".annotation-text", ".xtick text", ".ytick text"].flatMap(all);
  const outer = plot.getBoundingClientRect();
  const name = plot.getAttribute("aria-label");
  for (const one of words) {
    if (one.left < outer.left - 1 || one.right > outer.right + 1 || one.top < outer.top - 1) {
      found.push(`${name}: "${one.text}" is cut off`);
    }
  }
  words.forEach((one, k) => words.slice(k + 1).forEach((other) => {
    if (meet(one, other)) found.push(`${name}: "${one.text}" and "${other.text}"`);
  }));
}
return found;
"""  # noqa: E501


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Give settings of a database with a walk-forward that failed in part, a study and a run."""
    settings = Settings(database_url="", data_dir=tmp_path_factory.mktemp("phone"))
    workspace = open_workspace(settings, strategy_class)
    ingest_sample(workspace.database, "AAPL")
    with fragile_registered():
        whole_study(workspace, request(STEPS, "fragile", **WALK))
        whole_study(workspace, request(**WALK | {"test": "1 M"}))
        whole_study(workspace, request(SPACE | {"fast": [5, 6, 7, 8, 10, 20]}, holdout=20))
        backtest = BacktestRequest("AAPL", "1d", "ma_cross", duration="5 Y")
        run_request(workspace, backtest, load_strategy("ma_cross"))
        yield settings
    workspace.database.close()


@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("/optimise?study=1", 3),
        ("/optimise?study=2", 3),
        ("/optimise?study=3", 1),
        ("/runs/1?tab=performance", 1),
        ("/runs/1?tab=trades", 1),
        ("/runs/1?tab=costs", 1),
    ],
)
def test_no_words_of_a_figure_stand_on_each_other(path, least, settings, serve, open_browser):
    page = open_browser(serve(settings).url, home=False)
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    page.driver.get(page.server_url + path)
    until(lambda: page.driver.execute_script(DRAWN, least), 20)
    assert page.driver.execute_script(CROWDED) == []
