"""The HTML report of a run: one file that opens from disk and asks nobody for anything."""

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.metrics import HEADLINE_METRICS, METRIC_SPECS, METRICS, MetricSpec
from services.plots.words import assumptions_text, span_text
from services.reports.chart import chart_data
from services.reports.look import chart_library, font_css, theme_css
from services.reports.manifest import manifest_rows
from services.reports.performance import monthly_table, underwater_rows
from services.reports.trades import trade_columns, trade_rows
from services.version import VERSION
from services.wording import metric_text, params_text

if TYPE_CHECKING:
    from services.runs import SavedRun

_PAGE = Path(__file__).parent / "page"
_SCRIPTS = ("page.js", "chart.js", "trades.js")
_HEADLINE = (*HEADLINE_METRICS, "win_rate", "profit_factor")
_SIGNED = frozenset({"total_return", "cagr", "alpha", "expectancy", "expectancy_return"})


def report_html(run: "SavedRun", timezone: str = "UTC") -> str:
    """Write a run as one HTML file: chart library, font and data inside, no request at all.

    Whatever people or files wrote (names, notes, symbols) is text in it, never markup; the page's
    own policy lets no other script run. `timezone` says where a day, and so a month, ends.
    """
    result, asked = run.result, run.request
    params = params_text(asked.params)
    return _template().render(
        policy=_policy(),
        css=Markup("\n".join((font_css(), theme_css(), _file("report.css")))),
        title=f"{asked.symbol} · {asked.resolution} · {asked.strategy}"
        + (f" ({params})" if params else ""),
        run=run,
        saved=f"{run.created_at:%Y-%m-%d %H:%M} UTC",
        rule=result.strategy.rule,
        span=" · ".join(filter(None, (span_text(result, asked.resolution), run.bars_note))),
        assumptions=assumptions_text(result),
        warnings=run.warnings,
        headline=[_metric(METRIC_SPECS[name], run) for name in _HEADLINE],
        metrics=[_metric(spec, run) for spec in METRICS],
        months=monthly_table(result, timezone),
        underwater=underwater_rows(result, asked.resolution),
        trades_title=_trades_title(run),
        columns=trade_columns(asked.resolution),
        manifest=manifest_rows(run),
        version=VERSION,
        data=_inline(_page_data(run)),
        scripts=[Markup(script) for script in _scripts()],
    )


def _page_data(run: "SavedRun") -> dict[str, Any]:
    resolution = run.request.resolution
    return {
        "chart": chart_data(run.result),
        "trades": trade_rows(run.result, resolution),
        "columns": [column.is_number for column in trade_columns(resolution)],
    }


def _inline(data: Any) -> Markup:
    """Write data so that no text in it can end the element that it stands in."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _metric(spec: MetricSpec, run: "SavedRun") -> dict[str, str]:
    own, other = run.result.metrics[spec.name], run.result.benchmark_metrics[spec.name]
    signed = own if spec.name in _SIGNED and own else 0
    text = metric_text(spec.kind, own)
    return {
        "label": spec.label,
        "own": f"+{text}" if signed > 0 and not text.startswith(">") else text,
        "other": metric_text(spec.kind, other),
        "tone": "up" if signed > 0 else "down" if signed < 0 else "",
        "definition": spec.definition,
    }


def _trades_title(run: "SavedRun") -> str:
    exits = run.result.trades["exit_bar"]
    closed = int((exits >= 0).sum())
    noun = "trade" if closed == 1 else "trades"
    return f"{closed:,} closed {noun}" + (", one still open" if closed < len(exits) else "")


@cache
def _template():
    loader = FileSystemLoader(_PAGE)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template(
        "report.html.j2"
    )


@cache
def _scripts() -> tuple[str, ...]:
    return (chart_library(), *(_file(name) for name in _SCRIPTS))


@cache
def _policy() -> str:
    digests = (b64encode(sha256(script.encode()).digest()).decode() for script in _scripts())
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; font-src data:; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _file(name: str) -> str:
    return (_PAGE / name).read_text("utf-8")
