"""Files: the preview of what was dropped, and the job that stores it."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from components.feedback import show_toast
from components.upload import UPLOADED
from components.upload_preview import (
    DISMISS,
    ERROR,
    FIELD,
    PREVIEW,
    PREVIEW_BODY,
    STORE,
    UNKNOWN,
    actions_preview,
    bars_preview,
    bars_preview_body,
    unreadable,
)
from pages.data_fetch import watching
from pages.data_parts import WATCH, tell_change
from services.corporate_actions import import_actions, read_actions
from services.errors import InvalidFile, InvalidParams, UserError
from services.ingest.preview import Preview
from services.ingest.uploads import discard_upload, find_upload
from services.instruments import normalise_symbol
from services.jobs import submit
from services.workspace import Workspace

_PLACEHOLDER = "NONE"  # stands for the symbol while a file of actions that names none is looked at


def register(app: Dash, workspace: Workspace) -> None:
    """Register the preview, its fields and its buttons."""
    _register_preview(app, workspace)
    _register_store(app, workspace)


def _register_preview(app: Dash, workspace: Workspace) -> None:
    @app.callback(
        Output(PREVIEW, "children"),
        Input(UPLOADED, "data"),
        prevent_initial_call=True,
    )
    def _preview(upload: dict | None):
        if not upload:
            return None
        try:
            path = _path(workspace, upload)
        except InvalidFile as error:
            return unreadable(upload["name"], str(error))
        try:
            return bars_preview(_opened(path).look())
        except InvalidFile as error:
            return _as_actions(path) or unreadable(path.name, str(error))

    app.clientside_callback(
        ClientsideFunction("upload", "read"),
        Output(UPLOADED, "modified_timestamp"),
        Input(PREVIEW, "children"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(PREVIEW_BODY, "children"),
        Output(STORE, "children"),
        Output(STORE, "disabled"),
        Output(ERROR, "children"),
        Input({"type": FIELD, "name": ALL}, "value"),
        State(UPLOADED, "data"),
        prevent_initial_call=True,
    )
    def _look_again(_values, upload: dict | None):
        fields = _fields()
        if not upload or not ctx.triggered or "resolution" not in fields:
            raise PreventUpdate
        try:
            preview = _opened(_path(workspace, upload)).look(
                fields["resolution"], fields["timezone"]
            )
        except UserError as error:
            return no_update, no_update, True, str(error)
        return (
            bars_preview_body(preview),
            f"Store {preview.stored:,} bars",
            preview.stored == 0,
            "",
        )


def _register_store(app: Dash, workspace: Workspace) -> None:
    @app.callback(
        Output(UPLOADED, "data", allow_duplicate=True),
        Output(ERROR, "children", allow_duplicate=True),
        Output(WATCH, "data", allow_duplicate=True),
        Input(STORE, "n_clicks"),
        State({"type": FIELD, "name": ALL}, "value"),
        State(UPLOADED, "data"),
        State(WATCH, "data"),
        prevent_initial_call=True,
    )
    def _store(clicks: int, _values, upload: dict | None, watch: dict):
        if not clicks or not upload:
            raise PreventUpdate
        fields = _fields()
        try:
            path = _path(workspace, upload)
            if "resolution" not in fields:
                _store_actions(workspace, path, fields)
                return None, "", no_update
            job = submit(workspace, "ingest", _asked(path, fields))
        except UserError as error:
            return no_update, str(error), no_update
        _opened.cache_clear()
        return None, "", watching(watch, [job.id])

    @app.callback(
        Output(UPLOADED, "data", allow_duplicate=True),
        Input(DISMISS, "n_clicks"),
        State(UPLOADED, "data"),
        prevent_initial_call=True,
    )
    def _forget(clicks: int, upload: dict | None):
        if not clicks or not upload:
            raise PreventUpdate
        _opened.cache_clear()
        discard_upload(workspace.settings, _path(workspace, upload))


def _fields() -> dict[str, str]:
    groups = [*ctx.inputs_list, *ctx.states_list]
    group = next(g for g in groups if isinstance(g, list))
    return {item["id"]["name"]: (item.get("value") or "").strip() for item in group}


def _asked(path: Path, fields: dict[str, str]) -> dict[str, Any]:
    if not fields["symbol"]:
        raise InvalidParams("Name the symbol of these bars.", field="symbol")
    adjustment = fields["adjustment"]
    return {
        "source": "csv",
        "symbol": normalise_symbol(fields["symbol"]),
        "resolution": fields["resolution"],
        "timezone": fields["timezone"],
        "adjustment": "" if adjustment == UNKNOWN else adjustment,
        "file": path,
    }


def _as_actions(path: Path) -> Any:
    """Return the preview of a list of splits and dividends, None when the file is none."""
    for symbol in (None, _PLACEHOLDER):
        try:
            actions = read_actions(path, symbol)
        except InvalidFile:
            continue
        return actions_preview(path.name, actions, needs_symbol=symbol is not None)
    return None


def _store_actions(workspace: Workspace, path: Path, fields: dict[str, str]) -> None:
    report = import_actions(workspace.database, path, fields.get("symbol") or None)
    discard_upload(workspace.settings, path)
    show_toast(
        f"Splits and dividends of {', '.join(report.symbols)}: {report.new:,} new, "
        f"{report.changed:,} changed, {report.unchanged:,} known before.",
        "success",
    )
    tell_change()


def _path(workspace: Workspace, upload: dict) -> Path:
    return find_upload(workspace.settings, **_key(upload))


def _key(upload: dict) -> dict[str, str]:
    return {"key": str(upload.get("key")), "name": str(upload.get("name"))}


@lru_cache(maxsize=1)
def _opened(path: Path) -> Preview:
    # A file's folder is named by its content, so what was read once stays true.
    return Preview(path)
