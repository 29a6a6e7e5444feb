"""The study that the address of Optimise names: how far it is, its results, what they are worth."""

from collections.abc import Mapping
from typing import Any

import dash
from dash import ALL, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from components.feedback import empty_state, error_state, show_toast, skeleton
from components.optimise_axes import AXIS, HOLD, choice_of
from components.optimise_evidence import evidence_panel, verdict_banner
from components.optimise_form import METHOD_LABELS
from components.optimise_map import MAP_BOX, map_view
from components.optimise_result import (
    CANCEL,
    RESUME,
    best_panel,
    progress_box,
    result_parts,
    study_head,
)
from components.optimise_table import TABLE
from components.optimise_walk import walk_parts
from pages import optimise_front, optimise_view
from pages.form_state import named
from pages.optimise_data import StudyReader, StudyResults
from pages.optimise_front import rows_address
from pages.optimise_query import STUDY, query_of_search
from pages.optimise_view import URL, USUAL, View, refusal_note, usual_view, view_of
from services.errors import UnknownJob, UserError
from services.jobs import JobView, cancel_job, get_job
from services.jobs.job import FAILED
from services.jobs.trouble import trouble_with
from services.optimise.objective import best_of
from services.optimise.surface import surface_of
from services.studies import Study
from services.studies.start import go_on
from services.wording import counted
from services.workspace import Workspace

GO = "opt-go"
HEAD, PROGRESS, BEST, RESULTS = "opt-head", "opt-progress", "opt-best", "opt-results"
VERDICT, EVIDENCE, ASK, POLL = "opt-verdict", "opt-evidence", "opt-ask", "opt-poll"
PLACEHOLDER, SEEN, SAID = "opt-placeholder", "opt-seen", "opt-said"
REFUSED = "opt-refused"
_POLL_MS = 1000
# Progress, best, results, what to ask for, no polling, what was seen, refused and is usual.
_NOTHING_OPEN = (None, None, None, None, True, None, None, None)


def shown_boxes(placeholder: Component, study: str | None) -> list[Component]:
    """Return the places of all that a study shows, empty."""
    return [
        dcc.Interval(id=POLL, interval=_POLL_MS, disabled=True),
        dcc.Store(id=SEEN),
        dcc.Store(id=ASK),
        dcc.Store(id=SAID),
        dcc.Store(id=USUAL),
        html.Div(placeholder, id=PLACEHOLDER, hidden=bool(study)),
        html.Div(skeleton(84, 2) if study else None, id=HEAD),
        html.Div(id=REFUSED),
        html.Div(id=VERDICT),
        html.Div(id=PROGRESS),
        html.Div(id=BEST),
        html.Div(id=RESULTS, className="opt-results"),
        html.Div(id=EVIDENCE),
    ]


def register(app: Dash, workspace: Workspace, reader: StudyReader) -> None:
    """Register what shows a study and what is done to it."""
    _register_study(app, workspace, reader)
    _register_orders(app, workspace, reader)
    _register_map(app, reader)
    optimise_front.register(app, reader)
    optimise_view.register(app)
    _register_evidence(app, reader)


def _register_study(app: Dash, workspace: Workspace, reader: StudyReader) -> None:
    @app.callback(
        Output(PLACEHOLDER, "hidden"),
        Output(HEAD, "children"),
        Output(PROGRESS, "children"),
        Output(BEST, "children"),
        Output(RESULTS, "children"),
        Output(ASK, "data"),
        Output(POLL, "disabled"),
        Output(SEEN, "data"),
        Output(REFUSED, "children"),
        Output(USUAL, "data"),
        Input(URL, "search"),
        Input(POLL, "n_intervals"),
        State(SEEN, "data"),
    )
    def _show(search: str, _tick: int, seen: list | None):
        return _shown(workspace, reader, query_of_search(search), seen)

    @app.callback(
        Output(HEAD, "children", allow_duplicate=True),
        Input(SAID, "data"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _show_remarks(_said: list | None, search: str):
        found = reader.read(query_of_search(search).get(STUDY, ""))
        return [_head(found), *_cautions(reader, found)]


def _shown(
    workspace: Workspace, reader: StudyReader, query: Mapping[str, str], seen: list | None
) -> tuple:
    """Return what an address shows; what has not changed since it was `seen` is left alone."""
    number = query.get(STUDY)
    if not number:
        return False, None, *_NOTHING_OPEN
    try:
        found = reader.read(number)
    except UserError as error:
        way = dcc.Link("All studies", href="/optimise", className="btn btn-primary")
        state = error_state("No such study", str(error), way)
        return True, state, *_NOTHING_OPEN
    study = found.study
    job = _job(workspace, found)
    # A job's own count may come later than the study's, and tells of the chunk in work.
    done = max(job.done, study.done) if job and job.is_active else study.done
    is_ending = bool(job and job.cancel_requested)
    trouble = _trouble(workspace, job)
    now = [study.id, study.state, done, is_ending, trouble]
    view = view_of(query, found) if found.has_view else None
    refused = refusal_note(view.refused) if view else None
    if seen == now:
        return *(no_update,) * 8, refused, no_update
    is_active = study.is_active
    moved = seen is None or seen[0] != study.id or not is_active
    results = _results(reader, found, view) if moved and not is_active else None
    return (
        True,
        [_head(found), *_cautions(reader, found)],
        _progress(study, job, done, trouble),
        _best(reader, found),
        results if moved else no_update,
        None if is_active else now,
        not is_active,
        now,
        refused,
        usual_view(found) if view else None,
    )


def _register_orders(app: Dash, workspace: Workspace, reader: StudyReader) -> None:
    @app.callback(
        Output(CANCEL, "disabled"),
        Input(CANCEL, "n_clicks"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _cancel(clicks: int | None, search: str):
        if not clicks:
            raise PreventUpdate
        study = reader.read(query_of_search(search)[STUDY]).study
        if study.job_id:
            cancel_job(workspace, study.job_id)
        return True

    @app.callback(
        Output(POLL, "disabled", allow_duplicate=True),
        Output(RESUME, "disabled"),
        Input(RESUME, "n_clicks"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _resume(clicks: int | None, search: str):
        if not clicks:
            raise PreventUpdate
        try:
            go_on(workspace, reader.read(query_of_search(search)[STUDY]).study)
        except UserError as error:
            show_toast(str(error), "error")
            return no_update, False
        return False, True

    @app.callback(
        Output(GO, "href"),
        Input(TABLE, "selectedRows"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _open(rows: Any, search: str):
        if not isinstance(rows, list) or not rows:
            raise PreventUpdate
        return reader.read(query_of_search(search)[STUDY]).address_of(int(rows[0]["id"]))


def _register_map(app: Dash, reader: StudyReader) -> None:
    @app.callback(
        Output(MAP_BOX, "children"),
        Output({"type": HOLD, "name": ALL}, "disabled"),
        Input({"type": AXIS, "name": ALL}, "value"),
        Input({"type": HOLD, "name": ALL}, "value"),
        State(URL, "search"),
    )
    def _draw(_axes: list, _held: list, search: str):
        number = query_of_search(search).get(STUDY)
        if not number:
            raise PreventUpdate
        axes, held = (named(group) for group in dash.ctx.inputs_list)
        found = reader.read(number)
        frame, objective = found.frame, found.study.request.objective
        choice = choice_of(frame, found.names, objective.metric, axes, held)
        surface = surface_of(frame, choice.x, choice.y, objective, choice.fixed)
        view = map_view(frame, surface, choice.metric, objective, found.names, found.address)
        names = [item["id"]["name"] for item in dash.ctx.outputs_list[1]]
        return view, [name in (choice.x, choice.y) for name in names]


def _register_evidence(app: Dash, reader: StudyReader) -> None:
    """Judge a study when it has ended: after its results are shown, as this takes longer."""

    @app.callback(
        Output(VERDICT, "children"),
        Output(EVIDENCE, "children"),
        Input(ASK, "data"),
        prevent_initial_call=True,
    )
    def _judge(asked: list | None):
        if not asked:
            return None, None
        found = reader.read(asked[0])
        evidence = reader.evidence(found)
        if evidence is None:
            return None, None
        return verdict_banner(evidence.verdict), evidence_panel(evidence)


def _cautions(reader: StudyReader, found: StudyResults) -> list[html.P]:
    return [html.P(text, className="caution") for text in reader.cautions(found.study)]


def _head(found: StudyResults) -> html.Div:
    study = found.study
    dropped = f", {study.dropped:,} dropped" if study.dropped else ""
    tried = counted(study.combinations, "trial" if found.is_walk else "combination")
    what = f"{METHOD_LABELS[study.request.method]}: {tried}{dropped}"
    return study_head(study, what)


def _progress(study: Study, job: JobView | None, done: int, trouble: str) -> Any:
    is_at_work = job is not None and job.is_active
    return progress_box(
        study.state,
        done,
        study.combinations,
        rest=job.rest() if is_at_work else None,
        message=trouble,
        is_ending=is_at_work and job.cancel_requested,
    )


def _trouble(workspace: Workspace, job: JobView | None) -> str:
    """Say why a study failed, or why nobody works on it; its state says all else."""
    if job is None or not (job.is_active or job.state == FAILED):
        return ""
    return trouble_with(workspace, [job]) if job.is_active else job.message


def _job(workspace: Workspace, found: StudyResults) -> JobView | None:
    try:
        return get_job(workspace, found.study.job_id) if found.study.job_id else None
    except UnknownJob:
        return None


def _best(reader: StudyReader, found: StudyResults) -> Any:
    frame, objectives = found.frame, found.study.request.objectives
    if found.is_walk or frame.empty:
        return None
    place = best_of(frame, *objectives)
    address = "" if place is None else found.address_of(place)
    so_far = "" if found.study.is_whole else " (best so far)"
    unseen = reader.unseen(found) if not found.study.is_active else None
    return best_panel(frame, found.names, objectives, address, so_far, unseen)


def _results(reader: StudyReader, found: StudyResults, view: View | None) -> Any:
    study = found.study
    if found.is_walk and study.is_whole:
        return walk_parts(reader.walk(study), list(study.request.space), study.request.embargo)
    if view is None:
        return empty_state("Nothing was tried yet", "The study ended before its first result.")
    return result_parts(
        reader.tried(found),
        view.axes,
        view.front,
        rows_address(study, view.front, only=view.only_front),
        f"/export/studies/{study.id}.csv",
        only_front=view.only_front,
    )
