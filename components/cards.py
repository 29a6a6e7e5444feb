"""Cards that show a metric: its value, the same of Buy & Hold, its definition on hover."""

from dash import html

from components.format import direction, signed_metric_text
from services.backtest.result import BacktestResult
from services.metrics import HEADLINE_METRICS, METRIC_SPECS, MetricSpec

BENCHMARK_NAME = "Buy & Hold"
FIRST_CARDS = (*HEADLINE_METRICS, "win_rate", "profit_factor")
# Every metric once, in the order in which a trader asks.
CARD_GROUPS = {
    "Return": ("total_return", "cagr", "final_equity", "alpha", "beta"),
    "Risk": (
        "sharpe",
        "sortino",
        "calmar",
        "volatility",
        "max_drawdown",
        "max_drawdown_duration",
        "exposure",
    ),
    "Trades": (
        "trades",
        "win_rate",
        "profit_factor",
        "payoff_ratio",
        "expectancy",
        "expectancy_return",
        "sqn",
    ),
    "Costs": ("costs", "costs_of_gross_profit"),
}


def metric_card(
    spec: MetricSpec,
    value: float | None,
    benchmark: float | None = None,
    *,
    compare: bool = True,
    note: str = "",
) -> html.Div:
    """Return one card; `compare` says whether the metric means anything for Buy & Hold.

    `note` stands in the place of the comparison where there is none.
    """
    text = signed_metric_text(spec, value)
    lines = [
        html.Div(spec.label, className="metric-label"),
        html.Div(text, className=f"metric-value {direction(spec, value)}".strip()),
    ]
    spoken = f"{spec.label}: {text}"
    if compare:
        other = signed_metric_text(spec, benchmark)
        lines.append(html.Div([f"{BENCHMARK_NAME} ", html.B(other)], className="metric-benchmark"))
        spoken += f"; {BENCHMARK_NAME}: {other}"
    elif note:
        lines.append(html.Div(note, className="metric-benchmark"))
        spoken += f", {note}"
    return html.Div(
        lines,
        className="metric-card",
        title=spec.definition,
        role="group",
        tabIndex="0",
        **{"aria-label": spoken, "aria-description": spec.definition, "data-metric": spec.name},
    )


def headline_cards(result: BacktestResult) -> list[html.Div]:
    """Return the cards over the chart: the numbers that decide whether to read on."""
    closed = result.metrics["trades"]
    noun = "trade" if closed == 1 else "trades"
    notes = {"win_rate": f"of {closed:,.0f} closed {noun}", "profit_factor": "after costs"}
    return [result_card(result, name, notes.get(name, "")) for name in FIRST_CARDS]


def all_cards(result: BacktestResult) -> list[html.Div]:
    """Return every metric's card, in groups with a heading."""
    return [
        html.Div(
            [
                html.H4(title, className="cards-title"),
                html.Div([result_card(result, name) for name in names], className="metric-cards"),
            ]
        )
        for title, names in CARD_GROUPS.items()
    ]


def result_card(result: BacktestResult, name: str, note: str = "") -> html.Div:
    """Return the card of a result's metric; Buy & Hold's beside it where it has one."""
    other = result.benchmark_metrics[name]
    return metric_card(
        METRIC_SPECS[name], result.metrics[name], other, compare=other is not None, note=note
    )
