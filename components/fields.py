"""Form fields from declarations: a label, the control, one line of help, the error beside it.

The script of the shell ties help and error to the control (aria-describedby, aria-invalid).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from services.parameters import ParameterSpec

Id = str | dict[str, Any]
_YES = ("true", "yes", "on", "1")  # as an address or a saved run says it


def parameter_field(
    spec: ParameterSpec, value: Any, error: str = "", id: Id | None = None
) -> html.Div:
    """Return the field of a declared parameter; `id` defaults to its name."""
    id = id or spec.name
    if spec.kind is bool:
        return switch_field(id, spec.label, str(value).lower() in _YES, error, spec.help)
    if spec.choices:
        return select_field(id, spec.label, spec.choices, value, error, spec.help)
    help = _sentence(spec.help, spec.span)
    if spec.kind in (int, float):
        return number_field(id, spec.label, value, error, help, whole=spec.kind is int)
    return text_field(id, spec.label, value, error, help)


def number_field(
    id: Id, label: str, value: Any, error: str = "", help: str = "", *, whole: bool = False
) -> html.Div:
    """Return a field for a number; its value comes when the user leaves it or presses Enter.

    It is a field for text: one of type "number" keeps to itself what is no number or lies out
    of its range, and the default would be taken in silence.
    """
    control = dbc.Input(
        id=id,
        type="text",
        value="" if value is None else str(value),
        debounce=True,
        invalid=bool(error),
        autocomplete="off",
        inputmode="numeric" if whole else "decimal",
    )
    return field(id, label, control, error, help)


def text_field(
    id: Id, label: str, value: Any = "", error: str = "", help: str = "", placeholder: str = ""
) -> html.Div:
    """Return a field for a line of text."""
    control = dbc.Input(
        id=id,
        type="text",
        value="" if value is None else str(value),
        debounce=True,
        invalid=bool(error),
        placeholder=placeholder,
        autocomplete="off",
    )
    return field(id, label, control, error, help)


def date_field(id: Id, label: str, value: str = "", error: str = "", help: str = "") -> html.Div:
    """Return a field for a date, as 2024-01-31 or empty."""
    control = dbc.Input(id=id, type="date", value=value or "", invalid=bool(error))
    return field(id, label, control, error, help)


def select_field(
    id: Id,
    label: str,
    options: Iterable[str] | Mapping[str, str],
    value: str | None,
    error: str = "",
    help: str = "",
) -> html.Div:
    """Return a field for one of a few options: values, or values with their labels.

    A value that is none of the options is listed, so that what the address says stays visible.
    """
    labels = dict(options) if isinstance(options, Mapping) else {o: o for o in options}
    if value and value not in labels:
        labels = {value: value, **labels}
    control = dbc.Select(
        id=id,
        options=[{"value": key, "label": text} for key, text in labels.items()],
        value=value,
        invalid=bool(error),
    )
    return field(id, label, control, error, help)


def switch_field(id: Id, label: str, value: bool, error: str = "", help: str = "") -> html.Div:
    """Return a field for yes or no."""
    control = dbc.Switch(id=id, label=label, value=value)
    return html.Div([control, *_notes(id, error, help)], className="field field-switch")


def field(id: Id, label: str, control: Any, error: str = "", help: str = "") -> html.Div:
    """Return any control with its label, help and error."""
    return html.Div(
        [
            html.Label(label, htmlFor=dom_id(id), className="field-label"),
            control,
            *_notes(id, error, help),
        ],
        className="field",
    )


def error_id(id: Id) -> Id:
    """Return the id of the error text of a field; a callback may write its children."""
    return f"{id}-error" if isinstance(id, str) else {**id, "type": f"{id['type']}-error"}


def dom_id(id: Id) -> str:
    """Return an id as it stands in the document."""
    return id if isinstance(id, str) else json.dumps(id, sort_keys=True, separators=(",", ":"))


def _notes(id: Id, error: str, help: str) -> list[Any]:
    error_text = html.Div(error, id=error_id(id), className="field-error", role="alert")
    return [html.Div(help, className="field-help"), error_text] if help else [error_text]


def _sentence(help: str, span: str) -> str:
    return "; ".join(part for part in (help, span) if part)
