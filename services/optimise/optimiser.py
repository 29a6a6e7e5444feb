"""The one room that knows Optuna: it proposes places on axes, and is told what they are worth."""

from collections.abc import Sequence
from importlib import metadata
from typing import Any

import numpy as np

from services.optimise.space import Axis, Places


def optimiser_version() -> str:
    """Return the version of Optuna, which proposes other combinations in another one."""
    return metadata.version("optuna")


class Optimiser:
    """A study of Optuna's, in memory; `batch` proposals are evaluated at once."""

    def __init__(self, axes: Sequence[Axis], objectives: int, trials: int):
        import optuna  # half a second to load: not before it is used

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._optuna, self._several = optuna, objectives > 1
        self._names = [axis.name for axis in axes]
        self._distributions = {axis.name: _distribution(axis) for axis in axes}
        least, most = (10, 50) if self._several else (1, 10)
        self.batch = min(most, max(least, trials // 10))
        self._study = optuna.create_study(directions=["maximize"] * objectives)

    def begin(self, seed: int) -> None:
        """Draw from now on by this seed, and by what was told."""
        samplers = self._optuna.samplers
        if self._several:
            sampler = samplers.NSGAIISampler(seed=seed, population_size=self.batch)
        else:
            sampler = samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
        self._study.sampler = sampler

    def suggest(self, places: Places) -> None:
        """Let the next proposal be this one."""
        self._study.enqueue_trial(self._params(places))

    def ask(self) -> tuple[Any, Places]:
        """Return a proposal, to be told of later, and where it lies."""
        trial = self._study.ask(self._distributions)
        return trial, tuple(trial.params[name] for name in self._names)

    def tell(self, trial: Any, scores: Sequence[float] | None) -> None:
        """Say what a proposal is worth; None, or NaN, when nothing can be said."""
        if _is_defined(scores):
            self._study.tell(trial, list(scores))
        else:
            self._study.tell(trial, state=self._optuna.trial.TrialState.PRUNED)

    def notes(self, count: int) -> tuple[dict[str, Any], ...]:
        """Return what the sampler wrote down of the last proposals: their generations."""
        if not self._several or not count:
            return ()
        return tuple(trial.system_attrs for trial in self._study.get_trials()[-count:])

    def remember(
        self,
        places: Sequence[Places],
        worth: Sequence[Sequence[float] | None],
        notes: Sequence[dict[str, Any]],
    ) -> None:
        """Take over proposals in their order, with what they were worth and the notes of them."""
        states = self._optuna.trial.TrialState
        for k, (place, scores) in enumerate(zip(places, worth, strict=True)):
            defined = _is_defined(scores)
            trial = self._optuna.trial.create_trial(
                state=states.COMPLETE if defined else states.PRUNED,
                values=list(scores) if defined else None,
                params=self._params(place),
                distributions=self._distributions,
                system_attrs=notes[k] if notes else None,
            )
            self._study.add_trial(trial)

    def _params(self, places: Places) -> dict[str, float]:
        return dict(zip(self._names, places, strict=True))


def _is_defined(scores: Sequence[float] | None) -> bool:
    return scores is not None and not np.isnan(scores).any()


def _distribution(axis: Axis) -> Any:
    from optuna import distributions

    if axis.count is None:
        return distributions.FloatDistribution(axis.low, axis.high)
    if axis.is_ordered:
        return distributions.IntDistribution(0, axis.count - 1)
    return distributions.CategoricalDistribution(range(axis.count))
