"""What the tabs of a report are made of: panels, plain tables, facts, signed numbers, times."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from services.timespan import is_session_based
from services.wording import MISSING, metric_text


def panel(title: str, *content: Any, note: str = "", tools: Any = None) -> html.Section:
    """Return a titled panel; `note` stands under the title, `tools` beside it."""
    heading = html.H3(title, className="panel-title")
    head = html.Div([heading, tools], className="panel-head") if tools is not None else heading
    said = html.P(note, className="panel-note") if note else None
    return html.Section([head, said, *content], className="panel")


def pair(*panels: Component) -> html.Div:
    """Return panels side by side where there is room."""
    return html.Div(list(panels), className="panel-pair")


def facts(rows: Sequence[tuple[str, Any]], *, single: bool = False) -> html.Dl:
    """Return names with their values, in columns where there is room unless `single`."""
    parts = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in rows]
    return html.Dl(parts, className="facts is-single" if single else "facts")


def plain_table(
    caption: str, head: Sequence[str], rows: Sequence[Component], class_name: str = ""
) -> html.Div:
    """Return a table whose first column names the row; the others hold numbers.

    `caption` is for who cannot see the title beside it.
    """
    first, *others = head
    heads = [
        html.Th(first, scope="col"),
        *(html.Th(name, scope="col", className="num") for name in others),
    ]
    table = html.Table(
        [
            html.Caption(caption, className="visually-hidden"),
            html.Thead(html.Tr(heads)),
            html.Tbody(list(rows)),
        ],
        className=f"table report-table {class_name}".strip(),
    )
    return html.Div(table, className="table-scroll", tabIndex="0", role="region", **_named(caption))


def table_row(name: Any, *cells: Any, **attributes: Any) -> html.Tr:
    """Return a row of plain_table; a cell is text, or a cell of its own."""
    return html.Tr(
        [
            html.Th(name, scope="row"),
            *(
                cell if isinstance(cell, html.Td) else html.Td(cell, className="num")
                for cell in cells
            ),
        ],
        **attributes,
    )


def signed_cell(kind: str, value: float | None) -> html.Td:
    """Return a number in the colour of a gain or a loss; `kind` as in MetricSpec."""
    return html.Td(signed_text(kind, value), className=f"num {colour_of(value)}".strip())


def signed_text(kind: str, value: float | None) -> str:
    """Return a number with a plus where it is above zero."""
    text = metric_text(kind, value)
    return f"+{text}" if value and value > 0 and text != MISSING and text[0] != ">" else text


def colour_of(value: float | None) -> str:
    """Return "up" for a gain, "down" for a loss, else an empty string."""
    if not value:
        return ""
    return "up" if value > 0 else "down" if value < 0 else ""


def local_time(moment: pd.Timestamp | None, resolution: str, timezone: str) -> str:
    """Return a bar's date, or the exchange's time of a bar that is finer than a day."""
    if moment is None:
        return MISSING
    if is_session_based(resolution):
        return f"{moment:%Y-%m-%d}"
    return f"{moment.tz_convert(timezone):%Y-%m-%d %H:%M}"


def _named(label: str) -> dict[str, str]:
    return {"aria-label": label}
