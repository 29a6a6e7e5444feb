"""The heat map of an optimisation: a cell a combination, drawn by the script of the page."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from dash import html

from components.format import metric_text_of
from components.optimise_axes import AxisChoice, axis_tools
from components.report_parts import panel
from services.metrics import METRIC_SPECS
from services.optimise.objective import Objective
from services.optimise.outcome import ERROR
from services.optimise.surface import Surface, value_text
from services.wording import MISSING

MAP, MAP_BOX = "opt-map", "opt-map-box"
_WEAKEST, _STRONGEST = 6, 88  # percent of the colour


def map_panel(frame: pd.DataFrame, choice: AxisChoice, names: Sequence[str]) -> html.Section:
    """Return the panel with the choice of metric and axes; `map_view` fills its box."""
    return panel(
        "Map of the results" if choice.y else "Results along one parameter",
        html.Div(id=MAP_BOX, className="opt-map-box"),
        note="A cell is one combination: press it to open its backtest.",
        tools=axis_tools(frame, choice, names),
    )


def map_view(
    frame: pd.DataFrame,
    surface: Surface,
    metric: str,
    objective: Objective,
    names: Sequence[str],
    address: str,
) -> list[Any]:
    """Return the map of a metric; `address` is the backtest's, without parameters."""
    if not (surface.rows >= 0).any():
        return [html.P("No combination has these values.", className="muted")]
    data = map_data(frame, surface, metric, names, address)
    return [
        html.Div(id=MAP, className="opt-map", **{"data-map": _packed(data)}),
        html.P(id="opt-map-said", className="opt-map-said"),
        _legend(data, surface, objective),
    ]


def map_data(
    frame: pd.DataFrame, surface: Surface, metric: str, names: Sequence[str], address: str
) -> dict[str, Any]:
    """Return what the script draws: for each cell its text, its colour and its parameters.

    Cells stand in one line, the lowest row of the map first; a text is empty where there is none,
    a shade the percent of the colour (below zero: of the other).
    """
    values = surface.values(frame, metric)
    mix = shades(values, METRIC_SPECS[metric].better == "low")
    text = np.frompyfunc(lambda value: metric_text_of(metric, _known(value)), 1, 1)(values)
    if ERROR in frame:
        text[frame[ERROR].notna().to_numpy()[surface.rows]] = "failed"
    text[surface.rows < 0] = ""
    return {
        "metric": METRIC_SPECS[metric].label,
        "names": list(names),
        "x": {"name": surface.x.name, "labels": _labels(surface.x)},
        "y": {"name": surface.y.name, "labels": _labels(surface.y)},
        # Texts of their own would take three times the bytes.
        "texts": "|".join(text.ravel()),
        "shades": " ".join(map(str, mix.astype(int).ravel())),
        "params": [_of_cells(frame[name], surface) for name in names],
        "best": surface.best,
        "plateau": surface.plateau,
        "address": address,
        "span": _span(values, metric),
        "ramp": _ramp(values, METRIC_SPECS[metric].better == "low"),
    }


def _packed(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def shades(values: np.ndarray, low_is_better: bool = False) -> np.ndarray:
    """Return how strongly to colour each value, in percent; below zero in the other colour.

    The better the stronger. Values on one side of zero only are spread over all shades.
    """
    known = values[np.isfinite(values)]
    if low_is_better or not len(known) or known.min() >= 0 or known.max() <= 0:
        return _one_sided(values, known, low_is_better)
    top = np.abs(known).max()
    share = np.nan_to_num(values / top)
    return np.rint(np.sign(share) * _WEAKEST + share * (_STRONGEST - _WEAKEST))


def _one_sided(values: np.ndarray, known: np.ndarray, low_is_better: bool) -> np.ndarray:
    if not len(known):
        return np.zeros(values.shape)
    low, high = known.min(), known.max()
    share = np.nan_to_num((values - low) / (high - low)) if high > low else np.ones(values.shape)
    losses = high <= 0 and low < 0
    share = 1 - share if low_is_better or losses else share
    shade = np.where(np.isfinite(values), _WEAKEST + share * (_STRONGEST - _WEAKEST), 0)
    return np.rint(-shade if losses and not low_is_better else shade)


def parameter_word(value: Any) -> str:
    """Write a parameter as the address of a backtest reads it: with all its digits."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, float | np.floating):
        return repr(float(value)).removesuffix(".0")
    return value_text(value)


def _legend(data: dict[str, Any], surface: Surface, objective: Objective) -> html.Ul:
    low, high = data["span"]
    items = []
    if low != MISSING:
        ramp = html.Span(className=f"opt-key opt-ramp {data['ramp']}")
        items.append(html.Li([ramp, f"{low} to {high}"]))
    if surface.best:
        items.append(html.Li([html.Span(className="opt-key is-best"), "best cell"]))
    if surface.plateau and surface.plateau != surface.best:
        items.append(
            html.Li([html.Span(className="opt-key is-plateau"), "best with its neighbours"])
        )
    if (surface.rows < 0).any():
        items.append(html.Li([html.Span(className="opt-key is-void"), "not tried, or not valid"]))
    if surface.shared:
        best = f"a cell shows the combination with the best {objective.spec.label}"
        items.append(html.Li(f"Several combinations fall together: {best}."))
    return html.Ul(items, className="opt-legend")


def _ramp(values: np.ndarray, low_is_better: bool) -> str:
    """Return which way the legend's colours run."""
    known = values[np.isfinite(values)]
    if low_is_better:
        return "is-down"
    if not len(known) or known.min() >= 0:
        return ""
    return "is-low" if known.max() <= 0 else "is-both"


def _span(values: np.ndarray, metric: str) -> tuple[str, str]:
    known = values[np.isfinite(values)]
    ends = (float(known.min()), float(known.max())) if len(known) else (None, None)
    return metric_text_of(metric, ends[0]), metric_text_of(metric, ends[1])


def _of_cells(column: pd.Series, surface: Surface) -> dict[str, Any]:
    """Return the words of a parameter, and which one each cell has: one for all, or its place."""
    there = surface.rows >= 0
    codes, values = pd.factorize(column.to_numpy()[surface.rows[there]], use_na_sentinel=False)
    words = [parameter_word(value) for value in values]
    if len(words) == 1:
        return {"words": words}
    places = np.zeros(surface.rows.shape, dtype=np.int64)
    places[there] = codes
    return {"words": words, "places": _line(places, there)}


def _line(places: np.ndarray, there: np.ndarray) -> dict[str, Any]:
    """Write places by column or by row where these tell them all, else cell by cell."""
    for axis, name in ((0, "x"), (1, "y")):
        one = places.max(axis=axis)
        if (np.where(there, places, np.expand_dims(one, axis)) == np.expand_dims(one, axis)).all():
            return {"by": name, "of": one.tolist()}
    return {"by": "cell", "of": " ".join(map(str, places.ravel()))}


def _labels(axis: Any) -> list[str]:
    return [axis.label(step) for step in range(len(axis))]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
