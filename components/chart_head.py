"""The head of the chart page: which series, which indicators, compared with what."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import dash_bootstrap_components as dbc
from dash import dcc, html

from components.icons import icon
from components.still import still
from services.indicators.catalogue import CHART_INDICATORS, ChosenIndicator, IndicatorSpec
from services.parameters import parameter_specs
from services.timespan import RESOLUTIONS

SYMBOLS = "ch-symbols"
MENU = "ch-indicators"
FORM_OF = "chart-indicator"


def chart_head(
    entries: Sequence[Any],
    symbol: str,
    resolution: str,
    chosen: Sequence[ChosenIndicator],
    compare: str,
) -> list[Any]:
    """Return the controls; `entries` are the stored series.

    A control with data-go says what it changes in the address; the page's script does it.
    """
    stored = {entry.resolution for entry in entries if entry.symbol == symbol}
    return [
        html.Div(
            [
                _symbol(entries, symbol),
                _resolutions(stored, resolution),
                _indicator_menu(chosen),
                _compare(compare),
                _backtest(symbol, resolution),
            ],
            className="chart-controls",
        ),
        _chips(chosen, compare),
    ]


def chip_text(one: ChosenIndicator) -> str:
    """Return an indicator as its chip has it: "SMA 20"."""
    name, *values = one.text.split(":")
    return " ".join([name.upper(), *values])


def _symbol(entries: Sequence[Any], symbol: str) -> html.Div:
    names = {entry.symbol: entry.name or "" for entry in entries}
    return html.Div(
        [
            html.Datalist(
                [html.Option(value=key, label=name or key) for key, name in names.items()],
                id=SYMBOLS,
            ),
            icon("search"),
            *_input("symbol", "Symbol", symbol),
            html.Span(names.get(symbol, ""), className="chart-name"),
        ],
        className="chart-symbol",
    )


def _input(name: str, label: str, value: str) -> list[Any]:
    control = dbc.Input(
        id=f"ch-{name}",
        type="text",
        value=value,
        list=SYMBOLS,
        placeholder=label,
        autocomplete="off",
        maxlength=40,
    )
    return [html.Label(label, htmlFor=f"ch-{name}", className="visually-hidden"), control]


def _resolutions(stored: set[str], resolution: str) -> html.Div:
    names = [name for name in RESOLUTIONS if name in stored]
    return html.Div(
        [
            html.Button(
                name,
                type="button",
                className="chart-button",
                **{
                    "data-go": "resolution",
                    "data-value": name,
                    "aria-pressed": str(name == resolution).lower(),
                },
            )
            for name in names
        ],
        className="chart-ranges",
        role="group",
        **{"aria-label": "Resolution"},
    )


def _indicator_menu(chosen: Sequence[ChosenIndicator]) -> html.Div:
    return html.Div(
        [
            html.Button(
                [icon("activity"), html.Span("Indicators")],
                type="button",
                className="chart-button chart-wide-button",
                **{"data-menu": MENU, "aria-expanded": "false", "aria-controls": MENU},
            ),
            html.Div(
                still(
                    html.Ul([html.Li(_offer(spec, chosen)) for spec in CHART_INDICATORS.values()])
                ),
                id=MENU,
                className="chart-menu",
                hidden=True,
            ),
        ],
        className="chart-menu-box",
    )


def _offer(spec: IndicatorSpec, chosen: Sequence[ChosenIndicator]) -> html.Button:
    """Return a line of the menu: it opens a form, or adds at once what has no parameters."""
    if parameter_specs(spec.Params):
        act = {"data-do": FORM_OF, "data-name": spec.name}
    else:
        others = [one.text for one in chosen if one.spec.name != spec.name]
        act = {"data-go": "ind", "data-value": ",".join([*others, spec.name])}
    return html.Button(
        [html.Span(spec.label, className="offer-name"), html.Span(spec.help, className="muted")],
        type="button",
        className="chart-offer",
        **act,
    )


def _compare(compare: str) -> html.Div:
    return html.Div(
        [icon("plus-slash-minus"), *_input("compare", "Compare with", compare)],
        className="chart-symbol chart-compare",
    )


def _backtest(symbol: str, resolution: str) -> dcc.Link:
    return dcc.Link(
        [icon("play-fill"), " Backtest this"],
        href="/backtest?" + urlencode({"symbol": symbol, "resolution": resolution}),
        className="btn btn-sm btn-primary chart-backtest",
    )


def _chips(chosen: Sequence[ChosenIndicator], compare: str) -> html.Ul:
    texts = [one.text for one in chosen]
    chips = [
        _chip(one, number, ",".join(texts[:number] + texts[number + 1 :]))
        for number, one in enumerate(chosen)
    ]
    if compare:
        chips.append(
            html.Li(
                [
                    html.Span(f"Against {compare}", className="chip-text"),
                    _remove(f"{compare}", "compare", ""),
                ],
                className="chip",
            )
        )
    return html.Ul(chips, className="chips", hidden=not chips, **{"aria-label": "On the chart"})


def _chip(one: ChosenIndicator, number: int, without: str) -> html.Li:
    text = chip_text(one)
    label: Any = html.Span(text, className="chip-text")
    if parameter_specs(one.spec.Params):
        label = html.Button(
            [text, icon("sliders")],
            type="button",
            className="chip-text",
            title=f"Change {text}: {one.spec.label}",
            **{
                "data-do": FORM_OF,
                "data-name": one.spec.name,
                "data-place": str(number),
            },
        )
    return html.Li([label, _remove(text, "ind", without)], className="chip")


def _remove(text: str, name: str, value: str) -> html.Button:
    return html.Button(
        icon("x-lg"),
        type="button",
        className="chip-remove",
        title=f"Remove {text}",
        **{"data-go": name, "data-value": value, "aria-label": f"Remove {text}"},
    )
