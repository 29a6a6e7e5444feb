"""Months, rolling windows, distributions and crises: against pandas, empyrical and quantstats."""

import math
import statistics

import empyrical
import numpy as np
import pandas as pd
import pytest
import quantstats
from analysis_runs import run_of, times
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import SYMBOLS, real_bars

from services.analysis.crisis import CRISES, crisis_windows
from services.analysis.distribution import distribution, period_returns, trade_returns
from services.analysis.monthly import monthly_returns
from services.analysis.rolling import rolling
from services.backtest import run_backtest
from services.metrics import calendar_of, equity_metrics
from strategies.registry import load_strategy


@pytest.fixture(scope="module")
def ibm():
    return run_backtest(real_bars("IBM"), load_strategy("macd"))


def returns_series(result, curve="equity"):
    """Return the daily returns as a naive series, as the libraries want them."""
    equity = getattr(result, curve).to_numpy()
    before = np.concatenate(([result.settings.cash], equity[:-1]))
    return pd.Series(equity / before - 1, index=getattr(result, curve).index.tz_localize(None))


def flat_table(months):
    """Return {(year, month): return} of the months that have one."""
    return {
        (year, month): value
        for year, row in months.table.items()
        for month, value in row.items()
        if value is not None
    }


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("curve", ["strategy", "benchmark"])
def test_months_and_years_are_those_of_empyrical_and_of_pandas(symbol, curve):
    result = run_backtest(real_bars(symbol), load_strategy("ma_cross"))
    months = monthly_returns(result, curve=curve)
    r = returns_series(result, "equity" if curve == "strategy" else "benchmark_equity")
    expected = empyrical.aggregate_returns(r, "monthly").to_dict()
    assert flat_table(months) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    years = empyrical.aggregate_returns(r, "yearly").to_dict()
    assert months.totals == pytest.approx(years, rel=1e-9, abs=1e-12)
    equity = (result.equity if curve == "strategy" else result.benchmark_equity).resample("ME")
    growth = equity.last().pct_change().dropna().tolist()
    assert list(flat_table(months).values())[1:] == pytest.approx(growth, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 900),
    st.integers(0, 2**16),
    st.sampled_from(["B", "D", "W-MON", "7h"]),
    st.sampled_from(["UTC", "America/New_York", "Asia/Tokyo"]),
)
def test_months_chain_to_their_year_and_years_to_the_total_return(count, seed, freq, timezone):
    steps = np.random.default_rng(seed).normal(0, 0.02, count)
    result = run_of(100 * np.cumprod(1 + steps), times(count, freq, "2022-11-17"))
    months = monthly_returns(result, timezone)
    total = equity_metrics(
        result.equity.to_numpy(), 100.0, calendar_of(result.bars["ts"], timezone)
    )["total_return"]
    assert math.prod(1 + x for x in flat_table(months).values()) == pytest.approx(1 + total)
    assert math.prod(1 + x for x in months.totals.values()) == pytest.approx(1 + total)
    assert months.total == total
    for year, value in months.totals.items():
        chained = math.prod(1 + x for x in months.table[year].values() if x is not None)
        assert chained == pytest.approx(1 + value)


def test_a_small_table_of_months_worked_by_hand():
    ts = pd.DatetimeIndex(["2023-12-28", "2023-12-29", "2024-01-02", "2024-03-01"], tz="UTC")
    months = monthly_returns(run_of([110.0, 120.0, 90.0, 99.0], ts))
    assert months.years == (2023, 2024)
    assert flat_table(months) == pytest.approx({(2023, 12): 0.2, (2024, 1): -0.25, (2024, 3): 0.1})
    assert months.table[2024][2] is None
    assert months.totals == pytest.approx({2023: 0.2, 2024: 99 / 120 - 1})
    assert (months.best, months.worst) == pytest.approx((0.2, -0.25))
    assert months.mean == pytest.approx(0.05 / 3)
    assert months.median == pytest.approx(0.1)
    assert months.positive == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("first", "last", "partial"),
    [
        ("2024-01-02", "2024-05-31", set()),  # New Year's Day is no session
        ("2024-01-02", "2024-03-28", set()),  # Good Friday at the end of March
        ("2024-01-03", "2024-05-31", {(2024, 1)}),
        ("2024-01-15", "2024-05-31", {(2024, 1)}),
        ("2024-01-02", "2024-05-29", {(2024, 5)}),
        ("2024-01-10", "2024-01-20", {(2024, 1)}),
        ("2024-01-10", "2024-04-10", {(2024, 1), (2024, 4)}),
    ],
)
def test_the_months_at_the_ends_are_marked_when_the_run_has_not_all_of_them(first, last, partial):
    ts = pd.bdate_range(first, last, tz="UTC")
    assert monthly_returns(run_of([100.0] * len(ts), ts)).partial == partial


def test_a_market_without_holidays_has_whole_months_only_with_every_day():
    whole = pd.date_range("2024-02-01", "2024-03-31", tz="UTC")
    assert monthly_returns(run_of([100.0] * len(whole), whole)).partial == set()
    short = whole[1:-1]
    found = monthly_returns(run_of([100.0] * len(short), short)).partial
    assert found == {(2024, 2), (2024, 3)}


@pytest.mark.parametrize(
    ("first", "last", "partial"),
    [
        ("2024-01-01", "2024-03-25", set()),  # Fridays from 5 January to 29 March
        ("2024-01-08", "2024-03-25", {(2024, 1)}),
        ("2024-01-01", "2024-03-18", {(2024, 3)}),
    ],
)
def test_weeks_make_a_whole_month_with_all_its_fridays(first, last, partial):
    ts = pd.date_range(first, last, freq="W-MON", tz="UTC")
    assert monthly_returns(run_of([100.0] * len(ts), ts)).partial == partial


def test_a_week_counts_in_the_month_of_its_friday():
    ts = pd.DatetimeIndex(["2024-01-22", "2024-01-29", "2024-02-05"], tz="UTC")
    months = monthly_returns(run_of([110.0, 121.0, 133.1], ts))
    assert flat_table(months) == pytest.approx({(2024, 1): 0.1, (2024, 2): 0.21})


def test_a_month_ends_where_the_exchange_says_and_not_at_midnight_in_utc():
    # 19:00 on 31 January in New York is 1 February in UTC.
    ts = pd.DatetimeIndex(["2024-01-31T20:00", "2024-02-01T00:00", "2024-02-01T20:00"], tz="UTC")
    result = run_of([110.0, 121.0, 121.0], ts)
    assert flat_table(monthly_returns(result, "America/New_York"))[2024, 1] == pytest.approx(0.21)
    assert flat_table(monthly_returns(result, "UTC"))[2024, 1] == pytest.approx(0.1)


@pytest.mark.parametrize("window", [21, 126, 252])
def test_rolling_sharpe_and_volatility_are_those_of_empyrical(ibm, window):
    measured = rolling(ibm, window)
    for curve, sharpe, volatility in (
        ("equity", measured.sharpe, measured.volatility),
        ("benchmark_equity", measured.benchmark_sharpe, measured.benchmark_volatility),
    ):
        r = returns_series(ibm, curve)
        expected = empyrical.roll_annual_volatility(r, window)
        np.testing.assert_allclose(volatility[window - 1 :], expected, rtol=1e-9, atol=1e-15)
        moves = expected.to_numpy() > 1e-12
        wanted = empyrical.roll_sharpe_ratio(r, window).to_numpy()[moves]
        np.testing.assert_allclose(sharpe[window - 1 :][moves], wanted, rtol=1e-9, atol=1e-12)
        assert np.isnan(sharpe[window - 1 :][~moves]).all()
        assert np.isnan(volatility[: window - 1]).all()


def test_the_last_window_is_what_the_metrics_say_of_it(ibm):
    measured = rolling(ibm, 100)
    tail = ibm.equity.to_numpy()[-101:]
    whole = equity_metrics(tail[1:], tail[0], calendar_of(ibm.bars["ts"].iloc[-100:]))
    assert measured.sharpe[-1] == pytest.approx(whole["sharpe"], rel=1e-12)
    assert measured.volatility[-1] == pytest.approx(whole["volatility"], rel=1e-12)


def test_rolling_values_stand_at_one_close_a_session():
    ts = times(24 * 40, "h")
    steps = np.random.default_rng(1).normal(0, 0.01, len(ts))
    result = run_of(100 * np.cumprod(1 + steps), ts)
    measured = rolling(result, 10)
    daily = result.equity.resample("D").last()
    r = daily.pct_change().fillna(daily.iloc[0] / 100 - 1)
    expected = r.rolling(10).mean() / r.rolling(10).std() * math.sqrt(365)
    assert measured.periods_a_year == 365
    np.testing.assert_allclose(measured.sharpe, expected, rtol=1e-9)


def test_a_rolling_window_longer_than_the_run_has_no_value(ibm):
    measured = rolling(ibm, 10_000)
    assert np.isnan(measured.sharpe).all()
    assert np.isnan(measured.volatility).all()


@pytest.mark.parametrize(("freq", "window"), [("B", 126), ("D", 182), ("W-MON", 26)])
def test_the_window_is_half_a_year_unless_told(freq, window):
    assert rolling(run_of([100.0] * 60, times(60, freq))).window == window


def test_a_distribution_worked_by_hand():
    values = [-0.05, -0.01, 0.0, 0.02, 0.04]
    spread = distribution(np.array(values))
    assert spread.count == 5
    assert spread.zeros == 1
    assert spread.mean == pytest.approx(0.0)
    assert spread.median == 0.0
    assert spread.deviation == pytest.approx(statistics.stdev(values))
    assert (spread.best, spread.worst) == (0.04, -0.05)
    assert spread.positive == 0.4


def test_the_moments_are_those_of_quantstats(ibm):
    spread = period_returns(ibm)
    r = returns_series(ibm)
    # quantstats and pandas take bias off; with 3,270 returns both agree to a thousandth.
    assert spread.skew == pytest.approx(quantstats.stats.skew(r, prepare_returns=False), rel=2e-3)
    assert spread.kurtosis == pytest.approx(
        quantstats.stats.kurtosis(r, prepare_returns=False), rel=5e-3
    )
    assert spread.positive == pytest.approx((r > 0).mean())
    assert spread.best == pytest.approx(r.max())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.floats(-0.99, 10, allow_nan=False),
            st.sampled_from([0.0, 0.1, 0.3, -0.3, 1e-17, 0.30000000000000004]),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_every_return_lies_in_one_bin_and_no_bin_mixes_gains_and_losses(values):
    spread = distribution(np.array(values))
    assert spread.counts.sum() == len(values)
    assert (np.diff(spread.edges) > 0).all()
    assert len(spread.counts) <= 62
    assert not ((spread.edges[:-1] < 0) & (spread.edges[1:] > 0)).any()
    losses = sum(value < 0 for value in values)
    assert spread.counts[spread.edges[:-1] < 0].sum() == pytest.approx(losses, abs=0)


def test_of_no_trade_there_is_no_distribution():
    spread = trade_returns(run_of([100.0, 101.0]))
    assert spread.count == 0
    assert len(spread.edges) == len(spread.counts) == 0
    assert {spread.mean, spread.median, spread.best, spread.worst, spread.positive} == {None}


def slow_crisis(series, start, end, cash):
    """Return and deepest fall from the close at or before the first day, one close at a time."""
    base, within = cash, []
    for moment, value in series.items():
        if moment <= pd.Timestamp(start, tz="UTC"):
            base = value
        elif moment <= pd.Timestamp(end, tz="UTC"):
            within.append(value)
    peak, deepest = base, 0.0
    for value in within:
        peak = max(peak, value)
        deepest = min(deepest, value / peak - 1)
    return within[-1] / base - 1, deepest


def test_a_run_is_measured_in_the_crises_that_it_covers(ibm):
    windows = {window.name: window for window in crisis_windows(ibm)}
    assert list(windows) == [name for name, _, _ in CRISES[:3]]
    for name, start, end in CRISES[:3]:
        window = windows[name]
        assert not window.partial
        assert (str(window.covered_from.date()), str(window.covered_to.date())) == (start, end)
        cash = ibm.settings.cash
        expected = slow_crisis(ibm.equity, start, end, cash)
        assert (window.total_return, window.drawdown) == pytest.approx(expected, abs=1e-12)
        held = slow_crisis(ibm.benchmark_equity, start, end, cash)
        assert (window.benchmark_return, window.benchmark_drawdown) == pytest.approx(held)


def test_ibm_fell_by_half_in_the_dot_com_years(ibm):
    closes = ibm.bars.set_index("ts")["close"]
    change = closes["2002-10-09"] / closes["2000-03-24"] - 1
    assert crisis_windows(ibm)[0].benchmark_return == pytest.approx(change, rel=1e-9)


@pytest.mark.parametrize(
    ("first", "last", "partial", "covered"),
    [
        ("2020-02-10", "2020-04-30", False, ("2020-02-19", "2020-03-23")),
        ("2020-02-19", "2020-03-23", False, ("2020-02-19", "2020-03-23")),
        ("2020-02-20", "2020-04-30", True, ("2020-02-20", "2020-03-23")),
        ("2020-02-10", "2020-03-10", True, ("2020-02-19", "2020-03-10")),
        ("2020-03-02", "2020-03-10", True, ("2020-03-02", "2020-03-10")),
    ],
)
def test_a_crisis_seen_in_part_is_marked_with_what_was_seen(first, last, partial, covered):
    ts = pd.bdate_range(first, last, tz="UTC")
    (window,) = crisis_windows(run_of(np.linspace(100, 80, len(ts)), ts))
    assert window.partial == partial
    assert (str(window.covered_from.date()), str(window.covered_to.date())) == covered


@pytest.mark.parametrize("last", ["2020-02-18", "2020-02-19"])
def test_a_run_that_ends_before_a_crisis_begins_has_none(last):
    ts = pd.bdate_range("2020-01-02", last, tz="UTC")
    assert crisis_windows(run_of([100.0] * len(ts), ts)) == ()


def test_weekly_bars_cover_a_crisis_with_the_weeks_that_closed_in_it():
    ts = pd.date_range("2007-01-01", "2010-01-04", freq="W-MON", tz="UTC")
    equity = np.linspace(100, 50, len(ts))
    (window,) = crisis_windows(run_of(equity, ts))
    assert not window.partial
    curve = pd.Series(equity, ts)
    assert window.total_return == pytest.approx(curve["2009-03-02"] / curve["2007-10-01"] - 1)
