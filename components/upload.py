"""Where a file is dropped."""

from dash import html

from components.icons import icon

UPLOADED = "up-file"


def drop_zone(largest: int) -> html.Div:
    """Return the place for a file; the script of the page sends what is dropped or chosen."""
    return html.Div(
        [
            html.H3("File", className="panel-title"),
            html.Button(
                [
                    icon("file-earmark-arrow-up", "drop-icon"),
                    html.Span("Drop a CSV file here, or choose one", className="drop-title"),
                    html.Span(
                        "Bars, or splits and dividends; plain or gzipped, up to "
                        f"{largest >> 20} MB. You see what it would become before it is stored.",
                        className="field-help",
                    ),
                    html.Span(className="drop-progress", role="status"),
                ],
                type="button",
                id="drop-zone",
                className="drop-zone",
                **{"data-largest": str(largest)},
            ),
            html.Div(id="up-send-error", className="field-error", role="alert"),
        ],
        className="panel",
    )
