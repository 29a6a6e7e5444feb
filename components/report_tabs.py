"""The tabs of a report: a strip, and panels that are filled when they are first shown."""

import logging
from collections.abc import Callable
from typing import Any

import dash
from dash import Dash, Input, Output, dcc, html

from components.feedback import error_state, skeleton
from components.still import still
from services.errors import UserError

log = logging.getLogger(__name__)

TABS = {
    "overview": "Overview",
    "performance": "Performance",
    "trades": "Trades",
    "costs": "Costs",
    "manifest": "Manifest",
}
FIRST_TAB = next(iter(TABS))
UNEXPECTED = "Unexpected error, see log."
_SKELETONS = {"overview": (300, 180), "performance": (260, 260), "trades": (420,)}
# What makes a panel of a run, in the exchange's time zone.
Content = Callable[[Any, str], list[Any]]
Find = Callable[[Any], tuple[Any, str]]


def report_tabs(chosen: str = FIRST_TAB) -> html.Div:
    """Return the strip and its panels, every one still on its way."""
    return html.Div(
        [
            html.Div(
                [_tab(name, label, name == chosen) for name, label in TABS.items()],
                id="report-tabs",
                className="tabs",
                role="tablist",
                **{"aria-label": "Parts of the report"},
            ),
            html.Div([_panel(name, name == chosen) for name in TABS], className="tab-panels"),
            *(dcc.Store(id=_wanted(name)) for name in TABS),
        ],
        className="report-tabs",
    )


def register_tabs(app: Dash, find: Find, contents: dict[str, Content]) -> None:
    """Fill a panel when the script in the page wants it; `find` returns a run and its time zone."""
    for name, content in contents.items():
        app.callback(
            Output(_content(name), "children"),
            Input(_wanted(name), "data"),
            prevent_initial_call=True,
            on_error=_failed,
        )(_filler(find, content))


def _filler(find: Find, content: Content) -> Callable[[dict], html.Div]:
    def fill(wanted: dict[str, Any]) -> html.Div:
        return _of_run(wanted["run"], content(*find(wanted["run"])))

    return fill


def _failed(error: Exception) -> html.Div:
    """Answer a panel that failed with its sentence; a defect goes to the log."""
    text = str(error)
    if not isinstance(error, UserError):
        log.error("Unexpected error in a panel of the report", exc_info=error)
        text = UNEXPECTED
    (wanted,) = dash.ctx.inputs.values()
    return _of_run(wanted["run"], error_state("This part cannot be shown", text))


def _of_run(run: int, content: Any) -> html.Div:
    """Mark whose content this is: a panel shows no other run's."""
    return html.Div(still(content), className="tab-content", **{"data-run": str(run)})


def _tab(name: str, label: str, is_chosen: bool) -> html.Button:
    return html.Button(
        [label, html.Span(className="tab-count")],
        id=f"tab-{name}",
        className="tab",
        type="button",
        role="tab",
        tabIndex="0" if is_chosen else "-1",
        **{
            "data-tab": name,
            "aria-selected": "true" if is_chosen else "false",
            "aria-controls": f"panel-{name}",
        },
    )


def _panel(name: str, is_chosen: bool) -> html.Div:
    heights = _SKELETONS.get(name, (260,))
    return html.Div(
        [
            html.Div([skeleton(height) for height in heights], className="tab-skeleton"),
            html.Div(id=_content(name)),
        ],
        id=f"panel-{name}",
        className="tab-panel is-loading",
        role="tabpanel",
        tabIndex="0",
        hidden=not is_chosen,
        **{"aria-labelledby": f"tab-{name}"},
    )


def _wanted(name: str) -> str:
    return f"want-{name}"


def _content(name: str) -> str:
    return f"content-{name}"
