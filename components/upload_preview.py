"""What a file that was dropped would become, before anything is stored."""

from typing import Any

import dash_bootstrap_components as dbc
import pandas as pd
from dash import html

from components.fields import field, select_field, text_field
from components.format import bar_time
from components.icons import icon
from services.adjustment import ADJUSTMENTS
from services.timespan import RESOLUTIONS
from services.wording import counted

PREVIEW, PREVIEW_BODY = "up-preview", "up-body"
FIELD = "up-field"  # {"type": FIELD, "name": symbol, resolution, timezone or adjustment}
STORE, DISMISS, ERROR = "up-store", "up-dismiss", "up-error"
ZONES = (
    "UTC",
    "America/New_York",
    "America/Chicago",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Tokyo",
    "Asia/Hong_Kong",
    "Australia/Sydney",
)
UNKNOWN = "unknown"
_ADJUSTMENT_LABELS = {
    UNKNOWN: "unknown",
    **{name: text for name, text in ADJUSTMENTS.items() if name != "none"},
}
_FIELD_NAMES = {"moment": "time", "adj_close": "adjusted close (kept apart)", "ticker": "symbol"}


def field_id(name: str) -> dict[str, str]:
    """Return the id of a field of the preview."""
    return {"type": FIELD, "name": name}


def bars_preview(preview: Any) -> html.Div:
    """Return the fields and the preview of a file of bars."""
    return html.Div(
        [
            _title(preview.name, "bars"),
            html.Div(
                [
                    html.Datalist([html.Option(value=zone) for zone in ZONES], id="up-zones"),
                    text_field(
                        field_id("symbol"), "Symbol", preview.symbol, placeholder="as in AAPL"
                    ),
                    select_field(
                        field_id("resolution"), "Resolution", RESOLUTIONS.keys(), preview.resolution
                    ),
                    field(
                        field_id("timezone"),
                        "Time zone of the file",
                        dbc.Input(
                            id=field_id("timezone"),
                            type="text",
                            value=preview.timezone,
                            list="up-zones",
                            placeholder="UTC, or as the times say",
                            autocomplete="off",
                            debounce=True,
                        ),
                    ),
                    select_field(field_id("adjustment"), "Prices are", _ADJUSTMENT_LABELS, UNKNOWN),
                ],
                className="preview-fields",
            ),
            html.Div(bars_preview_body(preview), id=PREVIEW_BODY),
            _foot(f"Store {preview.stored:,} bars", preview.stored == 0),
        ],
        className="panel file-preview",
    )


def bars_preview_body(preview: Any) -> list[Any]:
    """Return what a file of bars would become, as the fields now say."""
    return [
        html.P(_verdict(preview), className="preview-verdict", role="status"),
        html.Div(
            [_columns(preview), _notes(preview)],
            className="preview-facts",
        ),
        _first_bars(preview),
        _rejected(preview),
    ]


def actions_preview(name: str, actions: Any, needs_symbol: bool) -> html.Div:
    """Return the preview of a file of splits and dividends."""
    splits = sum(action.kind == "split" for action in actions.actions)
    dividends = len(actions.actions) - splits
    verdict = f"{counted(splits, 'split')} and {counted(dividends, 'dividend')} would be stored."
    rows = [
        html.Tr(
            [
                html.Td(f"{action.date}"),
                html.Td(action.symbol),
                html.Td(action.kind),
                html.Td(f"{action.value:g}", className="num"),
            ]
        )
        for action in actions.actions[:8]
    ]
    symbol = text_field(field_id("symbol"), "Symbol", "", placeholder="as in AAPL")
    heads = (("Date", ""), ("Symbol", ""), ("Event", ""), ("Value", "num"))
    refused = [f"Row {row.row}: {row.reason}" for row in actions.refused[:8]]
    return html.Div(
        [
            _title(name, "splits and dividends"),
            html.Div(symbol, className="preview-fields") if needs_symbol else None,
            html.P(verdict, className="preview-verdict", role="status"),
            _table(heads, rows),
            _list(f"{len(actions.refused):,} rows would be refused", refused),
            _foot("Store these actions", not actions.actions),
        ],
        className="panel file-preview",
    )


def unreadable(name: str, text: str) -> html.Div:
    """Return why a file cannot be read."""
    return html.Div(
        [
            _title(name, ""),
            html.P([icon("exclamation-triangle"), f" {text}"], className="preview-error",
                   role="alert"),
            _foot("", True),
        ],
        className="panel file-preview",
    )  # fmt: skip


def _title(name: str, kind: str) -> html.Div:
    return html.Div(
        [
            html.H3([icon("file-earmark-text"), f" {name}"], className="preview-name"),
            html.Span(f"{kind}, not stored yet" if kind else "", className="muted"),
        ],
        className="preview-head",
    )


def _verdict(preview: Any) -> list[Any]:
    parts = [
        html.Strong(f"{preview.stored:,}"),
        f" of {preview.rows:,} rows would be stored",
    ]
    if preview.rejected_count:
        parts += [", ", html.Strong(f"{preview.rejected_count:,} rejected", className="down")]
    return [*parts, "."]


def _columns(preview: Any) -> html.Div:
    return html.Div(
        [
            html.H4(f"Recognised columns ({_format(preview.format)})", className="form-legend"),
            html.Ul(
                [
                    html.Li(
                        [
                            html.Code(header),
                            icon("arrow-right-short"),
                            _FIELD_NAMES.get(name, name),
                        ]
                    )
                    for header, name in preview.columns
                ],
                className="column-map",
            ),
        ]
    )


def _format(name: str) -> str:
    return "a plain file" if name == "csv" else f"as {name} writes them"


def _notes(preview: Any) -> html.Div | None:
    if not preview.notes:
        return None
    return html.Div(
        [
            html.H4("To know", className="form-legend"),
            html.Ul([html.Li(note) for note in preview.notes], className="preview-notes"),
        ]
    )


def _first_bars(preview: Any) -> html.Div | None:
    if preview.bars.empty:
        return None
    heads = (("Time (UTC)", ""), *((name, "num") for name in
             ("Open", "High", "Low", "Close", "Volume")))  # fmt: skip
    rows = [
        html.Tr(
            [
                html.Td(bar_time(bar.ts, preview.resolution)),
                *(
                    html.Td(_number(value), className="num")
                    for value in (bar.open, bar.high, bar.low, bar.close, bar.volume)
                ),
            ]
        )
        for bar in preview.bars.itertuples(index=False)
    ]
    return html.Div(
        [
            html.H4(f"The first {len(rows)} bars as they will be stored", className="form-legend"),
            _table(heads, rows),
        ]
    )


def _rejected(preview: Any) -> html.Div | None:
    if not preview.rejected_count:
        return None
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in preview.reasons.items())
    lines = [
        f"Row {row.number}"
        + ("" if row.ts is None else f", {bar_time(row.ts, preview.resolution)}")
        + f": {row.reason}"
        for row in preview.rejected
    ]
    more = preview.rejected_count - len(lines)
    return _list(f"Rejected: {reasons}", [*lines, f"and {more:,} more"] if more else lines)


def _list(title: str, lines: list[str]) -> html.Div | None:
    if not lines:
        return None
    return html.Div(
        [
            html.H4(title, className="form-legend"),
            html.Ul([html.Li(line) for line in lines], className="preview-notes"),
        ],
        className="preview-rejected",
    )


def _table(heads: Any, rows: list[html.Tr]) -> html.Div:
    head = html.Tr([html.Th(name, scope="col", className=kind) for name, kind in heads])
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="table")
    return html.Div(table, className="preview-table")


def _foot(store: str, impossible: bool) -> html.Div:
    return html.Div(
        [
            html.Div(id=ERROR, className="field-error", role="alert"),
            html.Div(
                [
                    dbc.Button(
                        [icon("database-add"), f" {store}"],
                        id=STORE,
                        color="primary",
                        type="button",
                        disabled=impossible,
                        style={} if store else {"display": "none"},
                    ),
                    html.Button(
                        "Forget this file",
                        id=DISMISS,
                        type="button",
                        className="btn btn-outline-secondary",
                    ),
                ],
                className="preview-buttons",
            ),
        ],
        className="preview-foot",
    )


def _number(value: float) -> str:
    return "unknown" if pd.isna(value) else f"{value:,.10g}"
