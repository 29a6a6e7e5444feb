"""How long a study is said to take, with what must first be compiled on a machine."""

import os
import subprocess
import sys

import pytest

from services.backtest import SimulationSettings
from services.optimise import estimate
from services.optimise.estimate import compiling_seconds, seconds_in_all, seconds_of, span_text
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
    # A guided search thinks longer the more it has tried.
    searched = seconds_in_all(MA_CROSS, 1000, 2000, settings, searches=True)
    assert 5 < searched - tried - nothing < 50
    assert span_text(searched).startswith("about")
    walked = seconds_in_all(MA_CROSS, 1000, 2000, settings, walks=True)
    assert 0.5 < walked - tried - nothing < 3
