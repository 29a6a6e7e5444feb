"""What the page Optimise reads: a study, its results so far, and what its best is worth."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd

from components.optimise_front import FrontChoice, front_choice
from components.optimise_result import backtest_query
from components.optimise_table import ON_FRONT, Tried, places_by, table_rows
from services.backtest import BacktestRequest
from services.errors import UserError
from services.optimise.front import MOST_OBJECTIVES, front_places
from services.optimise.objective import OBJECTIVES
from services.optimise.walked import WalkForward
from services.studies import Study, find_study, load_results, trials_of
from services.studies.cautions import study_cautions
from services.studies.changes import study_changes
from services.studies.evidence import Evidence, evidence_of
from services.studies.holdout import Unseen, searched_by, unseen_of
from services.studies.request import WALK_FORWARD
from services.studies.walk_evidence import WalkEvidence, walk_evidence
from services.studies.walks import load_walk
from services.workspace import Workspace
from strategies.registry import STRATEGIES

_KEPT = 24


@dataclass(frozen=True, eq=False)
class StudyResults:
    """A study with the results that are stored: `frame` as a sweep gives it, perhaps empty.

    `seen` is the backtest whose span the study searches.
    """

    study: Study
    frame: pd.DataFrame
    seen: BacktestRequest

    @property
    def is_walk(self) -> bool:
        """Tell whether it is a walk-forward, whose rows are windows."""
        return self.study.request.method == WALK_FORWARD

    @property
    def has_view(self) -> bool:
        """Tell whether there is a map, a front and a table to look at."""
        return not (self.study.is_active or self.is_walk or self.frame.empty)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters of the strategy that the results hold."""
        strategy = STRATEGIES.get(self.study.request.backtest.strategy)
        declared = strategy.Params.model_fields if strategy else ()
        return tuple(name for name in declared if name in self.frame)

    @property
    def address(self) -> str:
        """The address of the backtest on the same bars, without parameters."""
        return "/backtest?" + urlencode(self.seen.as_query())

    def address_of(self, place: int) -> str:
        """Return the address of a row's backtest."""
        cells = {name: self.frame[name].iloc[place] for name in self.names}
        params = {k: v.item() if isinstance(v, np.generic) else v for k, v in cells.items()}
        return "/backtest?" + urlencode(backtest_query(self.seen.as_query(), params))


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
        frame = self._once(key, lambda: load_results(database, study.id))
        return StudyResults(study, frame, self._seen(study))

    def unseen(self, results: StudyResults) -> Unseen | None:
        """Try the best of a study on the bars that it kept unseen; None where it kept none."""
        study, name = results.study, results.study.request.backtest.strategy
        if not study.request.holdout or name not in STRATEGIES:
            return None
        database = self._workspace.database
        return self._once(
            ("unseen", study.id, study.done),
            lambda: unseen_of(database, study, STRATEGIES[name], results.frame),
        )

    def tried(self, results: StudyResults) -> Tried:
        """Return the combinations of a study as its table shows them."""
        study = results.study
        unseen = None if study.is_active else self.unseen(results)
        return self._once(
            ("tried", study.id, study.done, unseen is None),
            lambda: Tried(
                results.frame,
                results.names,
                study.request.objective,
                unseen,
                study.request.further,
            ),
        )

    def front(self, results: StudyResults, metrics: Sequence[str] = ()) -> np.ndarray:
        """Tell for each row whether it is on the front of some metrics, or of the usual ones."""
        own, study = results.study.request.objectives, results.study
        known = tuple(dict.fromkeys(name for name in metrics if name in OBJECTIVES))
        choice = FrontChoice(known[:MOST_OBJECTIVES]) if known else front_choice(own, {})
        key = "front", study.id, study.done, choice.metrics

        def made() -> np.ndarray:
            on_front = np.zeros(len(results.frame), dtype=bool)
            on_front[front_places(results.frame, choice.objectives(own[0].minimum_trades))] = True
            return on_front

        return self._once(key, made)

    def rows(
        self,
        number: int | str,
        column: str,
        descending: bool,
        start: int,
        stop: int,
        front: Sequence[str] = (),
        front_only: bool = False,
    ) -> tuple[list[dict[str, Any]], int]:
        """Return some rows of a study's table in the order of a column, and how many there are.

        Those on the front of the metrics `front` are marked; with `front_only` there are no others.
        """
        found = self.read(number)
        if found.frame.empty or found.is_walk:
            return [], 0
        tried = self.tried(found)
        key = "order", found.study.id, found.study.done, column, descending
        places = self._once(key, lambda: places_by(tried, column, descending))
        marked = self.front(found, front)
        if column == ON_FRONT:
            places = places[np.argsort(marked[places] != descending, kind="stable")]
        places = places[marked[places]] if front_only else places
        rows = table_rows(tried, places[start:stop])
        for row in rows:
            row[ON_FRONT] = "on front" if marked[int(row["id"])] else ""
        return rows, len(places)

    def evidence(self, results: StudyResults) -> Evidence | WalkEvidence | None:
        """Judge the best of a study, or its walk; None while there is nothing to judge."""
        study, asked = results.study, results.study.request.backtest
        if results.is_walk:
            return walk_evidence(self._workspace.database, study)
        if results.frame.empty or asked.strategy not in STRATEGIES:
            return None
        database = self._workspace.database
        trials = trials_of(database, asked.symbol, asked.resolution, asked.strategy).total
        key = "evidence", study.id, study.done, trials
        strategy = STRATEGIES[asked.strategy]
        return self._once(key, lambda: evidence_of(database, study, strategy, results.frame))

    def cautions(self, study: Study) -> tuple[str, ...]:
        """Say what makes the bars of a study doubtful, and what changed since it was done."""
        asked, database = study.request.backtest, self._workspace.database
        changes = study_changes(database, study, STRATEGIES.get(asked.strategy))
        said = (changes,) if changes else ()
        try:
            return said + self._once(
                ("cautions", study.id), lambda: study_cautions(database, asked)
            )
        except UserError:  # the bars are gone
            return said

    def _seen(self, study: Study) -> BacktestRequest:
        try:
            return self._once(
                ("seen", study.id, study.state),
                lambda: searched_by(self._workspace.database, study),
            )
        except UserError:  # the bars are gone: there is no span to cut
            return study.request.backtest

    def walk(self, study: Study) -> WalkForward:
        """Return a finished walk-forward with its curves, as it was stored."""
        strategy = STRATEGIES.get(study.request.backtest.strategy)
        database = self._workspace.database
        return self._once(("walk", study.id), lambda: load_walk(database, study, strategy))

    def _once(self, key: tuple, make: Callable[[], Any]) -> Any:
        try:
            return self._kept[key]
        except KeyError:
            made = self._kept[key] = make()
        with suppress(KeyError):  # other threads make room, too
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made
