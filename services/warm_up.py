"""Loads compiled code before the first user needs it; it is compiled where it was not yet."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from services.backtest.run import Rule, run_backtest
from services.backtest.settings import SimulationSettings
from services.bars import PRICE_COLUMNS
from services.charts.heikin_ashi import heikin_ashi
from services.optimise.front import MOST_OBJECTIVES, front_places
from services.optimise.objective import OBJECTIVES, objectives_of
from services.optimise.sweep import sweep
from services.validation import bootstrap_of, overfitting_of

_BARS = 120


def warm_up(rules: Iterable[Rule]) -> None:
    """Run every rule, and what pages compile, on a few bars of a wave; nothing of it is kept."""
    bars = _waves()
    few = pd.DataFrame({name: [1.0, 0.0] for name in OBJECTIVES[:MOST_OBJECTIVES]})
    front_places(few, objectives_of(list(few)))
    heikin_ashi(*(bars[name].to_numpy() for name in PRICE_COLUMNS))
    for rule in rules:
        run_backtest(bars, rule)


def warm_up_sweeps(strategy_classes: Iterable[type]) -> None:
    """Try what sweeps and the tests of their best compile; nothing of it is kept.

    Without and with stops, of rules that are declared and of those that are asked; and a backtest
    in finer bars.
    """
    bars, (first, *_) = _waves(), list(strategy_classes)
    asked = type("Asked", (first,), {"buy": None, "sell": None, "signals": _nothing})
    name = next(iter(first.Params.model_fields))
    grid = {name: [first.Params().model_dump()[name]]}
    for settings in (SimulationSettings(), SimulationSettings(stop_loss="5%")):
        for kind in (first, asked):
            sweep(bars, kind, grid, settings)
        run_backtest(bars, first(), settings)
    in_pieces = SimulationSettings(stop_loss="5%", intrabar="finer_bars")
    run_backtest(bars, first(), in_pieces, finer=_halves(bars))
    chance = np.random.default_rng(0)
    bootstrap_of(chance.normal(0, 0.01, _BARS), periods_a_year=252)
    overfitting_of(chance.normal(0, 0.01, (_BARS, 4)))


def _nothing(_: Rule, df: pd.DataFrame) -> np.ndarray:
    return np.zeros(len(df), np.int8)


def _halves(bars: pd.DataFrame) -> pd.DataFrame:
    """Return two bars for each day."""
    both = bars.loc[bars.index.repeat(2)].reset_index(drop=True)
    return both.assign(ts=both["ts"] + pd.to_timedelta(both.index % 2 * 12, "h"))


def _waves() -> pd.DataFrame:
    close = 100 + 10 * np.sin(np.arange(_BARS) / 7.0)
    ts = pd.date_range("2024-01-01", periods=_BARS, freq="D", tz="UTC", unit="us")
    prices = {"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 1000.0}
    return pd.DataFrame({"ts": ts, **prices})
