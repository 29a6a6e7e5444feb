"""The app factory: the one place where settings, database, pages and shell meet."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import dash
from dash import Dash
from flask import current_app

import pages.backtest
import pages.chart
import pages.compare
import pages.data
import pages.home
import pages.not_found
import pages.optimise
import pages.run
import pages.runs
from dashboard.chart_routes import add_chart_routes
from dashboard.data_routes import add_data_routes
from dashboard.errors import answer_http_errors, guarded, show_error
from dashboard.headers import add_headers
from dashboard.job_routes import add_job_routes
from dashboard.palette_routes import add_palette_routes
from dashboard.replay_routes import add_replay_routes
from dashboard.routes import add_routes
from dashboard.run_api import add_run_api
from dashboard.run_list_routes import add_run_list_routes
from dashboard.run_routes import add_run_routes
from dashboard.shell import add_shell
from dashboard.study_routes import add_study_routes
from dashboard.trade_routes import add_trade_routes
from services.settings import ROOT, Settings, load_settings
from services.workspace import Workspace, open_workspace
from strategies.registry import strategy_class

PAGES: tuple[ModuleType, ...] = (
    pages.home,
    pages.data,
    pages.chart,
    pages.backtest,
    pages.optimise,
    pages.runs,
    pages.compare,
    pages.run,
    pages.not_found,
)

# Loaded in <head> by the document, and by the chart when there is one.
_NOT_AT_ONCE = r"^theme\.js$|^plotly-finance\.min\.js$"


def create_app(settings: Settings | None = None) -> Dash:
    """Build the dashboard; raises UserError when the settings or the database are unusable."""
    workspace = open_workspace(settings or load_settings(), strategy_class)
    app = Dash(
        "dashboard",
        use_pages=True,
        pages_folder="",
        assets_folder=str(ROOT / "assets"),
        assets_ignore=_NOT_AT_ONCE,
        include_pages_meta=False,
        serve_locally=True,
        suppress_callback_exceptions=True,
        title="Trading Research",
        update_title=None,
        on_error=show_error,
        enable_mcp=False,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "color-scheme", "content": "light dark"},
        ],
    )
    answer_http_errors(app)
    add_routes(app, workspace)
    add_palette_routes(app, workspace)
    add_run_list_routes(app, workspace)
    add_run_api(app, workspace)
    add_run_routes(app, workspace)
    add_chart_routes(app, workspace)
    add_trade_routes(app, workspace)
    add_study_routes(app, workspace)
    add_replay_routes(app, workspace)
    add_data_routes(app, workspace)
    add_job_routes(app, workspace)
    add_shell(app)
    _register_pages(app, workspace)
    add_headers(app)
    return app


def _register_pages(app: Dash, workspace: Workspace) -> None:
    """Register every page; each app keeps its own layouts, as Dash's registry is global."""
    dash.page_registry.clear()
    for module in PAGES:
        module.register(app, workspace)
    app.server.config["LAYOUTS"] = {
        name: guarded(page["layout"]) for name, page in dash.page_registry.items()
    }
    for name, page in dash.page_registry.items():
        page["layout"] = _own_layout(name)


def _own_layout(name: str) -> Callable[..., Any]:
    """Return a layout that asks the app that serves the request."""

    def layout(**query):
        return current_app.config["LAYOUTS"][name](**query)

    return layout
