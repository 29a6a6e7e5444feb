"""Saved runs: what is loaded is what was saved, once, whatever becomes of the bars."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import closes, random_walk
from pandas.testing import assert_frame_equal, assert_series_equal
from sqlalchemy import delete, func, select

from db.models import BacktestRun, BacktestSeries, Instrument, MarketPrice
from services.backtest import BacktestRequest, SimulationSettings, run_backtest
from services.charts import chart_figure
from services.errors import UnknownRun
from services.ingest.pipeline import ingest
from services.ingest.source import SourceBars
from services.plots import report_png
from services.research import run_request
from services.runs import RecentRuns, SavedRun, latest_runs, load_run, save_run, store
from services.runs.fingerprint import bars_hash, code_hash, fingerprint
from services.settings import Settings
from services.timespan import utc_now
from services.workspace import Workspace
from strategies.registry import load_strategy

NO_NUMBERS = [
    0, -1, 2, 2**31, 2**40, 2**63, "0", "-1", "abc", "", " 1", "1 ", "+1", "1.0", "0x1", "1e0",
    "1_0", "\N{FULLWIDTH DIGIT ONE}", "\N{ARABIC-INDIC DIGIT ONE}", "\N{SUPERSCRIPT ONE}",
    "1; drop table backtest_runs", "<script>", "9" * 5000, None,
]  # fmt: skip


def made(bars=None, strategy="ma_cross", cautions=(), **asked) -> SavedRun:
    """Run a strategy on bars without a database."""
    bars = random_walk(300, 1) if bars is None else bars
    params = asked.pop("params", {"fast": 5, "slow": 20} if strategy == "ma_cross" else {})
    rule = load_strategy(strategy, **params)
    request = BacktestRequest("AAPL", "1d", strategy, params=rule.params.model_dump(), **asked)
    result = run_backtest(bars, rule, request.settings)
    return SavedRun(None, utc_now(), request, result, tuple(cautions))


def saved(database, run, bars="bars", code="code") -> SavedRun:
    return save_run(database, run, bars, code)


def count(database, model=BacktestRun) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model))


def assert_equal_runs(loaded: SavedRun, run: SavedRun) -> None:
    assert (loaded.id, loaded.created_at) == (run.id, run.created_at)
    assert loaded.request == run.request
    assert loaded.cautions == run.cautions
    assert loaded.title == run.title
    got, expected = loaded.result, run.result
    assert_frame_equal(got.bars, expected.bars)
    assert_frame_equal(got.trades, expected.trades)
    assert_series_equal(got.equity, expected.equity)
    assert_series_equal(got.benchmark_equity, expected.benchmark_equity)
    for name in ("signals", "position"):
        np.testing.assert_array_equal(getattr(got, name), getattr(expected, name), strict=True)
    assert got.metrics == expected.metrics
    assert list(got.metrics) == list(expected.metrics)
    assert got.benchmark_metrics == expected.benchmark_metrics
    assert (got.strategy, got.settings) == (expected.strategy, expected.settings)
    assert len(got.lines) == len(expected.lines)
    for line, other in zip(got.lines, expected.lines, strict=True):
        assert (line.label, line.pane, line.levels) == (other.label, other.pane, other.levels)
        np.testing.assert_array_equal(line.values, other.values, strict=True)


@pytest.mark.parametrize(
    "strategy", ["ma_cross", "rsi", "bollinger", "macd", "supertrend", "ath_breakout"]
)
def test_a_run_is_loaded_as_it_was_saved(database, strategy):
    costs = SimulationSettings(5e4, "percent:0.25", 2.5, "close")
    run = made(strategy=strategy, settings=costs, duration="5 Y", cautions=["Mind the split."])
    run = saved(database, run)
    assert run.id == 1
    assert_equal_runs(load_run(database, run.id), run)
    assert_equal_runs(load_run(database, str(run.id)), run)


def test_an_open_trade_comes_back_with_its_missing_exit(database):
    rising = closes(*[50.0] * 30, *np.arange(51.0, 71.0))
    run = saved(database, made(rising))
    trades = load_run(database, run.id).result.trades
    assert trades["exit_reason"].tolist() == ["open"]
    assert trades["exit_time"].isna().all()
    assert trades["exit_price"].isna().all()
    assert trades["exit_bar"].tolist() == [-1]
    assert_frame_equal(trades, run.result.trades)


@pytest.mark.parametrize("bars", [1, 2, 60])
def test_a_run_without_a_trade_comes_back_whole(database, bars):
    run = saved(database, made(closes(*[10.0] * bars, spread=0)))
    assert run.result.trades.empty
    assert_equal_runs(load_run(database, run.id), run)


def test_intraday_and_unknown_volume_come_back_as_they_were(database):
    bars = random_walk(120, resolution="5m", start="2024-03-10 06:35", volume=np.nan)
    run = saved(database, made(bars))
    assert_equal_runs(load_run(database, run.id), run)


def test_the_same_run_is_saved_once_and_keeps_its_date(database):
    first = saved(database, made())
    again = saved(database, made())
    assert (again.id, again.created_at) == (first.id, first.created_at)
    assert count(database) == count(database, BacktestSeries) == 1


def test_whatever_could_change_a_number_makes_another_run(database):
    variants = [
        saved(database, made()),
        saved(database, made(), bars="other bars"),
        saved(database, made(), code="other code"),
        saved(database, made(cautions=["Mind the split."])),
        saved(database, made(settings=SimulationSettings(slippage_bps=2))),
        saved(database, made(settings=SimulationSettings(commission="none"))),
        saved(database, made(settings=SimulationSettings(cash=50_000))),
        saved(database, made(settings=SimulationSettings(fill="close"))),
        saved(database, made(params={"fast": 6, "slow": 20})),
        saved(database, made(duration="5 Y")),
        saved(database, made(start="2020-01-01")),
    ]
    assert [run.id for run in variants] == list(range(1, len(variants) + 1))


def test_the_digest_of_bars_changes_with_each_value_and_time():
    bars = random_walk(30)
    digests = {bars_hash(bars), bars_hash(bars[:-1])}
    for name in ("open", "high", "low", "close", "volume"):
        changed = bars.copy()
        changed.loc[29, name] += 1e-9
        digests.add(bars_hash(changed))
    later = bars.assign(ts=bars["ts"] + pd.Timedelta(microseconds=1))
    digests.add(bars_hash(later))
    assert len(digests) == 8
    assert bars_hash(bars.copy()) in digests
    assert bars_hash(bars.assign(ma20=1.0)) == bars_hash(bars)


def test_strategies_of_different_files_have_different_digests():
    names = ["ma_cross", "rsi", "macd"]
    assert len({code_hash(load_strategy(name)) for name in names}) == 3
    assert code_hash(load_strategy("rsi")) == code_hash(load_strategy("rsi", lower=20))


def test_a_newer_library_makes_another_fingerprint(monkeypatch):
    run = made()
    before = fingerprint(run.request, run.result, "bars", "code")
    assert fingerprint(run.request, run.result, "bars", "code") == before
    monkeypatch.setattr(np, "__version__", "99.0")
    assert fingerprint(run.request, run.result, "bars", "code") != before


def test_other_numbers_for_the_same_request_are_another_run(database):
    first = made()
    other = replace(first.result, metrics=first.result.metrics | {"sharpe": 0.5})
    assert saved(database, replace(first, result=other)).id != saved(database, first).id


def test_two_threads_that_save_the_same_run_at_once_get_one_number(database):
    start, run = threading.Barrier(4), made()

    def save(_):
        start.wait()
        return saved(database, run).id

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(save, range(4))) == {1}
    assert count(database) == count(database, BacktestSeries) == 1


def test_one_who_saved_in_between_is_found_by_the_unique_fingerprint(database, monkeypatch):
    first = saved(database, made())
    answers = [None, first.id]
    monkeypatch.setattr(store, "_known", lambda *_: answers.pop(0))
    assert saved(database, made()).id == first.id
    assert count(database) == 1


@pytest.mark.parametrize("number", NO_NUMBERS, ids=lambda value: str(value)[:20])
def test_what_is_no_number_of_a_run_is_an_unknown_run(run_store, number):
    database, recent = run_store
    for ask in (load_run, recent.get):
        with pytest.raises(UnknownRun, match="There is no saved run") as caught:
            ask(database, number)
        assert "list of runs" in str(caught.value)
        assert len(str(caught.value)) < 80


@pytest.fixture
def run_store(database):
    """Give a database with run 1, and the memory that holds it."""
    recent = RecentRuns()
    recent.keep(saved(database, made(closes(10.0, 11.0))))
    return database, recent


def test_the_memory_holds_the_runs_looked_at_last(database, monkeypatch):
    runs = [saved(database, made(closes(10.0, 11.0)), bars=f"{n}") for n in range(4)]
    recent, asked = RecentRuns(size=2), []

    def reading(database, number):
        asked.append(number)
        return load_run(database, number)

    monkeypatch.setattr("services.runs.cache.load_run", reading)
    recent.keep(runs[0])
    recent.keep(runs[1])
    assert recent.get(database, 1) is runs[0]
    recent.keep(runs[2])
    assert asked == []
    assert recent.get(database, "1") is runs[0]
    assert recent.get(database, 3) is runs[2]
    assert asked == []
    assert recent.get(database, 2).id == 2
    assert asked == [2]
    assert recent.get(database, 1).id == 1
    assert asked == [2, 1]


def test_a_run_stays_drawable_when_its_bars_are_gone(database, tmp_path):
    bars = random_walk(200)
    ingest(database, "TEST", "1d", SourceBars(bars, np.arange(1, 201), "test"))
    workspace = Workspace(Settings(data_dir=tmp_path), database)
    request = BacktestRequest("TEST", "1d", "macd")
    run = run_request(workspace, request, load_strategy("macd"))
    with database.writing() as session:
        session.execute(delete(MarketPrice))
        session.execute(delete(Instrument))
    loaded = load_run(database, run.id)
    assert_equal_runs(loaded, run)
    assert chart_figure(loaded.result) == chart_figure(run.result)
    assert report_png(loaded.result, "TEST", "1d", "simple").startswith(b"\x89PNG")


def test_the_latest_runs_come_newest_first_and_no_more_than_asked(database):
    assert latest_runs(database, 5) == []
    runs = [saved(database, made(closes(10.0, 11.0)), bars=f"{n}") for n in range(4)]
    summaries = latest_runs(database, 3)
    assert [summary.id for summary in summaries] == [4, 3, 2]
    assert [summary.id for summary in latest_runs(database, 99)] == [4, 3, 2, 1]
    newest, run = summaries[0], runs[-1]
    assert (newest.symbol, newest.resolution, newest.strategy) == ("AAPL", "1d", "ma_cross")
    assert (newest.params, newest.bars) == ({"fast": 5, "slow": 20}, 2)
    assert (newest.start, newest.end) == (run.result.start, run.result.end)
    assert newest.created_at == run.created_at
    assert newest.metrics == run.result.metrics


def test_a_run_that_was_not_saved_has_no_number():
    assert made().id is None
    assert replace(made(), id=7).title == "AAPL 1d ma_cross"
