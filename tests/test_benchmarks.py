"""The benchmarks can be run, have their place in the document and stop where results differ."""

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.outputs import DOCUMENT, benchmark_names, section, with_section
from benchmarks.turns import Mismatch, in_turns, must_agree

ROOT = Path(__file__).parent.parent
MARKED = "Before.\n<!-- bench_a -->\nold\n<!-- end of bench_a -->\nAfter.\n"


@pytest.mark.parametrize("name", benchmark_names())
def test_each_benchmark_can_be_loaded_and_says_how_to_run_it(name):
    assert importlib.import_module(f"benchmarks.{name}").main
    assert f"python -m benchmarks.{name}" in DOCUMENT.read_text()


@pytest.mark.parametrize("name", benchmark_names())
def test_each_benchmark_has_one_place_in_the_document(name):
    document = DOCUMENT.read_text()
    assert document.count(f"<!-- {name} -->") == document.count(f"<!-- end of {name} -->") == 1
    assert "measured anew" in with_section(document, name, "measured anew")


def test_the_document_has_no_place_for_a_benchmark_that_is_gone():
    marked = set(re.findall(r"<!-- (bench_\w+) -->", DOCUMENT.read_text()))
    assert marked == set(benchmark_names())


def test_an_output_takes_the_place_of_the_one_before_and_of_nothing_else():
    changed = with_section(MARKED, "bench_a", "new\n")
    assert changed == MARKED.replace("old", "new")
    assert with_section(changed, "bench_a", "new\n") == changed


def test_an_output_without_a_place_says_what_to_add():
    with pytest.raises(ValueError, match="add the lines <!-- bench_b -->"):
        with_section(MARKED, "bench_b", section("bench_b", "fast"))


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_bench_runs_the_one_that_is_asked_for():
    asked = subprocess.run(
        ["make", "--dry-run", "bench", "ONLY=bench_peers"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "python -m benchmarks bench_peers\n" in asked.stdout


def test_an_unknown_benchmark_is_refused_with_the_nearest_name():
    asked = subprocess.run(
        [sys.executable, "-m", "benchmarks", "bench_peer"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asked.returncode == 2
    assert 'there is no benchmark "bench_peer"' in asked.stderr
    assert 'Did you mean "bench_peers"?' in asked.stderr


def test_results_that_differ_stop_a_benchmark_with_a_sentence():
    ours = [[1, 100.0], [2, 101.0]]
    with pytest.raises(Mismatch, match=r"trades: 1 of 4 values differ, first at \(1, 1\)"):
        must_agree("trades", ours, [[1, 100.0], [2, 101.5]], 1e-9)
    with pytest.raises(Mismatch, match=r"trades: \(2, 2\) values of ours, \(1, 2\) of the peer"):
        must_agree("trades", ours, ours[:1])


def test_undefined_numbers_agree_with_each_other_only():
    must_agree("Sharpe", [np.nan, 1.0], [np.nan, 1.0])
    with pytest.raises(Mismatch):
        must_agree("Sharpe", [np.nan], [0.0])


def test_contenders_take_turns_after_each_was_called_once():
    calls = []
    contenders = {name: lambda name=name: calls.append(name) for name in ("ours", "peer")}
    times = in_turns(contenders, 2, turn=0)
    assert calls == ["ours", "peer"] * 3
    assert {name: len(spent) for name, spent in times.items()} == {"ours": 2, "peer": 2}


def test_a_short_call_is_timed_by_the_mean_of_many():
    calls = []
    (spent,) = in_turns({"ours": lambda: calls.append(1)}, 1, turn=0.01)["ours"]
    assert spent * (len(calls) - 1) >= 0.01 > 10 * spent


def test_peak_memory_counts_what_was_given_back():
    code = (
        "from benchmarks.turns import np, peak_memory\n"
        "before = peak_memory()\n"
        "np.ones(12_500_000)\n"  # 100 MB, dropped at once
        "print(peak_memory() - before)"
    )
    grown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert 90 < int(grown.stdout) < 120
