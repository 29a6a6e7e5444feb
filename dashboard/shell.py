"""The frame around every page: header, navigation, toasts, and the document it lives in."""

from pathlib import Path

import dash
import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from components.feedback import TOAST_STORE
from components.icons import icon
from components.job_tray import job_tray
from components.keyboard_help import help_button, keyboard_help
from components.palette import palette, palette_button
from dashboard.headers import VERSION_KEY

CHART_LIBRARY = "vendor/plotly/plotly-finance.min.js"
NAVIGATION = (
    ("Home", "/", "house", "exact"),
    ("Data", "/data", "database", "partial"),
    ("Chart", "/chart", "graph-up", "partial"),
    ("Backtest", "/backtest", "clipboard-data", "partial"),
    ("Optimise", "/optimise", "grid-3x3-gap", "partial"),
    ("Runs", "/runs", "clock-history", "partial"),
)

DOCUMENT = """<!doctype html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" type="image/svg+xml" href="FAVICON">
<script src="THEME" data-plotly="CHARTS"></script>
{%css%}
</head>
<body>
<noscript>The dashboard needs JavaScript: allow it for this address, then load the page again.</noscript>
{%app_entry%}
{%config%}
{%scripts%}
{%renderer%}
</body>
</html>"""  # noqa: E501  (a sentence of the document)


def add_shell(app: Dash) -> None:
    """Give the app its document, its frame and the callback that shows toasts."""
    app.index_string = (
        DOCUMENT.replace("FAVICON", _address(app, "favicon.svg"))
        .replace("THEME", _address(app, "theme.js"))
        .replace("CHARTS", _address(app, CHART_LIBRARY))
    )
    app.layout = _frame()
    app.clientside_callback(
        ClientsideFunction("shell", "toast"),
        Output(TOAST_STORE, "modified_timestamp"),
        Input(TOAST_STORE, "data"),
        prevent_initial_call=True,
    )


def _address(app: Dash, name: str) -> str:
    """Return the address of a file of the page; it changes with the file, so it is kept long."""
    changed = (Path(app.config.assets_folder) / name).stat().st_mtime
    return f"{app.get_asset_url(name)}?{VERSION_KEY}={changed}"


def _frame() -> html.Div:
    return html.Div(
        [
            html.A("Skip to content", href="#content", className="skip-link"),
            _banner(),
            _header(),
            _navigation(),
            html.Main(dash.page_container, id="content", className="content", tabIndex="-1"),
            html.Div(id="toasts", className="toasts", **{"aria-live": "polite"}),
            dcc.Store(id=TOAST_STORE),
            palette([(name, path, sign) for name, path, sign, _ in NAVIGATION]),
            keyboard_help(),
            html.Div(id="warming", hidden=True),
        ],
        className="shell",
    )


def _header() -> html.Header:
    return html.Header(
        [
            dcc.Link(
                [
                    html.Span(className="brand-mark"),
                    html.Span("Trading Research", className="brand-name"),
                ],
                href="/",
                className="brand",
            ),
            palette_button(),
            html.Div(
                [job_tray(), _palette_toggle(), _theme_toggle(), help_button()],
                className="header-actions",
            ),
        ],
        className="header",
    )


def _theme_toggle() -> html.Button:
    return html.Button(
        [icon("moon-stars", "theme-dark-icon"), icon("sun", "theme-light-icon")],
        id="theme-toggle",
        className="icon-button",
        type="button",
        **{"aria-label": "Switch theme"},
    )


def _palette_toggle() -> html.Button:
    return html.Button(
        html.Span(className="palette-mark", **{"aria-hidden": "true"}),
        id="palette-toggle",
        className="icon-button",
        type="button",
        **{"aria-label": "Switch the colours of gains and losses"},
    )


def _navigation() -> html.Nav:
    links = [
        dbc.NavLink([icon(icon_name), html.Span(name)], href=path, active=active)
        for name, path, icon_name, active in NAVIGATION
    ]
    return html.Nav(
        html.Div(links, className="rail-links"), className="rail", **{"aria-label": "Main"}
    )


def _banner() -> html.Div:
    return html.Div(
        [
            icon("plug"),
            html.Span(
                "The server does not answer; what you see may be out of date. Start it again "
                "with make run: this page reconnects by itself."
            ),
        ],
        id="server-banner",
        className="server-banner",
        role="alert",
        hidden=True,
    )
