"""What Optuna proposes, translated: candidates of a space out, scores in.

The optimiser is told the truth about everything it proposes, but only what is new and valid
costs a backtest. Each batch is drawn by chance of its own, made of the seed and the batch's
number: so a hunt goes on from what was learnt before exactly as if it had never stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from services.optimise.grid import StrategyClass
from services.optimise.optimiser import Optimiser
from services.optimise.space import Axis, Candidate, Checker, Places, size_of

Scores = tuple[float, ...]  # one an objective, more is better, NaN where undefined
_PATIENCE = 3  # useless proposals in a row, before chance makes one
_DRAWS = 2000  # of chance that may be useless, before the space counts as exhausted


@dataclass(frozen=True)
class Proposals:
    """All that was proposed for one batch, the useless too: what a hunt needs to remember it.

    `notes` are the optimiser's own, one a proposal, where it makes any; `exhausted` tells that
    no new combination could be found after them.
    """

    places: tuple[Places, ...]
    notes: tuple[dict[str, Any], ...] = ()
    exhausted: bool = False


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
        self._axes, self._trials, self._seed = axes, trials, seed
        self._checker = Checker(strategy_class)
        size = size_of(axes)
        # A space that can be tried as a whole needs no optimiser.
        is_small = size is not None and size <= trials
        self._all = product(*(range(axis.count) for axis in axes)) if is_small else None
        self._optimiser = None if is_small else Optimiser(axes, objectives, trials)
        self._batch = 100 if is_small else self._optimiser.batch
        self._batches = 0
        self._known: dict[tuple, Scores | None] = {}  # None: invalid
        self._asked: list[tuple] = []
        self._proposed: list[Places] = []
        self._waiting: list[tuple[Any, tuple]] = []
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
        self._begin_batch()
        batch = []
        while len(batch) < wanted and not self._exhausted:
            proposal = self._next()
            if proposal is None:
                break
            params = self._look_at(*proposal)
            if params is not None:
                batch.append(params)
        self.tried += len(batch)
        return batch

    def learn(self, scores: Sequence[Scores]) -> Proposals:
        """Take the scores of the combinations proposed last, in their order; return the batch."""
        self._known |= dict(zip(self._asked, scores, strict=True))
        for trial, key in self._waiting:
            self._tell(trial, self._known[key])
        notes = self._optimiser.notes(len(self._proposed)) if self._optimiser else ()
        return Proposals(tuple(self._proposed), notes, self._exhausted)

    def remember(self, batch: Proposals, scores: Sequence[Scores]) -> None:
        """Take over a batch of an earlier hunt with the scores of what was new and valid in it.

        Batches must come in their order, before anything is proposed.
        """
        self._begin_batch()
        for places in batch.places:
            if self._all is not None:
                next(self._all)
            self._look_at(None, places)
        self.tried += len(self._asked)
        self._known |= dict(zip(self._asked, scores, strict=True))
        if self._optimiser is not None:
            worth = [self._known[self._key(places)] for places in batch.places]
            self._optimiser.remember(batch.places, worth, batch.notes)
        self._exhausted = batch.exhausted

    def _begin_batch(self) -> None:
        self._asked, self._proposed, self._waiting = [], [], []
        own = np.random.SeedSequence([self._seed, self._batches]).spawn(2)
        self._chance = np.random.default_rng(own[0])
        if self._optimiser is not None:
            self._optimiser.begin(int(own[1].generate_state(1)[0]))
        self._batches += 1

    def _next(self) -> tuple[Any, Places] | None:
        if self._all is not None:
            places = next(self._all, None)
            self._exhausted = places is None
            return None if places is None else (None, places)
        if self._useless >= _PATIENCE:
            places = self._new_by_chance()
            self._exhausted = places is None
            if places is None:
                return None
            self._optimiser.suggest(places)
        return self._optimiser.ask()

    def _new_by_chance(self) -> Places | None:
        """Draw until a combination is new and valid: a stuck optimiser takes far longer."""
        for _ in range(_DRAWS):
            places = tuple(_by_chance(axis, self._chance) for axis in self._axes)
            key = self._key(places)
            is_new = key not in self._known and key not in self._asked
            if is_new and self._checker.params(self._candidate(key)) is not None:
                return places
        return None

    def _key(self, places: Places) -> tuple:
        return tuple(axis.value(place) for axis, place in zip(self._axes, places, strict=True))

    def _candidate(self, key: tuple) -> Candidate:
        return dict(zip((axis.name for axis in self._axes), key, strict=True))

    def _look_at(self, trial: Any, places: Places) -> Candidate | None:
        """Return a new and valid candidate's parameters; answer for any other at once."""
        self._proposed.append(places)
        key = self._key(places)
        if key in self._known:
            self._count_useless(self._known[key])
            self._tell(trial, self._known[key])
            return None
        if key in self._asked:
            self._count_useless(())
            self._waiting.append((trial, key))
            return None
        params = self._checker.params(self._candidate(key))
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
        if trial is not None:
            self._optimiser.tell(trial, scores)


def _by_chance(axis: Axis, chance: np.random.Generator) -> float:
    if axis.count is None:
        return float(chance.uniform(axis.low, axis.high))
    return int(chance.integers(axis.count))
