"""What a map shows: the metric, the two axes, and what becomes of the other parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dash_bootstrap_components as dbc
import pandas as pd
from dash import html

from components.fields import dom_id
from services.metrics import METRIC_SPECS, METRICS
from services.optimise.surface import choices_of, searched, value_text

AXIS, HOLD = "opt-axis", "opt-hold"
FREE = "*"  # the best of all values
_MOST_CHOICES = 200


@dataclass(frozen=True)
class AxisChoice:
    """A metric over the parameters `x` and `y` (empty: none), others held at a value or free."""

    metric: str
    x: str
    y: str
    fixed: Mapping[str, Any] = field(default_factory=dict)


def axis_id(name: str) -> dict[str, str]:
    """Return the id of the choice of the metric, of x or of y."""
    return {"type": AXIS, "name": name}


def choice_of(
    frame: pd.DataFrame,
    names: Sequence[str],
    objective: str,
    wanted: Mapping[str, Any],
    fixed: Mapping[str, str] | None = None,
) -> AxisChoice:
    """Return what is asked for as far as it can be had; else the objective over the largest axes.

    `fixed` says values as `value_text` writes them.
    """
    axes = list(searched(frame, names)) or list(names[:1])
    x = wanted.get("x") if wanted.get("x") in axes else _usual_x(axes)
    others = [name for name in axes if name != x]
    y = wanted.get("y") if wanted.get("y") in others else (others[0] if others else "")
    shown = wanted.get("metric")
    metric = shown if shown in METRIC_SPECS and shown in frame else objective
    held = {}
    for name, text in (fixed or {}).items():
        if text != FREE and name in axes and name not in (x, y):
            found = [value for value in choices_of(frame, name) if value_text(value) == text]
            held |= {name: found[0]} if found else {}
    return AxisChoice(metric, x, y, held)


def _usual_x(axes: Sequence[str]) -> str:
    # The largest two span the map; which of them lies flat follows the declaration.
    return min(axes[:2], default="")


def axis_tools(frame: pd.DataFrame, choice: AxisChoice, names: Sequence[str]) -> html.Div:
    """Return the fields that choose metric, axes and the values of the other parameters."""
    axes = [name for name in names if name in searched(frame, names)]
    metrics = {spec.name: spec.label for spec in METRICS if spec.name in frame}
    tools = [tool_select(axis_id("metric"), "Metric", metrics, choice.metric)]
    words = {name: _label(name) for name in axes}
    if len(axes) > 1:
        tools += [
            tool_select(axis_id("x"), "Across", words, choice.x),
            tool_select(axis_id("y"), "Up", words, choice.y),
        ]
    for name in axes if len(axes) > 2 else ():
        held = value_text(choice.fixed[name]) if name in choice.fixed else FREE
        values = [value_text(value) for value in choices_of(frame, name)[:_MOST_CHOICES]]
        options = {FREE: "best of all"} | {text: text for text in (*values, held) if text != FREE}
        box = tool_select({"type": HOLD, "name": name}, _label(name), options, held)
        box.className += " opt-hold"
        tools.append(box)
    return html.Div(tools, className="opt-tools")


def tool_select(id: Any, label: str, options: Mapping[str, str], value: str) -> html.Div:
    """Return a small choice with its name, as it stands beside the title of a panel."""
    return html.Div(
        [
            html.Label(label, htmlFor=dom_id(id), className="opt-tool-label"),
            dbc.Select(
                id=id,
                options=[{"value": key, "label": text} for key, text in options.items()],
                value=value,
                size="sm",
            ),
        ],
        className="opt-tool",
    )


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()
