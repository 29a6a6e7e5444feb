"""The form of a backtest, made from declarations: what to test, on which span, at what costs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components.fields import (
    date_field,
    field,
    number_field,
    parameter_field,
    select_field,
    switch_field,
    text_field,
)
from components.icons import icon
from services.backtest.costs import COMMISSIONS
from services.backtest.request import DEFAULT_RESOLUTION, PARAM_PREFIX, RISK_NAMES
from services.backtest.risk import FINER_RESOLUTIONS, INTRABAR, SIDES
from services.backtest.settings import FILLS, SimulationSettings
from services.parameters import ParameterSpec
from services.timespan import RESOLUTIONS

FIELD, PARAM = "bt-field", "bt-param"
PARAMS_BOX, RUN_BUTTON, FORM_ERROR = "bt-params", "bt-run", "bt-form-error"
AMOUNT = "commission_amount"
IdOf = Callable[[str], Any]
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
    values = field_values({"strategy": strategies[0], **query})
    return html.Form(
        [
            html.Div(
                [
                    form_group("What to test", what_fields(values, symbols, strategies)),
                    html.Div(param_fields(specs, query), id=PARAMS_BOX),
                    form_group("Span", span_fields(values)),
                    form_group("Simulation", cost_fields(values)),
                    risk_fields(values),
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


def param_fields(specs: Iterable[ParameterSpec], query: Mapping[str, str]) -> Any:
    """Return the fields of a strategy's parameters, with the values of a query or the defaults."""
    fields = [
        parameter_field(
            spec, query.get(PARAM_PREFIX + spec.name) or spec.default, id=param_id(spec.name)
        )
        for spec in specs
    ]
    # Never None: Dash would go on looking for the fields that stood here before.
    return form_group("Parameters", fields) if fields else html.Div()


def field_values(query: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every field that a backtest has, as an address says or by default."""
    default = SimulationSettings()
    model, _, amount = (query.get("commission") or default.commission).partition(":")
    return {
        "symbol": query.get("symbol", ""),
        "resolution": query.get("resolution") or DEFAULT_RESOLUTION,
        "strategy": query.get("strategy", ""),
        **{name: query.get(name, "") for name in ("duration", "start", "end")},
        "cash": query.get("cash") or f"{default.cash:.15g}",
        "commission": model,
        AMOUNT: amount,
        "slippage": query.get("slippage") or f"{default.slippage_bps:g}",
        "fill": query.get("fill") or default.fill,
        **{name: query.get(name) or _usual(name) for name in RISK_NAMES},
    }


def _usual(name: str) -> str:
    value = getattr(SimulationSettings(), name)
    return f"{value:g}" if isinstance(value, float) else query_text(value)


def query_of(values: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, str]:
    """Return the form's values as a URL query; a switch says true or false."""
    known = {name: query_text(value) for name, value in values.items()}
    amount = known.pop(AMOUNT, "")
    if amount and known.get("commission") != "none":
        known["commission"] = f"{known['commission']}:{amount}"
    return known | {PARAM_PREFIX + name: query_text(value) for name, value in params.items()}


def query_text(value: Any) -> str:
    """Write a field's value as it stands in an address."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value).strip()


def what_fields(
    values: Mapping[str, str],
    symbols: Sequence[str],
    strategies: Sequence[str],
    id_of: IdOf = field_id,
) -> list[Any]:
    """Return the fields of series and strategy; `id_of` gives a field's id by its name."""
    symbol = dbc.Input(
        id=id_of("symbol"),
        type="text",
        value=values["symbol"],
        list="bt-symbols",
        placeholder="as in AAPL",
        autocomplete="off",
        maxlength=40,
    )
    return [
        html.Datalist([html.Option(value=name) for name in symbols], id="bt-symbols"),
        field(id_of("symbol"), "Symbol", symbol),
        select_field(id_of("resolution"), "Resolution", RESOLUTIONS.keys(), values["resolution"]),
        select_field(id_of("strategy"), "Strategy", strategies, values["strategy"]),
    ]


def span_fields(values: Mapping[str, str], id_of: IdOf = field_id) -> list[Any]:
    """Return the fields of a duration or two dates."""
    return [
        html.Datalist([html.Option(value=text) for text in _DURATIONS], id="bt-durations"),
        field(
            id_of("duration"),
            "Duration",
            dbc.Input(
                id=id_of("duration"),
                type="text",
                value=values["duration"],
                list="bt-durations",
                placeholder="all bars",
                autocomplete="off",
            ),
            help="back from the last bar, as in 5 Y; or two dates",
        ),
        html.Div(
            [
                date_field(id_of("start"), "From", values["start"]),
                date_field(id_of("end"), "To", values["end"]),
            ],
            className="field-pair",
        ),
    ]


def cost_fields(values: Mapping[str, str], id_of: IdOf = field_id) -> list[Any]:
    """Return the fields of cash, costs and fill."""
    return [
        text_field(id_of("cash"), "Starting cash", values["cash"]),
        select_field(id_of("commission"), "Commission", _COMMISSION_LABELS, values["commission"]),
        number_field(
            id_of(AMOUNT),
            "Rate",
            values[AMOUNT],
            help="USD a share (IBKR), or percent of the trade; empty: the usual",
        ),
        number_field(
            id_of("slippage"),
            "Slippage (basis points)",
            values["slippage"],
        ),
        select_field(id_of("fill"), "Fill", _FILL_LABELS, values["fill"]),
    ]


def risk_fields(values: Mapping[str, str], id_of: IdOf = field_id) -> html.Details:
    """Return the fields of risk and sizing, shown at once only where one is not the usual."""
    distance = "as in 5% or 2ATR; empty: none"
    named = {
        name: (select_field if options else text_field)(
            id_of(name), label, *([options] if options else []), values[name], help=help
        )
        for name, label, options, help in (
            ("side", "Side", _SIDE_LABELS, ""),
            ("stop_loss", "Stop-loss", None, distance),
            ("take_profit", "Take-profit", None, distance),
            ("trailing_stop", "Trailing stop", None, f"{distance}; moves at each close"),
            ("intrabar", "Within a bar", _INTRABAR_LABELS, "where it touches both stop and target; "
                         "in finer bars a trailing stop moves within the bar, too"),
            ("sizing", "Size of an entry", None, "all_in, percent:50, cash:10000, shares:100, "
                                                 "volatility:10"),
            ("max_exposure", "Most of the equity in a position", None, "1 is all of it"),
            ("cash_interest", "Interest on idle cash", None, "percent a year"),
            ("borrow_rate", "Loan of shorted shares", None, "percent a year"),
        )
    }  # fmt: skip
    fractions = switch_field(
        id_of("fractional"), "Fractions of shares", values["fractional"] == "true"
    )
    return html.Details(
        [html.Summary("Risk and sizing", className="form-legend"), *named.values(), fractions],
        open=any(values[name] != _usual(name) for name in RISK_NAMES),
    )


_SIDE_LABELS = dict(zip(SIDES, ("Long only", "Short only", "Long and short"), strict=True))
_INTRABAR_LABELS = dict(
    zip(
        INTRABAR,
        (
            "The stop comes first",
            "The target first",
            "As the finest stored bars show",
            *(f"As {name} bars show" for name in FINER_RESOLUTIONS),
        ),
        strict=True,
    )
)
_COMMISSION_LABELS = dict(
    zip(COMMISSIONS, ("IBKR fixed", "IBKR tiered", "Percent of the trade", "None"), strict=True)
)
_FILL_LABELS = dict(zip(FILLS, ("At the next open", "At the signal's close"), strict=True))


def form_group(title: str, fields: Iterable[Any]) -> html.Fieldset:
    """Return fields under a title."""
    return html.Fieldset([html.Legend(title, className="form-legend"), *fields])
