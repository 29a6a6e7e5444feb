"""Bars fetched again beside the stored ones: revised here and there, or rewritten as a whole."""

import numpy as np
import pytest
from builders import closes, random_walk
from real_bars import real_bars

from services.ingest.overlap import compare_overlap


def rounded(bars, ratio):
    changed = bars.copy()
    changed[["open", "high", "low", "close"]] = (
        changed[["open", "high", "low", "close"]] * ratio
    ).round(2)
    return changed


def test_the_same_bars_are_neither_revised_nor_rewritten():
    bars = random_walk(30)
    overlap = compare_overlap(bars, bars)
    assert (overlap.bars, overlap.revised, overlap.rewritten) == (30, 0, False)


def test_frames_that_do_not_meet_say_so():
    assert compare_overlap(random_walk(5), random_walk(5, start="2025-01-01")).bars == 0


@pytest.mark.parametrize("ratio", [0.5, 1 / 3, 2.0, 10.0, 0.25, 2 / 3])
@pytest.mark.parametrize("symbol", ["AAPL", "IBM"])
def test_a_split_of_real_bars_is_seen_with_its_ratio(symbol, ratio):
    bars = real_bars(symbol).tail(22).reset_index(drop=True)
    overlap = compare_overlap(bars, rounded(bars, ratio))
    assert overlap.ratio == pytest.approx(ratio, rel=1e-3)


def test_a_split_inside_the_overlap_changes_the_bars_before_it_only():
    bars = real_bars("IBM").tail(22).reset_index(drop=True)
    fetched = rounded(bars, 0.5)
    fetched.loc[15:] = bars.loc[15:]
    assert compare_overlap(bars, fetched).ratio == pytest.approx(0.5, rel=1e-3)


def test_a_dividend_adjusted_anew_is_seen():
    bars = real_bars("IBM").tail(22).reset_index(drop=True)
    assert compare_overlap(bars, rounded(bars, 0.9958)).ratio == pytest.approx(0.9958, rel=1e-3)


def test_a_few_revised_bars_are_revisions():
    bars = random_walk(30)
    fetched = bars.copy()
    fetched.loc[[3, 9], "close"] += 0.01
    fetched.loc[20, "volume"] += 1
    overlap = compare_overlap(bars, fetched)
    assert (overlap.revised, overlap.rewritten) == (3, False)


def test_a_revised_oldest_bar_is_no_split():
    bars = closes(100.0, 101.0, 102.0, 103.0)
    fetched = bars.copy()
    fetched.loc[0, ["open", "high", "low", "close"]] *= 1.003
    assert not compare_overlap(bars, fetched).rewritten


def test_a_single_bar_in_common_tells_a_split_by_its_size():
    bars = closes(100.0)
    assert compare_overlap(bars, rounded(bars, 0.5)).ratio == pytest.approx(0.5)
    assert not compare_overlap(bars, rounded(bars, 0.99)).rewritten


def test_random_revisions_of_all_bars_are_no_split():
    bars = random_walk(40)
    noise = np.random.default_rng(1).uniform(0.99, 1.01, 40)
    fetched = bars.copy()
    for name in ("open", "high", "low", "close"):
        fetched[name] *= noise
    assert not compare_overlap(bars, fetched).rewritten


def test_volumes_in_another_unit_rewrite_the_past():
    bars = random_walk(20, volume=12_300.0)
    fetched = bars.assign(volume=bars["volume"] * 100)
    overlap = compare_overlap(bars, fetched)
    assert (overlap.volume_ratio, overlap.ratio) == (100.0, None)
    assert not compare_overlap(bars, bars.assign(volume=bars["volume"] * 1.3)).rewritten


def test_unknown_volumes_are_no_revision():
    bars = random_walk(10, volume=np.nan)
    assert compare_overlap(bars, bars).revised == 0
