"""Runs at the edge: one bar, no trade, flat, one month, weeks, minutes, seven days, time zones."""

import dataclasses
import gc
import json
import math

import numpy as np
import pandas as pd
import pytest
from analysis_runs import BUY, HOLD, SELL, price_row, scripted, times
from builders import candles, random_walk

from services.analysis import sampling
from services.analysis.costs import cost_curve
from services.analysis.crisis import crisis_windows
from services.analysis.distribution import period_returns, trade_returns
from services.analysis.durations import durations
from services.analysis.excursions import excursions
from services.analysis.exposure import exposure
from services.analysis.monthly import monthly_returns
from services.analysis.rolling import rolling
from services.analysis.seasons import by_hour, by_month, by_weekday
from services.analysis.story import trade_story
from services.analysis.streaks import streaks
from services.analysis.trade_groups import trade_groups
from services.analysis.underwater import underwater, underwater_periods
from services.backtest import SimulationSettings
from services.charts import report_figures as figures

COSTLY = SimulationSettings(1000, "ibkr_fixed", 5)


def flat(count, **how):
    return candles(*[price_row(100.0)] * count, **how)


def minutes(count):
    """Return minutes of New York sessions, 390 a day, without weekends."""
    days = pd.bdate_range("2024-01-30", periods=count // 390 + 1, tz="America/New_York")
    opens = days + pd.Timedelta(hours=9, minutes=30)
    every = [pd.date_range(o, periods=390, freq="min") for o in opens]
    bars = random_walk(count, seed=4)
    bars["ts"] = every[0].append(every[1:])[:count].tz_convert("UTC").as_unit("us")
    return bars


def alternating(count):
    return [BUY if i % 6 == 1 else SELL if i % 6 == 4 else HOLD for i in range(count)]


def dated(bars, freq, start):
    bars["ts"] = times(len(bars), freq, start)
    return bars


RUNS = {
    "one bar": lambda: scripted(flat(1), [BUY], COSTLY),
    "one bar at its close": lambda: scripted(
        flat(1), [BUY], SimulationSettings(1000, "ibkr_fixed", 5, "close")
    ),
    "two bars": lambda: scripted(flat(2), [BUY, SELL], COSTLY),
    "no trade": lambda: scripted(random_walk(60), [], COSTLY),
    "flat": lambda: scripted(flat(60), alternating(60)),
    "flat with costs": lambda: scripted(flat(60), alternating(60), COSTLY),
    "one month": lambda: scripted(random_walk(12), alternating(12), COSTLY),
    "bought and held": lambda: scripted(random_walk(60), [BUY], COSTLY),
    "weeks": lambda: scripted(dated(random_walk(300), "W-MON", "2006-01-02"), alternating(300)),
    "seven days": lambda: scripted(random_walk(400), alternating(400), COSTLY),
    "minutes": lambda: scripted(
        minutes(2000), alternating(2000), COSTLY, timezone="America/New_York"
    ),
    "crypto hours": lambda: scripted(
        dated(random_walk(900), "h", "2020-02-25"), alternating(900), COSTLY
    ),
    "ruin": lambda: scripted(
        random_walk(400), alternating(400), SimulationSettings(1000, "percent:50", 1000)
    ),
}


@pytest.fixture(params=list(RUNS))
def run(request):
    return RUNS[request.param]()


def analyses(result, timezone):
    """Compute everything that the report shows of a run."""
    numbers = range(1, len(result.trades) + 1)
    return {
        "months": monthly_returns(result, timezone),
        "held months": monthly_returns(result, timezone, "benchmark"),
        "rolling": rolling(result, timezone=timezone),
        "short rolling": rolling(result, 2, timezone),
        "returns": period_returns(result, timezone),
        "trade returns": trade_returns(result),
        "crises": crisis_windows(result, timezone),
        "periods": underwater_periods(result, most=None),
        "underwater": underwater(result),
        "groups": trade_groups(result),
        "streaks": streaks(result),
        "weekdays": by_weekday(result, timezone),
        "months of entry": by_month(result, timezone),
        "hours": by_hour(result, timezone),
        "durations": durations(result),
        "exposure": exposure(result),
        "excursions": excursions(result),
        "costs": cost_curve(result),
        "stories": [trade_story(result, n) for n in (*numbers[:2], *numbers[-1:])],
    }


def figures_of(found, result, timezone):
    return {
        "equity": figures.equity_figure(result, timezone=timezone),
        "log": figures.equity_figure(result, log=True, timezone=timezone),
        "rolling": figures.rolling_figure(found["rolling"]),
        "returns": figures.distribution_figure(found["returns"], "days"),
        "trades": figures.distribution_figure(found["trade returns"]),
        "mae": figures.excursion_figure(found["excursions"], "mae"),
        "mfe": figures.excursion_figure(found["excursions"], "mfe"),
        "durations": figures.duration_figure(found["durations"]),
        "weekdays": figures.season_figure(found["weekdays"]),
        "profit": figures.season_figure(found["months of entry"], "profit"),
        "hours": figures.season_figure(found["hours"]),
        "costs": figures.cost_figure(found["costs"]),
    }


def plain_numbers(value):
    """Yield every single number of an analysis; arrays may hold NaN and are left out."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from plain_numbers(getattr(value, field.name))
    elif isinstance(value, dict):
        for part in value.values():
            yield from plain_numbers(part)
    elif isinstance(value, (list, tuple, frozenset)):
        for part in value:
            yield from plain_numbers(part)
    elif isinstance(value, (float, np.floating)):
        yield float(value)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("timezone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_every_odd_run_is_analysed_and_drawn_in_finite_numbers(run, timezone):
    found = analyses(run, timezone)
    assert all(math.isfinite(number) for number in plain_numbers(found))
    for name, figure in figures_of(found, run, timezone).items():
        text = json.dumps(figure, allow_nan=False)
        assert len(text) < 100_000, name


def test_one_bar_has_a_month_and_nothing_that_needs_two():
    result = RUNS["one bar"]()
    months = monthly_returns(result)
    assert months.table[2024][1] == 0.0
    assert months.partial == {(2024, 1)}
    assert np.isnan(rolling(result).sharpe).all()
    assert period_returns(result).deviation is None
    assert period_returns(result).skew is None
    assert underwater_periods(result) == ()


def test_a_fall_on_the_only_bar_is_a_period_of_no_days():
    result = RUNS["one bar at its close"]()
    (period,) = underwater_periods(result)
    assert period.depth == result.metrics["max_drawdown"] < 0
    assert period.days == result.metrics["max_drawdown_duration"] == 0
    assert underwater(result).current == period


def test_a_flat_run_has_returns_of_zero_and_no_ratio():
    result = RUNS["flat"]()
    measured = rolling(result, 20)
    assert (measured.volatility[19:] == 0).all()
    assert np.isnan(measured.sharpe).all()
    spread = period_returns(result)
    assert spread.zeros == spread.count == 60
    assert spread.positive == 0.0
    assert spread.skew is None
    assert monthly_returns(result).scale == 0.0
    assert streaks(result).current is None
    assert trade_groups(result)[0].values["profit_factor"] is None


def test_minutes_are_sampled_once_a_session():
    result = RUNS["minutes"]()
    found = analyses(result, "America/New_York")
    assert found["returns"].count == len(found["rolling"].ts) == 6
    assert list(found["months"].table) == [2024]
    assert found["months"].table[2024][1] is not None
    assert {season.label for season in found["hours"]} <= {f"{h:02d}:00" for h in range(9, 16)}


def test_an_empty_figure_says_why():
    found = analyses(RUNS["no trade"](), "UTC")
    drawn = figures_of(found, RUNS["no trade"](), "UTC")
    for name in ("trades", "mae", "durations", "weekdays"):
        assert drawn[name]["data"] == []
        assert "trade" in drawn[name]["layout"]["annotations"][0]["text"], name
    assert "182" in drawn["rolling"]["layout"]["annotations"][0]["text"]


def test_samples_are_kept_for_a_few_results_while_they_live():
    kept = [scripted(random_walk(20, seed), []) for seed in range(12)]
    first = [sampling.sampled(result) for result in kept]
    assert sampling.sampled(kept[-1]) is first[-1]
    assert sampling.sampled(kept[0]) is not first[0]
    assert len(sampling._recent) <= 8
    del kept
    gc.collect()
    assert not sampling._recent
