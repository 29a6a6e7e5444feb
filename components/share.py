"""The dialog that copies a link to a run and says what the link carries."""

import dash_bootstrap_components as dbc
from dash import html

from components.dialog import dialog
from components.icons import icon

COPY_LINK, COPY_DIALOG = "copy-link", "copy-dialog"
ADDRESS, WITH_VIEW = "copy-address", "copy-with-view"


def copy_dialog() -> html.Dialog:
    """Return the dialog; assets/report/share.js opens it and writes what the link carries."""
    content = [
        html.P("Whoever opens this link on this dashboard sees:", className="copy-lead"),
        html.Ul(id="copy-carries", className="copy-carries"),
        dbc.Checkbox(id=WITH_VIEW, label="Include what I am looking at", value=True),
        html.Div(
            [
                html.Label("The link", htmlFor=ADDRESS, className="field-label"),
                dbc.Input(id=ADDRESS, readonly=True, value=""),
            ],
            className="field",
        ),
        html.P(id="copy-status", className="copy-status", role="status"),
    ]
    copy = html.Button(
        [icon("clipboard"), " Copy"], id="copy-now", type="button", className="btn btn-primary"
    )
    return dialog(COPY_DIALOG, "Copy link", content, copy)
