"""What the address shows of a study: read, what is the usual, and what it asks for in vain."""

from types import SimpleNamespace

import pandas as pd
import pytest
from dash._utils import to_json

from pages.optimise_view import is_view_name, refusal_note, usual_view, view_of
from services.metrics import METRICS
from services.optimise.objective import objectives_of

NAMES = ("fast", "slow", "width")


def study(objectives="sharpe"):
    """Return three fast, two slow and two wide ones, all combinations of them."""
    rows = [(f, s, w) for f in (5, 10, 20) for s in (50, 100) for w in (1.5, 2.0)]
    frame = pd.DataFrame(rows, columns=NAMES).assign(**{spec.name: 1.0 for spec in METRICS})
    asked = SimpleNamespace(objectives=objectives_of(objectives))
    return SimpleNamespace(frame=frame, names=NAMES, study=SimpleNamespace(id=7, request=asked))


def shown(view) -> tuple:
    axes, front = view.axes, view.front
    fixed = dict(axes.fixed)
    return axes.metric, axes.x, axes.y, fixed, front.metrics, front.near, view.only_front


USUAL = ("sharpe", "fast", "slow", {}, ("sharpe", "max_drawdown"), False, False)


def test_an_address_that_says_nothing_shows_the_usual():
    view = view_of({"study": "7"}, study())
    assert shown(view) == USUAL
    assert view.refused == ()
    assert refusal_note(view.refused) is None


def test_an_address_says_what_is_shown():
    query = {"metric": "cagr", "x": "width", "y": "slow", "at.fast": "10",
             "front": "cagr,sqn,costs", "show": "near", "only": "front"}  # fmt: skip
    view = view_of({"study": "7"} | query, study())
    wanted = ("cagr", "width", "slow", {"fast": 10}, ("cagr", "sqn", "costs"), True, True)
    assert shown(view) == wanted
    assert view.refused == ()


def test_a_front_of_two_leaves_the_third_objective_out():
    three = study("sharpe,max_drawdown,volatility")
    assert view_of({}, three).front.metrics == ("sharpe", "max_drawdown", "volatility")
    assert view_of({"front": "sharpe,cagr"}, three).front.metrics == ("sharpe", "cagr")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metric", "beauty"),
        ("x", "length"),
        ("y", "fast"),  # it lies across already
        ("at.width", "9"),
        ("at.fast", "10"),  # an axis is not held
        ("at.length", "1"),
        ("front", "sharpe"),
        ("front", "sharpe,beauty"),
        ("front", "sharpe,cagr,sqn,costs"),
        ("show", "far"),
        ("only", "back"),
        ("x", ""),
    ],
)
def test_what_a_study_does_not_have_falls_back_and_is_named(name, text):
    view = view_of({"study": "7", name: text}, study())
    assert shown(view) == USUAL
    assert view.refused == (f"{name}={text}",)
    assert f"{name}={text}" in to_json(refusal_note(view.refused))


def test_the_script_is_told_what_is_the_usual():
    told = {"study": 7, "metric": "sharpe", "x": "fast", "axes": ["fast", "slow", "width"],
            "front": ["sharpe", "max_drawdown"]}  # fmt: skip
    assert usual_view(study()) == told


@pytest.mark.parametrize(("name", "is_one"), [("x", True), ("at.fast", True), ("g.fast", False)])
def test_names_of_what_is_shown_are_told_from_others(name, is_one):
    assert is_view_name(name) == is_one
