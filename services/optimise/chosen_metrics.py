"""Which metrics a sweep was asked for, and what must be measured for them."""

from collections.abc import Sequence

from services.backtest.metric_row import Asked
from services.errors import InvalidParams, did_you_mean
from services.metric_specs import METRIC_SPECS

# What is not named here costs next to nothing and is always measured.
_NEEDED_BY = {
    "deviation": {"sharpe", "volatility"},
    "downside": {"sortino"},
    "drawdown": {"max_drawdown", "max_drawdown_duration", "calmar"},
    "relation": {"alpha", "beta"},
    "profits": {
        "win_rate",
        "profit_factor",
        "expectancy",
        "expectancy_return",
        "payoff_ratio",
        "sqn",
        "costs",
        "costs_of_gross_profit",
    },
}


def chosen_metrics(names: Sequence[str] | None) -> tuple[str, ...]:
    """Return names of metrics in their usual order, all of them for None; raise InvalidParams."""
    if names is None:
        return tuple(METRIC_SPECS)
    names = [names] if isinstance(names, str) else list(names)
    for name in names:
        if name not in METRIC_SPECS:
            raise InvalidParams(
                f'There is no metric "{name}".{did_you_mean(name, METRIC_SPECS)}', field="metrics"
            )
    if not names:
        raise InvalidParams("Name at least one metric, or leave them out.", field="metrics")
    return tuple(name for name in METRIC_SPECS if name in names)


def asked_for(names: Sequence[str]) -> Asked:
    """Return what the kernel must measure for some metrics."""
    return Asked(**{group: not needed.isdisjoint(names) for group, needed in _NEEDED_BY.items()})
