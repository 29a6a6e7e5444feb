"""The chosen series: its head, its quality, and what is done with it."""

from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, html, no_update, set_props
from dash.exceptions import PreventUpdate

from components.commands import command_button
from components.data_catalogue import SCHEDULE, row_id, series_head
from components.feedback import empty_state, error_state, show_toast, skeleton
from components.quality import quality_panel
from components.quarantine import quarantine_block
from pages.data_parts import (
    ASK,
    ASK_BODY,
    ASK_TITLE,
    ASK_YES,
    CHANGED,
    DETAIL,
    HEAD,
    KEY,
    QUALITY,
    URL,
    Act,
    Command,
    query_of,
    tell_change,
)
from services.errors import UserError
from services.ingest.quarantine import drop_bars, list_quarantine, set_state
from services.ingest.refresh import refresh_indicators
from services.instruments import add_instrument
from services.jobs import submit
from services.market_data import CatalogueEntry, catalogue, load_bars
from services.quality import accept_finding, quality_report, store_coverage, unaccept_finding
from services.series import set_schedule
from services.timespan import RESOLUTIONS
from services.workspace import Workspace

_IDLE, _BUSY = "quality", "quality is-busy"
_REFRESHED_AT_ONCE = 200_000  # bars; of a longer series readers compute what a drop changes


def register(app: Dash, workspace: Workspace) -> None:
    """Register what follows the address, and what the buttons of a series do."""
    _register_head(app, workspace)
    _register_quality(app, workspace)
    _register_schedule(app, workspace)


def _register_head(app: Dash, workspace: Workspace) -> None:
    @app.callback(
        Output(DETAIL, "hidden"),
        Output(HEAD, "children"),
        Output(QUALITY, "children"),
        Output(KEY, "data"),
        Input(URL, "search"),
        Input(CHANGED, "data"),
        State(KEY, "data"),
    )
    def _show(search: str, _changed: str | None, shown: list | None):
        symbol, resolution = query_of(search)
        if not symbol:
            return True, None, None, None
        entry = find_entry(workspace, symbol, resolution)
        if entry is None:
            return False, _not_stored(symbol, resolution), None, None
        if shown == [symbol, resolution]:
            return False, series_head(entry), no_update, no_update
        return False, series_head(entry), _examining(entry.bars), [symbol, resolution]


def _register_quality(app: Dash, workspace: Workspace) -> None:
    @app.callback(
        Output(QUALITY, "children", allow_duplicate=True),
        Input(KEY, "data"),
        Input(CHANGED, "data"),
        running=[(Output(QUALITY, "className"), _BUSY, _IDLE)],
        prevent_initial_call=True,
    )
    def _examine(key: list | None, _changed: str | None):
        if not key:
            raise PreventUpdate
        try:
            report = quality_report(workspace.database, *key)
            rows = list_quarantine(workspace.database, *key)
        except UserError as error:
            return error_state("The quality cannot be examined", str(error))
        entry = find_entry(workspace, *key)
        from_broker = bool(entry and entry.source == "ibkr")
        return [*quality_panel(report, from_broker), quarantine_block(rows, report.resolution)]


def _register_schedule(app: Dash, workspace: Workspace) -> None:
    @app.callback(
        Output(CHANGED, "data", allow_duplicate=True),
        Input(SCHEDULE, "value"),
        State(KEY, "data"),
        prevent_initial_call=True,
    )
    def _keep(mode: str, key: list | None):
        entry = find_entry(workspace, *key) if key else None
        if entry is None or not mode or mode == entry.schedule:
            raise PreventUpdate
        set_schedule(workspace.database, entry.symbol, mode)
        show_toast(_schedule_text(entry.symbol, mode), "success")
        return f"{entry.symbol} {mode}"


def find_entry(workspace: Workspace, symbol: str, resolution: str) -> CatalogueEntry | None:
    """Return what the catalogue says of a series, None when it is not stored."""
    entries = catalogue(workspace.database)
    wanted = (symbol, resolution)
    return next((e for e in entries if (e.symbol, e.resolution) == wanted), None)


def _keep(_workspace: Workspace, _command: Command) -> None:
    """Do nothing: the question is answered with no."""


def _update(workspace: Workspace, command: Command) -> dict:
    return command.watching(submit(workspace, "update", _named(command)).id)


def _refetch(workspace: Workspace, command: Command) -> dict:
    start, end = (pd.Timestamp(command.said[name]) for name in ("start", "end"))
    # The times are those of bars: the last one is to come whole.
    after = end + RESOLUTIONS[command.series[1]]
    span = {"start": start.isoformat(), "end": after.isoformat()}
    return command.watching(submit(workspace, "refetch", _named(command) | span).id)


def _ask_delete(workspace: Workspace, command: Command) -> None:
    entry = find_entry(workspace, *command.series)
    if entry is None:
        tell_change()
        return
    name = f" ({entry.name})" if entry.name else ""
    _ask(
        f"Delete {entry.symbol} {entry.resolution}?",
        f"{entry.bars:,} bars of {entry.symbol}{name}, {entry.resolution}, from "
        f"{entry.first:%Y-%m-%d} to {entry.last:%Y-%m-%d}, their indicators and their quarantine "
        "are deleted. Saved runs are kept. This cannot be undone.",
        command_button(
            "delete-now",
            f"Delete {entry.bars:,} bars",
            "trash",
            look="btn-danger",
            size="",
            series=row_id(*command.series),
        ),
    )


def _delete(workspace: Workspace, command: Command) -> dict:
    return command.watching(submit(workspace, "delete_series", _named(command)).id)


def _ask_drop(_workspace: Workspace, command: Command) -> None:
    first, last = (
        f"{pd.Timestamp(command.said[name]):%Y-%m-%d %H:%M}" for name in ("start", "end")
    )
    span = first if first == last else f"{first} to {last}"
    _ask(
        f"Drop bars of {command.series[0]} {command.series[1]}?",
        f"The bars of {span} UTC leave the series and stay in its quarantine: the same values are "
        "kept out when a source gives them again.",
        command_button(
            "drop-now",
            "Drop the bars",
            "trash",
            look="btn-danger",
            size="",
            **{name: command.said[name] for name in ("kind", "start", "end")},
        ),
    )


def _drop(workspace: Workspace, command: Command) -> None:
    report = quality_report(workspace.database, *command.series)
    start = pd.Timestamp(command.said["start"])
    finding = next(
        (f for f in report.findings if f.kind == command.said["kind"] and f.start == start), None
    )
    if finding is None:
        show_toast("That finding is settled already.")
    else:
        count = _drop_span(workspace, command.series, finding)
        show_toast(f"{count:,} {'bar is' if count == 1 else 'bars are'} dropped.", "success")
    tell_change()


def _drop_span(workspace: Workspace, series: tuple, finding: Any) -> int:
    ts = load_bars(workspace.database, *series, with_indicators=False)["ts"]
    stamps = ts[(ts >= finding.start) & (ts <= finding.end)]
    count = drop_bars(workspace.database, *series, stamps, finding.title)
    entry = find_entry(workspace, *series)
    if entry and entry.bars <= _REFRESHED_AT_ONCE:
        refresh_indicators(workspace.database, *series)
    store_coverage(workspace.database, *series)
    return count


def _accept(workspace: Workspace, command: Command) -> None:
    accept_finding(workspace.database, *command.series, *_finding_key(command))
    tell_change()


def _unaccept(workspace: Workspace, command: Command) -> None:
    unaccept_finding(workspace.database, *command.series, *_finding_key(command))
    tell_change()


def _accept_row(workspace: Workspace, command: Command) -> None:
    set_state(workspace.database, [int(command.said["row"])], "accepted")
    tell_change()


def _accept_rows(workspace: Workspace, command: Command) -> None:
    rows = list_quarantine(workspace.database, *command.series)
    set_state(workspace.database, [int(number) for number in rows["id"]], "accepted")
    tell_change()


def _name_exchange(workspace: Workspace, command: Command) -> None:
    exchange = command.said["exchange"]
    kind = {"IDEALPRO": "forex", "PAXOS": "crypto"}.get(exchange)
    add_instrument(workspace.database, command.series[0], exchange=exchange, asset_class=kind)
    store_coverage(workspace.database, *command.series)
    tell_change()


COMMANDS: dict[str, Act] = {
    "keep": _keep,
    "update": _update,
    "refetch": _refetch,
    "delete": _ask_delete,
    "delete-now": _delete,
    "drop": _ask_drop,
    "drop-now": _drop,
    "accept": _accept,
    "exchange": _name_exchange,
    "unaccept": _unaccept,
    "quarantine-accept": _accept_row,
    "quarantine-accept-all": _accept_rows,
}


def _named(command: Command) -> dict[str, str]:
    return {"symbol": command.series[0], "resolution": command.series[1]}


def _finding_key(command: Command) -> tuple[str, pd.Timestamp]:
    return command.said["kind"], pd.Timestamp(command.said["start"])


def _ask(title: str, text: str, yes: html.Button) -> None:
    set_props(ASK_TITLE, {"children": title})
    set_props(ASK_BODY, {"children": text})
    set_props(ASK_YES, {"children": yes})
    set_props(ASK, {"is_open": True})


def _examining(bars: int) -> list[Any]:
    text = f"Examining {bars:,} bars against the exchange's calendar…"
    return [
        html.P(text, className="muted quality-note", role="status"),
        skeleton(76),
        skeleton(200),
    ]


def _not_stored(symbol: str, resolution: str) -> html.Div:
    return empty_state(
        f"{symbol[:40]} {resolution[:10]} is not stored",
        "Fetch it with Add data, or choose another series in the list.",
        icon_name="database",
    )


def _schedule_text(symbol: str, mode: str) -> str:
    if mode == "daily":
        return f"{symbol} is updated every day after its exchange closes, while the worker runs."
    return f"{symbol} is updated only when you ask."
