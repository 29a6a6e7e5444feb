"""The tests of a study's best as plain JSON: fractions, null where undefined."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.analysis.break_even import BreakEven
from services.backtest.trades import iso_time
from services.studies.cost_sensitivity import CostRow, CostSensitivity
from services.validation import FoldTest, Stress
from services.validation.stress import RANGED

_OF_ROW = ("multiple", "per_side", "rank", "ranked")


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
