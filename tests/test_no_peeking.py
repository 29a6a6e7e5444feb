"""No strategy looks ahead: the signals of the first n bars are the first n signals of all bars."""

import pytest
from builders import random_walk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peeking import NextClose, NextRow, WholeMean
from real_bars import real_bars

from services.errors import InvalidParams
from services.indicators import with_indicators
from services.parameters import parameter_specs
from strategies.base import Strategy
from strategies.registry import STRATEGIES, load_strategy


def signals_on(strategy, bars):
    """Ask for signals as a run does: indicators computed on these bars and no others."""
    return strategy.signals_from(with_indicators(bars.reset_index(drop=True)), 0).tolist()


def peeks(strategy, bars, cuts):
    """Tell whether a later bar ever changes an earlier signal."""
    whole = signals_on(strategy, bars)
    return any(signals_on(strategy, bars.iloc[:n]) != whole[:n] for n in cuts)


def searched_parameters(name):
    """Draw parameters among the values worth searching."""
    specs = parameter_specs(STRATEGIES[name].Params)
    return st.fixed_dictionaries({spec.name: st.sampled_from(spec.search) for spec in specs})


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(STRATEGIES)), st.integers(0, 10_000), st.data())
def test_no_registered_strategy_peeks_on_random_walks(name, seed, data):
    bars = random_walk(data.draw(st.integers(2, 260)), seed)
    cut = data.draw(st.integers(1, len(bars) - 1))
    try:
        strategy = load_strategy(name, **data.draw(searched_parameters(name)))
    except InvalidParams:
        strategy = load_strategy(name)
    assert not peeks(strategy, bars, [cut])


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_no_registered_strategy_peeks_on_real_bars(name):
    bars = real_bars("AAPL").iloc[:700]
    assert not peeks(load_strategy(name), bars, range(1, 700, 23))


@pytest.mark.parametrize("peeking", [NextClose(), WholeMean(), NextRow()])
def test_the_check_catches_a_strategy_that_peeks(peeking):
    bars = random_walk(60, seed=2)
    assert peeks(peeking, bars, range(1, 60))


def test_the_check_does_not_accuse_a_rule_that_only_remembers():
    class Streak(Strategy):
        last, run = 0.0, 0

        def on_bar(self, i, row, df):
            self.run = self.run + 1 if row["close"] > self.last else 0
            self.last = row["close"]
            return "BUY" if self.run == 2 else "SELL" if self.run == 0 else None

    bars = random_walk(60, seed=2)
    assert len(set(signals_on(Streak(), bars))) == 3
    assert not peeks(Streak(), bars, range(1, 60))
