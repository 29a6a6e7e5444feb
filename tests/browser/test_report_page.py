"""The report of a run in a real browser: its tabs, its tables, its address and its link."""

import numpy as np
import pytest
from chart_page import open_run, open_tab, script, trace, view, wait_for_view
from data_page import text, texts
from patience import until
from report_page import listed_trades, panel_text, query_of, shown_tab, wait_for_card
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

RUN = "/runs/1"


def callbacks(page) -> int:
    return script(
        page,
        "return performance.getEntriesByType('resource')"
        ".filter((e) => /_dash-update/.test(e.name)).length",
    )


def test_a_tab_is_made_when_it_is_first_shown_and_kept_then(page):
    open_run(page, RUN)
    assert "Deepest falls" in panel_text(page, "overview")
    assert texts(page, "#content-costs > *") == []
    assert "Break-even" in panel_text(page, "costs")
    asked = callbacks(page)
    open_tab(page, "overview")
    open_tab(page, "costs")
    assert "Break-even" in text(page, "#panel-costs")
    assert callbacks(page) == asked
    assert not page.find_element("#panel-overview").is_displayed()


def test_the_arrow_keys_move_along_the_tabs(page):
    open_run(page, RUN)
    page.find_element("#tab-overview").send_keys(Keys.ARROW_RIGHT)
    until(lambda: shown_tab(page) == "performance", 5)
    page.driver.switch_to.active_element.send_keys(Keys.END)
    until(lambda: shown_tab(page) == "manifest", 5)
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    until(lambda: shown_tab(page) == "overview", 5)


def test_the_months_of_a_year_chain_to_its_total(page):
    open_run(page, RUN)
    assert "not covered by this run" in panel_text(page, "performance")
    rows = script(
        page,
        "return [...document.querySelectorAll('.months tbody tr')].map((row) =>"
        " [...row.querySelectorAll('td')].map((cell) => cell.textContent))",
    )
    assert len(rows) == 6
    for *months, total in rows:
        values = [float(m.rstrip("*").replace("−", "-")) / 100 for m in months if m]
        chained = np.prod(1 + np.array(values)) - 1
        shown = float(total.replace("−", "-").replace("+", "").removesuffix(" %")) / 100
        assert chained == pytest.approx(shown, abs=0.0006 * 12)


def test_the_table_lists_winners_or_losers_or_what_a_filter_lets_through(page, sample_run):
    open_run(page, RUN)
    open_tab(page, "trades")
    profits = sample_run.result.trades["profit"].to_numpy()
    everything = list(range(1, len(profits) + 1))
    until(lambda: listed_trades(page) == everything, 10)
    page.find_element("[data-kind='winners']").click()
    until(lambda: listed_trades(page) == [n for n in everything if profits[n - 1] > 0], 5)
    page.find_element("[data-kind='losers']").click()
    until(lambda: listed_trades(page) == [n for n in everything if profits[n - 1] < 0], 5)
    page.find_element("[data-kind='all']").click()
    page.find_element("#trade-filters").click()
    returns = sample_run.result.trades["return"].to_numpy() * 100
    page.wait_for_element("[aria-label='Return Filter Input']").send_keys(">2")
    until(lambda: listed_trades(page) == [n for n in everything if returns[n - 1] > 2], 5)
    # All exits of this run were the rule's.
    page.find_element("[aria-label='Exit reason Filter Input']").send_keys("stop")
    until(lambda: listed_trades(page) == [], 5)


def test_a_fall_is_shown_in_the_chart(page, sample_run):
    open_run(page, RUN)
    panel_text(page, "overview")
    whole = view(page)
    bars = script(
        page,
        "const button = document.querySelectorAll('[data-zoom]')[1];"
        "button.click(); return button.dataset.zoom.split(',').map(Number)",
    )
    low, high = wait_for_view(page, lambda shown: shown != whole)
    assert low < bars[0] < bars[1] < high


def test_a_logarithmic_scale_takes_the_place_of_the_linear_one(page):
    open_run(page, RUN)
    panel_text(page, "overview")
    page.find_element("[data-to-scale='log']").click()
    page.wait_for_element("#equity [data-scale='log'] .plot.is-drawn")
    assert script(page, "return document.querySelector('#equity [data-scale=linear]').hidden")
    drawn = """
    const plot = (scale) => document.querySelector(`[data-scale=${scale}] .plot`);
    return ["linear", "log"].map((scale) => plot(scale).data.map(({ name, y }) => [name, y]))"""
    linear, log = script(page, drawn)
    assert log == linear
    axis = "return document.querySelector('#equity [data-scale=log] .plot').layout.yaxis.type"
    assert script(page, axis) == "log"


def test_the_address_says_what_is_seen_and_brings_it_back(page):
    open_run(page, RUN)
    assert query_of(page) == {}
    open_tab(page, "trades")
    until(lambda: query_of(page) == {"tab": "trades"}, 5)
    page.find_element("#chart").send_keys("+")
    until(lambda: {"from", "to", "tab"} <= set(query_of(page)), 5)
    zoomed = view(page)
    page.driver.refresh()
    page.wait_for_element("#chart[data-painted]")
    assert view(page) == pytest.approx(zoomed, abs=1.1)
    until(lambda: shown_tab(page) == "trades", 5)
    page.find_element("#chart").send_keys(Keys.ESCAPE)
    until(lambda: set(query_of(page)) == {"tab"}, 5)


def test_a_link_shows_view_tab_and_trade_to_somebody_else(page, second_browser):
    open_run(page, f"{RUN}?tab=costs&trade=2&log=1")
    wait_for_card(page, 2)
    until(lambda: "from" in query_of(page), 5)
    page.find_element("#copy-link").click()
    page.wait_for_element("#copy-dialog[open]")
    said = text(page, "#copy-carries")
    for part in ("Run 1: MSFT 1d ma_cross", "The chart from", "The tab Costs", "Trade 2", "log"):
        assert part in said, part
    link = script(page, "return document.getElementById('copy-address').value")
    second_browser.get(link)
    ask = second_browser.execute_script
    until(lambda: ask("return document.querySelector('#chart')?.dataset.painted"), 20)
    shown = ask("return document.getElementById('chart').layout.xaxis.range")
    assert shown == pytest.approx(view(page), abs=1.1)
    assert ask("return document.getElementById('chart').layout.yaxis.type") == "log"
    until(lambda: "Break-even" in ask("return document.querySelector('#panel-costs').innerText"))
    until(lambda: "Trade 2 of" in ask("return document.querySelector('#trade-card').innerText"))


def test_the_link_can_leave_out_what_is_seen(page):
    open_run(page, f"{RUN}?tab=costs")
    page.find_element("#copy-link").click()
    page.wait_for_element("#copy-dialog[open]")
    address = "return document.getElementById('copy-address').value"
    until(lambda: script(page, address).endswith("/runs/1?tab=costs"), 5)
    page.find_element("#copy-with-view").click()
    until(lambda: script(page, address).endswith("/runs/1"), 5)
    assert "Costs" not in text(page, "#copy-carries")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    until(lambda: page.find_elements("#copy-dialog[open]") == [], 5)


def test_a_link_is_copied_without_the_right_to_the_clipboard(page):
    open_run(page, RUN)
    script(page, "navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    page.find_element("#copy-link").click()
    page.wait_for_element("#copy-dialog[open]")
    page.find_element("#copy-now").click()
    page.wait_for_contains_text("#copy-status", "copied")
    script(page, "document.execCommand = () => false")
    page.find_element("#copy-now").click()
    page.wait_for_contains_text("#copy-status", "press Ctrl-C")
    selected = "const f = document.getElementById('copy-address');"
    selected += "return f.value.slice(f.selectionStart, f.selectionEnd)"
    assert script(page, selected) == f"{page.server_url}/runs/1"


def test_nonsense_in_the_address_falls_back_and_is_named(page):
    wrong = "%3Cimg src=x onerror=window.hacked=1%3E"
    path = f"{RUN}?tab={wrong}&trade=9999&style={wrong}&zone=Mars/Base&from=yesterday&foo=1"
    open_run(page, path)
    said = text(page, "#address-note")
    assert 'knows no "foo"' in said
    assert "<img" in said
    assert shown_tab(page) == "overview"
    assert len(trace(page, "Price")["x"]) > 0
    assert script(page, "return window.hacked") is None


def test_a_metric_says_what_it_means_to_the_pointer_and_to_the_keyboard(page):
    open_run(page, RUN)
    card = page.find_element("#report-cards [data-metric='sharpe']")
    script(page, "document.querySelector('#report-cards [data-metric=sharpe]').focus()")
    page.wait_for_contains_text(".tip", "standard deviation")
    assert "standard deviation" in card.get_attribute("aria-description")
    script(page, "document.activeElement.blur()")
    until(lambda: not page.find_element(".tip").is_displayed(), 5)


def test_a_tab_that_fails_says_so_in_its_place(page, monkeypatch):
    monkeypatch.setattr("components.report_costs.cost_curve", lambda _result: 1 / 0)
    open_run(page, RUN)
    assert "Unexpected error, see log." in panel_text(page, "costs")
    assert "Deepest falls" in panel_text(page, "overview")


def test_the_manifest_lists_what_the_run_was_made_with(page, sample_run):
    open_run(page, RUN)
    said = panel_text(page, "manifest")
    manifest = sample_run.manifest
    for value in (manifest.bars_hash, manifest.code_hash, manifest.fingerprint):
        assert value in said
    assert page.find_elements("#panel-manifest a[href='/export/runs/1.json']")


def test_the_report_fits_a_phone(page):
    page.driver.set_window_size(500, 900)
    open_run(page, f"{RUN}?trade=1")
    wait_for_card(page, 1)
    width = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for name in ("overview", "performance", "trades", "costs", "manifest"):
        panel_text(page, name)
        assert script(page, width) == 0, name
