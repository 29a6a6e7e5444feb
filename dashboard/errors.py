"""The outermost doors of the dashboard: known errors show their sentence, defects are logged."""

import logging
from collections.abc import Callable
from typing import Any

from dash import Dash, dcc, html
from dash.development.base_component import Component
from flask import Response, request
from werkzeug.exceptions import HTTPException

from components.feedback import error_state, show_toast
from services.errors import (
    InvalidParams,
    NoBars,
    UnknownJob,
    UnknownRun,
    UnknownStudy,
    UnknownSymbol,
    UserError,
)

log = logging.getLogger(__name__)

UNEXPECTED = "Unexpected error, see log."


def show_error(error: Exception) -> None:
    """Answer a callback that failed: a toast, and the outputs stay as they were."""
    show_toast(sentence_of(error), "error")


def sentence_of(error: Exception) -> str:
    """Return a known error's own text; log anything else with its traceback."""
    if isinstance(error, UserError):
        return str(error)
    log.error("Unexpected error at %s", request.path, exc_info=error)
    return UNEXPECTED


def guarded(layout: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a page's layout: an error becomes a state of the page, with a way on."""

    def guarded_layout(**query: Any) -> Any:
        try:
            return layout(**query)
        except UserError as error:
            return _failed_page(str(error), _way_on(error))
        except Exception:
            log.exception("Unexpected error in the page")
            return _failed_page(UNEXPECTED, _way_on())

    return guarded_layout


def answer_http_errors(app: Dash) -> None:
    """Answer requests that fail outside callbacks with one plain sentence."""

    @app.server.errorhandler(Exception)
    def _answer(error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return Response(f"{error.description}\n", error.code, mimetype="text/plain")
        return Response(f"{sentence_of(error)}\n", _status(error), mimetype="text/plain")


def _status(error: Exception) -> int:
    if isinstance(error, UnknownRun | UnknownStudy | UnknownJob | UnknownSymbol | NoBars):
        return 404
    if isinstance(error, InvalidParams):
        return 400
    return 503 if isinstance(error, UserError) else 500


def _way_on(error: Exception | None = None) -> Component:
    if isinstance(error, UnknownRun):
        return dcc.Link("See all runs", href="/runs", className="btn btn-primary")
    # A plain link to the same address loads the page again, and with it what was not ready.
    return html.A("Try again", href="", className="btn btn-primary")


def _failed_page(text: str, way_on: Component) -> html.Div:
    return html.Div(error_state("This page cannot be shown", text, way_on), className="page")
