"""The form of an indicator's parameters, made from their declaration."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from components.dialog import closes, dialog
from components.fields import parameter_field
from services.indicators.catalogue import IndicatorSpec
from services.parameters import parameter_specs

DIALOG, BODY, ABOUT = "ch-indicator", "ch-indicator-body", "ch-indicator-about"
APPLY, PROBLEM, PARAM = "ch-indicator-apply", "ch-indicator-problem", "ch-param"


def indicator_dialog() -> html.Dialog:
    """Return the closed dialog; a callback fills it."""
    return dialog(
        DIALOG,
        "Indicator",
        [
            html.Div(id=BODY),
            html.Div(id=PROBLEM, className="field-error", role="alert"),
            dcc.Store(id=ABOUT),
        ],
        [
            html.Button(
                "Cancel", type="button", className="btn btn-outline-secondary", **closes(DIALOG)
            ),
            html.Button("Show on chart", id=APPLY, type="button", className="btn btn-primary"),
        ],
        class_name="indicator-dialog",
    )


def indicator_form(spec: IndicatorSpec, values: Mapping[str, Any]) -> list[Any]:
    """Return an indicator's fields with values; what is not given has its default."""
    fields = [
        parameter_field(
            parameter,
            values.get(parameter.name, parameter.default),
            id={"type": PARAM, "name": parameter.name},
        )
        for parameter in parameter_specs(spec.Params)
    ]
    return [
        html.P([html.B(spec.label), " · ", spec.help], className="indicator-help"),
        html.Div(fields, className="indicator-fields"),
    ]
