"""The form of a backtest, made from declarations: what to test, on which span, at what costs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components.fields import (
    date_field,
    field,
    number_field,
    parameter_field,
    select_field,
    text_field,
)
from components.icons import icon
from services.backtest.costs import COMMISSIONS
from services.backtest.request import PARAM_PREFIX
from services.backtest.settings import FILLS, SimulationSettings
from services.parameters import ParameterSpec
from services.timespan import RESOLUTIONS

FIELD, PARAM = "bt-field", "bt-param"
PARAMS_BOX, RUN_BUTTON, FORM_ERROR = "bt-params", "bt-run", "bt-form-error"
_AMOUNT = "commission_amount"
_DURATIONS = ("1 M", "6 M", "1 Y", "2 Y", "5 Y", "10 Y", "20 Y")


def field_id(name: str) -> dict[str, str]:
    """Return the id of a field that every backtest has."""
    return {"type": FIELD, "name": name}


def param_id(name: str) -> dict[str, str]:
    """Return the id of a strategy parameter's field."""
    return {"type": PARAM, "name": name}


def backtest_form(
    query: Mapping[str, str],
    symbols: Sequence[str],
    strategies: Sequence[str],
    specs: Iterable[ParameterSpec],
) -> html.Form:
    """Return the form filled with what the address says."""
    return html.Form(
        [
            html.Div(
                [
                    _group("What to test", [*_what(query, symbols, strategies)]),
                    html.Div(param_fields(specs, query), id=PARAMS_BOX),
                    _group("Span", _span(query)),
                    _group("Simulation", _simulation(query)),
                ],
                className="form-scroll",
            ),
            html.Div(
                [
                    html.Div(id=FORM_ERROR, className="field-error", role="alert"),
                    dbc.Button(
                        [icon("play-fill"), " Run backtest"],
                        id=RUN_BUTTON,
                        color="primary",
                        type="button",
                        className="run-button",
                    ),
                ],
                className="form-foot",
            ),
        ],
        className="backtest-form panel",
        **{"aria-label": "Backtest"},
    )


def param_fields(specs: Iterable[ParameterSpec], query: Mapping[str, str]) -> html.Div | None:
    """Return the fields of a strategy's parameters, with the values of a query or the defaults."""
    fields = [
        parameter_field(
            spec, query.get(PARAM_PREFIX + spec.name, spec.default), id=param_id(spec.name)
        )
        for spec in specs
    ]
    return _group("Parameters", fields) if fields else None


def query_of(values: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, str]:
    """Return the form's values as a URL query; a switch says true or false."""
    known = {name: _text(value) for name, value in values.items()}
    amount = known.pop(_AMOUNT, "")
    if amount and known.get("commission") != "none":
        known["commission"] = f"{known['commission']}:{amount}"
    return known | {PARAM_PREFIX + name: _text(value) for name, value in params.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value).strip()


def _what(query, symbols, strategies) -> list[Any]:
    symbol = dbc.Input(
        id=field_id("symbol"),
        type="text",
        value=query.get("symbol", ""),
        list="bt-symbols",
        placeholder="as in AAPL",
        autocomplete="off",
        maxlength=40,
    )
    return [
        html.Datalist([html.Option(value=name) for name in symbols], id="bt-symbols"),
        field(field_id("symbol"), "Symbol", symbol),
        select_field(
            field_id("resolution"), "Resolution", RESOLUTIONS.keys(), query.get("resolution", "1d")
        ),
        select_field(
            field_id("strategy"), "Strategy", strategies, query.get("strategy") or strategies[0]
        ),
    ]


def _span(query: Mapping[str, str]) -> list[Any]:
    return [
        html.Datalist([html.Option(value=text) for text in _DURATIONS], id="bt-durations"),
        field(
            field_id("duration"),
            "Duration",
            dbc.Input(
                id=field_id("duration"),
                type="text",
                value=query.get("duration", ""),
                list="bt-durations",
                placeholder="all bars",
                autocomplete="off",
            ),
            help="back from the last bar, as in 5 Y; or two dates",
        ),
        html.Div(
            [
                date_field(field_id("start"), "From", query.get("start", "")),
                date_field(field_id("end"), "To", query.get("end", "")),
            ],
            className="field-pair",
        ),
    ]


def _simulation(query: Mapping[str, str]) -> list[Any]:
    default = SimulationSettings()
    model, _, amount = query.get("commission", default.commission).partition(":")
    return [
        text_field(field_id("cash"), "Starting cash", query.get("cash", f"{default.cash:.15g}")),
        select_field(field_id("commission"), "Commission", _COMMISSION_LABELS, model),
        number_field(
            field_id(_AMOUNT),
            "Rate",
            amount,
            help="USD a share (IBKR), or percent of the trade; empty: the usual",
            minimum=0,
        ),
        number_field(
            field_id("slippage"),
            "Slippage (basis points)",
            query.get("slippage", f"{default.slippage_bps:g}"),
            minimum=0,
            maximum=1000,
        ),
        select_field(field_id("fill"), "Fill", _FILL_LABELS, query.get("fill", default.fill)),
    ]


_COMMISSION_LABELS = dict(
    zip(COMMISSIONS, ("IBKR fixed", "Percent of the trade", "None"), strict=True)
)
_FILL_LABELS = dict(zip(FILLS, ("At the next open", "At the signal's close"), strict=True))


def _group(title: str, fields: Iterable[Any]) -> html.Fieldset:
    return html.Fieldset([html.Legend(title, className="form-legend"), *fields])
