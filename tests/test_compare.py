"""Runs side by side: one time axis, the best marked, the trades that differ."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import random_walk
from test_runs import made

from services.backtest import SimulationSettings
from services.backtest.trades import TRADE_COLUMNS
from services.errors import InvalidParams
from services.metrics import METRIC_SPECS, METRICS
from services.runs.compare import MOST_POINTS, MOST_TRADES, compare_runs, numbers_to_compare


def numbered(*runs):
    return [replace(run, id=number) for number, run in enumerate(runs, 1)]


def with_metrics(run, **values):
    return replace(run, result=replace(run.result, metrics=run.result.metrics | values))


def with_equity(run, *values):
    """Give a run an equity curve of its own, on days from 2024-01-01 on."""
    ts = pd.Series(pd.date_range("2024-01-01", periods=len(values), tz="UTC", unit="us"))
    bars = pd.DataFrame({"ts": ts})
    equity = pd.Series(np.array(values) * run.result.settings.cash, index=pd.DatetimeIndex(ts))
    return replace(run, result=replace(run.result, bars=bars, equity=equity))


def with_trades(run, *trades):
    """Give a run trades of (entry day, exit day or None, return)."""
    day = {n: pd.Timestamp(f"2024-01-{n:02d}", tz="UTC") for n in range(1, 32)}
    rows = [
        dict.fromkeys(TRADE_COLUMNS, 0.0)
        | {"entry_time": day[entry], "exit_time": day.get(exit_, pd.NaT), "return": result}
        for entry, exit_, result in trades
    ]
    return replace(
        run, result=replace(run.result, trades=pd.DataFrame(rows, columns=TRADE_COLUMNS))
    )


def days(growth):
    return [str(moment)[:10] for moment in growth.ts]


def row(comparison, name):
    return next(row for row in comparison.metrics if row.spec.name == name)


def test_curves_are_growth_on_the_union_of_times():
    first = with_equity(made(), 1.0, 1.5, 2.0)
    later = with_equity(made(), 1.0, 0.5)
    shifted = later.result.bars["ts"] + pd.Timedelta(days=2)
    later = replace(later, result=replace(later.result, bars=pd.DataFrame({"ts": shifted})))
    one, other = compare_runs(numbered(first, later)).growth
    assert days(one) == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert days(other) == ["2024-01-03", "2024-01-04"]
    assert (one.values.tolist(), other.values.tolist()) == ([1.0, 1.5, 2.0], [1.0, 0.5])


def test_between_its_bars_a_run_stands_where_its_last_bar_left_it():
    daily = with_equity(made(), 1.0, 2.0, 3.0)
    sparse = with_equity(made(), 1.0, 5.0)
    ts = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-03"], utc=True)).dt.as_unit("us")
    sparse = replace(sparse, result=replace(sparse.result, bars=pd.DataFrame({"ts": ts})))
    assert compare_runs(numbered(daily, sparse)).growth[1].values.tolist() == [1.0, 1.0, 5.0]


@pytest.mark.parametrize("count", [2, 3, 6])
def test_long_curves_are_thinned_and_keep_first_last_highest_and_lowest(count):
    bars = random_walk(4000, 3)
    runs = [made(bars, params={"fast": 5, "slow": 20 + n}) for n in range(count)]
    found = compare_runs(numbered(*runs))
    for run, curve in zip(runs, found.growth, strict=True):
        growth = run.result.equity.to_numpy() / run.result.settings.cash
        drawn = curve.values
        assert 300 < len(drawn) <= MOST_POINTS
        assert (np.diff(curve.ts) > np.timedelta64(0)).all()
        expected = [growth[0], growth[-1], growth.min(), growth.max()]
        assert [drawn[0], drawn[-1], drawn.min(), drawn.max()] == expected


def test_a_short_run_within_a_long_one_keeps_its_ends():
    bars = random_walk(4000, 3)
    short = bars.iloc[1001:1021].reset_index(drop=True)
    found = compare_runs(numbered(made(bars), made(bars, "rsi"), made(short)))
    drawn = days(found.growth[2])
    assert (drawn[0], drawn[-1]) == (f"{short['ts'].iloc[0]:%F}", f"{short['ts'].iloc[-1]:%F}")


@pytest.mark.parametrize(
    ("name", "values", "best"),
    [
        ("sharpe", (1.0, 2.0, -3.0), (False, True, False)),
        ("sharpe", (None, -2.0, -3.0), (False, True, False)),
        ("sharpe", (2.0, 1.0, 2.0), (True, False, True)),
        ("sharpe", (None, None, 1.0), (False, False, False)),
        ("sharpe", (None, None, None), (False, False, False)),
        ("max_drawdown", (-0.5, -0.1, -0.2), (False, True, False)),
        ("volatility", (0.2, 0.1, 0.3), (False, True, False)),
        ("max_drawdown_duration", (0.0, 9.0, None), (True, False, False)),
        ("costs", (3.0, 2.0, 2.0), (False, True, True)),
        ("trades", (3.0, 2.0, 1.0), (False, False, False)),
        ("exposure", (0.3, 0.2, 0.1), (False, False, False)),
        ("beta", (0.3, 0.2, 0.1), (False, False, False)),
    ],
)
def test_the_best_of_a_metric_is_marked_all_of_them_and_never_an_undefined_one(name, values, best):
    runs = [with_metrics(made(), **{name: value}) for value in values]
    found = row(compare_runs(numbered(*runs)), name)
    assert found.values == values
    assert found.best == {position for position, is_best in enumerate(best) if is_best}


def test_every_metric_has_its_row_in_the_usual_order():
    found = compare_runs(numbered(made(), made()))
    assert [metric.spec for metric in found.metrics] == list(METRICS)
    assert {spec.better for spec in METRICS} == {"high", "low", ""}
    assert METRIC_SPECS["max_drawdown"].better == "high"  # it is negative


def test_amounts_of_money_are_not_marked_when_the_cash_differs():
    rich = made(settings=SimulationSettings(cash=1e6))
    found = compare_runs(numbered(made(), rich))
    assert not any(metric.best for metric in found.metrics if metric.spec.kind == "money")
    assert any("cash differs" in note for note in found.notes)
    assert row(found, "total_return").best


def test_trades_are_matched_by_entry_and_exit():
    one = with_trades(made(), (1, 5, 0.1), (8, 9, 0.2), (20, None, 0.3))
    two = with_trades(made(), (1, 5, 0.11), (8, 10, -0.2), (20, None, 0.31))
    three = with_trades(made(), (1, 5, 0.12), (8, 9, 0.21))
    found = compare_runs(numbered(one, two, three))
    assert (found.trades_in_all, found.only_some, found.trades_differing) == (1, (2, 2, 1), 3)
    times = [(x.entry_time.day, x.exit_time and x.exit_time.day) for x in found.trades]
    assert times == [(8, 9), (8, 10), (20, None)]
    cells = [[cell and (cell.number, cell.result) for cell in x.cells] for x in found.trades]
    assert cells == [
        [(2, 0.2), None, (2, 0.21)],
        [None, (2, -0.2), None],
        [(3, 0.3), (3, 0.31), None],
    ]


def test_runs_without_trades_have_none_that_differ():
    empty = with_trades(made())
    found = compare_runs(numbered(empty, empty))
    assert (found.trades_in_all, found.only_some, found.trades) == (0, (0, 0), ())


def test_only_the_first_trades_that_differ_are_listed_and_all_are_counted():
    bars = random_walk(3000, 5)
    often = made(bars, params={"fast": 2, "slow": 3})
    never = with_trades(made(bars))
    found = compare_runs(numbered(often, never))
    total = len(often.result.trades)
    assert total > MOST_TRADES
    assert (len(found.trades), found.trades_differing) == (MOST_TRADES, total)
    assert found.only_some == (total, 0)
    assert (found.trades[0].cells[0].number, found.trades[0].cells[1]) == (1, None)


def test_what_cannot_be_compared_simply_is_said():
    one, two = numbered(made(), made(settings=SimulationSettings(slippage_bps=2, fill="close")))
    other = replace(two, request=replace(two.request, symbol="MSFT"))
    assert compare_runs([one, replace(one, id=2)]).notes == ()
    assert compare_runs([one, two]).notes == ("These runs have different costs and fills.",)
    assert "different symbols, costs and fills." in compare_runs([one, other]).notes[0]


def test_a_run_given_twice_counts_once():
    one, two = numbered(made(), made())
    assert [run.id for run in compare_runs([two, one, two]).runs] == [2, 1]
    with pytest.raises(InvalidParams, match="2 to 6 different runs"):
        compare_runs([one, one])


@pytest.mark.parametrize("count", [0, 1, 7])
def test_other_than_two_to_six_runs_are_refused(count):
    with pytest.raises(InvalidParams, match=f"not {count}:") as caught:
        compare_runs(numbered(*[made()] * count))
    assert caught.value.field == "ids"


def test_numbers_are_read_from_an_address_once_each():
    assert numbers_to_compare(" 3, 5,,3,9 ") == ("3", "5", "9")
    for text in ("", "3", "3,3", ",", "1,2,3,4,5,6,7"):
        with pytest.raises(InvalidParams):
            numbers_to_compare(text)
