"""The form of an optimisation: the backtest's fields, the values to try, and how to try them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components.backtest_form import (
    AMOUNT,
    cost_fields,
    field_values,
    form_group,
    query_text,
    risk_fields,
    span_fields,
    what_fields,
)
from components.fields import select_field, switch_field, text_field
from components.icons import icon
from services.metrics import METRIC_SPECS
from services.optimise.grid_text import text_of
from services.optimise.objective import DEFAULT_OBJECTIVE, OBJECTIVES
from services.parameters import ParameterSpec
from services.studies.request import FURTHER_FIELDS, NO_OBJECTIVE

FIELD, GRID = "opt-field", "opt-grid"
GRID_BOX, START, FORM_ERROR, COUNT = "opt-grid-box", "opt-start", "opt-form-error", "opt-count"
DRAWN_BOX, WINDOWS_BOX, SAMPLER = "opt-drawn", "opt-windows", "opt-sampler"
HOLDOUT_BOX, FURTHER_BOX, THIRD_BOX = "opt-holdout", "opt-further", "opt-third"
GRID_PREFIX = "g."
DRAWING, WALK_FORWARD = ("random", "sobol", "search"), "walk_forward"
METHOD_LABELS = {
    "grid": "All combinations",
    "random": "Random sample",
    "sobol": "Even sample (Sobol)",
    "search": "Guided search",
    WALK_FORWARD: "Walk-forward",
}
_DEFAULTS = {
    "method": "grid",
    "objective": DEFAULT_OBJECTIVE,
    "samples": "1000",
    "train": "2 Y",
    "test": "6 M",
    "holdout": "0",
    **dict.fromkeys(FURTHER_FIELDS, NO_OBJECTIVE),
}
_OWN = (
    "method",
    "objective",
    *FURTHER_FIELDS,
    "minimum_trades",
    "samples",
    "train",
    "test",
    "embargo",
    "anchored",
    "holdout",
)
_NONE = {NO_OBJECTIVE: "none"}
USUAL_HOLDOUT = "20"
_HOLDOUTS = {"0": "none"} | {str(share): f"the last {share} %" for share in (10, 20, 30, 40, 50)}


def own_id(name: str) -> dict[str, str]:
    """Return the id of a field that every optimisation has."""
    return {"type": FIELD, "name": name}


def grid_id(name: str) -> dict[str, str]:
    """Return the id of the field with the values of a parameter."""
    return {"type": GRID, "name": name}


def optimise_form(
    query: Mapping[str, str],
    symbols: Sequence[str],
    strategies: Sequence[str],
    specs: Iterable[ParameterSpec],
) -> html.Form:
    """Return the form filled with what the address says."""
    values = form_values({"strategy": strategies[0], **query})
    return html.Form(
        [
            html.Div(
                [
                    form_group("What to test", what_fields(values, symbols, strategies, own_id)),
                    html.Div(grid_fields(specs, query), id=GRID_BOX),
                    form_group("How to look for the best", _how(values)),
                    form_group("Span", span_fields(values, own_id)),
                    form_group("Simulation", cost_fields(values, own_id)),
                    risk_fields(values, own_id),
                ],
                className="form-scroll",
            ),
            html.Div(
                [
                    html.Div(id=COUNT, className="opt-count", role="status"),
                    html.Div(id=FORM_ERROR, className="field-error", role="alert"),
                    _sampler(),
                    dbc.Button(
                        [icon("play-fill"), " Start"],
                        id=START,
                        color="primary",
                        type="button",
                        className="run-button",
                    ),
                ],
                className="form-foot",
            ),
        ],
        className="backtest-form panel optimise-form",
        **{"aria-label": "Optimise"},
    )


def grid_fields(specs: Iterable[ParameterSpec], query: Mapping[str, str]) -> Any:
    """Return a field a parameter: the values to try, by the address or the declaration."""
    fields = [_grid_field(spec, query.get(GRID_PREFIX + spec.name, "")) for spec in specs]
    return form_group("Values to try", fields) if fields else html.Div()


def form_values(query: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every field but those of the parameters."""
    own = {name: query.get(name) or _DEFAULTS.get(name, "") for name in _OWN}
    return field_values(query) | own


def query_of_form(values: Mapping[str, Any], grid: Mapping[str, Any]) -> dict[str, str]:
    """Return the form's values as a query; what does not belong to the method is left out."""
    known = {name: query_text(value) for name, value in values.items()}
    amount = known.pop(AMOUNT, "")
    if amount and known.get("commission") != "none":
        known["commission"] = f"{known['commission']}:{amount}"
    for name in _not_of(known.get("method", "")):
        known.pop(name, None)
    if known.get("second") == NO_OBJECTIVE:  # the third is out of sight then
        known.pop("third", None)
    return known | {
        GRID_PREFIX + name: query_text(value) for name, value in grid.items() if query_text(value)
    }


def hidden_parts(method: str | None) -> tuple[bool, bool, bool, bool]:
    """Tell whether samples, windows, unseen bars and further objectives are hidden for a method."""
    walks = method == WALK_FORWARD
    return method not in DRAWING, not walks, walks, walks


def _not_of(method: str) -> tuple[str, ...]:
    drawn = () if method in DRAWING else ("samples",)
    walks = method == WALK_FORWARD
    windows = ("holdout", *FURTHER_FIELDS) if walks else ("train", "test", "embargo", "anchored")
    return drawn + windows


def _grid_field(spec: ParameterSpec, text: str) -> html.Div:
    usual = text_of(list(spec.search)) if spec.search else query_text(spec.default)
    help = "; ".join(part for part in (spec.help, spec.span) if part)
    return text_field(grid_id(spec.name), spec.label, text, help=help, placeholder=usual)


def _how(values: Mapping[str, str]) -> list[Any]:
    drawn_hidden, windows_hidden, holdout_hidden, further_hidden = hidden_parts(values["method"])
    objectives = {name: METRIC_SPECS[name].label for name in OBJECTIVES}
    return [
        select_field(own_id("method"), "Method", METHOD_LABELS, values["method"]),
        html.Div(
            text_field(own_id("samples"), "Samples", values["samples"]),
            id=DRAWN_BOX,
            hidden=drawn_hidden,
            className="opt-part",
        ),
        _windows(values, windows_hidden),
        html.Div(
            select_field(
                own_id("holdout"),
                "Bars kept unseen",
                _HOLDOUTS,
                values["holdout"],
                help="the best are tried on them afterwards",
            ),
            id=HOLDOUT_BOX,
            hidden=holdout_hidden,
            className="opt-part",
        ),
        select_field(own_id("objective"), "Objective", objectives, values["objective"]),
        _further(values, objectives, further_hidden),
        text_field(
            own_id("minimum_trades"),
            "At least so many trades",
            values["minimum_trades"],
            placeholder="0",
            help="fewer count as no result",
        ),
    ]


def _windows(values: Mapping[str, str], hidden: bool) -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    text_field(own_id("train"), "Train on", values["train"]),
                    text_field(own_id("test"), "Test on", values["test"]),
                ],
                className="field-pair",
            ),
            text_field(
                own_id("embargo"),
                "Embargo (bars)",
                values["embargo"],
                help="left out between the two",
                placeholder="0",
            ),
            switch_field(
                own_id("anchored"),
                "Always train from the first bar",
                str(values["anchored"]).lower() in ("true", "yes", "on", "1"),
            ),
        ],
        id=WINDOWS_BOX,
        hidden=hidden,
        className="opt-part",
    )


def _further(values: Mapping[str, str], objectives: Mapping[str, str], hidden: bool) -> html.Div:
    choices = _NONE | objectives
    return html.Div(
        [
            select_field(
                own_id("second"),
                "Second objective",
                choices,
                values["second"],
                help="the best compromises of all objectives make the front",
            ),
            html.Div(
                select_field(own_id("third"), "Third objective", choices, values["third"]),
                id=THIRD_BOX,
                hidden=values["second"] == NO_OBJECTIVE,
                className="opt-part",
            ),
        ],
        id=FURTHER_BOX,
        hidden=hidden,
        className="opt-part",
    )


def _sampler() -> html.Button:
    return dbc.Button(
        "Draw 1,000 of them instead",
        id=SAMPLER,
        color="secondary",
        outline=True,
        size="sm",
        type="button",
        style={"display": "none"},
        className="opt-sampler",
    )
