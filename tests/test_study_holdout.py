"""Bars kept unseen: the search does not see them, and its best are tried on them afterwards."""

import numpy as np
import pandas as pd
import pytest
from builders import candles, closes, random_walk
from test_front import slow_front

from services.backtest import BacktestRequest, SimulationSettings, run_backtest
from services.errors import InvalidParams, NoBars
from services.ingest.store import store_bars
from services.market_data import load_bars
from services.optimise.objective import Objective
from services.studies import StudyRequest, holdout, load_results
from services.studies.evidence import evidence_of
from services.studies.holdout import (
    parts_of,
    searched_by,
    seen_by,
    split_of,
    unseen_of,
    unseen_sharpe,
)
from services.studies.prepare import create_prepared, prepare_study
from services.studies.work import run_study
from services.wording import grouped
from strategies.registry import STRATEGIES

SPACE = {"fast": [5, 10, 20], "slow": [15, 30, 60]}
MA_CROSS = STRATEGIES["ma_cross"]


def asked(share=25, **span) -> StudyRequest:
    return StudyRequest(BacktestRequest("TEST", "1d", "ma_cross", **span), SPACE, holdout=share)


def studied(database, request):
    study = create_prepared(database, prepare_study(database, request, MA_CROSS))
    study = run_study(database, study.id, MA_CROSS)
    return study, load_results(database, study.id)


@pytest.mark.parametrize(
    ("share", "seen", "unseen"),
    [
        (20, ("2024-01-01", "2024-01-08"), ("2024-01-09", "2024-01-10")),
        (50, ("2024-01-01", "2024-01-05"), ("2024-01-06", "2024-01-10")),
    ],
)
def test_the_last_part_of_the_span_is_kept_back(database, share, seen, unseen):
    store_bars(database, "TEST", "1d", candles(*[(1, 2, 1, 2)] * 10))
    parts = split_of(database, asked(share))
    assert [(part.start, part.end) for part in parts] == [seen, unseen]


def test_only_bars_of_the_span_are_shared_out(database):
    store_bars(database, "TEST", "1d", candles(*[(1, 2, 1, 2)] * 40))
    seen, unseen = split_of(database, asked(25, start="2024-01-11", end="2024-01-30"))
    assert (seen.start, seen.end) == ("2024-01-11", "2024-01-25")
    assert (unseen.start, unseen.end) == ("2024-01-26", "2024-01-30")


def test_a_day_of_intraday_bars_is_not_torn_apart(database):
    store_bars(database, "TEST", "4h", candles(*[(1, 2, 1, 2)] * 60, resolution="4h"))
    request = StudyRequest(BacktestRequest("TEST", "4h", "ma_cross"), SPACE, holdout=22)
    seen, unseen = split_of(database, request)  # 13 of 60 bars: the last two days and an hour
    assert (seen.end, unseen.start) == ("2024-01-07", "2024-01-08")


def test_a_time_of_day_that_was_asked_stays_the_end_of_its_part(database):
    store_bars(database, "TEST", "4h", candles(*[(1, 2, 1, 2)] * 60, resolution="4h"))
    span = {"start": "2024-01-03T12:00", "end": "2024-01-08T08:00"}
    request = BacktestRequest("TEST", "4h", "ma_cross", **span)
    seen, unseen = split_of(database, StudyRequest(request, SPACE, holdout=20))
    assert (seen.start, seen.end) == ("2024-01-03T12:00", "2024-01-06")
    assert (unseen.start, unseen.end) == ("2024-01-07", "2024-01-08T08:00")


def test_ends_beyond_the_bars_are_those_of_the_bars(database):
    store_bars(database, "TEST", "1d", candles(*[(1, 2, 1, 2)] * 40))
    seen, unseen = split_of(database, asked(25, start="1999-01-01", end="2099-12-31"))
    assert (seen.start, unseen.end) == ("2024-01-01", "2024-02-09")


def test_what_is_kept_back_changes_nothing_that_the_search_finds(database):
    bars = random_walk(400, seed=3)
    store_bars(database, "TEST", "1d", bars)
    _, before = studied(database, asked())
    bars.loc[300:, ["open", "high", "low", "close"]] *= 3.0
    store_bars(database, "TEST", "1d", bars)
    study, after = studied(database, asked())
    pd.testing.assert_frame_equal(before, after)
    ends = evidence_of(database, study, MA_CROSS, after).result.bars["ts"]
    assert ends.iloc[-1] == bars["ts"][299]


def test_each_of_the_best_is_traded_on_the_unseen_bars_alone(database):
    bars = random_walk(400, seed=5)
    store_bars(database, "TEST", "1d", bars)
    study, results = studied(database, asked())
    found = unseen_of(database, study, MA_CROSS, results)
    scores = results["sharpe"].to_numpy()[found.places]
    assert len(scores) == np.isfinite(results["sharpe"]).sum()
    assert (np.diff(scores) <= 0).all()
    for place, (_, row) in zip(found.places, found.frame.iterrows(), strict=True):
        params = {name: int(results[name].iloc[place]) for name in ("fast", "slow")}
        assert {name: row[name] for name in params} == params
        alone = run_backtest(bars, MA_CROSS(**params), start=bars["ts"][300])
        wanted = {k: np.nan if v is None else v for k, v in alone.metrics.items()}
        pd.testing.assert_series_equal(
            row[list(wanted)].astype(float), pd.Series(wanted), check_names=False, rtol=0, atol=0
        )


@pytest.mark.parametrize("span", [{}, {"duration": "8 M"}])
def test_bars_that_come_later_are_unseen_too_and_move_nothing(database, span):
    bars = random_walk(500, seed=5)
    store_bars(database, "TEST", "1d", bars[:400])
    study, results = studied(database, asked(**span))
    before, unseen = split_of(database, study.request)
    assert parts_of(database, study) == (before, unseen)
    store_bars(database, "TEST", "1d", bars)
    after, more = parts_of(database, study)
    assert after == before
    assert (more.start, more.end) == (unseen.start, str(bars["ts"].iloc[-1])[:10])
    found = evidence_of(database, study, MA_CROSS, results)
    assert found.caution == ""
    assert found.result.metrics["sharpe"] == results["sharpe"].max()
    assert unseen_of(database, study, MA_CROSS, results).backtest == more


@pytest.mark.parametrize("resolution", ["1d", "4h"])
@pytest.mark.parametrize("span", [{}, {"duration": "8 M"}, {"start": "2024-02-01"}])
def test_the_backtest_of_a_cell_stays_that_of_the_study_when_bars_come_later(
    database, resolution, span
):
    bars = random_walk(500, seed=5, resolution=resolution)
    store_bars(database, "TEST", resolution, bars[:398])
    request = StudyRequest(BacktestRequest("TEST", resolution, "ma_cross", **span), SPACE)
    study, results = studied(database, request)
    assert searched_by(database, study) == request.backtest
    store_bars(database, "TEST", resolution, bars)

    cell = searched_by(database, study)
    start, end = cell.span(bars["ts"].iloc[-1])
    strategy = MA_CROSS(fast=10, slow=30)
    row = results.query("fast == 10 and slow == 30").iloc[0]
    run = run_backtest(load_bars(database, "TEST", resolution), strategy, start=start, end=end)
    assert run.metrics["total_return"] == row["total_return"]
    assert len(run.bars) <= 398 and run.bars["ts"].iloc[-1] == bars["ts"].iloc[397]
    assert evidence_of(database, study, MA_CROSS, results).caution == ""


def test_a_study_that_keeps_nothing_back_sees_what_it_was_asked(database):
    store_bars(database, "TEST", "1d", random_walk(100))
    request = asked(0, duration="1 Y")
    assert seen_by(database, request) is request.backtest
    study, results = studied(database, request)
    assert unseen_of(database, study, MA_CROSS, results) is None


def test_the_share_is_part_of_what_was_asked():
    assert StudyRequest.from_record(asked(30).as_record()) == asked(30)
    assert "holdout" not in asked(0).as_record()


@pytest.mark.parametrize("share", [-1, 51])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(InvalidParams, match="0 to 50 %"):
        asked(share)


def test_a_walk_forward_keeps_nothing_back_besides():
    backtest = BacktestRequest("TEST", "1d", "ma_cross")
    how = {"method": "walk_forward", "train": "1 Y", "test": "3 M"}
    with pytest.raises(InvalidParams, match="in every window"):
        StudyRequest(backtest, SPACE, holdout=20, **how)


def test_too_few_bars_to_share_out_are_refused_with_their_count(database):
    store_bars(database, "TEST", "1d", candles(*[(1, 2, 1, 2)] * 6))
    with pytest.raises(InvalidParams, match="20 % of 6 bars"):
        split_of(database, asked(20))


def test_of_several_objectives_the_front_is_tried_on_unseen_bars_before_the_next_best(
    database, monkeypatch
):
    store_bars(database, "TEST", "1d", random_walk(500, 6))
    space = {"fast": list(range(2, 20)), "slow": list(range(20, 60, 4))}
    backtest = BacktestRequest("TEST", "1d", "ma_cross")
    further = ("max_drawdown", "volatility")
    study, results = studied(database, StudyRequest(backtest, space, holdout=25, further=further))
    order = np.argsort(-results["sharpe"].to_numpy(), kind="stable")
    better = {"sharpe": "high", "max_drawdown": "high", "volatility": "low"}
    front = set(slow_front(results, better))
    most = 10 + len(front - set(order[:10])) + 2
    assert len(front) > 3
    assert not front <= set(order[:most])  # else the test would show nothing
    monkeypatch.setattr(holdout, "MOST_TRIED", most)
    found = unseen_of(database, study, MA_CROSS, results)
    next_best = [place for place in order[10:] if place not in front][:2]
    wanted = {*order[:10], *front, *next_best}
    assert found.places.tolist() == [place for place in order if place in wanted]
    assert len(found.frame) == most


def test_the_verdict_tells_what_the_best_made_of_the_unseen_bars(database):
    bars = random_walk(400, seed=5)
    store_bars(database, "TEST", "1d", bars)
    study, results = studied(database, asked())
    evidence = evidence_of(database, study, MA_CROSS, results)
    alone = run_backtest(bars, MA_CROSS(**evidence.params), start=bars["ts"][300])
    before, after = evidence.result.metrics["sharpe"], alone.metrics["sharpe"]
    assert after < 0 < before
    said = (
        f"The Sharpe of the best is {grouped(after, 2)} on the bars kept unseen, after "
        f"{grouped(before, 2)} in-sample: nothing of it lasted."
    )
    assert said in evidence.verdict.sentences
    whole, found = studied(database, asked(0))
    without = evidence_of(database, whole, MA_CROSS, found)
    assert "kept unseen" not in without.verdict.text


def test_a_rule_that_fails_on_the_unseen_bars_confirms_nothing(database):
    bars = random_walk(400, seed=5)
    store_bars(database, "TEST", "1d", bars)
    study, results = studied(database, asked())

    class Failing(MA_CROSS):
        @classmethod
        def is_declared(cls):
            return False

        def signals(self, df):
            if len(df) > 300:
                raise ZeroDivisionError("division by nothing")
            return super().signals(df)

    found = unseen_sharpe(database, study, Failing, results, 0)
    assert found.after is None
    assert found.why == "the rule failed there (ZeroDivisionError: division by nothing)"


def moving(*ways, **how):
    """Build bars that rise or fall for so many bars each, a little unsteadily."""
    steps = [way + 0.3 * (k % 3 - 1) for count, way in ways for k in range(count)]
    return closes(*(100 + np.cumsum(steps)).tolist(), **how)


@pytest.mark.parametrize(
    ("resolution", "share", "ways", "why"),
    [
        ("1d", 25, [(80, -0.2), (170, 0.4), (150, -0.3)], "the best did not trade there"),
        ("1d", 25, [(300, -0.1), (100, 0.4)], "the best has no Sharpe in-sample"),
        (  # seven hours of one day
            "1h",
            2,
            [(80, -0.4), (125, 0.4), (35, -0.4), (7, 5.0)],
            "its returns there are too few, or do not vary",
        ),
        ("1d", 25, [(80, -0.2), (200, 0.4), (60, -0.3), (60, 0.4)], ""),
    ],
)
def test_a_sharpe_that_is_missing_is_told_with_the_reason(database, resolution, share, ways, why):
    store_bars(database, "TEST", resolution, moving(*ways, resolution=resolution))
    backtest = BacktestRequest("TEST", resolution, "ma_cross")
    space = {"fast": [10], "slow": [60]}
    request = StudyRequest(backtest, space, holdout=share, objective=Objective("total_return"))
    study, results = studied(database, request)
    found = unseen_sharpe(database, study, MA_CROSS, results, 0)
    assert found.why == why
    assert (found.before is None or found.after is None) == bool(why)
    assert (found.before is None) == ("in-sample" in why)
    tried = unseen_of(database, study, MA_CROSS, results).frame.iloc[0]
    assert (tried["exposure"] == 0) == ("did not trade" in why)


def test_a_rule_that_is_stopped_within_the_bar_of_its_entry_has_traded(database):
    ways = (80, -0.4), (125, 0.4), (35, -0.4), (7, 5.0)
    store_bars(database, "TEST", "1h", moving(*ways, resolution="1h"))
    settings = SimulationSettings(stop_loss="0.1%")
    backtest = BacktestRequest("TEST", "1h", "ma_cross", settings=settings)
    space = {"fast": [10], "slow": [60]}
    study, results = studied(database, StudyRequest(backtest, space, holdout=2))
    tried = unseen_of(database, study, MA_CROSS, results).frame.iloc[0]
    assert (tried["exposure"], tried["trades"]) == (0, 1)
    found = unseen_sharpe(database, study, MA_CROSS, results, 0)
    assert found.why == "its returns there are too few, or do not vary"


@pytest.mark.parametrize(
    ("refused", "inside"),
    [
        ("No bars lie in that span: load some first.", "no bars lie in that span: load some first"),
        ("TEST has no bars: load some first.", "TEST has no bars: load some first"),
    ],
)
def test_why_unseen_bars_cannot_be_traded_is_a_part_of_the_sentence(
    database, monkeypatch, refused, inside
):
    store_bars(database, "TEST", "1d", random_walk(400, seed=5))
    study, results = studied(database, asked())

    def refuse(*_, **__):
        raise NoBars(refused)

    monkeypatch.setattr(holdout, "evaluate", refuse)
    said = f"The bars kept unseen confirm nothing: they cannot be traded ({inside})."
    assert said in evidence_of(database, study, MA_CROSS, results).verdict.sentences
