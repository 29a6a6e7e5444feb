"""The chart page in a real browser: its address, its tools, mouse, keys and fingers."""

import base64
import io
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from chart_page import (
    at_point,
    open_run,
    script,
    times_painted,
    trace,
    traces,
    view,
    wait_for_paint,
    wait_for_view,
)
from data_page import texts
from patience import until
from PIL import Image
from real_bars import real_bars
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

AAPL = "/chart?symbol=AAPL&resolution=1d"
YEAR = AAPL + "&start=2012-01-03&end=2012-12-31"


def query(page) -> dict[str, str]:
    parts = parse_qs(urlsplit(page.driver.current_url).query)
    return {name: values[-1] for name, values in parts.items()}


def wait_for_query(page, **wanted) -> None:
    """Wait until the address says these; None for what it must not hold."""
    until(lambda: all(query(page).get(name) == value for name, value in wanted.items()), 10)


def positions(symbol: str, first: str, last: str) -> list[float]:
    """Return what the axis shows for a span, from the file of bars itself."""
    days = real_bars(symbol)["ts"].dt.strftime("%Y-%m-%d")
    inside = np.flatnonzero((days >= first) & (days <= last))
    return [inside[0] - 0.5, inside[-1] + 0.5]


def press(page, do: str) -> None:
    page.find_element(f"[data-chart='{do}']").click()


def press_range(page, name: str) -> None:
    page.find_element(f"[data-range='{name}']").click()


def drag(page, start: tuple, end: tuple, *, shift: bool = False) -> None:
    """Drag from one bar and price to another, as a mouse does."""
    chain = at_point(page, *start)
    chain.perform()
    keys = ActionChains(page.driver)
    if shift:
        keys.key_down(Keys.SHIFT).perform()
    ActionChains(page.driver).click_and_hold().perform()
    at_point(page, *end).perform()
    ActionChains(page.driver).release().perform()
    if shift:
        ActionChains(page.driver).key_up(Keys.SHIFT).perform()


def touch(page, kind: str, *points: tuple[float, float]) -> None:
    page.driver.execute_cdp_cmd(
        "Input.dispatchTouchEvent",
        {
            "type": kind,
            "touchPoints": [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)],
        },
    )


@pytest.fixture
def fingers(page):
    """Let the browser of the test be one that is touched."""
    emulate = page.driver.execute_cdp_cmd
    emulate("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 5})
    yield page
    emulate("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_a_link_opens_the_span_and_look_that_it_names(page):
    open_run(page, YEAR + "&ind=sma:10,rsi:14&compare=MSFT&style=ohlc&log=1")
    assert view(page) == positions("AAPL", "2012-01-03", "2012-12-31")
    drawn = {one["name"]: one for one in traces(page)}
    assert drawn["Price"]["type"] == "ohlc"
    assert {"SMA 10", "RSI 14", "MSFT (rebased)"} <= set(drawn)
    assert script(page, "return document.getElementById('chart').layout.yaxis.type") == "log"
    assert page.driver.title == "AAPL 1d · Chart · Trading Research"
    assert texts(page, ".chip-text") == ["SMA 10", "RSI 14", "Against MSFT"]
    assert page.find_element("[data-chart='log']").get_attribute("aria-pressed") == "true"


def test_a_zoom_is_written_into_the_address_without_entries_of_history(page):
    open_run(page, AAPL)
    entries = script(page, "return history.length")
    press_range(page, "1Y")
    wait_for_query(page, start="2012-03-02", end="2013-03-01")
    for _ in range(3):
        painted = times_painted(page)
        page.find_element("#chart").send_keys("+")
        wait_for_paint(page, painted)
    shown = view(page)
    until(lambda: query(page)["start"] == script(page, "return chart.state().from"), 10)
    assert script(page, "return history.length") == entries
    page.driver.refresh()
    page.wait_for_element("#chart[data-painted]", timeout=20)
    # The address names whole days: those at the edges of what was seen.
    assert view(page) == pytest.approx(shown, abs=1)
    page.find_element("#chart").send_keys(Keys.ESCAPE)
    wait_for_query(page, start=None, end=None)


def test_back_and_forward_lead_through_symbols(page):
    open_run(page, YEAR)
    choose(page, "ch-symbol", "MSFT")
    until(lambda: page.driver.title.startswith("MSFT"), 10)
    wait_for_query(page, symbol="MSFT", start="2012-01-03")
    until(lambda: view(page) == positions("MSFT", "2012-01-03", "2012-12-31"), 10)
    bars = real_bars("MSFT")
    candles = trace(page, "Price")
    at = np.array(candles["x"], int)
    np.testing.assert_allclose(candles["close"], bars["close"].to_numpy()[at], rtol=1e-7)
    page.driver.back()
    until(lambda: page.driver.title.startswith("AAPL"), 10)
    until(lambda: view(page) == positions("AAPL", "2012-01-03", "2012-12-31"), 10)
    page.driver.forward()
    until(lambda: page.driver.title.startswith("MSFT"), 10)
    until(lambda: script(page, "return chart.current().spec.name") == "MSFT 1d", 10)


def choose(page, id: str, text: str) -> None:
    control = page.find_element(f"#{id}")
    control.send_keys(Keys.CONTROL, "a")
    control.send_keys(text, Keys.ENTER)


def test_an_indicator_is_added_changed_and_removed(page):
    open_run(page, YEAR)
    page.find_element("[data-menu]").click()
    page.wait_for_element("[data-do='chart-indicator'][data-name='bb']").click()
    field = page.wait_for_element("""[id='{"name":"period","type":"ch-param"}']""")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("1", Keys.ENTER)
    until(lambda: any("2 to" in text for text in texts(page, ".indicator-dialog .field-error")), 10)
    assert "ind" not in query(page)
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("10", Keys.ENTER)
    wait_for_query(page, ind="bb:10:2")
    until(lambda: "BB 10 2 upper" in [one["name"] for one in traces(page)], 10)
    expected = real_bars("AAPL")["close"].rolling(10).mean()
    middle = trace(page, "BB 10 2 middle")
    at = int(middle["x0"]) + np.arange(len(middle["y"]))
    np.testing.assert_allclose(middle["y"], expected.to_numpy()[at], rtol=1e-6)
    page.find_element("button.chip-text").click()
    field = page.wait_for_element("""[id='{"name":"period","type":"ch-param"}']""")
    until(lambda: field.get_attribute("value") == "10", 5)
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("30", Keys.ENTER)
    wait_for_query(page, ind="bb:30:2")
    until(lambda: texts(page, "button.chip-text") == ["BB 30 2"], 10)
    page.find_element(".chip-remove").click()
    wait_for_query(page, ind=None)
    until(lambda: texts(page, ".chip-text") == [], 10)


def test_the_keyboard_adds_and_removes_an_indicator_and_keeps_its_place(page):
    open_run(page, AAPL)

    def press_keys(*keys: str) -> None:
        ActionChains(page.driver).send_keys(*keys).perform()

    script(page, "document.querySelector('[data-menu]').focus()")
    press_keys(Keys.ENTER)
    press_keys(Keys.TAB, Keys.ENTER)
    page.wait_for_element("#ch-indicator[open] input", timeout=10)
    press_keys(Keys.ENTER)
    wait_for_query(page, ind="sma:20")
    until(lambda: script(page, "return document.activeElement.matches('[data-menu]')"), 10)
    script(page, "document.querySelector('.chip-remove').focus()")
    press_keys(Keys.ENTER)
    wait_for_query(page, ind=None)
    until(lambda: script(page, "return document.activeElement.matches('[data-menu]')"), 10)


def test_the_chart_takes_what_is_left_of_the_window(page):
    open_run(page, AAPL)
    room = (
        "return [innerHeight, document.querySelector('.chart-box').getBoundingClientRect().bottom]"
    )
    window, bottom = script(page, room)
    # A low window is filled by the usual height already, and the page scrolls.
    least = script(page, "return document.getElementById('chart').clientHeight") <= 500
    assert bottom >= window - 40
    assert least or bottom <= window


def test_a_second_symbol_starts_where_the_first_does(page):
    open_run(page, YEAR)
    choose(page, "ch-compare", "MSFT")
    wait_for_query(page, compare="MSFT")
    until(lambda: "MSFT (rebased)" in [one["name"] for one in traces(page)], 10)
    first = int(view(page)[0] + 0.5)
    price, other = trace(page, "Price"), trace(page, "MSFT (rebased)")
    at = first - int(other["x0"])
    assert other["y"][at] == pytest.approx(price["close"][price["x"].index(first)])


def test_what_is_not_stored_is_a_sentence_with_a_way_on(page):
    open_run(page, YEAR)
    choose(page, "ch-symbol", "NOPE")
    page.wait_for_contains_text(".error-state", 'No symbol "NOPE" is stored')
    page.find_element(".error-state .btn-primary").click()
    until(lambda: page.driver.title.startswith("AAPL"), 10)
    page.wait_for_element("#chart[data-painted]", timeout=20)


def test_the_legend_shows_the_candle_under_the_pointer(page):
    open_run(page, YEAR)
    bars = real_bars("AAPL")
    bar = int(view(page)[0]) + 100
    at_point(page, bar, bars["close"][bar]).perform()
    day = f"{bars['ts'][bar]:%Y-%m-%d}"
    until(lambda: texts(page, ".legend-time") == [day], 5)
    shown = texts(page, ".legend-value")
    expected = [f"{bars[name][bar]:,.2f}" for name in ("open", "high", "low", "close")]
    assert shown[:4] == expected
    until(lambda: texts(page, ".cross-time") == [day], 5)


def test_a_drag_moves_the_chart_and_asks_for_more_bars(page):
    open_run(page, YEAR)
    before = view(page)
    price = trace(page, "Price")["close"][0]
    drag(page, (before[0] + 20, price), (before[0] + 120, price))
    moved = wait_for_view(page, lambda shown: shown[0] < before[0] - 50)
    assert moved[1] - moved[0] == pytest.approx(before[1] - before[0], abs=1)
    until(lambda: trace(page, "Price")["x"][0] < moved[0], 5)
    assert before[0] - moved[0] == pytest.approx(100, abs=3)


def test_the_measure_tool_says_bars_time_and_change(page):
    open_run(page, YEAR)
    first = int(view(page)[0] + 0.5)
    press(page, "measure")
    assert page.find_element("[data-chart='measure']").get_attribute("aria-pressed") == "true"
    before = view(page)
    drag(page, (first + 50, 500), (first + 100, 600))
    change, span = texts(page, ".measured-text")[0].split("\n")
    assert span.startswith("50 bars · 7")
    assert float(change.split(" ")[0]) == pytest.approx(100, abs=3)
    assert float(change.split("(")[1].split(" ")[0]) == pytest.approx(20, abs=1)
    assert view(page) == before
    page.find_element("#chart").send_keys(Keys.ESCAPE)
    until(lambda: texts(page, ".measured:not([hidden])") == [], 5)
    assert page.find_element("[data-chart='measure']").get_attribute("aria-pressed") == "false"


def test_the_snapshot_is_a_picture_of_what_is_seen(page):
    open_run(page, YEAR)
    script(
        page,
        "window.saved = null; HTMLAnchorElement.prototype.click = function () {"
        " window.saved = {name: this.download, data: this.href}; }",
    )
    press(page, "snapshot")
    saved = until(lambda: script(page, "return window.saved"), 15)
    assert saved["name"] == "AAPL_1d_2012-01-03_2012-12-31.png"
    picture = Image.open(io.BytesIO(base64.b64decode(saved["data"].split(",")[1]))).convert("RGB")
    assert picture.size[0] == 2 * script(
        page, "return document.getElementById('chart').clientWidth"
    )
    assert picture.getpixel((2, picture.size[1] - 2)) == (255, 255, 255)
    assert len(set(picture.resize((200, 200)).getdata())) > 20


def test_events_show_their_text_on_hover_and_on_focus(page):
    open_run(page, AAPL + "&start=2005-01-03&end=2005-12-30")
    flag = page.wait_for_element(".chart-flag.is-split")
    ActionChains(page.driver).move_to_element(flag).perform()
    until(lambda: "2005-02-28" in texts(page, ".flag-tip")[0], 5)
    at_point(page, view(page)[0] + 60, trace(page, "Price")["high"][0]).perform()
    until(lambda: texts(page, ".flag-tip:not([hidden])") == [], 5)
    script(page, "document.querySelector('.chart-flag.is-split').focus()")
    until(lambda: "2005-02-28" in texts(page, ".flag-tip")[0], 5)


def test_one_finger_pans_and_two_zoom(fingers):
    page = fingers
    open_run(page, YEAR)
    left, top = script(
        page,
        "document.getElementById('chart').scrollIntoView({block: 'start', behavior: 'instant'});"
        "const box = document.getElementById('chart').getBoundingClientRect();"
        "return [box.left, box.top]",
    )
    before = view(page)
    y = top + 150
    touch(page, "touchStart", (left + 300, y))
    for x in (320, 360, 420, 500):
        touch(page, "touchMove", (left + x, y))
    touch(page, "touchEnd")
    panned = wait_for_view(page, lambda shown: shown[0] < before[0] - 10)
    assert panned[1] - panned[0] == pytest.approx(before[1] - before[0], abs=1)
    touch(page, "touchStart", (left + 300, y), (left + 500, y))
    for spread in (120, 160, 200):
        touch(page, "touchMove", (left + 400 - spread, y), (left + 400 + spread, y))
    touch(page, "touchEnd")
    width = panned[1] - panned[0]
    wait_for_view(page, lambda shown: shown[1] - shown[0] == pytest.approx(width / 2, rel=0.1))


def test_nothing_flickers_while_a_view_is_fetched(page):
    open_run(page, YEAR)
    script(
        page,
        "window.blank = 0; const look = () => {"
        " if (!document.querySelector('#chart .boxlayer path')) window.blank += 1;"
        " requestAnimationFrame(look); }; look();",
    )
    for key in ("+", Keys.ARROW_LEFT, "-", "+"):
        painted = times_painted(page)
        page.find_element("#chart").send_keys(key)
        wait_for_paint(page, painted)
    assert script(page, "return window.blank") == 0


def test_a_zoom_draws_once(page):
    open_run(page, AAPL)
    script(
        page,
        "window.drawn = 0; document.getElementById('chart')"
        ".on('plotly_afterplot', () => { window.drawn += 1; })",
    )
    painted = times_painted(page)
    page.find_element("#chart").send_keys("+")
    wait_for_paint(page, painted)
    assert (
        script(page, "return new Promise((done) => setTimeout(() => done(window.drawn), 300))") == 1
    )


def test_a_server_that_fails_is_a_sentence_and_the_chart_stays(page):
    open_run(page, YEAR)
    before = view(page)
    script(
        page,
        "const fetch = window.fetch; window.fetch = (url, ...rest) => String(url)"
        ".startsWith('/api/chart') ? Promise.resolve(new Response('No bars.', {status: 500}))"
        " : fetch(url, ...rest)",
    )
    page.find_element("#chart").send_keys("+")
    page.wait_for_contains_text("#toasts", "No bars.")
    assert view(page) == before
    layer = "document.querySelector('.cartesianlayer g[clip-path*=plot] > g')"
    assert script(page, f"return {layer}.getAttribute('transform')") is None
