"""What a study is asked for: a strategy on bars, the space of its parameters, how to try them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.backtest.request import BacktestRequest
from services.backtest.settings import SimulationSettings
from services.errors import InvalidParams, did_you_mean
from services.optimise.front import MOST_OBJECTIVES
from services.optimise.objective import Objective

GRID, RANDOM, SOBOL, SEARCH, WALK_FORWARD = "grid", "random", "sobol", "search", "walk_forward"
METHODS = {
    GRID: "all combinations",
    RANDOM: "combinations drawn by chance",
    SOBOL: "combinations spread evenly",
    SEARCH: "a guided search",
    WALK_FORWARD: "a walk-forward",
}
DEFAULT_SAMPLES = 1000
MOST_HELD_BACK = 50  # percent
FURTHER_FIELDS, NO_OBJECTIVE = ("second", "third"), "none"  # in a form and its address
_FURTHER = "further_objectives"  # in JSON
_RANGE = "range"  # in JSON, which knows no tuples
_SPAN = ("symbol", "resolution", "strategy", "duration", "start", "end")


@dataclass(frozen=True)
class StudyRequest:
    """One study; raises InvalidParams for what can be seen to be wrong without data.

    `backtest` says on what and how; its own parameters are left aside. `space` has for each
    parameter a list of values or, where values are drawn, (low, high[, step]). `train` and `test`
    are the lengths of a walk-forward's windows, `embargo` the bars between them. `holdout` is how
    many percent of the bars, the last ones, the search does not see. `further` names the metrics
    that are looked for as well as the objective: a guided search then looks for the front of all
    of them. The objective, the first, chooses the best; the others decide among equal ones.
    """

    backtest: BacktestRequest
    space: Mapping[str, Any] = field(default_factory=dict)
    method: str = GRID
    objective: Objective = field(default_factory=Objective)
    samples: int = DEFAULT_SAMPLES
    seed: int = 0
    train: str = ""
    test: str = ""
    anchored: bool = False
    embargo: int = 0
    holdout: int = 0
    further: tuple[str, ...] = ()

    def __post_init__(self):
        if self.method not in METHODS:
            raise InvalidParams(
                f'There is no method "{self.method[:40]}": use one of {", ".join(METHODS)}.'
                f"{did_you_mean(self.method[:40], METHODS)}",
                field="method",
            )
        if self.method == WALK_FORWARD and not (self.train and self.test):
            missing = "train" if not self.train else "test"
            raise InvalidParams(
                'A walk-forward needs the lengths of its windows: train as in "2 Y", test as in '
                '"6 M".',
                field=missing,
            )
        if not 0 <= self.holdout <= MOST_HELD_BACK:
            raise InvalidParams(
                f"0 to {MOST_HELD_BACK} % of the bars can be kept unseen, not {self.holdout} %.",
                field="holdout",
            )
        if self.holdout and self.method == WALK_FORWARD:
            raise InvalidParams(
                "A walk-forward tests on unseen bars in every window: keep none back besides.",
                field="holdout",
            )
        self._check_further()

    def _check_further(self) -> None:
        if self.further and self.method == WALK_FORWARD:
            raise InvalidParams(
                "A walk-forward chooses by one objective in every window: name only one.",
                field="method",
            )
        if len(self.further) >= MOST_OBJECTIVES:
            raise InvalidParams(
                f"{MOST_OBJECTIVES} objectives are the most that can be looked for at once, not "
                f"{len(self.further) + 1}.",
                field=FURTHER_FIELDS[-1],
            )
        known = [self.objective.metric]
        for name, field_name in zip(self.further, FURTHER_FIELDS, strict=False):
            try:
                label = Objective(name).spec.label
            except InvalidParams as error:
                raise InvalidParams(str(error), field=field_name) from None
            if name in known:
                raise InvalidParams(
                    f"{label} is named as an objective twice: name different ones.",
                    field=field_name,
                )
            known.append(name)

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """All that is looked for; the first one chooses the best."""
        least = self.objective.minimum_trades
        return (self.objective, *(Objective(name, least) for name in self.further))

    @property
    def draws(self) -> bool:
        """Tell whether combinations are drawn from the space, not all tried."""
        return self.method in (RANDOM, SOBOL, SEARCH)

    @property
    def title(self) -> str:
        """Symbol, resolution and strategy in a few words."""
        return f"{self.backtest.symbol} {self.backtest.resolution} {self.backtest.strategy}"

    def as_record(self) -> dict[str, Any]:
        """Return all of it as plain JSON; equal requests have equal records."""
        record: dict[str, Any] = {name: getattr(self.backtest, name) for name in _SPAN}
        record |= {
            "settings": self.backtest.settings.as_dict(),
            "method": self.method,
            "space": {name: _plain(values) for name, values in self.space.items()},
            "objective": self.objective.metric,
            "minimum_trades": self.objective.minimum_trades,
        }
        if self.draws:
            record |= {"samples": self.samples, "seed": self.seed}
        if self.holdout:
            record |= {"holdout": self.holdout}
        if self.further:
            record |= {_FURTHER: list(self.further)}
        if self.method == WALK_FORWARD:
            names = ("train", "test", "anchored", "embargo")
            record |= {name: getattr(self, name) for name in names}
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "StudyRequest":
        """Read what as_record wrote."""
        rest = dict(record)
        span = {name: rest.pop(name) for name in _SPAN}
        settings = SimulationSettings(**rest.pop("settings"))
        objective = Objective(rest.pop("objective"), rest.pop("minimum_trades"))
        space = {name: _read(values) for name, values in rest.pop("space").items()}
        further = tuple(rest.pop(_FURTHER, ()))
        request = BacktestRequest(**span, settings=settings)
        return cls(request, space, objective=objective, further=further, **rest)


def _plain(values: Any) -> Any:
    cells = [value.item() if hasattr(value, "item") else value for value in values]
    return {_RANGE: cells} if isinstance(values, tuple) else cells


def _read(values: Any) -> Any:
    return tuple(values[_RANGE]) if isinstance(values, dict) else values
