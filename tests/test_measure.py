"""The metrics kernel: its order of METRICS, its sums, and its cache of compiled code."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from real_bars import real_bars

import services.backtest.metric_row as row
import services.backtest.simulate as simulation
from services.backtest import run_backtest, sums
from services.backtest.drawdown import drawdown_of
from services.backtest.measure_trades import exposure_of
from services.backtest.settings import SimulationSettings
from services.metric_specs import METRICS
from services.metrics import calendar_of, equity_metrics, relation_metrics
from strategies.registry import load_strategy


def test_the_places_of_a_row_are_those_of_the_metrics():
    assert [getattr(row, metric.name.upper()) for metric in METRICS] == list(range(len(METRICS)))
    assert len(METRICS) == row.METRIC_COUNT


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 101])
def test_a_mean_in_lanes_is_the_exact_mean_but_for_rounding(count):
    values = np.random.default_rng(count).normal(size=count)
    assert sums.mean(values) == pytest.approx(math.fsum(values) / count, rel=1e-13)


@pytest.mark.parametrize(
    ("settings", "tolerance"),
    [(SimulationSettings(), 1e-12), (SimulationSettings(stop_loss="50%"), 0.0)],
)
def test_a_backtest_has_the_metrics_of_its_equity(settings, tolerance):
    result = run_backtest(real_bars("GOOG"), load_strategy("rsi"), settings)
    calendar, cash = calendar_of(result.bars["ts"]), result.settings.cash
    equity, held = result.equity.to_numpy(), result.benchmark_equity.to_numpy()
    alone = equity_metrics(equity, cash, calendar) | relation_metrics(equity, held, cash, calendar)
    found = {name: result.metrics[name] for name in alone}
    assert found == pytest.approx(alone, rel=tolerance, abs=0)


@pytest.mark.parametrize("count", [1, 7, 8, 9, 63, 64, 65, 131])
def test_products_in_blocks_are_their_exact_sum_but_for_rounding(count):
    a, b = np.random.default_rng(count).normal(size=(2, count))
    expected = math.fsum((x - 0.1) * (y - 0.2) for x, y in zip(a, b, strict=True))
    assert sums.products(a, 0.1, b, 0.2) == pytest.approx(expected, rel=1e-12, abs=1e-13)
    below = math.fsum(min(x - 0.3, 0.0) ** 2 for x in a)
    assert sums.squares_below(a, 0.3) == pytest.approx(below, rel=1e-13)


@given(
    steps=st.lists(st.sampled_from([0, 0, 0, 1, 2, -1, -2, -5]), min_size=1, max_size=60),
    repeat=st.integers(1, 12),
)
@example(steps=[0] * 8 + [-1, 0], repeat=1)  # a block on the peak, and a fall after it
def test_a_drawdown_found_in_blocks_is_the_deepest_and_the_longest_of_all_bars(steps, repeat):
    equity = 100.0 + np.cumsum(np.repeat(steps, repeat)).clip(-90)
    day = 86_400_000_000
    peaks = np.maximum.accumulate(np.append(100.0, equity))[1:]
    longest_span = at_peak = 0
    was_under = False
    for i, (value, peak) in enumerate(zip(equity, peaks, strict=True)):
        is_under = value < peak
        if is_under or was_under:
            longest_span = max(longest_span, i - at_peak)
        at_peak = at_peak if is_under else i
        was_under = is_under
    depth, longest = drawdown_of(equity, 100.0, np.arange(len(equity)) * day)
    assert depth == min(0.0, (equity / peaks - 1.0).min())
    assert longest == longest_span


@given(signals=st.lists(st.integers(-1, 1), min_size=1, max_size=80), at_close=st.booleans())
def test_exposure_and_position_are_those_of_the_rows_of_trades(signals, at_close):
    held, after = False, []
    for i in range(len(signals)):
        signal = signals[i] if at_close else signals[i - 1] if i > 0 else 0
        held = signal > 0 or (held and signal == 0)
        after.append(held)
    price = np.full(len(signals), 10.0)
    fill = simulation.FILL_CLOSE if at_close else simulation.FILL_NEXT_OPEN
    money = (1000.0, 0.0, 0.0, math.inf, 0.0, 0.0)
    said = np.array(signals, np.int8)
    _, position, rows = simulation.simulate((price, price, price, price), said, fill, money)
    assert position.tolist() == after
    assert exposure_of(rows, len(signals)) == sum(after) / len(after)


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


def test_compiled_code_whose_types_have_moved_is_made_anew(tmp_path):
    """An update may move a class that code compiled before it names: that must not stop anyone."""
    package = tmp_path / "moving"
    package.mkdir()
    kind = "from typing import NamedTuple\nclass Pair(NamedTuple):\n    a: float\n"
    (package / "old.py").write_text(kind)
    (package / "use.py").write_text(
        "from services.backtest.cached import compiled\n"
        "@compiled()\ndef first(pair):\n    return pair.a\n"
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from moving import use, {{0}}; "
    code += "print(use.first({0}.Pair(2.0)))"
    for home in ("old", "new"):
        command = [sys.executable, "-c", code.format(home)]
        done = subprocess.run(command, capture_output=True, check=True)
        assert done.stdout == b"2.0\n"
        (package / "old.py").write_text("")
        (package / "new.py").write_text(kind)
        (package / "use.py").write_text((package / "use.py").read_text() + "\n# changed\n")
