"""The dialog that copies a link to a run and says what the link carries."""

import dash_bootstrap_components as dbc
from dash import html

from components.icons import icon

COPY_LINK, COPY_DIALOG = "copy-link", "copy-dialog"
ADDRESS, WITH_VIEW = "copy-address", "copy-with-view"


def copy_dialog() -> html.Dialog:
    """Return the dialog; assets/report/share.js opens it and writes what the link carries."""
    return html.Dialog(
        [
            html.Div(
                [
                    html.H2("Copy link", id="copy-title", className="dialog-title"),
                    html.Button(
                        className="btn-close",
                        type="button",
                        **{"aria-label": "Close", "data-close": "dialog"},
                    ),
                ],
                className="dialog-head",
            ),
            html.P("Whoever opens this link on this dashboard sees:", className="dialog-text"),
            html.Ul(id="copy-carries", className="copy-carries"),
            dbc.Checkbox(id=WITH_VIEW, label="Include what I am looking at", value=True),
            html.Div(
                [
                    html.Label("The link", htmlFor=ADDRESS, className="field-label"),
                    dbc.Input(id=ADDRESS, readonly=True, value=""),
                ],
                className="field",
            ),
            html.Div(
                [
                    html.Span(id="copy-status", className="copy-status", role="status"),
                    html.Button(
                        [icon("clipboard"), " Copy"],
                        id="copy-now",
                        type="button",
                        className="btn btn-primary",
                    ),
                ],
                className="dialog-foot",
            ),
        ],
        id=COPY_DIALOG,
        className="dialog",
        **{"aria-labelledby": "copy-title"},
    )
