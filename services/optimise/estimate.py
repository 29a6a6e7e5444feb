"""How long an optimisation will take, roughly: what a person wants to know before the start."""

from typing import Any

import services.optimise.compiled as kernel
from services.backtest.assumptions import Realism
from services.backtest.cached import is_compiled
from services.backtest.pieces import Pieces
from services.backtest.settings import SimulationSettings
from services.optimise.space import Space, axes_of, size_of
from services.threads import core_count
from services.wording import counted

# Seconds on one core of a usual machine, measured on the strategies that ship.
_COMPILED = (4e-6, 3e-9)  # a combination, and each of its bars
_AT_ONCE = (1.2e-3, 60e-9)
_BAR_BY_BAR = (2e-3, 2e-6)
_REAL_BAR = 12e-9  # more for each bar with stops, sizes, shorts or loans: none is skipped then
_COMPILING = 10.0, 13.0  # once on a machine, without and with stops and sizes
# On one core, whatever is tried. Of a guided search: a trial, and each that it looks back on.
_BY_TPE = (4.8e-3, 6.1e-6)
_BY_TPE_LISTED = (5.2e-3, 17.5e-6)  # many proposals come twice where values can be counted
_BY_NSGA = (1.1e-3, 1.6e-6)  # for several objectives, two or three alike
_READ = (0.15, 14e-6)  # the bars read and their indicators computed: a study, and each bar
_WALK = 1.2  # the tests of a walk-forward's one curve
_REALISM, _PIECES = Realism.__name__, Pieces.__name__


def seconds_of(
    strategy_class: Any,
    combinations: float,
    bars: float,
    settings: SimulationSettings,
    cores: int | None = None,
) -> float:
    """Return about how many seconds so many combinations take over so many bars."""
    each, per_bar = _costs(strategy_class)
    per_bar += 0.0 if settings.is_plain else _REAL_BAR
    shared = cores or core_count()
    return combinations * (each + per_bar * bars) / shared


def compiling_seconds(strategy_class: Any, settings: SimulationSettings) -> float:
    """Return about how long the sweep must first be compiled here: 0 where it is already."""
    is_declared = strategy_class.is_declared()
    function = kernel.measure_rules if is_declared else kernel.measure_signals
    if settings.is_plain:
        return 0.0 if is_compiled(function, lacks=_REALISM) else _COMPILING[0]
    wanted = _PIECES if settings.needs_finer else _REALISM
    return 0.0 if is_compiled(function, wanted) else _COMPILING[1]


def seconds_in_all(
    strategy_class: Any,
    combinations: float,
    bars: int,
    settings: SimulationSettings,
    *,
    thinking: float = 0.0,
    walks: bool = False,
) -> float:
    """Return about how long a study takes: with reading, compiling, and what its method adds.

    `thinking` are the seconds of a guided search's proposals.
    """
    walking = _WALK if walks else 0.0
    reading = _READ[0] + _READ[1] * bars
    tried = seconds_of(strategy_class, combinations, bars, settings)
    return reading + tried + thinking + walking + compiling_seconds(strategy_class, settings)


def thinking_seconds(strategy_class: Any, space: Space, trials: int, objectives: int = 1) -> float:
    """Return about how long a guided search takes to propose so many trials.

    Measured by benchmarks/bench_estimate.py. Raises InvalidParams for what is no space to search.
    """
    size = size_of(axes_of(strategy_class, space))
    if size is not None and size <= trials:
        return 0.0  # all of it is tried: nothing has to be proposed
    one = _BY_TPE if size is None else _BY_TPE_LISTED
    each, looking_back = one if objectives == 1 else _BY_NSGA
    return trials * (each + looking_back * trials)


def span_text(seconds: float) -> str:
    """Say a span as a person would: the unit that fits, no false precision."""
    if seconds < 1:
        return "under a second"
    if seconds < 90:
        return f"about {counted(_round(seconds), 'second')}"
    if seconds < 5400:
        return f"about {counted(_round(seconds / 60), 'minute')}"
    if seconds < 129_600:
        return f"about {counted(_round(seconds / 3600), 'hour')}"
    return f"about {counted(_round(seconds / 86_400), 'day')}"


def _costs(strategy_class: Any) -> tuple[float, float]:
    if getattr(strategy_class, "buy", None) is not None:
        return _COMPILED
    return _AT_ONCE if strategy_class().is_vectorised else _BAR_BY_BAR


def _round(value: float) -> int:
    return round(float(f"{value:.1g}")) if value >= 10 else max(1, round(value))
