"""Runs the backtests that the tests of a study need, on the bars of the study."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from db.session import Database
from services.analysis.again import Again
from services.backtest import BacktestResult, run_backtest
from services.backtest.finer import finer_bars_of
from services.backtest.inputs import KernelInputs, inputs_of
from services.backtest.ledger import ENTRY_BAR, EXIT_BAR, STILL_OPEN
from services.backtest.run import signals_of, window
from services.backtest.settings import SimulationSettings
from services.backtest.simulate import simulate
from services.look_ahead import LookAhead, check_look_ahead
from services.metrics import calendar_of, returns_of
from services.optimise.objective import Objective
from services.runs.checking import SECONDS
from services.studies.cost_sensitivity import Contender, CostSensitivity, cost_sensitivity_of
from services.studies.holdout import searched_by
from services.studies.prepare import traded_bars
from services.studies.saved import Study
from services.validation import FoldTest, Overfitting, fold_test, overfitting_of

MOST_COMPARED = 160  # configurations whose returns are held against each other
MOST_BEST = 40  # of the best ones, which may be the first at other costs
_CELLS, _CELLS_BAR_BY_BAR = 40_000_000, 400_000  # bars times configurations: two seconds
_CELLS_CHARGED = 4_000_000  # of those that are traded again at each cost
_FEWEST_COMPARED = 4


class Judge:
    """The bars of a study, and backtests of its combinations as the study ran them."""

    def __init__(self, database: Database, study: Study, strategy_class: Any):
        self._class = strategy_class
        self.settings: SimulationSettings = study.request.backtest.settings
        self._bars, self._start, self._end, self._timezone, self._finer = traded_bars(
            database, searched_by(database, study)
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
            self.settings,
            start=self._start,
            end=self._end,
            timezone=self._timezone,
            finer=self._finer,
        )

    def again(self, result: BacktestResult) -> Again:
        """Return what trades a configuration again under other assumptions."""
        return Again.of(result, self._timezone)

    def periods_a_year(self, result: BacktestResult) -> int:
        """Return how many returns make a year."""
        return calendar_of(result.bars["ts"], self._timezone).periods_a_year

    def returns(self, result: BacktestResult) -> np.ndarray:
        """Return the returns that the Sharpe ratio is made of."""
        ends = calendar_of(result.bars["ts"], self._timezone).ends
        return returns_of(result.equity.to_numpy()[ends], self.settings.cash)

    def compared(self, results: pd.DataFrame, best: int) -> "Compared":
        """Run the best and evenly chosen others, as many as two seconds allow."""
        cells = _CELLS if self._class.says_all_at_once() else _CELLS_BAR_BY_BAR
        most = max(min(MOST_COMPARED, cells // len(self._bars), len(results)), 1)
        even = np.linspace(0, len(results) - 1, most).astype(int)
        usable = results["sharpe"].notna().to_numpy()
        places = [place for place in np.union1d(even, [best]) if usable[place] or place == best]
        ran = [self._ran(results, place) for place in places]
        times = self._closes(self.backtest(self.params(results, best)))
        return Compared(places.index(best), places, tuple(ran), times)

    def cost_sensitivity(
        self, results: pd.DataFrame, compared: "Compared", run: Again, objective: Objective
    ) -> CostSensitivity:
        """Trade the best, those it was compared with and the next best at other costs."""
        at_once = self._class.says_all_at_once()
        most = max(_CELLS_CHARGED // len(run.signals), 1)
        best = compared.places[compared.best]
        known = dict(zip(compared.places, compared.ran, strict=True))
        scores = objective.scores(results)
        ranked = np.argsort(-scores, kind="stable")[: int(np.isfinite(scores).sum())]
        next_best = [int(place) for place in ranked[:MOST_BEST] if at_once or place in known]
        wanted = list(dict.fromkeys([best, *next_best, *known]))[:most]
        contenders = [
            Contender(
                self.params(results, place),
                (known.get(place) or self._ran(results, place)).signals,
            )
            for place in wanted
        ]
        return cost_sensitivity_of(run, 0, contenders, objective)

    def look_ahead(self, params: Mapping[str, Any], result: BacktestResult) -> LookAhead:
        """Check that the signals do not change when later bars are taken away."""
        first = len(self._bars) - len(result.bars)
        return check_look_ahead(
            self._class(**params), self._bars, result.signals, first, seconds=SECONDS
        )

    def _closes(self, result: BacktestResult) -> pd.DatetimeIndex:
        ts = result.bars["ts"]
        return pd.DatetimeIndex(ts.iloc[calendar_of(ts, self._timezone).ends])

    def _ran(self, results: pd.DataFrame, place: int) -> "Ran":
        """Simulate a configuration without making a whole result of it."""
        (frame, first), given = self._window, self._given
        strategy = self._class(**self.params(results, place))
        signals = signals_of(strategy, frame.copy(deep=False), first)
        equity, _, rows = simulate(given.prices, signals, given.fill, given.money, given.realism)
        returns = returns_of(equity[self._ends], self.settings.cash)
        a_period = len(equity) / len(returns)
        return Ran(returns, signals, int(np.ceil(_longest(rows, len(equity)) / a_period)))

    @cached_property
    def _window(self) -> tuple[pd.DataFrame, int]:
        return window(self._bars, self._start, self._end)

    @cached_property
    def _given(self) -> KernelInputs:
        finer = finer_bars_of(self._finer)
        return inputs_of(*self._window, self.settings, self._timezone, finer)

    @cached_property
    def _ends(self) -> np.ndarray:
        frame, first = self._window
        return calendar_of(frame["ts"].iloc[first:], self._timezone).ends


def _longest(rows: np.ndarray, bars: int) -> int:
    """Return how many bars the longest trade lasts, one that is still open until the end."""
    if not len(rows):
        return 0
    exits = np.where(rows[:, EXIT_BAR] == STILL_OPEN, bars, rows[:, EXIT_BAR])
    return int((exits - rows[:, ENTRY_BAR]).max())


@dataclass(frozen=True, eq=False)
class Ran:
    """What is kept of a configuration; `longest` is its longest trade, counted in returns."""

    returns: np.ndarray
    signals: np.ndarray
    longest: int


@dataclass(frozen=True, eq=False)
class Compared:
    """Configurations that were run: rows `places` of the results; the best is number `best`.

    `times` are those of the closes that the returns are taken at.
    """

    best: int
    places: list[int]
    ran: tuple[Ran, ...]
    times: pd.DatetimeIndex

    @property
    def enough(self) -> bool:
        """Tell whether there are enough to hold against each other."""
        return len(self.ran) >= _FEWEST_COMPARED

    def overfitting(self) -> Overfitting | None:
        """Run CSCV over their returns; None of too few."""
        return overfitting_of(self._returns()) if self.enough else None

    def folds(self, periods_a_year: int) -> FoldTest | None:
        """Cut the best into folds, and choose anew among all of them without each."""
        longest = self.ran[self.best].longest
        return fold_test(self._returns(), self.times, self.best, periods_a_year, purge=longest)

    def _returns(self) -> np.ndarray:
        return np.column_stack([ran.returns for ran in self.ran])
