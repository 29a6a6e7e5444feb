"""The front of a study on the page Optimise: its picture, and its mark in the table."""

from dash import ALL, Dash, Input, Output, State, ctx
from dash.exceptions import PreventUpdate

from components.optimise_front import (
    FRONT_BOX,
    ONLY,
    PICK,
    FrontChoice,
    front_choice,
    front_view,
)
from components.optimise_table import TABLE_BOX
from pages.form_state import named
from pages.optimise_data import StudyReader, StudyResults
from pages.optimise_query import STUDY, query_of_search
from pages.optimise_view import URL
from services.studies import Study

_PICKED = Input({"type": PICK, "name": ALL}, "value")


def register(app: Dash, reader: StudyReader) -> None:
    """Register what draws the front and what marks it in the table."""

    @app.callback(Output(FRONT_BOX, "children"), _PICKED, State(URL, "search"))
    def _draw(_picked: list, search: str):
        found, choice = _asked(search)
        unseen = None if found.study.is_active else reader.unseen(found)
        own = found.study.request.objectives
        return front_view(found.frame, found.names, choice, own, found.address, unseen)

    @app.callback(
        Output(TABLE_BOX, "data-rows"),
        _PICKED,
        Input({"type": ONLY, "name": ALL}, "value"),
        State(URL, "search"),
    )
    def _mark(_picked: list, only: list[bool], search: str):
        found, choice = _asked(search)
        if not choice.makes_sense:
            raise PreventUpdate
        return rows_address(found.study, choice, only=any(only))

    def _asked(search: str) -> tuple[StudyResults, FrontChoice]:
        number = query_of_search(search).get(STUDY)
        if not number:
            raise PreventUpdate
        found = reader.read(number)
        return found, front_choice(found.study.request.objectives, named(ctx.inputs_list[0]))


def rows_address(study: Study, choice: FrontChoice, *, only: bool = False) -> str:
    """Return the address of the rows of a study's table, its front marked or alone."""
    front = ",".join(choice.metrics)
    more = "&only=front" if only else ""
    return f"/api/studies/{study.id}/rows?done={study.done}&front={front}{more}"
