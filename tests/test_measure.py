"""The metrics kernel: its order of METRICS, its sums, and its cache of compiled code."""

import math
import subprocess
import sys

import numpy as np
import pytest
from real_bars import real_bars

import services.backtest.measure as kernel
from services.backtest import run_backtest, sums
from services.metric_specs import METRICS
from services.metrics import calendar_of, equity_metrics, relation_metrics
from strategies.registry import load_strategy


def test_the_places_of_a_row_are_those_of_the_metrics():
    assert [getattr(kernel, metric.name.upper()) for metric in METRICS] == list(range(len(METRICS)))
    assert len(METRICS) == kernel.METRIC_COUNT


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 101])
def test_a_mean_in_lanes_is_the_exact_mean_but_for_rounding(count):
    values = np.random.default_rng(count).normal(size=count)
    assert sums.mean(values) == pytest.approx(math.fsum(values) / count, rel=1e-13)


def test_a_backtest_has_the_metrics_of_its_equity_to_the_last_bit():
    result = run_backtest(real_bars("GOOG"), load_strategy("rsi"))
    calendar, cash = calendar_of(result.bars["ts"]), result.settings.cash
    equity, held = result.equity.to_numpy(), result.benchmark_equity.to_numpy()
    alone = equity_metrics(equity, cash, calendar) | relation_metrics(equity, held, cash, calendar)
    assert {name: result.metrics[name] for name in alone} == alone


@pytest.mark.parametrize(
    ("imports", "call"),
    [("from rooms import deep", "deep.value()"), ("from rooms.deep import value", "value()")],
)
def test_compiled_code_is_renewed_when_a_module_that_it_reaches_changes(tmp_path, imports, call):
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    head = "from services.backtest.cached import compiled\n"
    function = "@compiled()\ndef {}():\n    return {}\n"
    between = function.format("same", call)
    caller = function.format("twice", "2 * between.same()")
    (rooms / "between.py").write_text(f"{imports}\n{head}{between}")
    (rooms / "caller.py").write_text(f"from rooms import between\n{head}{caller}")
    for value in (1, 30):
        (rooms / "deep.py").write_text(head + function.format("value", value))
        path = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
        code = f"{path}; from rooms import caller; print(caller.twice())"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert int(done.stdout) == 2 * value
