"""What the best of a study is worth: its backtest held against luck, choice and timing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from db.session import Database
from services.analysis.again import Again
from services.backtest import BacktestResult
from services.errors import NotReproducible
from services.look_ahead import LookAhead
from services.optimise.objective import Objective, best_of
from services.optimise.plateau import Plateau, grid_of, plateau_of
from services.studies.cost_sensitivity import CostSensitivity
from services.studies.holdout import unseen_sharpe
from services.studies.judge import Judge
from services.studies.load import load_results
from services.studies.request import GRID
from services.studies.saved import Study
from services.studies.trials import Trials, trials_for
from services.validation import (
    Bootstrap,
    DeflatedSharpe,
    FoldTest,
    Overfitting,
    Stress,
    TimingTest,
    Verdict,
    bootstrap_of,
    deflated_sharpe,
    stress_of,
    timing_test,
    trials_variance,
    verdict_of,
)

_MOST_CELLS = 1_000_000  # of a grid on which a plateau is looked for
CHANGED = (
    "These tests are of today's bars and code, on which the best combination is not what the study "
    "found: ask for the study again."
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """The best row of a study (`params`, its backtest as `result`) and what speaks for it.

    `overfitting` compares `compared` of the study's configurations, evenly chosen; it is None
    where there are too few or each takes too long, `plateau` where there is no grid of numbers,
    `folds` where the returns are too few. `stress` and `costs` are None for a result that does
    not come out the same when it is traded again. `caution` is what a reader must know before.
    """

    place: int
    params: Mapping[str, Any]
    result: BacktestResult
    trials: Trials
    periods_a_year: int
    deflated: DeflatedSharpe
    bootstrap: Bootstrap
    timing: TimingTest
    overfitting: Overfitting | None
    compared: int
    plateau: Plateau | None
    folds: FoldTest | None
    stress: Stress | None
    costs: CostSensitivity | None
    look_ahead: LookAhead
    verdict: Verdict
    caution: str = ""


def evidence_of(
    database: Database,
    study: Study,
    strategy_class: Any,
    results: pd.DataFrame | None = None,
    objective: Objective | None = None,
) -> Evidence | None:
    """Judge the best row of a study's results; None when no row qualifies.

    The number of trials is that of all that was ever tried of the strategy on the series. Of
    several objectives the first one chooses the best, and every test is of that.
    """
    results = load_results(database, study.id) if results is None else results
    objectives = (objective,) if objective else study.request.objectives
    objective = objectives[0]
    place = best_of(results, *objectives) if len(results) else None
    if place is None:
        return None
    judge = Judge(database, study, strategy_class)
    params = judge.params(results, place)
    result = judge.backtest(params)
    returns, a = judge.returns(result), judge.periods_a_year(result)
    backtest = study.request.backtest
    trials = trials_for(database, study)
    spread = trials_variance(results["sharpe"].to_numpy(np.float64))
    tried = max(trials.total, len(results))
    deflated = deflated_sharpe(returns, tried, None if spread is None else spread / a)
    tests = bootstrap_of(returns, a), _timing(result)
    compared = judge.compared(results, place)
    overfitting, plateau = compared.overfitting(), _plateau(study, results, objective)
    run, look_ahead = _again(judge, result), judge.look_ahead(params, result)
    stress = None if run is None else stress_of(run, backtest.settings)
    costs = None if run is None else judge.cost_sensitivity(results, compared, run, objective)
    unseen = unseen_sharpe(database, study, strategy_class, results, place)
    said = {"stress": stress, "look_ahead": look_ahead, "unseen": unseen, "periods_a_year": a}
    return Evidence(
        place=place,
        params=params,
        result=result,
        trials=trials,
        periods_a_year=a,
        deflated=deflated,
        bootstrap=tests[0],
        timing=tests[1],
        overfitting=overfitting,
        compared=len(compared.ran) if overfitting else 0,
        plateau=plateau,
        folds=compared.folds(a),
        stress=stress,
        costs=costs,
        look_ahead=look_ahead,
        verdict=verdict_of(deflated, overfitting, *tests, plateau, **said),
        caution="" if _is_same(result, results.iloc[place], objective) else CHANGED,
    )


def _again(judge: Judge, result: BacktestResult) -> Again | None:
    try:
        return judge.again(result)
    except NotReproducible:
        return None


def _is_same(result: BacktestResult, row: pd.Series, objective: Objective) -> bool:
    """Tell whether the backtest of today is the row that the study stored, but for rounding."""
    now, then = result.metrics[objective.metric], row[objective.metric]
    return now is not None and math.isclose(now, then, rel_tol=1e-9, abs_tol=1e-9)


def _timing(result: BacktestResult) -> TimingTest:
    """Hold what was held at each close against the move to the next one."""
    close = result.bars["close"].to_numpy()
    return timing_test(np.asarray(result.position[:-1], np.float64), close[1:] / close[:-1] - 1.0)


def _plateau(study: Study, results: pd.DataFrame, objective: Objective) -> Plateau | None:
    if study.request.method != GRID:
        return None
    names = [name for name in study.request.space if results[name].nunique() > 1]
    numeric = all(pd.api.types.is_numeric_dtype(results[name]) for name in names)
    cells = np.prod([results[name].nunique() for name in names], dtype=float)
    if not names or not numeric or cells > _MOST_CELLS:
        return None
    coordinates = results[names].to_numpy(np.float64)
    return plateau_of(grid_of(coordinates, objective.scores(results))[1])
