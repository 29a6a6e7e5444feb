"""The banner of a run whose bars or strategy are other ones today."""

from dash import dcc, html

from components.icons import icon

RUN_CHANGES = "run-changes"
AGAIN, COMPARE, OPEN = "changes-again", "changes-compare", "changes-open"


def changes_banner() -> html.Div:
    """Return the banner, hidden: assets/report/changes.js asks what has changed."""
    again, compare = (
        html.Button(text, id=id, type="button", className="btn btn-sm btn-outline-secondary")
        for id, text in ((AGAIN, "Run again"), (COMPARE, "Run again and compare"))
    )
    return html.Div(
        [
            icon("arrow-repeat"),
            html.Span(id="changes-text", className="changes-text"),
            html.Div([again, compare], className="changes-actions"),
            dcc.Location(id=OPEN, refresh="callback-nav"),
        ],
        id=RUN_CHANGES,
        className="changes",
        role="status",
        hidden=True,
    )
