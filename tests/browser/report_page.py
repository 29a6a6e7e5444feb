"""What the tests of a run's report do in the browser: its tabs, its card, its address."""

from urllib.parse import parse_qs, urlsplit

from chart_page import open_tab, script
from data_page import text
from patience import until


def query_of(page) -> dict[str, str]:
    """Return what the address says after its question mark."""
    parts = parse_qs(urlsplit(page.driver.current_url).query)
    return {name: values[0] for name, values in parts.items()}


def card_text(page) -> str:
    """Return the text of the trade's card, empty while it is closed."""
    return text(page, "#trade-card:not([hidden])")


def wait_for_card(page, number: int) -> str:
    until(lambda: f"Trade {number} of" in card_text(page), 10)
    return card_text(page)


def shown_tab(page) -> str:
    return script(
        page, "return document.querySelector('#report-tabs [aria-selected=true]').dataset.tab"
    )


def panel_text(page, name: str) -> str:
    """Open a tab and return its text once it has come."""
    open_tab(page, name)
    return until(lambda: text(page, f"#panel-{name}:not(.is-loading) .tab-content"), 10)


def listed_trades(page) -> list[int]:
    """Return the numbers of the rows that the table has, filters applied, in its order."""
    return script(
        page,
        "const rows = []; window.dash_ag_grid.getApi('trades-grid')"
        ".forEachNodeAfterFilterAndSort((node) => rows.push(node.data.number)); return rows",
    )
