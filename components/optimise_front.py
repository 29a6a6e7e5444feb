"""The trade-off of results: a point a combination, the front drawn, by the script of the page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_bootstrap_components as dbc
import numpy as np
import pandas as pd
from dash import html

from components.format import metric_text_of
from components.optimise_axes import tool_select
from components.optimise_map import parameter_word
from components.report_parts import panel
from services.metrics import METRIC_SPECS
from services.optimise.cloud import Cloud, Ends, cloud_of
from services.optimise.objective import OBJECTIVES, Objective, best_of
from services.studies.front import front_text, unseen_front_text
from services.studies.holdout import Unseen

FRONT, FRONT_BOX, PICK, ONLY = "opt-front", "opt-front-box", "opt-pick", "opt-only"
NEAR, NO_COLOUR = "near", "none"
_USUAL = ("max_drawdown", "sharpe")  # beside the objective of a study that has only one
_COLOURLESS = {NO_COLOUR: "none"}
_SCOPES = {"all": "all combinations", NEAR: "the front alone"}
_WEAKEST, _STRONGEST = 12, 100  # percent of the colour
_GRAIN = 10_000  # steps along an axis


@dataclass(frozen=True)
class FrontChoice:
    """The metrics of the front: across, up and perhaps as colour; `near`: it fills the picture."""

    metrics: tuple[str, ...]
    near: bool = False

    @property
    def makes_sense(self) -> bool:
        """Tell whether the metrics are different ones."""
        return len(set(self.metrics)) == len(self.metrics)

    def objectives(self, minimum_trades: int) -> tuple[Objective, ...]:
        """Return what the front is of."""
        return tuple(Objective(name, minimum_trades) for name in self.metrics)


def pick_id(name: str) -> dict[str, str]:
    """Return the id of the choice of x, of y, of the colour or of the scope."""
    return {"type": PICK, "name": name}


def front_choice(objectives: Sequence[Objective], wanted: Mapping[str, Any]) -> FrontChoice:
    """Return what is asked for as far as it can be had; else the objectives of the study."""
    own = [objective.metric for objective in objectives]
    own += [name for name in _USUAL if name not in own][: max(0, 2 - len(own))]
    x, y = (
        wanted[name] if wanted.get(name) in OBJECTIVES else own[place]
        for place, name in enumerate(("x", "y"))
    )
    colour = wanted.get("colour", own[2] if len(own) > 2 else "")
    third = (colour,) if colour in OBJECTIVES else ()
    return FrontChoice((x, y, *third), wanted.get("scope") == NEAR)


def front_panel(choice: FrontChoice) -> html.Section:
    """Return the panel with the choice of metrics; `front_view` fills its box."""
    labels = {name: METRIC_SPECS[name].label for name in OBJECTIVES}
    x, y, colour = (*choice.metrics, NO_COLOUR)[:3]
    tools = [
        tool_select(pick_id("x"), "Across", labels, x),
        tool_select(pick_id("y"), "Up", labels, y),
        tool_select(pick_id("colour"), "Colour", _COLOURLESS | labels, colour),
        tool_select(pick_id("scope"), "Show", _SCOPES, NEAR if choice.near else "all"),
    ]
    return panel(
        "One against the other",
        html.Div(id=FRONT_BOX, className="opt-front-box"),
        note="A point is one combination: press it to open its backtest. Arrows walk along the "
        "front.",
        tools=html.Div(tools, className="opt-tools"),
    )


def front_only_switch(value: bool) -> dbc.Switch:
    """Return the switch that leaves only the front in the table."""
    return dbc.Switch(
        id={"type": ONLY, "name": "front"},
        label="On the front only",
        value=value,
        className="opt-only",
    )


def front_view(
    frame: pd.DataFrame,
    names: Sequence[str],
    choice: FrontChoice,
    own: Sequence[Objective],
    address: str,
    unseen: Unseen | None = None,
) -> list[Any]:
    """Return the picture of a front; `own` are the study's objectives, which choose the best.

    `address` is that of the backtest, without parameters.
    """
    if not choice.makes_sense:
        return [html.P("Choose different metrics.", className="muted")]
    objectives = choice.objectives(own[0].minimum_trades)
    cloud = cloud_of(frame, objectives, near=choice.near)
    if cloud is None:
        return [html.P(front_text(0, len(frame), objectives), className="muted")]
    data = front_data(frame, names, cloud, objectives, own, address)
    said = [front_text(cloud.on_front, len(frame), objectives)]
    if unseen is not None:
        said.append(unseen_front_text(frame, unseen, objectives))
    return [
        html.P(" ".join(filter(None, said)), className="opt-front-text"),
        html.Div(id=FRONT, className="opt-front", **{"data-front": _packed(data)}),
        html.Div(id="opt-front-said", className="opt-map-said"),
        _legend(frame, cloud, objectives, own, data),
    ]


def front_data(
    frame: pd.DataFrame,
    names: Sequence[str],
    cloud: Cloud,
    objectives: Sequence[Objective],
    own: Sequence[Objective],
    address: str,
) -> dict[str, Any]:
    """Return what the script draws: for each point where it lies, its texts and parameters.

    Points of the front come first, from left to right; places are parts of ten thousand.
    """
    columns = [_values(frame, one.metric) for one in objectives]
    front = cloud.front[np.lexsort((columns[1][cloud.front], columns[0][cloud.front]))]
    places = np.concatenate((front, cloud.others))
    best = np.flatnonzero(places == best_of(frame, *own))
    return {
        "names": list(names),
        "labels": [one.spec.label for one in objectives],
        "better": [one.direction for one in objectives],
        "front": len(front),
        "best": int(best[0]) if len(best) else -1,
        "x": _places(cloud.x, columns[0][places]),
        "y": _places(cloud.y, columns[1][places]),
        "shades": _shades(columns[2], places, objectives[2]) if len(columns) > 2 else "",
        "texts": [
            "|".join(metric_text_of(one.metric, value) for value in column[places].tolist())
            for one, column in zip(objectives, columns, strict=True)
        ],
        "params": [_words(frame[name].iloc[places]) for name in names],
        "ticks": [
            [
                [round(_GRAIN * float(ends.share(tick))), metric_text_of(one.metric, tick)]
                for tick in ends.ticks
            ]
            for ends, one in zip((cloud.x, cloud.y), objectives, strict=False)
        ],  # fmt: skip
        "address": address,
    }


def _packed(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _values(frame: pd.DataFrame, name: str) -> np.ndarray:
    return frame[name].to_numpy(np.float64, na_value=np.nan)


def _places(ends: Ends, values: np.ndarray) -> str:
    return " ".join(map(str, np.rint(_GRAIN * ends.share(values)).astype(int)))


def _shades(column: np.ndarray, places: np.ndarray, objective: Objective) -> str:
    """Return how strongly to colour each point, in percent: the better the stronger."""
    values = column[places] if objective.direction == "high" else -column[places]
    width = values.max() - values.min()
    share = (values - values.min()) / width if width else np.ones(len(values))
    return " ".join(map(str, np.rint(_WEAKEST + share * (_STRONGEST - _WEAKEST)).astype(int)))


def _words(column: pd.Series) -> dict[str, Any]:
    codes, values = pd.factorize(column.to_numpy(), use_na_sentinel=False)
    return {"words": [parameter_word(value) for value in values], "of": " ".join(map(str, codes))}


def _legend(
    frame: pd.DataFrame,
    cloud: Cloud,
    objectives: Sequence[Objective],
    own: Sequence[Objective],
    data: Mapping[str, Any],
) -> html.Ul:
    def key(name: str, text: str) -> html.Li:
        return html.Li([html.Span(className=f"opt-key {name}"), text])

    look = " is-shaded" if len(objectives) > 2 else ""
    items = [key(f"is-front{look}", f"on the front: {cloud.on_front:,}")]
    items += [key(f"is-beaten{look}", f"beaten: {cloud.known - cloud.on_front:,}")]
    if data["best"] >= 0:
        items.append(key("is-best is-round", f"best {own[0].spec.label}, the one that is judged"))
    if len(objectives) > 2:
        values = _values(frame, objectives[2].metric)[cloud.places]
        ends = [metric_text_of(objectives[2].metric, end) for end in (values.min(), values.max())]
        low, high = ends if objectives[2].direction == "high" else reversed(ends)
        items.append(key("opt-ramp is-colour", f"{objectives[2].spec.label} {low} to {high}"))
    if missing := len(frame) - cloud.known:
        why = " or has too few trades" if own[0].minimum_trades else ""
        items.append(html.Li(f"{missing:,} not drawn: a value is undefined{why}"))
    if cloud.known - cloud.on_front > len(cloud.others):
        items.append(html.Li("Of points that fall together one is drawn."))
    return html.Ul(items, className="opt-legend")
