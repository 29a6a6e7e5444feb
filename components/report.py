"""The report of a run: heading, cards, chart, trade card and tabs."""

from dataclasses import dataclass
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from components.cards import headline_cards
from components.chart import CHART_SPEC, chart_panel, chart_spec, register_chart
from components.replay import replay_bar
from components.report_costs import costs_tab
from components.report_head import report_heading
from components.report_manifest import manifest_tab
from components.report_overview import overview_tab
from components.report_performance import performance_tab
from components.report_state import ReportState
from components.report_tabs import FIRST_TAB, Find, register_tabs, report_tabs
from components.report_trades import trades_tab
from components.share import copy_dialog
from components.still import still
from components.trade_card import register_trade_card, trade_card

REPORT, HEADING, CARDS = "report", "report-heading", "report-cards"
PAGE_TITLE = "report-title"
# What the script in the page must know of the run; one that comes with the page has a store of
# its own, for the reason that components/chart.py names.
RUN, FIRST_RUN = "report-run", "report-first-run"
STALE = "The form has changed since this run: press Run backtest to see what it says now."
TAB_CONTENTS = {
    "overview": overview_tab,
    "performance": performance_tab,
    "trades": trades_tab,
    "costs": costs_tab,
    "manifest": manifest_tab,
}
# What a page fills in one callback, in the order of report_values.
REPORT_OUTPUTS = (
    Output(REPORT, "hidden"),
    Output(HEADING, "children"),
    Output(CARDS, "children"),
    Output(CHART_SPEC, "data"),
    Output(RUN, "data"),
    Output(PAGE_TITLE, "data"),
)
HIDDEN_REPORT = (True, None, None, None, None, None)


@dataclass(frozen=True)
class Shown:
    """A saved run, the first figure of its chart, the exchange's time zone, and the page's state.

    Without a state the address is the form's, and does not follow what is seen.
    """

    run: Any
    figure: dict[str, Any]
    timezone: str
    state: ReportState | None = None


def report(shown: Shown | None = None) -> html.Div:
    """Return the report of a saved run, or an empty one for a callback to fill."""
    hidden, heading, cards, spec, about, title = report_values(shown) if shown else HIDDEN_REPORT
    tab = shown.state.tab if shown and shown.state else FIRST_TAB
    return html.Div(
        [
            html.P(STALE, className="stale-note", role="status"),
            html.Div(heading, id=HEADING),
            html.Div(cards, id=CARDS, className="metric-cards headline"),
            replay_bar(),
            chart_panel(spec),
            trade_card(),
            report_tabs(tab),
            copy_dialog(),
            dcc.Store(id=PAGE_TITLE, data=title),
            dcc.Store(id=RUN),
            dcc.Store(id=FIRST_RUN, data=about),
            *(dcc.Store(id=f"{store}-done") for store in (RUN, FIRST_RUN, PAGE_TITLE)),
        ],
        id=REPORT,
        className="report",
        hidden=hidden,
    )


def report_values(shown: Shown) -> tuple[Any, ...]:
    """Return the values of REPORT_OUTPUTS for a saved run."""
    run, figure = shown.run, shown.figure
    spec = chart_spec(
        f"/api/runs/{run.id}/chart",
        figure,
        name=run.title,
        note=run.bars_note,
        run=run.id,
        trades=len(run.result.trades),
        state={"style": figure["style"], "log": figure["log"], **_zone(shown.state)},
    )
    title = f"{run.title} · Trading Research"
    heading, cards = still(report_heading(run)), still(headline_cards(run.result))
    return False, heading, cards, spec, _about(shown), title


def register_report(app: Dash, find: Find) -> None:
    """Connect what every report has; `find` returns a run and its time zone by its number."""
    register_chart(app)
    register_tabs(app, find, TAB_CONTENTS)
    register_trade_card(app, find)
    for store, function in ((PAGE_TITLE, "title"), (RUN, "opened"), (FIRST_RUN, "opened")):
        app.clientside_callback(
            ClientsideFunction("report", function),
            Output(f"{store}-done", "data"),
            Input(store, "data"),
        )


def _zone(state: ReportState | None) -> dict[str, str]:
    zone = state.view.get("zone", "") if state else ""
    return {"zone": zone} if zone else {}


def _about(shown: Shown) -> dict[str, Any]:
    """Return what the script must know: the run, and whether the address follows the page."""
    run, state = shown.run, shown.state
    return {
        "run": run.id,
        "name": run.title,
        "trades": len(run.result.trades),
        "is_page": state is not None,
        "trade": state.trade if state else None,
    }
