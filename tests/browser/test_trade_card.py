"""A trade between chart, table and its card, in a real browser."""

import pytest
from chart_page import (
    at_point,
    click_row,
    open_run,
    open_tab,
    script,
    selected_rows,
    selection,
    trace,
    view,
    wait_for_view,
)
from patience import until
from report_page import card_text, query_of, wait_for_card
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

RUN = "/runs/1"
HOVERED = "return Boolean(document.querySelector('.choosable .plot')._hoverdata)"


def test_the_card_tells_signal_fill_and_what_became_of_the_trade(page, sample_run):
    open_run(page, f"{RUN}?trade=2")
    said = wait_for_card(page, 2)
    trade, bars = sample_run.result.trades.iloc[1], sample_run.result.bars
    signal, fill = bars.iloc[trade.entry_bar - 1], bars.iloc[trade.entry_bar]
    gap = fill["open"] / signal["close"] - 1
    for part in (
        "crosses above",
        f"{signal['ts']:%Y-%m-%d}, close {signal['close']:.2f}",
        f"{fill['ts']:%Y-%m-%d}, open {fill['open']:.2f}",
        f"{gap * 100:+.2f} %".replace("-", "−"),
        f"{trade['mae'] * 100:+.2f} % at".replace("-", "−"),
        f"{trade['mfe'] * 100:+.2f} % at".replace("-", "−"),
    ):
        assert part in said, part
    for line in sample_run.result.lines:
        for bar in (trade.entry_bar - 1, trade.entry_bar):
            assert f"{line.values[bar]:.2f}" in said


def test_a_row_opens_the_card(page):
    open_run(page, RUN)
    whole = view(page)
    click_row(page, 2)
    wait_for_card(page, 2)
    wait_for_view(page, lambda shown: shown != whole)


def test_a_marker_opens_the_card_and_chooses_the_row(page):
    open_run(page, RUN)
    open_tab(page, "trades")
    page.wait_for_element(".ag-row[row-id='1']")
    buys = trace(page, "Buy")
    at_point(page, buys["x"][4], buys["y"][4], lift=-10).click().perform()
    wait_for_card(page, buys["customdata"][4])
    until(lambda: selected_rows(page) == [str(buys["customdata"][4])], 5)


def test_brackets_and_buttons_step_through_the_trades(page, sample_run):
    open_run(page, RUN)
    body = page.find_element("body")
    body.send_keys("]")
    wait_for_card(page, 1)
    assert page.find_element("#trade-card [data-card='previous']").get_attribute("disabled")
    body.send_keys("]")
    wait_for_card(page, 2)
    page.find_element("#trade-card [data-card='next']").click()
    wait_for_card(page, 3)
    trade = sample_run.result.trades.iloc[2]
    until(lambda: selection(page) == [[trade.entry_bar - 0.5, trade.exit_bar + 0.5]], 5)
    page.find_element("#chart").send_keys("[")
    wait_for_card(page, 2)
    until(lambda: query_of(page).get("trade") == "2", 5)
    open_tab(page, "trades")
    until(lambda: selected_rows(page) == ["2"], 10)


def test_escape_closes_the_card_and_gives_the_focus_back(page):
    open_run(page, RUN)
    page.find_element("#tab-overview").send_keys("]")
    wait_for_card(page, 1)
    before = view(page)
    page.find_element("#trade-card [data-card='next']").send_keys(Keys.ESCAPE)
    until(lambda: card_text(page) == "", 5)
    until(lambda: selection(page) == [], 5)
    assert view(page) == before
    assert script(page, "return document.activeElement.id") == "tab-overview"
    until(lambda: "trade" not in query_of(page), 5)


def test_a_point_of_the_excursions_chooses_its_trade(page):
    open_run(page, RUN)
    open_tab(page, "trades")
    page.wait_for_element(".choosable .plot")
    script(page, "document.querySelector('.choosable .plot').scrollIntoView({block: 'center'})")
    page.wait_for_element(".choosable .plot.is-drawn")
    x, y, number = script(
        page,
        "const e = document.querySelector('.choosable .plot'), box = e.getBoundingClientRect();"
        "const t = e.data.find((trace) => trace.customdata?.length), l = e._fullLayout;"
        "return [box.left + l.xaxis._offset + l.xaxis.d2p(t.x[0]),"
        " box.top + l.yaxis._offset + l.yaxis.d2p(t.y[0]), [t.customdata[0]].flat()[0]]",
    )
    chain = ActionChains(page.driver, duration=50)
    chain.w3c_actions.pointer_action.move_to_location(round(x), round(y))
    chain.perform()
    until(lambda: script(page, HOVERED), 5)
    ActionChains(page.driver).click().perform()
    wait_for_card(page, number)
