"""What the best of a study is worth: its backtest held against luck, choice and timing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

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
from services.studies.judge import Compared, Judge
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
    result, trials = judge.backtest(params), trials_for(database, study)
    a = judge.periods_a_year(result)
    luck, compared = _against_luck(judge, result, results, trials), judge.compared(results, place)
    choice = _against_choice(compared, study, results, objective, a)
    again = _traded_again(judge, result, results, compared, objective)
    look_ahead = judge.look_ahead(params, result)
    unseen = unseen_sharpe(database, study, strategy_class, results, place)
    tests = luck.deflated, choice.overfitting, luck.bootstrap, luck.timing, choice.plateau
    said = {"stress": again.stress, "look_ahead": look_ahead, "unseen": unseen, "periods_a_year": a}
    return Evidence(
        place=place,
        params=params,
        result=result,
        trials=trials,
        periods_a_year=a,
        **luck._asdict(),
        **choice._asdict(),
        **again._asdict(),
        look_ahead=look_ahead,
        verdict=verdict_of(*tests, **said),
        caution="" if _is_same(result, results.iloc[place], objective) else CHANGED,
    )


class _Luck(NamedTuple):
    deflated: DeflatedSharpe
    bootstrap: Bootstrap
    timing: TimingTest


class _Choice(NamedTuple):
    overfitting: Overfitting | None
    compared: int
    plateau: Plateau | None
    folds: FoldTest | None


class _TradedAgain(NamedTuple):
    stress: Stress | None
    costs: CostSensitivity | None


def _against_luck(
    judge: Judge, result: BacktestResult, results: pd.DataFrame, trials: Trials
) -> _Luck:
    """Hold a result against the luck of so many trials, of its returns and of its timing."""
    returns, a = judge.returns(result), judge.periods_a_year(result)
    spread = trials_variance(results["sharpe"].to_numpy(np.float64))
    tried = max(trials.total, len(results))
    deflated = deflated_sharpe(returns, tried, None if spread is None else spread / a)
    return _Luck(deflated, bootstrap_of(returns, a), _timing(result))


def _against_choice(
    compared: Compared,
    study: Study,
    results: pd.DataFrame,
    objective: Objective,
    periods_a_year: int,
) -> _Choice:
    """Ask whether the best would have been chosen on other bars, and what lies around it."""
    overfitting = compared.overfitting()
    count = len(compared.ran) if overfitting else 0
    plateau = _plateau(study, results, objective)
    return _Choice(overfitting, count, plateau, compared.folds(periods_a_year))


def _traded_again(
    judge: Judge,
    result: BacktestResult,
    results: pd.DataFrame,
    compared: Compared,
    objective: Objective,
) -> _TradedAgain:
    """Trade the best under other assumptions and costs, where it comes out the same again."""
    run = _again(judge, result)
    if run is None:
        return _TradedAgain(None, None)
    costs = judge.cost_sensitivity(results, compared, run, objective)
    return _TradedAgain(stress_of(run, judge.settings), costs)


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
