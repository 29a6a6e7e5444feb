"""A study and its evidence as plain JSON: fractions, ISO times, null where undefined."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from services.backtest.trades import iso_time
from services.metrics import METRIC_SPECS
from services.optimise.objective import Objective, ranking
from services.optimise.outcome import ERROR
from services.studies.evidence import Evidence
from services.studies.evidence_record import (
    costs_record,
    deflated_record,
    folds_record,
    stress_record,
    walk_evidence_record,
)
from services.studies.front import front_order
from services.studies.holdout import Unseen
from services.studies.request import WALK_FORWARD
from services.studies.saved import Study
from services.studies.trials import Trials
from services.studies.walk_evidence import TESTS, WalkEvidence

# What evidence says beside the span: null where there is none, for a reader finds each name.
_FOUND = (
    "bars",
    "verdict",
    "deflated_sharpe",
    "bootstrap",
    "timing_p_value",
    "overfitting",
    "lonely_peak",
    "look_ahead",
    "stress",
    "cost_sensitivity",
    "folds",
    "caution",
)


def ranked(results: pd.DataFrame, objectives: Sequence[Objective], count: int) -> pd.DataFrame:
    """Return the best rows first, those of equal worth in their order; failed ones are left out."""
    return results.iloc[ranking(results, objectives)[:count]]


def failed_count(results: pd.DataFrame) -> int:
    """Count the combinations that could not be computed."""
    return int(results[ERROR].notna().sum()) if ERROR in results else 0


def study_record(
    study: Study,
    results: pd.DataFrame,
    evidence: Evidence | WalkEvidence | None,
    trials: Trials,
    top: int,
    unseen: Unseen | None = None,
    objectives: Sequence[Objective] = (),
) -> dict[str, Any]:
    """Return what the command line prints of a study.

    The front is that of `objectives`, or of those that the study looked for if these are several.
    """
    request = study.request
    record = request.as_record() | {
        "combinations": study.done,
        "dropped": study.dropped,
        "study_id": study.id or None,
        "trials": {
            "total": trials.total,
            "studies": trials.studies,
            "in_studies": trials.in_studies,
            "runs": trials.runs,
        },
        "note": study.summary.get("note", ""),
    }
    if request.method == WALK_FORWARD:
        walk = {name: value for name, value in study.summary.items() if name != TESTS}
        said = walk_evidence_record(evidence) if evidence else {"verdict": None}
        return record | {"walk_forward": walk} | said
    best = ranked(results, request.objectives, top)
    record |= {
        "failed": failed_count(results),
        "best": [_row(best, place) for place in range(len(best))],
    }
    if unseen is not None:
        record |= {"unseen": _of_unseen(results, unseen, top)}
    objectives = objectives or request.objectives
    if len(objectives) > 1:
        record |= {"front": _of_front(results, objectives, unseen)}
    return record | dict.fromkeys(_FOUND) | (_of_evidence(evidence) if evidence else {})


def _of_unseen(results: pd.DataFrame, found: Unseen, top: int) -> dict[str, Any]:
    tried = found.places[:top]
    return {
        "start": found.backtest.start,
        "end": found.backtest.end,
        "tried": len(found.places),
        "best": [
            {"params": _row(results, place)["params"], "metrics": _row(found.frame, k)["metrics"]}
            for k, place in enumerate(tried)
        ],
    }


def _of_front(
    results: pd.DataFrame, objectives: Sequence[Objective], unseen: Unseen | None
) -> dict[str, Any]:
    places = front_order(results, objectives)
    rows = [_row(results, place) for place in places]
    if unseen is not None:
        later = {place: k for k, place in enumerate(unseen.places)}
        for row, place in zip(rows, places, strict=True):
            k = later.get(place)
            row["unseen"] = None if k is None else _row(unseen.frame, k)["metrics"]
    return {"objectives": [objective.metric for objective in objectives], "combinations": rows}


def _of_evidence(evidence: Evidence) -> dict[str, Any]:
    bands, found = evidence.bootstrap, evidence.overfitting
    return {
        "start": iso_time(evidence.result.start),
        "end": iso_time(evidence.result.end),
        "bars": len(evidence.result.bars),
        "verdict": {"level": evidence.verdict.level, "text": evidence.verdict.text},
        "deflated_sharpe": deflated_record(evidence.deflated, evidence.periods_a_year),
        "bootstrap": {"sharpe_p5": bands.sharpe.p5, "sharpe_p95": bands.sharpe.p95},
        "timing_p_value": evidence.timing.p_value,
        "overfitting": None if found is None else {"pbo": found.pbo, "of": evidence.compared},
        "lonely_peak": None if evidence.plateau is None else evidence.plateau.lonely,
        "look_ahead": evidence.look_ahead.status,
        "stress": stress_record(evidence.stress),
        "cost_sensitivity": costs_record(evidence.costs),
        "folds": folds_record(evidence.folds),
        "caution": evidence.caution,
    }


def _row(frame: pd.DataFrame, place: int) -> dict[str, Any]:
    # Column by column: a row by itself would make floats of whole numbers.
    values = {name: _plain(frame[name].iloc[place]) for name in frame if name != ERROR}
    return {
        "params": {name: value for name, value in values.items() if name not in METRIC_SPECS},
        "metrics": {name: values[name] for name in METRIC_SPECS if name in values},
    }


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
