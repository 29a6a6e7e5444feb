"""Bar replay in a real browser: what is shown at a bar, and that nothing of later ones is."""

import re

import pytest
from chart_page import number_on_card, open_run, script, times_painted, trace, view
from data_page import text, texts
from patience import until
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from services.workspace import open_workspace

pytestmark = pytest.mark.browser

TELLS_THE_FUTURE = "#report-cards", ".report-tabs", "#trade-card", "#look-ahead-badge"


@pytest.fixture(scope="module")
def result(sample_settings):
    """Give the stored result of run 1."""
    workspace = open_workspace(sample_settings)
    yield workspace.recent_runs.get(workspace.database, 1).result
    workspace.database.close()


@pytest.fixture
def replay(page):
    """Open run 1 and start its replay."""
    open_run(page, "/runs/1")
    page.find_element(".replay-start").click()
    until(lambda: at(page) is not None, 20)
    return page


def at(page) -> int | None:
    return script(page, "return window.replay.state()?.at ?? null")


def press(page, key: str) -> None:
    ActionChains(page.driver).send_keys(key).perform()


def part(page, name: str) -> str:
    return text(page, f"#replay-bar [data-part='{name}']")


def go(page, bar: int) -> None:
    """Move the slider, as a pointer does."""
    script(
        page,
        "const s = document.querySelector('[data-part=slider]'); s.value = arguments[0];"
        "s.dispatchEvent(new Event('input', { bubbles: true }))",
        bar,
    )
    until(lambda: at(page) == bar, 10)


def is_seen(page, selector: str) -> bool:
    return script(
        page, "return Boolean(document.querySelector(arguments[0])?.offsetParent)", selector
    )


def last_x(drawn: dict) -> float:
    x = drawn.get("x")
    return max(x) if x else drawn["x0"] + drawn["dx"] * (len(drawn["y"]) - 1)


def test_a_whole_run_is_replayed_from_its_first_buy_signal(replay, result):
    first = int((result.signals > 0).argmax())
    assert at(replay) == first
    assert "Signal: BUY, fills at the next open" in part(replay, "said")
    assert script(replay, "return document.activeElement.dataset.part") == "play"


def test_a_zoomed_chart_is_replayed_from_its_middle(page):
    open_run(page, "/runs/1")
    painted = times_painted(page)
    script(page, "window.chart.show({ lo: 400, hi: 500 })")
    until(lambda: times_painted(page) > painted, 10)
    page.find_element(".replay-start").click()
    until(lambda: at(page) == 450, 10)


def test_a_bar_shows_what_the_stored_run_knew_then(replay, result):
    for bar in (0, 333, 800, len(result.bars) - 1):
        go(replay, bar)
        assert part(replay, "time") == f"{result.bars['ts'][bar]:%Y-%m-%d}"
        equity = result.equity.iloc[bar]
        assert number_on_card(part(replay, "equity")) == pytest.approx(equity, abs=0.006)
        gain = number_on_card(part(replay, "return").removeprefix("+"))
        assert gain == pytest.approx(equity / result.settings.cash - 1, abs=6e-5)
        assert part(replay, "position") == ("Long" if result.position[bar] else "Flat")
        trades = result.trades
        done = trades[(trades["exit_bar"] >= 0) & (trades["exit_bar"] <= bar)]
        held = int(result.position[bar])
        numbers = texts(replay, ".replay-table tbody th")
        assert numbers[held:] == [str(n + 1) for n in done.index[::-1][:5]]


def test_nothing_of_a_later_bar_is_drawn_or_written(replay, result):
    for bar in (200, 640):
        go(replay, bar)
        assert last_x(trace(replay, "Price")) <= bar
        assert last_x(trace(replay, "Strategy equity")) <= bar
        fills = trace(replay, "Buy")["x"] + trace(replay, "Sell")["x"]
        assert fills and max(fills) <= bar
        assert trace(replay, "Price")["close"][-1] == pytest.approx(result.bars["close"][bar])
        assert [name for name in TELLS_THE_FUTURE if is_seen(replay, name)] == []
        written = script(
            replay,
            "return document.body.innerText.replace("
            "document.querySelector('.report-line').innerText, '')"
            ".replace(/saved [0-9-]+/, '')",
        )
        days = re.findall(r"\b\d{4}-\d\d-\d\d\b", written)
        assert days and max(days) <= f"{result.bars['ts'][bar]:%Y-%m-%d}"


def test_keys_step_play_and_end_and_the_page_is_as_it_was(page):
    open_run(page, "/runs/1")
    before = view(page)
    page.find_element(".replay-start").click()
    until(lambda: at(page) is not None, 20)
    start = at(page)
    press(page, Keys.ARROW_RIGHT)
    until(lambda: at(page) == start + 1, 5)
    press(page, Keys.ARROW_LEFT)
    until(lambda: at(page) == start, 5)
    press(page, Keys.SPACE)
    until(lambda: at(page) > start + 2, 10)
    press(page, Keys.SPACE)
    until(lambda: script(page, "return document.querySelector('[title=\"Play (space)\"]')"), 5)
    press(page, Keys.ESCAPE)
    until(lambda: is_seen(page, "#report-cards"), 5)
    until(lambda: view(page) == pytest.approx(before), 10)
    assert script(page, "return document.activeElement.classList.contains('replay-start')")


def test_brackets_lead_from_entry_to_entry(replay, result):
    entries = result.trades["entry_bar"].tolist()
    go(replay, 0)
    for entry in entries[:2]:
        press(replay, "]")
        until(lambda entry=entry: at(replay) == entry, 5)
        assert "bought at the open" in part(replay, "said")
    press(replay, "[")
    until(lambda: at(replay) == entries[0], 5)


def test_the_replay_stops_at_the_last_bar(replay, result):
    last = len(result.bars) - 1
    go(replay, last - 2)
    replay.find_element("[data-part='play']").click()
    until(lambda: at(replay) == last, 10)
    until(lambda: not replay.find_element("[data-part='play']").is_enabled(), 5)


def test_a_page_that_is_left_leaves_nothing_hidden(replay):
    replay.find_element(".rail .nav-link[href='/runs']").click()
    replay.wait_for_text_to_equal("h1", "Runs")
    until(lambda: script(replay, "return document.body.dataset.replay === undefined"), 5)


def test_a_server_that_goes_away_is_told_and_the_replay_waits(open_browser, serve, sample_settings):
    server = serve(sample_settings)
    page = open_browser(server.url, home=False)
    open_run(page, "/runs/1")
    page.find_element(".replay-start").click()
    until(lambda: at(page) is not None, 20)
    start = at(page)
    server.stop()
    press(page, Keys.ARROW_RIGHT)
    page.wait_for_contains_text("#toasts", "The server does not answer")
    server.start()
    until(lambda: not is_seen(page, "#server-banner"), 20)
    press(page, Keys.ARROW_RIGHT)
    until(lambda: at(page) == start + 1, 10)
    page.driver.get_log("browser")  # the refused requests
