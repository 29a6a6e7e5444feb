"""What the page Optimise reads: a study, its results so far, and what its best is worth."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.optimise_result import backtest_query
from pages.optimise_query import search_of
from services.errors import UserError
from services.instruments import get_instrument
from services.market_data import load_bars
from services.optimise.walk_forward import walk_forward
from services.optimise.walked import WalkForward
from services.studies import Study, find_study, load_results, trials_of
from services.studies.cautions import study_cautions
from services.studies.evidence import Evidence, evidence_of
from services.studies.request import WALK_FORWARD
from services.workspace import Workspace
from strategies.registry import STRATEGIES

_KEPT = 8


@dataclass(frozen=True, eq=False)
class StudyResults:
    """A study with the results that are stored: `frame` as a sweep gives it, perhaps empty."""

    study: Study
    frame: pd.DataFrame

    @property
    def is_walk(self) -> bool:
        """Tell whether it is a walk-forward, whose rows are windows."""
        return self.study.request.method == WALK_FORWARD

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters of the strategy that the results hold."""
        strategy = STRATEGIES.get(self.study.request.backtest.strategy)
        declared = strategy.Params.model_fields if strategy else ()
        return tuple(name for name in declared if name in self.frame)

    @property
    def address(self) -> str:
        """The address of the backtest on the same bars, without parameters."""
        return "/backtest" + search_of(self.study.request.backtest.as_query())

    def address_of(self, place: int) -> str:
        """Return the address of a row's backtest."""
        cells = {name: self.frame[name].iloc[place] for name in self.names}
        params = {k: v.item() if isinstance(v, np.generic) else v for k, v in cells.items()}
        base = self.study.request.backtest.as_query()
        return "/backtest" + search_of(backtest_query(base, params))


class StudyReader:
    """Reads studies, and keeps the last few: a page asks for one study many times."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._kept: OrderedDict[tuple, Any] = OrderedDict()

    def read(self, number: int | str) -> StudyResults:
        """Return a study with its results; raise UnknownStudy."""
        database = self._workspace.database
        study = find_study(database, number)
        key = "results", study.id, study.done, study.state
        return StudyResults(study, self._once(key, lambda: load_results(database, study.id)))

    def evidence(self, results: StudyResults) -> Evidence | None:
        """Judge the best combination of a study; None while there is nothing to judge."""
        study, asked = results.study, results.study.request.backtest
        if results.frame.empty or asked.strategy not in STRATEGIES:
            return None
        database = self._workspace.database
        trials = trials_of(database, asked.symbol, asked.resolution, asked.strategy).total
        key = "evidence", study.id, study.done, trials
        strategy = STRATEGIES[asked.strategy]
        return self._once(key, lambda: evidence_of(database, study, strategy, results.frame))

    def cautions(self, study: Study) -> tuple[str, ...]:
        """Say what makes the bars of a study doubtful; nothing of bars that are gone."""
        asked = study.request.backtest
        try:
            return self._once(
                ("cautions", study.id), lambda: study_cautions(self._workspace.database, asked)
            )
        except UserError:
            return ()

    def walk(self, study: Study) -> WalkForward:
        """Walk a finished walk-forward again: it comes out the same, with its curves."""
        return self._once(("walk", study.id), lambda: self._walk(study))

    def _walk(self, study: Study) -> WalkForward:
        request, database = study.request, self._workspace.database
        asked = request.backtest
        bars = load_bars(database, asked.symbol, asked.resolution)
        start, end = asked.span(bars["ts"].iloc[-1])
        return walk_forward(
            bars,
            STRATEGIES[asked.strategy],
            request.space,
            asked.settings,
            train=request.train,
            test=request.test,
            anchored=request.anchored,
            embargo=request.embargo,
            objective=request.objective,
            start=start,
            end=end,
            timezone=get_instrument(database, asked.symbol).timezone or "UTC",
        )

    def _once(self, key: tuple, make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]
