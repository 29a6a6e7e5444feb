"""What the tests of pages with a chart do in the browser: press Run, read the chart, zoom."""

from patience import until
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

DRAWN = "#chart[data-painted]"


def script(page, text: str, *arguments):
    return page.driver.execute_script(text, *arguments)


def field(page, name: str, kind: str = "field"):
    return page.wait_for_element(f"""[id='{{"name":"{name}","type":"bt-{kind}"}}']""")


def value_of(page, name: str, kind: str = "field") -> str:
    return field(page, name, kind).get_attribute("value")


def fill(page, name: str, text: str, kind: str = "field") -> None:
    """Type a value in the place of what a field holds, as a user does."""
    control = field(page, name, kind)
    if control.tag_name == "select":
        control.find_element("css selector", f'option[value="{text}"]').click()
    else:
        control.send_keys(Keys.CONTROL, "a")
        control.send_keys(text or Keys.DELETE, Keys.TAB)


def error_beside(page, name: str, kind: str = "field") -> str:
    return script(
        page,
        "return document.getElementById(arguments[0])?.textContent ?? 'no such field'",
        f'{{"name":"{name}","type":"bt-{kind}-error"}}',
    )


def press_run(page) -> None:
    page.wait_for_element("#bt-run:not([disabled])").click()


def times_painted(page) -> int:
    return int(script(page, "return document.querySelector('#chart')?.dataset.painted || 0"))


def wait_for_paint(page, after: int = 0) -> None:
    until(lambda: times_painted(page) > after, 10)


def open_run(page, path: str) -> None:
    """Open an address and wait until its chart is drawn."""
    page.wait_for_page(f"{page.server_url}{path}", timeout=20)
    page.wait_for_element(DRAWN, timeout=20)


def traces(page) -> list[dict]:
    """Return the drawn traces with plain lists for what may be typed arrays."""
    return script(
        page,
        "const plain = (v) => ArrayBuffer.isView(v) ? [...v] : v;"
        "return document.getElementById('chart').data.map((trace) =>"
        " Object.fromEntries(Object.entries(trace).map(([k, v]) => [k, plain(v)])))",
    )


def trace(page, name: str) -> dict:
    return next(trace for trace in traces(page) if trace["name"] == name)


def view(page) -> list[float]:
    """Return the first and last bar in view, as positions on the axis."""
    return script(page, "return document.getElementById('chart').layout.xaxis.range")


def wait_for_view(page, is_right) -> list[float]:
    until(lambda: is_right(view(page)), 10)
    return view(page)


def selection(page) -> list[list[float]]:
    """Return first and last bar of each marked trade."""
    return script(
        page,
        "return document.getElementById('chart').layout.shapes"
        ".filter((s) => s.type === 'rect').map((s) => [s.x0, s.x1])",
    )


def scroll_to(page, selector: str, block: str = "center") -> None:
    """Bring an element into view at once: Bootstrap scrolls smoothly."""
    page.wait_for_element(selector)
    script(
        page,
        "document.querySelector(arguments[0])"
        ".scrollIntoView({block: arguments[1], behavior: 'instant'})",
        selector,
        block,
    )


def open_tab(page, name: str) -> None:
    """Open a tab of the report and wait for its content."""
    scroll_to(page, f"#tab-{name}")
    page.find_element(f"#tab-{name}").click()
    page.wait_for_element(f"#panel-{name}:not(.is-loading)")


def click_row(page, number: int) -> None:
    """Choose a trade in the table."""
    open_tab(page, "trades")
    cell = f".ag-row[row-id='{number}'] [col-id='entry']"
    scroll_to(page, cell)
    page.find_element(cell).click()


def selected_rows(page) -> list[str]:
    """Return the numbers of the rows chosen in the table of trades."""
    rows = page.find_elements(".trades-grid .ag-row-selected")
    return sorted({row.get_attribute("row-id") for row in rows})


def at_point(page, bar: float, price: float, lift: float = 0) -> ActionChains:
    """Move the pointer to a bar and price of the upper pane; `lift` in pixels."""
    scroll_to(page, ".chart-box", "start")
    x, y = script(
        page,
        "const e = document.getElementById('chart'), {xaxis, yaxis} = e._fullLayout;"
        "const box = e.getBoundingClientRect();"
        "return [box.left + xaxis._offset + xaxis.d2p(arguments[0]),"
        " box.top + yaxis._offset + yaxis.d2p(arguments[1])]",
        bar,
        price,
    )
    chain = ActionChains(page.driver, duration=50)
    chain.w3c_actions.pointer_action.move_to_location(round(x), round(y - lift))
    return chain


def cards(page) -> dict[str, list[str]]:
    """Return the texts of every card by its metric: the strategy's, then Buy & Hold's."""
    page.wait_for_element("#panel-overview:not(.is-loading) .metric-card")
    return script(
        page,
        "return Object.fromEntries([...document.querySelectorAll('.metric-card')].map((c) =>"
        " [c.dataset.metric, [...c.querySelectorAll('.metric-value, .metric-benchmark b')]"
        ".map((e) => e.textContent)]))",
    )


def number_on_card(text: str) -> float | None:
    """Read a card's text back as a number: a percentage as a fraction."""
    if text == "n/a":
        return None
    plain = text.replace("−", "-").replace(",", "").removesuffix(" d")
    return float(plain.removesuffix(" %")) / (100 if plain.endswith(" %") else 1)
