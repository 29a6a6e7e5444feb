"""What the address of a run's page asks for: tab, trade, view and look of the chart."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.report_tabs import FIRST_TAB, TABS
from services.errors import did_you_mean

VIEW_NAMES = ("from", "to", "style", "log", "zone")
_KNOWN = ("tab", "trade", *VIEW_NAMES)
_MOST_SHOWN = 30


@dataclass(frozen=True)
class ReportState:
    """A state that can be shown; `view` holds what is meant for the chart.

    `complaints` name what the address holds and cannot mean.
    """

    tab: str = FIRST_TAB
    trade: int | None = None
    view: Mapping[str, str] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()


def read_state(query: Mapping[str, str], trades: int) -> ReportState:
    """Read a query for a run with so many trades; what makes no sense falls back and is named."""
    complaints = [
        f'The address knows no "{_short(name)}".{did_you_mean(name, _KNOWN)}'
        for name in query
        if name not in _KNOWN
    ]
    tab, trade = query.get("tab") or FIRST_TAB, _number(query.get("trade") or "")
    if tab not in TABS:
        complaints.append(f'There is no tab "{_short(tab)}".{did_you_mean(tab, TABS)}')
        tab = FIRST_TAB
    if query.get("trade") and not 1 <= trade <= trades:
        complaints.append(f'This run has no trade "{_short(query["trade"])}".')
        trade = 0
    view = {name: query[name] for name in VIEW_NAMES if query.get(name)}
    return ReportState(tab, trade or None, view, tuple(complaints))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
