"""The tray of jobs in the header: a button with their number, and a panel that lists them.

A script of the assets fills it from /api/jobs: a plain request that any tab may ask every second,
where a callback would send and draw through Dash's one address each time.
"""

from dash import html

from components.icons import icon


def job_tray() -> html.Div:
    """Return the button and its panel, empty and closed."""
    return html.Div(
        [
            html.Button(
                [icon("list-task"), html.Span(id="job-count", className="tray-count", hidden=True)],
                id="job-tray-toggle",
                className="icon-button",
                type="button",
                title="Jobs",
                **{
                    "aria-label": "Jobs",
                    "aria-expanded": "false",
                    "aria-controls": "job-panel",
                },
            ),
            html.Section(
                [
                    html.H2("Jobs", className="tray-title"),
                    html.P(id="job-trouble", className="tray-trouble", hidden=True, role="status"),
                    html.Ul(id="job-list", className="tray-list"),
                    html.P(id="job-more", className="tray-more", hidden=True),
                    html.P(
                        "Nothing is running. Prices that you bring in or update on the page Data "
                        "appear here, also after the tab was closed.",
                        id="job-none",
                        className="tray-none",
                    ),
                ],
                id="job-panel",
                className="tray-panel",
                hidden=True,
                **{"aria-label": "Jobs"},
            ),
        ],
        id="job-tray",
        className="tray",
    )
