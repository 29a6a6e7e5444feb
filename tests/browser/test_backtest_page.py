"""The backtest page in a real browser: from the form to the chart, and along the chart."""

import re
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from chart_page import (
    at_point,
    cards,
    click_row,
    fill,
    number_on_card,
    open_run,
    open_tab,
    press_run,
    script,
    selected_rows,
    selection,
    times_painted,
    trace,
    traces,
    value_of,
    view,
    wait_for_paint,
    wait_for_view,
)
from patience import until
from real_bars import real_bars
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from services.backtest import run_backtest
from strategies.registry import load_strategy

pytestmark = pytest.mark.browser

MSFT = "/backtest?symbol=MSFT&resolution=1d&strategy=ma_cross&p.fast=20&p.slow=50"


@pytest.fixture
def another_browser(request, chromium):
    """Give a function that opens an address in a browser that shares nothing with the first."""
    opened = []

    def open_at(url: str):
        (options,) = request.config.hook.pytest_setup_options()
        opened.append(webdriver.Chrome(options=options))
        opened[-1].get(url)
        find = partial(opened[-1].find_element, "css selector")
        return SimpleNamespace(
            driver=opened[-1], wait_for_element=lambda selector: until(lambda: find(selector), 20)
        )

    yield open_at
    for driver in opened:
        driver.quit()


def expected(symbol: str, strategy: str, **params):
    return run_backtest(real_bars(symbol), load_strategy(strategy, **params))


def test_a_first_backtest_shows_what_python_computes(page):
    page.wait_for_page(f"{page.server_url}/backtest", timeout=20)
    fill(page, "symbol", "MSFT")
    fill(page, "strategy", "ma_cross")
    fill(page, "fast", "15", "param")
    fill(page, "slow", "60", "param")
    press_run(page)
    wait_for_paint(page)
    result = expected("MSFT", "ma_cross", fast=15, slow=60)
    closed = result.trades[result.trades["exit_bar"] >= 0]

    assert [t["name"] for t in traces(page) if t["type"] == "candlestick"] == ["Price"]
    assert trace(page, "Buy")["x"] == result.trades["entry_bar"].tolist()
    assert trace(page, "Sell")["x"] == closed["exit_bar"].tolist()
    np.testing.assert_allclose(trace(page, "Buy")["y"], result.trades["entry_price"])

    shown = cards(page)
    for own, metrics in enumerate((result.metrics, result.benchmark_metrics)):
        for name in ("total_return", "cagr", "sharpe", "max_drawdown"):
            text = shown[name][own]
            percent = text.endswith(" %")
            decimals = len(text.split(".")[-1].removesuffix(" %")) if "." in text else 0
            step = 10.0**-decimals / (100 if percent else 1)
            assert number_on_card(text) == pytest.approx(metrics[name], abs=0.51 * step), name
    assert number_on_card(shown["trades"][0]) == len(closed)

    open_tab(page, "trades")
    page.wait_for_element(".trades-grid .ag-row[row-id='1']")
    first = result.trades.iloc[0]
    row = [cell.text for cell in page.find_elements(".ag-row[row-id='1'] .ag-cell")]
    assert row[:3] == ["1", f"{first.entry_time:%Y-%m-%d}", f"{first.entry_price:,.2f}"]
    assert f"{len(closed)} closed trades" in page.find_element("#trades-title").text
    assert page.driver.current_url.removeprefix(page.server_url) == (
        "/backtest?symbol=MSFT&resolution=1d&strategy=ma_cross&cash=100000"
        "&commission=ibkr_fixed&slippage=1&fill=next_open&p.fast=15&p.slow=60"
    )
    assert page.driver.title == "MSFT 1d ma_cross · Trading Research"


QUESTIONS_UNTIL_PAINTED = """
window.questions = 0;
const ask = window.fetch;
window.fetch = (url, ...rest) => {
  if (String(url.url ?? url).includes("_dash-update-component")) window.questions += 1;
  return ask(url, ...rest);
};
document.addEventListener("chart:painted", () => (window.asked ??= window.questions));
"""


def test_a_run_takes_one_question_to_the_server_before_it_is_painted(page):
    open_run(page, MSFT)
    fill(page, "fast", "12", "param")
    script(page, QUESTIONS_UNTIL_PAINTED)
    painted = times_painted(page)
    press_run(page)
    wait_for_paint(page, painted)
    assert script(page, "return window.asked") == 1
    until(lambda: "p.fast=12" in page.driver.current_url, 5)


def test_the_address_of_a_run_that_is_shown_asks_the_server_nothing(page):
    open_run(page, MSFT)
    before = script(page, "return window.report.state.about.run")
    fill(page, "fast", "14", "param")
    script(page, QUESTIONS_UNTIL_PAINTED)
    press_run(page)
    until(lambda: "p.fast=14" in page.driver.current_url, 10)
    shown = "return document.querySelector('#content-overview .tab-content')?.dataset.run"
    until(lambda: script(page, shown) not in (None, str(before)), 10)
    until(lambda: script(page, "return !document.querySelector('#bt-result.is-busy')"), 5)
    assert script(page, "return window.questions") == 2  # the run, and its first tab


TOLD = """
const store = window.dash_stores[0];
window.told = [];
let before = store.getState();
store.subscribe(() => {
  const now = store.getState();
  window.told.push(Object.keys(now).filter((slice) => now[slice] !== before[slice]));
  before = now;
});
store.dispatch({type: "NOTHING_HAPPENED"});
"""


def test_what_draws_is_told_only_of_what_can_be_drawn(page):
    open_run(page, MSFT)
    fill(page, "fast", "13", "param")
    script(page, TOLD)
    assert script(page, "return window.told") == []
    painted = times_painted(page)
    press_run(page)
    wait_for_paint(page, painted)
    told = script(page, "return window.told")
    assert any("layout" in slices for slices in told)
    assert all(set(slices) - {"callbacks"} for slices in told)
    # An answer sets some forty properties, one by one.
    assert len(told) < 45


def test_a_click_on_a_row_zooms_to_the_trade_and_a_double_click_shows_all(page):
    open_run(page, MSFT)
    whole = view(page)
    trade = expected("MSFT", "ma_cross").trades.iloc[2]
    click_row(page, 3)
    low, high = wait_for_view(page, lambda shown: shown != whole)
    assert low < trade.entry_bar < trade.exit_bar < high
    assert high - low < 4 * max(trade.exit_bar - trade.entry_bar, 20)
    assert selection(page) == [[trade.entry_bar - 0.5, trade.exit_bar + 0.5]]
    assert selected_rows(page) == ["3"]
    at_point(page, (low + high) / 2, trade.entry_price).double_click().perform()
    assert wait_for_view(page, lambda shown: shown == whole)


def test_a_click_on_a_marker_selects_its_row_and_leaves_the_view(page):
    open_run(page, MSFT)
    painted = times_painted(page)
    click_row(page, 2)
    wait_for_paint(page, painted)
    zoomed = wait_for_view(page, lambda shown: shown[1] - shown[0] < 1000)
    sell = trace(page, "Sell")
    trade = 2 if zoomed[0] < sell["x"][2] < zoomed[1] else 1
    painted = times_painted(page)
    at_point(page, sell["x"][trade], sell["y"][trade], lift=14).perform()
    page.wait_for_contains_text("#chart .hoverlayer", f"trade {trade + 1}")
    ActionChains(page.driver).click().perform()
    wait_for_paint(page, painted)
    until(lambda: selected_rows(page) == [str(trade + 1)], 5)
    assert view(page) == zoomed
    assert selection(page)[0][1] == sell["x"][trade] + 0.5


def test_the_keyboard_zooms_pans_and_returns(page):
    open_run(page, MSFT)
    whole = view(page)
    chart = page.find_element("#chart")
    chart.send_keys("+")
    closer = wait_for_view(page, lambda shown: shown[1] - shown[0] < whole[1] - whole[0])
    chart.send_keys(Keys.ARROW_RIGHT)
    later = wait_for_view(page, lambda shown: shown[0] > closer[0])
    chart.send_keys(Keys.ARROW_LEFT)
    wait_for_view(page, lambda shown: shown[0] < later[0])
    chart.send_keys(Keys.END)
    wait_for_view(page, lambda shown: shown[1] == whole[1])
    chart.send_keys("-")
    wait_for_view(page, lambda shown: shown[1] - shown[0] > later[1] - later[0] + 1)
    chart.send_keys(Keys.ESCAPE)
    wait_for_view(page, lambda shown: shown == whole)


def test_the_wheel_zooms_until_every_candle_is_a_bar(page):
    open_run(page, MSFT)
    bars = real_bars("MSFT")
    assert len(trace(page, "Price")["x"]) < len(bars)
    while view(page)[1] - view(page)[0] > 400:
        turn_wheel(page)
    until(lambda: np.diff(trace(page, "Price")["x"]).max() == 1, 5)
    candles = trace(page, "Price")
    positions = np.array(candles["x"])
    assert positions.tolist() == list(range(int(positions[0]), int(positions[-1]) + 1))
    low, high = view(page)
    assert low < len(bars) / 2 < high
    for name in ("open", "high", "low", "close"):
        np.testing.assert_allclose(candles[name], bars[name].to_numpy()[positions], rtol=1e-7)


def turn_wheel(page) -> None:
    page.driver.execute_script(
        "const drag = document.querySelector('#chart .nsewdrag');"
        "const box = drag.getBoundingClientRect();"
        "drag.dispatchEvent(new WheelEvent('wheel', {deltaY: -240, bubbles: true,"
        " cancelable: true, clientX: box.left + box.width / 2, clientY: box.top + 100}))"
    )


def test_back_forward_and_reload_keep_form_and_result_together(page):
    open_run(page, MSFT)
    fill(page, "fast", "10", "param")
    painted = times_painted(page)
    press_run(page)
    wait_for_paint(page, painted)
    until(lambda: "fast 10" in page.find_element(".report-name").text, 5)
    for move, fast in (
        (page.driver.back, "20"),
        (page.driver.forward, "10"),
        (page.driver.refresh, "10"),
    ):
        move()
        until(lambda fast=fast: f"fast {fast}," in name_of_run(page), 10)
        until(lambda fast=fast: value_of(page, "fast", "param") == fast, 5)
        until(lambda: times_painted(page) > 0, 10)
        bars = expected("MSFT", "ma_cross", fast=int(fast)).trades["entry_bar"].tolist()
        until(lambda bars=bars: trace(page, "Buy")["x"] == bars, 5)


def name_of_run(page) -> str:
    return page.driver.execute_script(
        "return document.querySelector('.report-name')?.textContent ?? ''"
    )


def test_an_address_without_symbol_and_strategy_fills_the_form_and_waits(page):
    page.wait_for_page(f"{page.server_url}/backtest?duration=5+Y&slippage=3", timeout=20)
    page.wait_for_text_to_equal(".workbench-result .state-title", "Nothing is tested yet")
    names = ("symbol", "strategy", "duration", "slippage")
    assert [value_of(page, name) for name in names] == ["AAPL", "ma_cross", "5 Y", "3"]


def test_a_link_shows_the_same_in_another_browser(page, another_browser):
    open_run(page, MSFT + "&duration=5 Y")
    here = (cards(page), trace(page, "Buy"), page.driver.title)
    other = another_browser(page.driver.current_url)
    wait_for_paint(other)
    assert (cards(other), trace(other, "Buy"), other.driver.title) == here
    assert value_of(other, "duration") == "5 Y"


def test_a_change_of_strategy_swaps_the_parameter_fields(page):
    page.wait_for_page(f"{page.server_url}/backtest", timeout=20)
    parameters = "#bt-params .field-label"
    until(lambda: labels(page, parameters) == ["Fast", "Slow"], 10)
    fill(page, "strategy", "ath_breakout")
    until(lambda: labels(page, parameters) not in ([], ["Fast", "Slow"]), 5)
    fill(page, "strategy", "db_ma_cross")
    until(lambda: labels(page, parameters) == [], 5)
    press_run(page)
    wait_for_paint(page)
    assert "strategy=db_ma_cross" in page.driver.current_url
    assert not re.search(r"[?&]p\.", page.driver.current_url)


def labels(page, selector: str) -> list[str]:
    return page.driver.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector
    )


def test_the_theme_recolours_the_chart_without_asking_for_data(page):
    open_run(page, MSFT)
    asked = requests_for_data(page)
    before, painted = trace(page, "Price")["increasing"], times_painted(page)
    page.find_element("#theme-toggle").click()
    wait_for_paint(page, painted)
    assert trace(page, "Price")["increasing"] != before
    assert requests_for_data(page) == asked


def requests_for_data(page) -> int:
    return page.driver.execute_script(
        "return performance.getEntriesByType('resource')"
        ".filter((e) => /\\/api\\/.*chart/.test(e.name)).length"
    )


def test_a_run_without_costs_says_so(page):
    open_run(page, MSFT + "&duration=5 Y&commission=none&slippage=0")
    assert "NO COSTS" in page.find_element(".report .caution").text
    open_run(page, MSFT + "&duration=5 Y")
    assert page.find_elements(".report .caution") == []


def test_unadjusted_bars_across_a_split_carry_a_caution(page):
    path = "/backtest?symbol=AAPL&resolution=1d&strategy=macd&start=2004-06-01&end=2006-06-01"
    open_run(page, path)
    assert "2005-02-28" in page.find_element(".report .caution").text
    open_run(page, path.replace("2004", "2005"))
    assert page.find_elements(".report .caution") == []


def test_two_tabs_with_different_runs_do_not_mix(page):
    open_run(page, MSFT)
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    open_run(page, "/backtest?symbol=AAPL&resolution=1d&strategy=rsi")
    page.find_element("#chart").send_keys("+")
    until(lambda: len(trace(page, "Price")["x"]) > 0, 5)
    second = page.driver.current_window_handle
    for tab, symbol, strategy in ((first, "MSFT", "ma_cross"), (second, "AAPL", "rsi")):
        page.driver.switch_to.window(tab)
        result = expected(symbol, strategy)
        whole = [-0.5, len(result.bars) - 0.5]
        page.find_element("#chart").send_keys(Keys.ESCAPE)
        wait_for_view(page, lambda shown, whole=whole: shown == whole)
        assert trace(page, "Buy")["x"] == result.trades["entry_bar"].tolist()
        assert page.find_element(".report-name").text.startswith(f"{symbol} · 1d · {strategy}")
