"""The tests of a study as plain JSON: fractions, null where undefined."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.analysis.break_even import BreakEven
from services.backtest.trades import iso_time
from services.studies.cost_sensitivity import CostRow, CostSensitivity
from services.studies.walk_evidence import WalkEvidence
from services.validation import DeflatedSharpe, FoldTest, Stress
from services.validation.stress import RANGED

_SHARPE = ("sharpe", "psr", "dsr", "expected_max", "min_track_record")
_OF_ROW = ("multiple", "per_side", "rank", "ranked")


def deflated_record(found: DeflatedSharpe, periods_a_year: int) -> dict[str, Any]:
    """Return the Sharpe ratio held against luck, by the year; the track record in returns."""
    root = math.sqrt(periods_a_year)
    record = {name: getattr(found, name) for name in _SHARPE}
    for name in ("sharpe", "expected_max"):
        record[name] = record[name] and record[name] * root
    return record | {"trials": found.trials}


def walk_evidence_record(found: WalkEvidence) -> dict[str, Any]:
    """Return the verdict on a walk-forward with the numbers that it rests on."""
    tests = found.tests
    record = tests.as_record()
    for name in ("count", "periods_a_year", "moments", "look_ahead"):
        del record[name]
    return {
        "verdict": {"level": found.verdict.level, "text": found.verdict.text},
        "deflated_sharpe": deflated_record(found.deflated, tests.periods_a_year),
        "tests": record | {"kept": tests.kept},
        "look_ahead": tests.look_ahead.status,
    }


def stress_record(found: Stress | None) -> dict[str, Any] | None:
    """Return a row an assumption, the worst by name, and the range of each number."""
    if found is None:
        return None
    return {
        "rows": [asdict(row) for row in found.rows],
        "range": {name: found.range_of(name) for name in RANGED},
        "worst": None if found.worst is None else found.worst.name,
        "text": found.text,
    }


def costs_record(found: CostSensitivity | None) -> dict[str, Any] | None:
    """Return a row a cost, with the break-even of a round trip as a fraction of its value."""
    if found is None:
        return None
    return {
        "compared": found.compared,
        "rows": [_cost_row(row) for row in found.rows],
        "break_even": _break_even(found.break_even),
        "text": found.text,
    }


def folds_record(found: FoldTest | None) -> dict[str, Any] | None:
    """Return a row a fold: its span and its Sharpes."""
    if found is None:
        return None
    return {
        "rows": [
            asdict(fold) | {"start": iso_time(fold.start), "end": iso_time(fold.end)}
            for fold in found.folds
        ],
        "purge": found.purge,
        "anew": found.anew,
        "text": found.text,
    }


def _cost_row(row: CostRow) -> dict[str, Any]:
    best: Mapping[str, Any] | None = row.best
    return {
        **{name: getattr(row, name) for name in _OF_ROW},
        **{name: row.metrics[name] for name in RANGED},
        "best": None if best is None else dict(best),
    }


def _break_even(found: BreakEven) -> dict[str, float | None]:
    return {"per_round_trip": found.total, "multiple": found.multiple}
