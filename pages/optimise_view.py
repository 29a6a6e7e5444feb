"""What the address shows of a study: the map's metric, axes and held values, the front's metrics.

The script of the page (assets/optimise/view.js) writes it: only what is not the usual stands there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, html

from components.optimise_axes import AXIS, FREE, HOLD, AxisChoice, choice_of
from components.optimise_front import NEAR, NO_COLOUR, ONLY, PICK, FrontChoice, front_choice
from pages.form_state import quoted
from pages.optimise_data import StudyResults
from services.optimise.front import MOST_OBJECTIVES
from services.optimise.objective import OBJECTIVES
from services.optimise.surface import searched, value_text

URL, USUAL = "opt-url", "opt-usual"
AXES, HELD_PREFIX = ("metric", "x", "y"), "at."
FRONT, SHOW, ONLY_NAME = "front", "show", "only"
NAMES = (*AXES, FRONT, SHOW, ONLY_NAME)
_FRONT_ALONE = "front"
_KINDS = (AXIS, HOLD, PICK, ONLY)


@dataclass(frozen=True)
class View:
    """What is shown, as far as it can be had; `refused` is what the address asks for in vain."""

    axes: AxisChoice
    front: FrontChoice
    only_front: bool = False
    refused: tuple[str, ...] = ()


def register(app: Dash) -> None:
    """Let the address follow the choices, and the choices the address; the server is not asked."""
    fields = [{"type": kind, "name": ALL} for kind in _KINDS]
    options = [State(field, "options") for field in fields[:-1]]
    app.clientside_callback(
        ClientsideFunction("optimiseView", "write"),
        Output(URL, "search", allow_duplicate=True),
        *(Input(field, "value") for field in fields),
        *options,
        State(URL, "search"),
        State(USUAL, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("optimiseView", "follow"),
        *(Output(field, "value") for field in fields),
        Input(URL, "search"),
        *(State(field, "value") for field in fields),
        *options,
        State(USUAL, "data"),
        prevent_initial_call=True,
    )


def view_of(query: Mapping[str, str], found: StudyResults) -> View:
    """Read what a query asks to see of a study; what cannot be had falls back and is named."""
    own = found.study.request.objectives
    held = {name: text for name, text in query.items() if name.startswith(HELD_PREFIX)}
    axes = choice_of(
        found.frame,
        found.names,
        own[0].metric,
        query,
        {name.removeprefix(HELD_PREFIX): text for name, text in held.items()},
    )
    picked = _picked(query.get(FRONT, ""))
    scope = {"scope": NEAR} if query.get(SHOW) == NEAR else {}
    wrong = {name for name in AXES if query.get(name) not in (None, getattr(axes, name))}
    wrong |= {name for name, text in held.items() if text not in _held_texts(axes, name)}
    wrong |= {FRONT} if query.get(FRONT) and not picked else set()
    wrong |= {SHOW} if query.get(SHOW) not in (None, NEAR) else set()
    wrong |= {ONLY_NAME} if query.get(ONLY_NAME) not in (None, _FRONT_ALONE) else set()
    return View(
        axes,
        front_choice(own, picked | scope),
        query.get(ONLY_NAME) == _FRONT_ALONE,
        tuple(f"{name}={text}" for name, text in query.items() if name in wrong),
    )


def is_view_name(name: str) -> bool:
    """Tell whether a name of an address belongs to what is shown of a study."""
    return name in NAMES or name.startswith(HELD_PREFIX)


def usual_view(found: StudyResults) -> dict[str, Any]:
    """Return what the script must know to leave out what is the usual of a study."""
    own = found.study.request.objectives
    usual = choice_of(found.frame, found.names, own[0].metric, {})
    return {
        "study": found.study.id,
        "metric": usual.metric,
        "x": usual.x,
        "axes": list(searched(found.frame, found.names)),
        "front": list(front_choice(own, {}).metrics),
    }


def refusal_note(refused: tuple[str, ...]) -> html.P | None:
    """Say what an address asks to see that a study does not have; None where it has all."""
    if not refused:
        return None
    return html.P(
        f"The address asks for what this study does not have: {quoted(refused)}. The usual is "
        "shown instead.",
        className="caution",
    )


def _picked(text: str) -> dict[str, str]:
    """Read the metrics of a front, "sharpe,max_drawdown" or three of them; empty for none."""
    names = text.split(",")
    if not 2 <= len(names) <= MOST_OBJECTIVES or not set(names) <= set(OBJECTIVES):
        return {}
    return dict(zip(("x", "y", "colour"), (*names, NO_COLOUR), strict=False))


def _held_texts(axes: AxisChoice, name: str) -> tuple[str, ...]:
    held = name.removeprefix(HELD_PREFIX)
    return (value_text(axes.fixed[held]),) if held in axes.fixed else (FREE,)
