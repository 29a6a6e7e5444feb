"""Fetching: the search for a contract, the form's jobs, and the lines that follow them."""

from collections.abc import Iterable
from dataclasses import asdict

from dash import ClientsideFunction, Dash, Input, Output, State, ctx, no_update, set_props
from dash.exceptions import PreventUpdate

from components.data_catalogue import data_path
from components.feedback import show_toast
from components.ingest_form import (
    BROKER_PART,
    CANDIDATE,
    CANDIDATES,
    CHOICES,
    DURATION,
    ERROR,
    FETCH,
    FIND,
    HOURS,
    RESOLUTION,
    SOURCE,
    SYMBOL,
    candidate_options,
    job_lines,
    job_trouble,
)
from pages.data_parts import (
    JOBS,
    POLL,
    SEEN,
    URL,
    WATCH,
    Act,
    Command,
    query_of,
    tell_change,
    watching,
)
from services.broker_search import exact, search_broker
from services.errors import InvalidParams, UnknownJob, UserError
from services.ingest import SAMPLES
from services.instruments import normalise_symbol, stored_instrument
from services.jobs import ACTIVE, JobView, cancel_job, get_job, list_jobs, retry_job, submit
from services.jobs.trouble import trouble_with
from services.timespan import Duration
from services.workspace import Workspace

# What shows the contracts that a symbol may mean.
_CHOICE = (
    (CANDIDATES, "children"),
    (CANDIDATE, "options"),
    (CANDIDATE, "value"),
    (CHOICES, "data"),
)
_NO_CHOICE = ("", [], None, None)
_SAME_CHOICE = (no_update,) * len(_CHOICE)
_SERIES_KINDS = ("ingest", "update", "update_all", "refetch", "delete_series")


def register(app: Dash, workspace: Workspace) -> None:
    """Register the search, the form and the lines of the jobs."""
    _register_search(app, workspace)
    _register_fetch(app, workspace)
    _register_jobs(app, workspace)


def _register_search(app: Dash, workspace: Workspace) -> None:
    @app.callback(
        *(Output(name, what) for name, what in _CHOICE),
        Output(ERROR, "children"),
        Input(FIND, "n_clicks"),
        Input(SYMBOL, "n_submit"),
        State(SYMBOL, "value"),
        State(SOURCE, "value"),
        running=[(Output(FIND, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def _find(_clicks, _enter, text: str | None, source: str):
        if source != "ibkr":
            raise PreventUpdate
        if not (text or "").strip():
            return *_NO_CHOICE, "Type a symbol or a company's name to look for."
        try:
            found = search_broker(workspace.settings, text.strip())
        except UserError as error:
            return *_NO_CHOICE, str(error)
        return *_offer(found, text), ""

    app.clientside_callback(
        ClientsideFunction("data", "forgetChoice"),
        *(Output(name, what, allow_duplicate=True) for name, what in _CHOICE),
        Input(SYMBOL, "value"),
        State(CHOICES, "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        *(Output(name, what, allow_duplicate=True) for name, what in _CHOICE),
        Output(ERROR, "children", allow_duplicate=True),
        Output(FIND, "style"),
        Output(BROKER_PART, "hidden"),
        Output(DURATION, "value"),
        Output(SYMBOL, "list"),
        Input(SOURCE, "value"),
        prevent_initial_call=True,
    )
    def _follow_source(source: str):
        from_broker = source == "ibkr"
        hidden = {} if from_broker else {"display": "none"}
        duration, list_ = ("5 Y", "") if from_broker else ("", "in-samples")
        return *_NO_CHOICE, "", hidden, not from_broker, duration, list_


def _register_fetch(app: Dash, workspace: Workspace) -> None:
    @app.callback(
        Output(ERROR, "children", allow_duplicate=True),
        *(Output(name, what, allow_duplicate=True) for name, what in _CHOICE),
        Output(WATCH, "data", allow_duplicate=True),
        Input(FETCH, "n_clicks"),
        State(SOURCE, "value"),
        State(SYMBOL, "value"),
        State(RESOLUTION, "value"),
        State(DURATION, "value"),
        State(HOURS, "value"),
        State(CHOICES, "data"),
        State(CANDIDATE, "value"),
        State(WATCH, "data"),
        running=[(Output(FETCH, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def _fetch(_clicks, source, symbol, resolution, duration, hours, choices, chosen, watch):
        asked = {"source": source, "resolution": resolution, "duration": (duration or "").strip()}
        try:
            if not (symbol or "").strip():
                raise InvalidParams("Type a symbol to fetch.", field="symbol")
            if asked["duration"]:
                Duration.parse(asked["duration"])
            if source == "ibkr":
                contract, offered = _contract(workspace, symbol, choices, chosen)
                if contract is None:
                    return _several(offered, symbol), *_offer(offered, symbol), no_update
                asked |= contract | {"regular_hours": bool(hours)}
            else:
                asked["symbol"] = symbol
            job = submit(workspace, "ingest", asked)
        except UserError as error:
            return str(error), *_SAME_CHOICE, no_update
        return "", *_SAME_CHOICE, watching(watch, [job.id])


def _register_jobs(app: Dash, workspace: Workspace) -> None:
    @app.callback(
        Output(JOBS, "children"),
        Output(WATCH, "data"),
        Output(POLL, "disabled"),
        Output(ERROR, "children", allow_duplicate=True),
        Input(POLL, "n_intervals"),
        Input(WATCH, "data"),
        Input(SEEN, "data"),
        State(URL, "search"),
        prevent_initial_call="initial_duplicate",
    )
    def _follow(_tick, watch: dict, seen: dict | None, search: str):
        active = [j for j in list_jobs(workspace, ACTIVE, 50) if j.kind in _SERIES_KINDS]
        over = _ended(workspace, set(watch["active"]) - {job.id for job in active})
        for job in over:
            _tell_end(job)
            _open_or_close(job, search)
        failed = [job.id for job in over if job.can_retry and job.state != "cancelled"]
        ended = [number for number in watch["ended"] if number not in {j.id for j in active}]
        now = {"active": sorted(job.id for job in active), "ended": ended + failed}
        shown = [*active, *_ended(workspace, now["ended"])]
        if over or (ctx.triggered_id == SEEN and seen["ended"]):
            tell_change()
        error = next((job.message for job in over if _is_of_form(job)), no_update)
        trouble = trouble_with(workspace, active) if active else ""
        lines = [*job_trouble(trouble), *job_lines(shown)]
        return lines, no_update if now == watch else now, not active, error


def _cancel(workspace: Workspace, command: Command) -> dict:
    return command.watching(cancel_job(workspace, command.said["job"]).id)


def _retry(workspace: Workspace, command: Command) -> dict:
    number = retry_job(workspace, command.said["job"]).id
    return watching(_dismiss(workspace, command), [number])


def _dismiss(_workspace: Workspace, command: Command) -> dict:
    rest = [number for number in command.watch["ended"] if number != int(command.said["job"])]
    return {**command.watch, "ended": rest}


def _load_samples(workspace: Workspace, command: Command) -> dict:
    jobs = [
        submit(workspace, "ingest", {"source": "sample", "symbol": symbol, "resolution": "1d"})
        for symbol in SAMPLES
    ]
    return command.watching(*(job.id for job in jobs))


def _update_all(workspace: Workspace, command: Command) -> dict:
    return command.watching(submit(workspace, "update_all", {}).id)


COMMANDS: dict[str, Act] = {
    "cancel": _cancel,
    "retry": _retry,
    "dismiss": _dismiss,
    "samples": _load_samples,
    "update-all": _update_all,
}


def _contract(
    workspace: Workspace, text: str, choices: list | None, chosen: int | None
) -> tuple[dict | None, list]:
    """Return what names the one contract that is meant, else the contracts to choose from."""
    if choices and chosen is not None and chosen < len(choices):
        return _named(choices[chosen]), []
    if choices and len(choices) > 1:
        raise InvalidParams("Choose one of the contracts first.", field="symbol")
    try:
        symbol = normalise_symbol(text)
    except InvalidParams:
        symbol = None  # a company's name, perhaps
    known = stored_instrument(workspace.database, symbol) if symbol else None
    if known and known.con_id:
        return {"symbol": symbol}, []
    found = search_broker(workspace.settings, text.strip())
    fitting = exact(found, text)
    if len(fitting) == 1:
        return _named(asdict(fitting[0])), []
    return None, fitting or found


def _named(candidate: dict) -> dict[str, str]:
    return {name: candidate[name] for name in ("symbol", "exchange", "currency", "asset_class")}


def _offer(found: list, text: str) -> tuple[str, list, int | None, list]:
    """Return the list to choose from; what has that very symbol alone is chosen already."""
    choices = [asdict(candidate) for candidate in found]
    fitting = exact(found, text)
    chosen = found.index(fitting[0]) if len(fitting) == 1 else None
    count = len(found)
    words = "One contract fits:" if count == 1 else f"{count} contracts fit; choose one:"
    return words, candidate_options(choices), chosen, choices


def _several(offered: list, text: str) -> str:
    count = "another contract" if len(offered) == 1 else f"{len(offered)} contracts"
    return f'"{text.strip()}" may mean {count}: choose one, then press Fetch.'


def _ended(workspace: Workspace, ids: Iterable[int]) -> list[JobView]:
    jobs = []
    for number in sorted(ids):
        try:
            jobs.append(get_job(workspace, number))
        except UnknownJob:
            continue
    return [job for job in jobs if not job.is_active]


def _tell_end(job: JobView) -> None:
    # The tray says it in the same words, and so once; but it misses what is over in a moment.
    kind = {"done": "success", "cancelled": "info"}.get(job.state, "error")
    show_toast(f"{job.title}: {job.message or job.state}", kind)


def _open_or_close(job: JobView, search: str) -> None:
    """Let the address follow a job that is done: to what was brought in, from what is gone."""
    if job.state != "done":
        return
    arguments = job.arguments
    series = arguments.get("symbol"), arguments.get("resolution")
    if job.kind == "delete_series" and query_of(search) == series:
        set_props(URL, {"search": ""})
    elif job.kind == "ingest" and not query_of(search)[0]:
        name = arguments.get("name_as") or series[0]
        set_props(URL, {"search": data_path(name, series[1]).removeprefix("/data")})


def _is_of_form(job: JobView) -> bool:
    return job.kind == "ingest" and job.state == "failed" and job.arguments["source"] != "csv"
