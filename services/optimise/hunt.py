"""What Optuna proposes, translated: candidates of a space out, scores in.

The optimiser is told the truth about everything it proposes, but only what is new and valid
costs a backtest.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from services.optimise.grid import StrategyClass
from services.optimise.space import Axis, Candidate, Checker, every_candidate, size_of

Scores = tuple[float, ...]  # one an objective, more is better, NaN where undefined
_PATIENCE = 3  # useless proposals in a row, before chance makes one
_DRAWS = 2000  # of chance that may be useless, before the space counts as exhausted


class Hunt:
    """A search under way: `propose` combinations, then `learn` what they are worth."""

    def __init__(
        self,
        strategy_class: type[StrategyClass],
        axes: Sequence[Axis],
        objectives: int,
        trials: int,
        seed: int,
    ):
        self._axes, self._trials = axes, trials
        self._checker = Checker(strategy_class)
        self._chance = np.random.default_rng(seed)
        size = size_of(axes)
        # A space that can be tried as a whole needs no optimiser.
        self._all = every_candidate(axes) if size is not None and size <= trials else None
        self._batch, self._study = 100, None
        if self._all is None:
            self._batch, self._study = _study(objectives, trials, seed)
        self._known: dict[tuple, Scores | None] = {}  # None: invalid
        self._waiting: list[tuple[Any, tuple]] = []
        self._asked: list[tuple] = []
        self._useless, self._exhausted = 0, False
        self.tried = self.invalid = self.repeated = 0

    @property
    def is_over(self) -> bool:
        """Tell whether all trials are made, or no new combination can be found."""
        return self.tried >= self._trials or self._exhausted

    @property
    def reason(self) -> str:
        """Why the last invalid combination was one."""
        return self._checker.reason

    def propose(self) -> list[Candidate]:
        """Return the next new and valid combinations, all parameters by name; perhaps none."""
        wanted = min(self._batch, self._trials - self.tried)
        self._asked, batch = [], []
        while len(batch) < wanted and not self._exhausted:
            proposal = self._next()
            if proposal is None:
                break
            params = self._look_at(*proposal)
            if params is not None:
                batch.append(params)
        self.tried += len(batch)
        return batch

    def learn(self, scores: Sequence[Scores]) -> None:
        """Take the scores of the combinations proposed last, in their order."""
        self._known |= dict(zip(self._asked, scores, strict=True))
        for trial, key in self._waiting:
            self._tell(trial, self._known[key])
        self._waiting = []

    def _next(self) -> tuple[Any, Candidate] | None:
        if self._all is not None:
            candidate = next(self._all, None)
            self._exhausted = candidate is None
            return None if candidate is None else (None, candidate)
        if self._useless >= _PATIENCE:
            places = self._new_by_chance()
            self._exhausted = places is None
            if places is None:
                return None
            self._study.enqueue_trial(places)
        trial = self._study.ask()
        return trial, {axis.name: axis.value(_suggested(trial, axis)) for axis in self._axes}

    def _new_by_chance(self) -> dict[str, float] | None:
        """Draw until a combination is new and valid: a stuck optimiser takes far longer."""
        for _ in range(_DRAWS):
            places = {axis.name: _by_chance(axis, self._chance) for axis in self._axes}
            candidate = {axis.name: axis.value(places[axis.name]) for axis in self._axes}
            key = tuple(candidate.values())
            is_new = key not in self._known and key not in self._asked
            if is_new and self._checker.params(candidate) is not None:
                return places
        return None

    def _look_at(self, trial: Any, candidate: Candidate) -> Candidate | None:
        """Return a new and valid candidate's parameters; answer for any other at once."""
        key = tuple(candidate.values())
        if key in self._known:
            self._count_useless(self._known[key])
            self._tell(trial, self._known[key])
            return None
        if key in self._asked:
            self._count_useless(())
            self._waiting.append((trial, key))
            return None
        params = self._checker.params(candidate)
        if params is None:
            self._known[key] = None
            self._count_useless(None)
            self._tell(trial, None)
            return None
        self._useless = 0
        self._asked.append(key)
        self._waiting.append((trial, key))
        return params

    def _count_useless(self, answer: Scores | None) -> None:
        self._useless += 1
        if answer is None:
            self.invalid += 1
        else:
            self.repeated += 1

    def _tell(self, trial: Any, scores: Scores | None) -> None:
        if trial is None:
            return
        from optuna.trial import TrialState

        if scores is None or np.isnan(scores).any():
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, list(scores))


def _study(objectives: int, trials: int, seed: int) -> tuple[int, Any]:
    """Return how many proposals are evaluated at once, and a study in memory."""
    import optuna  # half a second to load: not before it is used

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if objectives == 1:
        batch = min(10, max(1, trials // 10))
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
    else:
        batch = min(50, max(10, trials // 10))
        sampler = optuna.samplers.NSGAIISampler(seed=seed, population_size=batch)
    return batch, optuna.create_study(directions=["maximize"] * objectives, sampler=sampler)


def _suggested(trial: Any, axis: Axis) -> float:
    if axis.count is None:
        return trial.suggest_float(axis.name, axis.low, axis.high)
    if axis.is_ordered:
        return trial.suggest_int(axis.name, 0, axis.count - 1)
    return trial.suggest_categorical(axis.name, range(axis.count))


def _by_chance(axis: Axis, chance: np.random.Generator) -> float:
    if axis.count is None:
        return float(chance.uniform(axis.low, axis.high))
    return int(chance.integers(axis.count))
