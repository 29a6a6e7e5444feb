"""What a trader does in one sitting, in a real browser, on both databases."""

import io
import json
import urllib.request

import pandas as pd
import pytest
from chart_page import (
    cards,
    click_row,
    field,
    fill,
    open_run,
    press_run,
    selection,
    view,
    wait_for_view,
)
from data_page import text, texts
from patience import until
from PIL import Image
from selenium.webdriver.common.keys import Keys

import strategies.registry
from services.backtest import BacktestRequest
from services.ingest import ingest_sample
from services.research import run_request
from services.settings import Settings
from services.workspace import open_workspace
from strategies.base import Strategy
from strategies.registry import load_strategy

pytestmark = pytest.mark.browser

MSFT = "/backtest?symbol=MSFT&resolution=1d&strategy=ma_cross&duration=5 Y"


@pytest.fixture
def workspace(database_url, tmp_path):
    """Give a workspace with the bars of MSFT, once on each engine."""
    workspace = open_workspace(Settings(database_url=database_url, data_dir=tmp_path))
    ingest_sample(workspace.database, "MSFT")
    yield workspace
    workspace.database.close()


@pytest.fixture
def page(workspace, open_browser, serve):
    return open_browser(serve(workspace.settings).url, home=False)


def first_backtest(page) -> None:
    """Fill the form as a newcomer does and press Run."""
    page.wait_for_page(f"{page.server_url}/backtest", timeout=20)
    fill(page, "symbol", "MSFT")
    fill(page, "strategy", "ma_cross")
    page.wait_for_element("""[id='{"name":"fast","type":"bt-param"}']""")
    fill(page, "duration", "5 Y")
    press_run(page)
    page.wait_for_element("#chart[data-painted]", timeout=20)


def number_of(page) -> int:
    """Return the number of the run that is open."""
    return int(text(page, ".run-number").split()[-1])


def download(page, kind: str) -> bytes:
    url = f"{page.server_url}/export/runs/{number_of(page)}.{kind}"
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


def test_from_the_first_backtest_into_a_trade_and_back(page):
    first_backtest(page)
    whole = view(page)
    page.find_element("#tab-trades").click()
    click_row(page, 2)
    near = wait_for_view(page, lambda shown: shown != whole)
    assert near[1] - near[0] < whole[1] - whole[0]
    assert len(selection(page)) == 1
    page.wait_for_contains_text("#trade-card", "crosses above")
    page.find_element("#chart").send_keys(Keys.ESCAPE)
    wait_for_view(page, lambda shown: shown == whole)


def test_a_deep_link_shows_the_same_in_a_second_browser(page, second_browser):
    first_backtest(page)
    run = f"/runs/{number_of(page)}"
    open_run(page, f"{run}?tab=trades&trade=2")
    page.wait_for_contains_text("#trade-card", "Trade 2")
    until(lambda: "from=" in page.driver.current_url)
    link, seen = page.driver.current_url, view(page)
    second_browser.get(link)
    ask = second_browser.execute_script
    until(lambda: ask("return document.querySelector('#chart')?.dataset.painted"), 20)
    until(lambda: "Trade 2" in ask("return document.querySelector('#trade-card').innerText"))
    shown = until(lambda: ask("return document.getElementById('chart').layout.xaxis.range"))
    assert shown == pytest.approx(seen, abs=1)
    assert ask("return document.querySelector('#tab-trades').ariaSelected") == "true"


def test_back_forward_and_reload_show_what_was_there(page):
    first_backtest(page)
    asked = page.driver.current_url
    fill(page, "strategy", "rsi")
    page.wait_for_element("""[id='{"name":"lower","type":"bt-param"}']""")
    press_run(page)
    until(lambda: "rsi" in text(page, ".report-name"))
    page.driver.back()
    until(lambda: "ma_cross" in text(page, ".report-name"))
    assert page.driver.current_url == asked
    page.driver.forward()
    until(lambda: "rsi" in text(page, ".report-name"))
    page.driver.refresh()
    until(lambda: "rsi" in text(page, ".report-name"), 20)
    until(lambda: field(page, "strategy").get_attribute("value") == "rsi")


class Changing(Strategy):
    """A rule that its owner writes anew between two looks at its run."""

    name = "changing"
    rule = "Buy when the close is above the average of twenty bars."

    def signals(self, df):
        return (df["close"] > df["ma20"]).to_numpy().astype("int8")


class Changed(Changing):
    """The same rule after it was written anew."""

    rule = "Never buy."

    def signals(self, df):
        return (df["close"] < 0).to_numpy().astype("int8")


def test_a_run_opens_as_it_was_after_its_strategy_changed(page, workspace, monkeypatch):
    monkeypatch.setitem(strategies.registry.STRATEGIES, "changing", Changing)
    request = BacktestRequest("MSFT", "1d", "changing", duration="5 Y")
    run = run_request(workspace, request, load_strategy("changing"))
    monkeypatch.setitem(strategies.registry.STRATEGIES, "changing", Changed)
    # Both stand in this file, and a file's digest is what tells one version from another.
    monkeypatch.setattr("services.runs.changes.code_hash", lambda _class: "that of another file")
    open_run(page, f"/runs/{run.id}")
    assert text(page, ".report-rule") == Changing.rule
    page.wait_for_contains_text("#run-changes", "re-run")
    page.find_element("#tab-trades").click()
    until(lambda: texts(page, ".trades-grid .ag-row"))


def test_a_replay_shows_the_run_bar_by_bar_and_then_whole_again(page, workspace):
    first_backtest(page)
    result = workspace.recent_runs.get(workspace.database, number_of(page)).result
    page.find_element(".replay-start").click()
    at = "return window.replay.state()?.at ?? null"
    first = until(lambda: page.driver.execute_script(at))
    page.find_element("body").send_keys("]")
    bought = until(lambda: max(first, page.driver.execute_script(at) or 0) - first) + first
    assert bought in result.trades["entry_bar"].tolist()
    hidden = "return document.querySelector('.report-tabs').offsetParent === null"
    assert page.driver.execute_script(hidden)
    page.find_element("[data-part='end']").click()
    until(lambda: not page.driver.execute_script(hidden))


def test_two_runs_side_by_side(page, workspace):
    numbers = [
        run_request(
            workspace,
            BacktestRequest("MSFT", "1d", name, duration="5 Y"),
            load_strategy(name),
        ).id
        for name in ("ma_cross", "rsi")
    ]
    page.wait_for_page(f"{page.server_url}/runs/compare?ids={numbers[0]},{numbers[1]}", timeout=20)
    page.wait_for_contains_text("#content", "rsi", timeout=20)
    page.wait_for_element(".js-plotly-plot", timeout=20)
    drawn = page.driver.execute_script(
        "return document.querySelector('.js-plotly-plot').data"
        ".filter((trace) => trace.y?.length > 2).length"
    )
    assert drawn == 2


def test_what_is_downloaded_opens(page, second_browser, tmp_path):
    first_backtest(page)
    picture = Image.open(io.BytesIO(download(page, "png")))
    picture.load()
    assert min(picture.size) > 500
    trades = pd.read_csv(io.BytesIO(download(page, "csv")))
    data = json.loads(download(page, "json"))
    assert len(trades) == len(data["trades"]) > 5
    assert download(page, "pdf").startswith(b"%PDF-")
    report = tmp_path / "report.html"
    report.write_bytes(download(page, "html"))
    second_browser.execute_cdp_cmd("Network.enable", {})
    second_browser.execute_cdp_cmd(
        "Network.emulateNetworkConditions",
        {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0},
    )
    second_browser.get(report.as_uri())
    until(lambda: second_browser.find_elements("css selector", ".js-plotly-plot"), 20)
    errors = [e for e in second_browser.get_log("browser") if e["level"] == "SEVERE"]
    assert errors == []
    assert "MSFT" in second_browser.title


def test_the_theme_is_kept_and_the_charts_follow(page):
    first_backtest(page)
    before = page.driver.execute_script("return document.documentElement.dataset.bsTheme")
    painted = page.driver.execute_script("return document.querySelector('#chart').dataset.painted")
    page.find_element("#theme-toggle").click()
    until(
        lambda: (
            page.driver.execute_script("return document.querySelector('#chart').dataset.painted")
            != painted
        )
    )
    page.driver.refresh()
    page.wait_for_element("#chart[data-painted]", timeout=20)
    after = page.driver.execute_script("return document.documentElement.dataset.bsTheme")
    assert {before, after} == {"light", "dark"}


def test_an_unknown_address_and_a_run_that_never_was_lead_on(page):
    page.wait_for_page(f"{page.server_url}/no/such/page", timeout=20)
    page.wait_for_contains_text(".content", "No page has this address")
    page.wait_for_page(f"{page.server_url}/runs/4711", timeout=20)
    page.wait_for_contains_text(".content", "There is no saved run")
    page.find_element(".state-action a[href='/runs']").click()
    page.wait_for_text_to_equal("h1", "Runs")


def test_a_defect_of_the_server_is_a_sentence(page, monkeypatch):
    def broken(*_args, **_more):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("pages.backtest.run_request", broken)
    page.wait_for_page(f"{page.server_url}{MSFT}", timeout=20)
    page.wait_for_contains_text("#toasts", "Unexpected error", timeout=20)
    assert "secret" not in text(page, "body")
    page.get_logs()


def test_cards_speak_of_the_run_that_is_drawn(page, workspace):
    first_backtest(page)
    run = workspace.recent_runs.get(workspace.database, number_of(page))
    closed = int((run.result.trades["exit_bar"] >= 0).sum())
    assert cards(page)["trades"][0] == str(closed)
