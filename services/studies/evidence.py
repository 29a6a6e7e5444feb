"""What the best of a study is worth: its backtest held against luck, choice and timing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from db.session import Database
from services.backtest import BacktestResult, run_backtest
from services.backtest.settings import SimulationSettings
from services.look_ahead import LookAhead, check_look_ahead
from services.metrics import calendar_of, returns_of
from services.optimise.objective import Objective, best_of
from services.studies.holdout import seen_by
from services.studies.load import load_results
from services.studies.prepare import traded_bars
from services.studies.request import GRID
from services.studies.saved import Study
from services.studies.trials import Trials, trials_of
from services.validation import (
    Bootstrap,
    DeflatedSharpe,
    Overfitting,
    Plateau,
    TimingTest,
    Verdict,
    bootstrap_of,
    deflated_sharpe,
    grid_of,
    overfitting_of,
    plateau_of,
    timing_test,
    trials_variance,
    verdict_of,
)

MOST_COMPARED = 160  # configurations whose returns are held against each other
_CELLS, _CELLS_BAR_BY_BAR = 40_000_000, 400_000  # bars times configurations: two seconds
_FEWEST_COMPARED = 4
_LOOK_AHEAD_SECONDS = 0.5
_MOST_CELLS = 1_000_000  # of a grid on which a plateau is looked for


@dataclass(frozen=True, eq=False)
class Evidence:
    """The best row of a study (`params`, its backtest as `result`) and what speaks for it.

    `overfitting` compares `compared` of the study's configurations, evenly chosen; it is None
    where there are too few or each takes too long, `plateau` where there is no grid of numbers.
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
    look_ahead: LookAhead
    verdict: Verdict


def evidence_of(
    database: Database,
    study: Study,
    strategy_class: Any,
    results: pd.DataFrame | None = None,
    objective: Objective | None = None,
) -> Evidence | None:
    """Judge the best row of a study's results; None when no row qualifies.

    The number of trials is that of all that was ever tried of the strategy on the series.
    """
    results = load_results(database, study.id) if results is None else results
    objective = objective or study.request.objective
    place = best_of(results, objective) if len(results) else None
    if place is None:
        return None
    judge = _Judge(database, study, strategy_class)
    params = judge.params(results, place)
    result = judge.backtest(params)
    returns, a = judge.returns(result), judge.periods_a_year(result)
    backtest = study.request.backtest
    trials = trials_of(database, backtest.symbol, backtest.resolution, backtest.strategy)
    spread = trials_variance(results["sharpe"].to_numpy(np.float64))
    tried = max(trials.total, len(results))
    deflated = deflated_sharpe(returns, tried, None if spread is None else spread / a)
    tests = bootstrap_of(returns, a), _timing(result)
    overfitting, compared = judge.overfitting(results, place)
    plateau = _plateau(study, results, objective)
    return Evidence(
        place,
        params,
        result,
        trials,
        a,
        deflated,
        *tests,
        overfitting,
        compared,
        plateau,
        judge.look_ahead(params, result),
        verdict_of(deflated, overfitting, *tests, plateau, periods_a_year=a),
    )


class _Judge:
    """Runs the backtests that the tests need, on the bars of the study."""

    def __init__(self, database: Database, study: Study, strategy_class: Any):
        self._class = strategy_class
        self._settings: SimulationSettings = study.request.backtest.settings
        self._bars, self._start, self._end, self._timezone = traded_bars(
            database, seen_by(database, study.request)
        )

    def params(self, results: pd.DataFrame, place: int) -> dict[str, Any]:
        """Return a row's parameters as plain values."""
        row = {name: results[name].iloc[place] for name in self._class.Params.model_fields}
        return {n: v.item() if isinstance(v, np.generic) else v for n, v in row.items()}

    def backtest(self, params: Mapping[str, Any]) -> BacktestResult:
        """Run one configuration as the study did."""
        return run_backtest(
            self._bars,
            self._class(**params),
            self._settings,
            start=self._start,
            end=self._end,
            timezone=self._timezone,
        )

    def periods_a_year(self, result: BacktestResult) -> int:
        """Return how many returns make a year."""
        return calendar_of(result.bars["ts"], self._timezone).periods_a_year

    def returns(self, result: BacktestResult) -> np.ndarray:
        """Return the returns that the Sharpe ratio is made of."""
        ends = calendar_of(result.bars["ts"], self._timezone).ends
        return returns_of(result.equity.to_numpy()[ends], self._settings.cash)

    def overfitting(self, results: pd.DataFrame, best: int) -> tuple[Overfitting | None, int]:
        """Compare the best with evenly chosen others; return how many were compared, too."""
        at_once = self._class.says_all_at_once()
        cells = _CELLS if at_once else _CELLS_BAR_BY_BAR
        most = min(MOST_COMPARED, cells // len(self._bars), len(results))
        if most < _FEWEST_COMPARED:
            return None, 0
        even = np.linspace(0, len(results) - 1, most).astype(int)
        usable = results["sharpe"].notna().to_numpy()
        places = [place for place in np.union1d(even, [best]) if usable[place]]
        columns = [self.returns(self.backtest(self.params(results, place))) for place in places]
        if len(columns) < _FEWEST_COMPARED:
            return None, 0
        return overfitting_of(np.column_stack(columns)), len(columns)

    def look_ahead(self, params: Mapping[str, Any], result: BacktestResult) -> LookAhead:
        """Check that the signals do not change when later bars are taken away."""
        first = len(self._bars) - len(result.bars)
        return check_look_ahead(
            self._class(**params), self._bars, result.signals, first, seconds=_LOOK_AHEAD_SECONDS
        )


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
