"""Puts two to six saved runs side by side: growth, metrics, and the trades that differ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from services.errors import InvalidParams
from services.metrics import METRICS, MetricSpec
from services.runs.saved import SavedRun
from services.wording import listing_text, risk_texts

FEWEST, MOST = 2, 6
MOST_POINTS, MOST_TRADES = 500, 500


@dataclass(frozen=True)
class Growth:
    """The equity of a run over its starting cash, at times (datetime64[us], UTC) in its span."""

    ts: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class MetricRow:
    """One metric of all runs; `best` are the positions of those that are ahead, none if moot."""

    spec: MetricSpec
    values: tuple[float | None, ...]
    best: frozenset[int]


@dataclass(frozen=True)
class TradeCell:
    """The number of a trade in its run, counted from 1, and its net return as a fraction."""

    number: int
    result: float


@dataclass(frozen=True)
class TradeRow:
    """A trade that some runs made and not all: a cell a run, None in those that did not.

    `exit_time` is None while it is open.
    """

    entry_time: pd.Timestamp
    exit_time: pd.Timestamp | None
    cells: tuple[TradeCell | None, ...]


@dataclass(frozen=True)
class Comparison:
    """Runs side by side, in the order given; `growth` and `only_some` have one item a run.

    All curves share their times where their spans overlap, at most MOST_POINTS in all. `notes`
    say in what the runs cannot simply be compared. `trades_in_all` were made by all runs;
    `only_some` counts those of each run that were not, and `trades` lists the first MOST_TRADES of
    `trades_differing`.
    """

    runs: tuple[SavedRun, ...]
    notes: tuple[str, ...]
    growth: tuple[Growth, ...]
    metrics: tuple[MetricRow, ...]
    trades_in_all: int
    only_some: tuple[int, ...]
    trades: tuple[TradeRow, ...]
    trades_differing: int


def numbers_to_compare(text: str) -> tuple[str, ...]:
    """Read "3,5,9" from an address, each number once; raise InvalidParams unless 2 to 6."""
    numbers = dict.fromkeys(part.strip() for part in str(text).split(",") if part.strip())
    _check_count(len(numbers))
    return tuple(numbers)


def compare_runs(runs: Sequence[SavedRun]) -> Comparison:
    """Compare runs; one that is given twice counts once. Raises InvalidParams unless 2 to 6.

    Trades are the same when entry and exit are at the same times.
    """
    runs = tuple({run.id: run for run in runs}.values())
    _check_count(len(runs))
    made = [_by_times(run) for run in runs]
    in_all = set(made[0]).intersection(*made)
    differing = sorted(set().union(*made) - in_all, key=_by_entry)
    return Comparison(
        runs=runs,
        notes=_notes(runs),
        growth=_growth(runs),
        metrics=tuple(_metric_row(spec, runs) for spec in METRICS),
        trades_in_all=len(in_all),
        only_some=tuple(len(trades) - len(in_all) for trades in made),
        trades=tuple(
            TradeRow(*times, tuple(trades.get(times) for trades in made))
            for times in differing[:MOST_TRADES]
        ),
        trades_differing=len(differing),
    )


def _check_count(count: int) -> None:
    if not FEWEST <= count <= MOST:
        raise InvalidParams(
            f"Choose {FEWEST} to {MOST} different runs to compare, not {count}: mark them in the "
            "list of runs.",
            field="ids",
        )


def _notes(runs: tuple[SavedRun, ...]) -> tuple[str, ...]:
    differ = [name for name, value_of in _ALIKE.items() if _differ(runs, value_of)]
    stored = [run for run in runs if run.manifest]
    is_same_data = not {"symbols", "resolutions", "spans"} & set(differ)
    said = {
        f"These runs have different {listing_text(differ)}.": bool(differ),
        "Starting cash differs: amounts of money are not marked.": not _same_cash(runs),
        "Their bars are not the same: data changed between the runs.": is_same_data
        and (_differ(stored, lambda run: run.manifest.bars_hash) or _finer_differ(stored)),
        "Their metrics were computed by different versions of the definitions.": _differ(
            stored, lambda run: run.manifest.metrics_version
        ),
    }
    return tuple(note for note, holds in said.items() if holds)


_ALIKE: dict[str, Callable[[SavedRun], Any]] = {
    "symbols": lambda run: run.request.symbol,
    "resolutions": lambda run: run.request.resolution,
    "spans": lambda run: (run.result.start, run.result.end),
    "costs": lambda run: (run.result.settings.commission, run.result.settings.slippage_bps),
    "fills": lambda run: run.result.settings.fill,
    "rules of risk and sizing": lambda run: tuple(risk_texts(run.result.settings)),
}


def _differ(runs: Sequence[SavedRun], value_of: Callable[[SavedRun], Any]) -> bool:
    return len({value_of(run) for run in runs}) > 1


def _finer_differ(runs: Sequence[SavedRun]) -> bool:
    """Tell whether runs that looked into bars of the same resolution found others there."""
    looked = [run for run in runs if run.manifest.finer_hash]
    found = {(run.result.settings.intrabar, run.manifest.finer_hash) for run in looked}
    return len(found) > len({intrabar for intrabar, _ in found})


def _same_cash(runs: tuple[SavedRun, ...]) -> bool:
    return not _differ(runs, lambda run: run.result.settings.cash)


def _metric_row(spec: MetricSpec, runs: tuple[SavedRun, ...]) -> MetricRow:
    values = tuple(run.result.metrics.get(spec.name) for run in runs)
    defined = [value for value in values if value is not None]
    is_moot = not spec.better or len(defined) < FEWEST
    if is_moot or (spec.kind == "money" and not _same_cash(runs)):
        return MetricRow(spec, values, frozenset())
    best = max(defined) if spec.better == "high" else min(defined)
    return MetricRow(spec, values, frozenset(i for i, x in enumerate(values) if x == best))


def _growth(runs: tuple[SavedRun, ...]) -> tuple[Growth, ...]:
    stamps = [_stamps(run) for run in runs]
    union = np.unique(np.concatenate(stamps))
    curves = [_at(union, ts, run) for ts, run in zip(stamps, runs, strict=True)]
    kept = _telling(curves)
    inside = [kept[~np.isnan(curve[kept])] for curve in curves]
    return tuple(Growth(union[at], curve[at]) for curve, at in zip(curves, inside, strict=True))


def _stamps(run: SavedRun) -> np.ndarray:
    return run.result.bars["ts"].dt.tz_localize(None).to_numpy().astype("datetime64[us]")


def _at(union: np.ndarray, ts: np.ndarray, run: SavedRun) -> np.ndarray:
    """Return a run's growth at all times: between its bars as at the last one, NaN outside."""
    growth = run.result.equity.to_numpy() / run.result.settings.cash
    at = np.searchsorted(ts, union, side="right") - 1
    return np.where((at >= 0) & (union <= ts[-1]), growth[at], np.nan)


def _telling(curves: list[np.ndarray]) -> np.ndarray:
    """Return the positions to draw: every curve's lowest and highest point of each stretch.

    The curves share their points, so it is tried how many stretches there can be.
    """
    count = len(curves[0])
    if count <= MOST_POINTS:
        return np.arange(count)
    stretches = MOST_POINTS // 2
    kept = _extremes(curves, stretches)
    while len(kept) > MOST_POINTS:
        stretches = stretches * 9 // 10
        kept = _extremes(curves, stretches)
    return kept


def _extremes(curves: list[np.ndarray], stretches: int) -> np.ndarray:
    edges = np.linspace(0, len(curves[0]), stretches + 1).astype(np.int64)
    kept: set[int] = set()
    for curve in curves:
        known = np.flatnonzero(~np.isnan(curve))
        # One run may begin or end within another's span.
        first, last = int(known[0]), int(known[-1])
        kept |= {first, last}
        inner = np.unique(np.clip(edges, first, last + 1))
        for start, end in zip(inner[:-1].tolist(), inner[1:].tolist(), strict=True):
            part = curve[start:end]
            kept |= {start + int(part.argmin()), start + int(part.argmax())}
    return np.array(sorted(kept))


_Times = tuple[pd.Timestamp, pd.Timestamp | None]


def _by_times(run: SavedRun) -> dict[_Times, TradeCell]:
    trades = run.result.trades
    exits = [None if pd.isna(moment) else moment for moment in trades["exit_time"]]
    times = zip(trades["entry_time"], exits, strict=True)
    cells = (TradeCell(*cell) for cell in enumerate(trades["return"].tolist(), start=1))
    return dict(zip(times, cells, strict=True))


def _by_entry(times: _Times) -> tuple:
    """Sort by entry, then by exit; an open trade after those that were closed."""
    entry, exit_ = times
    return entry, exit_ is None, exit_ or entry
