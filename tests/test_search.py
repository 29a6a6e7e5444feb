"""Searches: against the best of all combinations, and stopped anywhere."""

import contextlib
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import random_walk
from sweeping import plain_sweep

from services.errors import Cancelled, ClusterUnavailable, InvalidParams
from services.optimise.executor import local_executor
from services.optimise.front import front_places
from services.optimise.objective import Objective, best_of, objectives_of
from services.optimise.search import Batch, search
from services.optimise.sweep import sweep
from services.studies.packing import pack_frame, unpack_frame
from strategies.ath_breakout import AthBreakout
from strategies.ma_cross import MaCross
from strategies.rsi import Rsi

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def bars():
    return random_walk(300, seed=5)


class Landscape:
    """Stands for backtests: a hill of Sharpe with its top at a pair, and a count of questions."""

    def __init__(self, fast=37, slow=120):
        self.top, self.asked = (fast, slow), []

    def __call__(self, combinations):
        self.asked += [(c["fast"], c["slow"]) for c in combinations]
        return pd.DataFrame(
            c | {"sharpe": self.height(c), "volatility": c["fast"] / 100, "trades": c["slow"]}
            for c in combinations
        )

    def height(self, c):
        return -(((c["fast"] - self.top[0]) / 50) ** 2) - ((c["slow"] - self.top[1]) / 150) ** 2


WIDE = {"fast": (2, 100), "slow": (3, 300)}


def hunted(space=WIDE, objectives="sharpe", strategy=MaCross, **how):
    landscape = Landscape()
    frame = search(None, strategy, space, objectives, evaluate=landscape, **how)
    return frame, landscape


def test_the_top_of_a_hill_is_found_with_a_hundredth_of_all_combinations():
    frame, _ = hunted(trials=150)
    best = frame.iloc[best_of(frame, Objective("sharpe"))]
    assert len(frame) == 150
    assert abs(best["fast"] - 37) <= 4
    assert abs(best["slow"] - 120) <= 12


def test_the_search_beats_chance():
    chance = np.random.default_rng(0)
    ours, drawn = [], []
    for seed in range(4):
        frame, landscape = hunted(trials=50, seed=seed)
        ours.append(frame["sharpe"].max())
        pairs = [(f, s) for f, s in chance.integers((2, 3), (101, 301), (400, 2)) if f < s][:50]
        drawn.append(max(landscape.height({"fast": f, "slow": s}) for f, s in pairs))
    assert np.mean(ours) > np.mean(drawn)


def test_the_best_of_a_small_grid_is_found_in_real_backtests(bars):
    grid = {"period": [5, 9, 14, 21], "lower": [20, 25, 30, 35, 40], "upper": [60, 65, 70, 75]}
    every = plain_sweep(bars, Rsi, grid)
    frame = search(bars, Rsi, grid, trials=45, seed=1)
    assert frame["sharpe"].max() == every["sharpe"].max()
    best = frame.iloc[best_of(frame, Objective("sharpe"))]
    there = every.iloc[best_of(every, Objective("sharpe"))]
    assert best["sharpe"] == there["sharpe"]
    assert len(frame) == 45 < len(every)


def test_a_row_is_that_of_a_backtest(bars):
    frame = search(bars, MaCross, {"fast": (2, 40), "slow": (10, 90)}, trials=12)
    for _, row in frame.iterrows():
        one = plain_sweep(bars, MaCross, {"fast": [int(row["fast"])], "slow": [int(row["slow"])]})
        pd.testing.assert_series_equal(
            row, one.iloc[0], check_names=False, check_dtype=False, check_exact=True
        )


def test_counts_are_whole_numbers_as_in_a_sweep(bars):
    swept = plain_types(sweep(bars, MaCross, {"fast": [5, 10], "slow": [20, 50]}))
    kept = []
    frame = search(bars, MaCross, {"fast": (2, 40), "slow": (10, 90)}, trials=12, keep=kept.append)
    assert plain_types(frame) == swept
    assert swept["trades"] == "int64"
    assert all(plain_types(batch.rows) == swept for batch in kept)
    again = search(bars, MaCross, {"fast": (2, 40), "slow": (10, 90)}, trials=12, begun=kept[:3])
    pd.testing.assert_frame_equal(again, frame)


def test_a_count_that_one_combination_lacks_is_a_float_as_in_a_sweep():
    class Broken(Landscape):
        def __call__(self, combinations):
            frame = super().__call__(combinations)
            return frame.assign(trades=frame["trades"].where(frame["fast"] > 20))

    frame = search(None, MaCross, WIDE, evaluate=Broken(), trials=30)
    assert frame["trades"].dtype == "float64"


def plain_types(frame):
    return {name: str(kind) for name, kind in frame.dtypes.items()}


def test_no_combination_is_invalid_or_tried_twice():
    frame, landscape = hunted({"fast": (2, 30), "slow": (3, 30)}, trials=80)
    assert len(set(landscape.asked)) == len(landscape.asked) == len(frame) == 80
    assert all(fast < slow for fast, slow in landscape.asked)
    assert frame.attrs["invalid"] > 0
    assert frame.attrs["note"] == ""


def test_the_same_seed_finds_the_same_and_another_looks_elsewhere():
    first, again, other = (hunted(trials=40, seed=seed)[0] for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first, again)
    assert not first["fast"].equals(other["fast"])
    several = [hunted(trials=40, seed=3, objectives="sharpe, volatility")[0] for _ in range(2)]
    pd.testing.assert_frame_equal(*several)


def test_a_space_that_can_be_tried_as_a_whole_is():
    frame, landscape = hunted({"fast": [5, 10, 60], "slow": [20, 50]}, trials=100)
    assert landscape.asked == [(5, 20), (5, 50), (10, 20), (10, 50)]
    assert "Only 4 of 100 trials" in frame.attrs["note"]
    assert frame.attrs["invalid"] == 2


def test_a_corner_that_holds_few_valid_combinations_ends_the_search_and_is_said():
    frame, landscape = hunted({"fast": (2, 400), "slow": (3, 8)}, trials=60)
    assert set(landscape.asked) <= {(f, s) for f, s in product(range(2, 9), range(3, 9)) if f < s}
    assert len(frame) == len(set(landscape.asked)) > 10
    assert f"Only {len(frame)} of 60" in frame.attrs["note"]


def test_choices_and_numbers_keep_their_kinds(bars):
    frame = search(bars, AthBreakout, {"trend": ["ma20", "ma50", "supertrend", "bb_mid"]}, trials=3)
    assert len(frame) == 3
    assert set(frame["trend"]) < {"ma20", "ma50", "supertrend", "bb_mid"}
    ranged = search(bars, Rsi, {"period": (5, 30), "lower": (10.0, 45.0)}, trials=15)
    assert ranged["period"].dtype == np.int64
    assert ranged["lower"].between(10, 45).all()
    assert (ranged["upper"] == 70).all()


def test_undefined_results_are_rows_but_never_the_best():
    def mostly_nothing(combinations):
        return pd.DataFrame(
            c | {"sharpe": c["fast"] / 100 if c["fast"] > 90 else None, "trades": 1}
            for c in combinations
        )

    frame = search(None, MaCross, WIDE, evaluate=mostly_nothing, trials=60)
    assert len(frame) == 60
    assert frame.iloc[best_of(frame, Objective("sharpe"))]["fast"] > 90


def test_several_objectives_make_a_front_that_reaches_from_one_to_the_other():
    frame, _ = hunted(trials=300, objectives=["sharpe", "volatility"])
    front = frame.iloc[front_places(frame, objectives_of("sharpe, volatility"))]
    # Sharpe has its top at 37, volatility is lowest at 2: the front lies between.
    assert front["fast"].between(2, 40).mean() > 0.9
    assert front["fast"].min() <= 5
    assert front["fast"].max() >= 30
    assert len(front) > 10


def test_a_cancelled_search_has_kept_what_was_done():
    kept, landscape = [], Landscape()

    def cancel(progress):
        if progress.done >= 30:
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        search(None, MaCross, WIDE, evaluate=landscape, trials=60, keep=kept.append, report=cancel)
    rows = pd.concat(batch.rows for batch in kept)
    assert list(zip(rows["fast"], rows["slow"], strict=True)) == landscape.asked
    assert 30 <= len(rows) < 50


def test_progress_goes_from_nothing_to_all():
    reports = []
    hunted(trials=40, report=reports.append)
    assert (reports[0].done, reports[0].total) == (0, 40)
    assert (reports[-1].done, reports[-1].total) == (40, 40)
    assert [r.done for r in reports] == sorted(r.done for r in reports)


def test_an_impossible_search_is_refused_with_the_remedy(bars):
    with pytest.raises(InvalidParams, match="1 to 10,000"):
        hunted(trials=10**12)
    with pytest.raises(InvalidParams, match='Did you mean "sharpe"'):
        hunted(objectives="sharp")
    with pytest.raises(InvalidParams, match="No combination of that space is valid.*below"):
        hunted({"fast": (50, 60), "slow": (10, 20)}, trials=20)


def test_optuna_is_not_loaded_before_it_is_used():
    code = "import sys, services.optimise.search; sys.exit('optuna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_search_says_nothing_on_the_screen(capfd):
    hunted(trials=20)
    assert capfd.readouterr() == ("", "")


def stopped_after(count, objectives="sharpe", space=WIDE, trials=60, **how):
    """Search until `count` batches are kept; return them as they are read from a database."""
    kept = []

    def stop(progress):
        if len(kept) == count:
            raise Cancelled("Cancelled.")

    with contextlib.suppress(Cancelled):
        hunted(space, objectives, trials=trials, keep=kept.append, report=stop, **how)
    assert len(kept) == count
    return [Batch(unpack_frame(pack_frame(rows)), told) for rows, told in kept]


@pytest.mark.parametrize(
    ("objectives", "space", "trials"),
    [
        ("sharpe", WIDE, 60),
        ("sharpe, volatility", WIDE, 60),
        ("sharpe", {"fast": (2, 30), "slow": (3, 30)}, 80),  # half of it is not valid
        ("sharpe", {"fast": (2, 400), "slow": (3, 8)}, 60),  # and here it ends early
        ("sharpe", {"fast": [5, 10, 60], "slow": [20, 50]}, 100),  # tried as a whole
    ],
)
def test_a_search_that_goes_on_finds_what_one_finds_that_was_never_stopped(
    objectives, space, trials
):
    batches = []
    whole, _ = hunted(space, objectives, trials=trials, keep=batches.append)
    for count in {1, len(batches) // 2, len(batches)} - {0}:
        begun = stopped_after(count, objectives, space, trials)
        rest, landscape = hunted(space, objectives, trials=trials, begun=begun)
        pd.testing.assert_frame_equal(rest, whole, check_exact=True)
        assert rest.attrs == whole.attrs
        # What was tried before the stop is not tried again.
        assert len(landscape.asked) == len(whole) - sum(len(batch.rows) for batch in begun)


def test_numbers_of_an_unbroken_range_go_on_too(bars):
    asked = {"space": {"period": (5, 30), "lower": (10.0, 45.0)}, "trials": 24}
    kept = []
    whole = search(bars, Rsi, **asked, keep=kept.append)
    rest = search(bars, Rsi, **asked, begun=kept[:4])
    pd.testing.assert_frame_equal(rest, whole, check_exact=True)


def test_an_executor_carries_a_search_and_finds_the_same(bars):
    space = {"fast": (2, 40), "slow": (10, 90)}
    here = search(bars, MaCross, space, trials=30)
    carried = search(bars, MaCross, space, trials=30, executor=local_executor())
    pd.testing.assert_frame_equal(carried, here, check_exact=True)


class Unreachable:
    """Stands for a cluster whose scheduler is down."""

    def kept(self):
        raise ClusterUnavailable("No scheduler answers.")

    def map(self, task, chunks, report=None):
        raise ClusterUnavailable("No scheduler answers.")


def test_a_search_with_nothing_left_to_compute_needs_no_cluster():
    batches = []
    whole, _ = hunted(trials=40, keep=batches.append)
    again, _ = hunted(trials=40, begun=batches, executor=Unreachable())
    pd.testing.assert_frame_equal(again, whole, check_exact=True)
    with pytest.raises(ClusterUnavailable):
        hunted(trials=40, begun=batches[:1], executor=Unreachable())


def test_a_search_of_whose_rest_nothing_is_valid_needs_no_cluster(bars):
    # The first hundred are valid and fill a batch; the last ten contradict themselves.
    space = {"fast": [*range(2, 12), 50], "slow": list(range(12, 22))}
    batches = []
    whole = search(bars, MaCross, space, trials=200, keep=batches.append)
    assert [len(batch.rows) for batch in batches] == [100]
    assert not batches[0].proposals.exhausted
    again = search(bars, MaCross, space, trials=200, begun=batches, executor=Unreachable())
    pd.testing.assert_frame_equal(again, whole, check_exact=True)
