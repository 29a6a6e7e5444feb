"""Contenders compared first and timed afterwards, in turns: a slow moment hits all of them."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

OURS = "ours"
TURN = 0.05


class Mismatch(SystemExit):
    """Two contenders disagree: their times would mean nothing, so the benchmark stops."""


def must_agree(what: str, ours: Sequence, theirs: Sequence, tolerance: float = 0.0) -> None:
    """Stop with a sentence unless two lists of numbers are equal within a relative tolerance."""
    mine, other = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if mine.shape != other.shape:
        raise Mismatch(f"{what}: {mine.shape} values of ours, {other.shape} of the peer.")
    equal = np.isclose(mine, other, rtol=tolerance, atol=tolerance, equal_nan=True)
    if not equal.all():
        place = tuple(int(axis[0]) for axis in np.nonzero(~equal))
        raise Mismatch(
            f"{what}: {int((~equal).sum())} of {equal.size} values differ, first at {place}: "
            f"ours {float(mine[place])!r}, the peer {float(other[place])!r}."
        )


def in_turns(
    contenders: Mapping[str, Callable], repeats: int, turn: float = TURN
) -> dict[str, list[float]]:
    """Return the seconds of each call by contender; all are called once before, to warm up.

    A short call is made again until `turn` seconds are over, and its mean counts: a single one
    would pay for the caches that the contender before it emptied and the garbage that it left.
    """
    for work in contenders.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, work in contenders.items():
            gc.collect()
            times[name].append(seconds(work, turn))
    return times


def seconds(work: Callable[[], object], at_least: float = 0.0) -> float:
    """Time one call, or with `at_least` the mean of as many as take that long."""
    calls, spent, start = 0, 0.0, time.perf_counter()
    while calls == 0 or spent < at_least:
        work()
        calls, spent = calls + 1, time.perf_counter() - start
    return spent / calls


def report(
    times: Mapping[str, Sequence[float]],
    unit: str,
    factor: float,
    limits: Sequence[str] = (),
    mine: Sequence[str] = (OURS,),
) -> None:
    """Print each contender's times and, turn by turn, its ratio to ours, or to each of `mine`.

    A peer's ratio is its time over ours; a limit has ours over its time.
    """
    for name, spent in times.items():
        _line(name, [value * factor for value in spent], unit)
    for ours in mine:
        for name in times:
            if name not in mine:
                above, below = (ours, name) if name in limits else (name, ours)
                ratios = [a / b for a, b in zip(times[above], times[below], strict=True)]
                _line(f"{above} / {below}", ratios, "x")


def _line(label: str, values: Sequence[float], unit: str) -> None:
    print(
        f"  {label:<44}median {statistics.median(values):10.3f} {unit:<3} "
        f"min {min(values):10.3f}  max {max(values):10.3f}  n {len(values)}"
    )


def peak_memory() -> int:
    """Return the most memory that this process has held so far, in MB.

    Read from /proc and not by getrusage, whose peak begins with that of the parent process.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kilobytes) // 1024
