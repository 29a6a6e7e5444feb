"""Objectives: which of several results is the best one."""

import numpy as np
import pandas as pd
import pytest

from services.errors import InvalidParams
from services.optimise.objective import OBJECTIVES, Objective, best_of, objectives_of, ranking

_ = np.nan  # undefined


def results(**columns):
    return pd.DataFrame(columns)


def test_the_highest_sharpe_and_the_lowest_volatility_win():
    frame = results(sharpe=[0.5, 1.2, 0.9], volatility=[0.3, 0.2, 0.1])
    assert best_of(frame, Objective("sharpe")) == 1
    assert best_of(frame, Objective("volatility")) == 2


def test_the_shallowest_drawdown_wins_though_all_are_below_zero():
    frame = results(max_drawdown=[-0.5, -0.1, -0.3])
    assert best_of(frame, Objective("max_drawdown")) == 1


def test_of_equal_ones_the_first_wins_and_undefined_never_does():
    assert best_of(results(sharpe=[_, -2.0, -1.0, -1.0]), Objective("sharpe")) == 2
    assert best_of(results(costs=[_, 5.0, np.inf, 5.0]), Objective("costs")) == 1


def test_an_undefined_value_may_also_be_none():
    frame = pd.DataFrame({"sharpe": [None, 0.1, None]}, dtype=object)
    assert best_of(frame, Objective("sharpe")) == 1


def test_of_equal_ones_the_next_objective_decides():
    frame = results(win_rate=[0.6, 0.7, 0.7, _, 0.7], max_drawdown=[-0.1, -0.4, -0.2, 0.0, _])
    both = objectives_of("win_rate, max_drawdown")
    assert ranking(frame, both).tolist() == [2, 1, 4, 0]
    assert (best_of(frame, *both), best_of(frame, both[0])) == (2, 1)
    assert best_of(results(win_rate=[_], max_drawdown=[0.0]), *both) is None


def test_where_nothing_is_defined_there_is_no_best():
    assert best_of(results(sharpe=[_, _]), Objective("sharpe")) is None
    assert best_of(results(sharpe=[]), Objective("sharpe")) is None


def test_a_lucky_result_of_two_trades_does_not_qualify():
    frame = results(sharpe=[3.0, 1.0, 0.5], trades=[2, 30, 40])
    assert best_of(frame, Objective("sharpe")) == 0
    assert best_of(frame, Objective("sharpe", minimum_trades=30)) == 1
    assert best_of(frame, Objective("sharpe", minimum_trades=50)) is None


def test_an_index_that_is_no_count_does_not_matter():
    frame = results(sharpe=[0.5, 1.2]).set_index(pd.Index([7, 7]))
    assert best_of(frame, Objective("sharpe")) == 1


def test_a_score_turns_a_value_so_that_more_is_better():
    assert Objective("sharpe").score(1.5) == 1.5
    assert Objective("volatility").score(0.2) == -0.2
    assert np.isnan(Objective("sharpe").score(None))


def test_objectives_are_read_as_people_write_them():
    assert Objective.parse(" Max drawdown ") == Objective("max_drawdown")
    assert [o.metric for o in objectives_of("sharpe, max_drawdown")] == ["sharpe", "max_drawdown"]
    assert objectives_of(Objective("cagr")) == (Objective("cagr"),)
    assert objectives_of(["cagr", Objective("sqn", 9)]) == (Objective("cagr"), Objective("sqn", 9))


def test_what_is_no_objective_is_refused_with_the_remedy():
    with pytest.raises(InvalidParams, match='Did you mean "sharpe"'):
        Objective.parse("sharp")
    with pytest.raises(InvalidParams, match="neither more nor less of it is better"):
        Objective("trades")
    with pytest.raises(InvalidParams, match="different"):
        objectives_of("sharpe, sharpe")
    with pytest.raises(InvalidParams, match="0 or more"):
        Objective("sharpe", minimum_trades=-1)
    assert "beta" not in OBJECTIVES
