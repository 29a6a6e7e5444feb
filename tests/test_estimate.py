"""How long a study is said to take, with what must first be compiled on a machine."""

import os
import subprocess
import sys
import time

import pandas as pd
import pytest

from services.backtest import SimulationSettings
from services.metrics import METRICS
from services.optimise import estimate
from services.optimise.estimate import (
    compiling_seconds,
    seconds_in_all,
    seconds_of,
    span_text,
    thinking_seconds,
)
from services.optimise.search import search
from services.settings import ROOT
from services.warm_up import warm_up_sweeps
from strategies.registry import STRATEGIES

MA_CROSS = STRATEGIES["ma_cross"]
PLAIN, STOPS = SimulationSettings(), SimulationSettings(stop_loss="5%")
ASK = """
from services.backtest import SimulationSettings
from services.optimise.estimate import compiling_seconds
from strategies.registry import STRATEGIES
for how in (SimulationSettings(), SimulationSettings(stop_loss="5%")):
    print(compiling_seconds(STRATEGIES["ma_cross"], how))
"""


def in_a_fresh_process(cache=None) -> list[float]:
    names = {"NUMBA_CACHE_DIR": str(cache)} if cache else {}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT, env=os.environ | names, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [float(line) for line in done.stdout.split()]


def test_a_machine_that_has_compiled_nothing_is_told_what_it_waits_for(tmp_path):
    assert in_a_fresh_process(tmp_path) == [10.0, 13.0]


def test_after_the_warm_up_nothing_is_left_to_compile_in_this_process_or_another():
    warm_up_sweeps(STRATEGIES.values())
    for settings in (PLAIN, STOPS):
        assert compiling_seconds(MA_CROSS, settings) == 0
        undeclared = type("Asked", (MA_CROSS,), {"buy": None, "sell": None})
        assert compiling_seconds(undeclared, settings) == 0
    assert in_a_fresh_process() == [0, 0]


def test_what_is_compiled_for_stops_does_not_stand_for_plain_sweeps(monkeypatch):
    class OnlyStops:
        signatures = ("(Scene(Realism(int64)))",)
        _cache = type("C", (), {"_cache_file": type("F", (), {"_load_index": staticmethod(dict)})})

    monkeypatch.setattr(estimate.kernel, "measure_rules", OnlyStops)
    assert compiling_seconds(MA_CROSS, PLAIN) == 10.0
    assert compiling_seconds(MA_CROSS, STOPS) == 0


@pytest.mark.parametrize("settings", [PLAIN, STOPS])
def test_the_whole_is_its_parts(monkeypatch, settings):
    monkeypatch.setattr(estimate, "compiling_seconds", lambda *_: 5.0)
    nothing = seconds_in_all(MA_CROSS, 0, 2000, settings)
    assert 5 < nothing < 5.5  # compiling, and the bars read
    tried = seconds_of(MA_CROSS, 1000, 2000, settings)
    assert seconds_in_all(MA_CROSS, 1000, 2000, settings) == pytest.approx(nothing + tried)
    searched = seconds_in_all(MA_CROSS, 1000, 2000, settings, thinking=9.0)
    assert searched == pytest.approx(nothing + tried + 9)
    assert span_text(searched).startswith("about")
    walked = seconds_in_all(MA_CROSS, 1000, 2000, settings, walks=True)
    assert 0.5 < walked - tried - nothing < 3


LISTED = {"fast": (2, 120), "slow": (20, 400)}
UNBROKEN = {"period": (5, 30), "lower": (10.0, 45.0), "upper": (55.0, 90.0)}


def test_a_guided_search_thinks_longer_the_more_it_has_tried():
    few, many = (thinking_seconds(MA_CROSS, LISTED, trials) for trials in (200, 2000))
    assert many > 20 * few


def test_several_objectives_are_proposed_faster_than_one():
    one, two, three = (thinking_seconds(MA_CROSS, LISTED, 1000, count) for count in (1, 2, 3))
    assert one > 3 * two
    assert two == three


def test_a_space_of_listed_values_is_proposed_from_more_slowly():
    unbroken = thinking_seconds(STRATEGIES["rsi"], UNBROKEN, 1000)
    assert thinking_seconds(MA_CROSS, LISTED, 1000) > unbroken > 0


def test_nothing_is_proposed_of_a_space_that_is_tried_as_a_whole():
    assert thinking_seconds(MA_CROSS, {"fast": [5, 10], "slow": [50, 100]}, 4) == 0
    assert thinking_seconds(MA_CROSS, {"fast": [5, 10], "slow": [50, 100]}, 3) > 0


@pytest.mark.parametrize(("name", "space"), [("ma_cross", LISTED), ("rsi", UNBROKEN)])
@pytest.mark.parametrize("objectives", ["sharpe", "sharpe,max_drawdown"])
def test_what_a_guided_search_is_said_to_think_is_about_what_it_thinks(name, space, objectives):
    spent = 0.0

    def instantly(batch):
        nonlocal spent
        spent += time.process_time() - started[-1]
        rows = pd.DataFrame(batch)
        worth = -(rows.select_dtypes("number").to_numpy() ** 2).sum(axis=1)
        for k, spec in enumerate(METRICS):
            rows[spec.name] = worth * (-1) ** k
        started.append(time.process_time())
        return rows

    started = [time.process_time()]
    strategy, trials = STRATEGIES[name], 200
    search(None, strategy, space, objectives, trials=trials, evaluate=instantly)
    said = thinking_seconds(strategy, space, trials, objectives.count(",") + 1)
    # Machines differ, and this one may be busy: what is wrong by a power of ten is caught.
    assert said / 8 < spent < said * 8
