"""The tab Manifest: everything that is needed to make the run again, each to be copied."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from components.icons import icon
from components.report_parts import panel
from services.backtest.request import RISK_NAMES
from services.wording import settings_text

_TITLES = {name: name.replace("_", " ").capitalize() for name in RISK_NAMES}
Rows = list[tuple[str, Any]]


def manifest_tab(run: Any, timezone: str) -> list[Component]:
    """Return the content of the tab for a saved run."""
    return [
        html.Div(
            [
                panel("What was asked", _listed(_asked(run))),
                panel("What it was made with", _listed(_made_with(run))),
            ],
            className="panel-pair",
        ),
        html.P(
            [
                "All of it, with every bar and trade: ",
                html.A(f"run {run.id} as JSON", href=f"/export/runs/{run.id}.json", download=""),
                ".",
            ],
            className="panel-note",
        ),
    ]


def _asked(run: Any) -> Rows:
    asked, result = run.request, run.result
    settings = result.settings
    span = asked.duration or " to ".join(filter(None, (asked.start, asked.end)))
    return [
        ("Symbol", asked.symbol),
        ("Resolution", asked.resolution),
        ("Strategy", asked.strategy),
        *((f"Parameter {name}", str(value)) for name, value in asked.params.items()),
        ("Span asked for", span or "all bars"),
        ("Cash", f"{settings.cash:g}"),
        ("Commission", settings.commission),
        ("Slippage, basis points", f"{settings.slippage_bps:g}"),
        ("Fill", settings.fill),
        *_beyond_the_usual(settings),
        ("In words", settings_text(settings)),
    ]


def _beyond_the_usual(settings: Any) -> Rows:
    said = settings.as_dict()
    return [(_TITLES[name], str(said[name])) for name in RISK_NAMES if name in said]


def _made_with(run: Any) -> Rows:
    result, manifest = run.result, run.manifest
    rows = [
        ("Saved", f"{run.created_at:%Y-%m-%dT%H:%M:%SZ}"),
        ("First bar", f"{result.start:%Y-%m-%dT%H:%M:%SZ}"),
        ("Last bar", f"{result.end:%Y-%m-%dT%H:%M:%SZ}"),
        ("Bars", f"{len(result.bars)}"),
        ("Source of the bars", run.bars_note or "not known"),
    ]
    if manifest is None:
        return rows
    return [
        *rows,
        ("Hash of the bars", manifest.bars_hash),
        *([("Hash of the finer bars", manifest.finer_hash)] if manifest.finer_hash else []),
        ("Hash of the strategy's code", manifest.code_hash),
        ("Version of the metrics", str(manifest.metrics_version)),
        ("Fingerprint of the run", manifest.fingerprint),
        *((f"Version of {name}", str(version)) for name, version in manifest.versions.items()),
    ]


def _listed(rows: Rows) -> html.Dl:
    return html.Dl([_row(name, str(value)) for name, value in rows], className="facts manifest")


def _row(name: str, value: str) -> html.Div:
    button = html.Button(
        icon("copy"),
        type="button",
        className="icon-button copy-value",
        title="Copy",
        **{"data-copy": value, "aria-label": f"Copy: {name}"},
    )
    return html.Div([html.Dt(name), html.Dd([html.Span(value), button])])
