"""Finer bars from the database: which are taken, what is said of them, what becomes of a run."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import candles
from test_finer_fills import whole

from services.analysis.again import Again
from services.backtest import BacktestRequest, SimulationSettings
from services.backtest.finer_use import FinerUse
from services.calendars import SessionCalendar
from services.errors import BarsDisagree, InvalidParams, NoBars, NotReproducible
from services.finer_bars import load_finer, with_finer_named
from services.ingest.pipeline import ingest
from services.ingest.source import SourceBars
from services.instruments import add_instrument
from services.optimise.objective import Objective
from services.research import run_request
from services.runs import load_run, packing
from services.runs.changes import changes_since
from services.runs.compare import compare_runs
from services.series import delete_series
from services.settings import Settings
from services.studies import StudyRequest, load_results
from services.studies.cautions import study_cautions
from services.studies.changes import study_changes
from services.studies.evidence import evidence_of
from services.studies.holdout import unseen_of
from services.studies.prepare import create_prepared, prepare_study
from services.studies.work import run_study, run_unsaved
from services.validation.stress import stress_of
from services.wording import settings_text
from services.workspace import Workspace
from strategies.registry import STRATEGIES, load_strategy

LEVELS = {"stop_loss": "2%", "take_profit": "3%", "trailing_stop": "2.5%", "side": "both"}
FINER = SimulationSettings(**LEVELS, intrabar="finer_bars")
SESSIONS = SessionCalendar("XNYS").schedule("2023-10-02", "2024-03-29")
HALF_HOURS = 13


def walked(seed=5):
    """Return rows of half hours, a list for each session of the half year."""
    rng = np.random.default_rng(seed)
    lengths = (SESSIONS.minutes // 30).tolist()
    count = sum(lengths)
    close = 100 * np.exp(rng.normal(0, 0.004, count).cumsum())
    open_ = np.append(100.0, close[:-1])
    high = np.maximum(open_, close) * np.exp(abs(rng.normal(0, 0.002, count)))
    low = np.minimum(open_, close) * np.exp(-abs(rng.normal(0, 0.002, count)))
    rows = [tuple(row) for row in np.column_stack([open_, high, low, close]).round(2)]
    ends = np.cumsum(lengths).tolist()
    return [rows[end - length : end] for end, length in zip(ends, lengths, strict=True)]


def half_hours(days, sessions=SESSIONS):
    """Build half hours from each session's open on, and one wild bar before it."""
    ts, rows = [], []
    for begin, day in zip(sessions.open, days, strict=True):
        for k, row in enumerate([(50, 200, 50, 100), *day]):
            ts.append(begin + np.timedelta64(30 * (k - 1), "m"))
            rows.append(row)
    frame = candles(*rows)
    frame["ts"] = pd.DatetimeIndex(ts, tz="UTC").as_unit("us")
    return frame


DAYS = walked()
MINUTES = half_hours(DAYS)
DAILY = candles(*whole(DAYS)).assign(
    ts=pd.DatetimeIndex(SESSIONS.dates.astype("datetime64[us]"), tz="UTC").as_unit("us")
)


def store(database, bars, resolution):
    ingest(database, "TEST", resolution, SourceBars(bars, np.arange(1, len(bars) + 1), "test"))


@pytest.fixture
def research(database, tmp_path):
    """Give a workspace with days and half hours of TEST, which trades in New York."""
    add_instrument(
        database, "TEST", exchange="NASDAQ", currency="USD", timezone="America/New_York",
        tick_size=0.01,
    )  # fmt: skip
    store(database, DAILY, "1d")
    store(database, MINUTES, "30m")
    return Workspace(Settings(data_dir=tmp_path), database)


def asked(settings=FINER, resolution="1d", **span):
    return BacktestRequest("TEST", resolution, "ma_cross", {"fast": 3, "slow": 8}, **span,
                           settings=settings)  # fmt: skip


def run(workspace, request=None, **how):
    request = request or asked()
    return run_request(workspace, request, load_strategy("ma_cross", fast=3, slow=8), **how)


def test_a_run_looks_into_the_regular_hours_and_names_their_resolution(research):
    made = run(research)
    assert made.request.settings.intrabar == "finer_bars:30m"
    assert made.request.as_query()["intrabar"] == "finer_bars:30m"
    assert made.result.finer.bars > 20
    assert made.result.finer.text == ""
    assert made.cautions == ()
    assert "what the 30m bars show first" in settings_text(made.result.settings)
    assert "moved after each finer bar" in settings_text(made.result.settings)
    usual = run(research, asked(replace(FINER, intrabar="stop_first")))
    assert usual.result.metrics["final_equity"] != made.result.metrics["final_equity"]


def test_only_the_finer_bars_of_the_span_are_loaded(research):
    request = asked(start="2024-01-02", end="2024-01-05")
    first, last = (pd.Timestamp(day, tz="UTC") for day in ("2024-01-02", "2024-01-05"))
    finer = load_finer(research.database, request, first, last)
    assert len(finer.bars) == 4 * HALF_HOURS
    assert finer.bars["ts"].iloc[0] == pd.Timestamp("2024-01-02 14:30", tz="UTC")
    assert np.unique(finer.sessions).astype(str).tolist() == [
        "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05",
    ]  # fmt: skip


def test_days_without_finer_bars_are_counted_and_said(research):
    store_instead(research.database, MINUTES[MINUTES["ts"] < "2024-01-01"])
    made = run(research)
    use = made.result.finer
    assert use.missing > 0
    assert use.first >= pd.Timestamp("2024-01-01", tz="UTC")
    assert made.cautions == (use.text,)
    assert f"{use.missing} have no 30m bars" in use.text
    again = load_run(research.database, made.id)
    assert again.cautions == made.cautions
    assert again.result.settings == made.result.settings


def test_the_finest_stored_bars_are_taken_unless_others_are_named(research):
    store(research.database, DAILY.assign(ts=DAILY["ts"] + pd.Timedelta(hours=15)), "1h")
    named = replace(FINER, intrabar="finer_bars:1h")
    database = research.database
    assert with_finer_named(database, asked()).settings.finer_resolution == "30m"
    assert with_finer_named(database, asked(named)).settings.finer_resolution == "1h"
    assert run(research, asked(named)).result.finer.text == ""


@pytest.mark.parametrize(
    ("intrabar", "sentence"),
    [
        ("finer_bars", r"No bars finer than 1d of TEST are stored .* -r 1h --file"),
        ("finer_bars:5m", r"No 5m bars of TEST are stored .* -r 5m --file"),
    ],
)
def test_a_run_without_any_finer_bars_is_refused_with_the_remedy(research, intrabar, sentence):
    delete_series(research.database, "TEST", "30m")
    with pytest.raises(NoBars, match=sentence):
        run(research, asked(replace(FINER, intrabar=intrabar)))


def test_others_that_are_stored_are_named(research):
    with pytest.raises(NoBars, match=r"No 5m bars of TEST .* \(there are 30m\)"):
        run(research, asked(replace(FINER, intrabar="finer_bars:5m")))


@pytest.mark.parametrize(("of", "named"), [("1d", "1d"), ("1h", "4h"), ("1m", "1m")])
def test_bars_that_are_not_finer_are_refused_at_once(of, named):
    with pytest.raises(InvalidParams, match=f"{named} bars are not finer than {of} bars") as error:
        asked(replace(FINER, intrabar=f"finer_bars:{named}"), of)
    assert error.value.field == "intrabar"


def test_nothing_is_finer_than_a_minute():
    with pytest.raises(InvalidParams, match="No bars are finer than 1m bars"):
        asked(FINER, "1m")


def test_finer_bars_of_another_adjustment_are_refused(research):
    quarter = MINUTES.assign(**{n: MINUTES[n] / 4 for n in ("open", "high", "low", "close")})
    store_instead(research.database, quarter)
    with pytest.raises(BarsDisagree, match="The 30m bars do not belong to these"):
        run(research)
    (caution,) = study_cautions(research.database, asked())
    assert caution.startswith("The 30m bars do not belong")


def test_a_change_of_the_finer_bars_is_a_change_of_the_run(research):
    made = load_run(research.database, run(research).id)
    assert made.manifest.finer_hash
    since = changes_since(research.database, made, STRATEGIES["ma_cross"])
    assert (since.bars, since.text) == (False, "")
    # One half hour of the second month closes a cent lower: no level need be met differently.
    changed = MINUTES.copy()
    place = 30 * (HALF_HOURS + 1) + 4
    changed.loc[place, "close"] = changed["low"][place]
    store_instead(research.database, changed)
    since = changes_since(research.database, made, STRATEGIES["ma_cross"])
    assert since.bars
    assert since.text == (
        "The finer bars that it looked into changed since this run: re-run and compare."
    )
    after = run(research)
    assert after.id != made.id
    assert "data changed between the runs" in " ".join(
        compare_runs([made, load_run(research.database, after.id)]).notes
    )
    delete_series(research.database, "TEST", "30m")
    assert changes_since(research.database, made, STRATEGIES["ma_cross"]).bars


def test_the_same_run_is_saved_once_however_its_finer_bars_are_named(research):
    first = run(research)
    assert run(research, asked(replace(FINER, intrabar="finer_bars:30m"))).id == first.id
    assert run(research, asked(replace(FINER, intrabar="stop_first"))).manifest.finer_hash == ""


def test_a_saved_run_is_traded_again_in_its_finer_bars(research):
    near = replace(FINER, stop_loss="0.5%", take_profit="0.5%", trailing_stop="")
    made = load_run(research.database, run(research, asked(near)).id)
    again = Again.of(made.result, "America/New_York")
    assert np.array_equal(again.play().equity, made.result.equity.to_numpy())
    stress = stress_of(again, made.result.settings)
    bar = [row for row in stress.rows if row.group == "bar"]
    assert [row.is_own for row in bar] == [True, False, False]
    assert bar[0].total_return == made.result.metrics["total_return"]
    assert len({row.total_return for row in bar}) == 3
    usual = run(research, asked(replace(near, intrabar="stop_first")))
    assert bar[1].total_return == usual.result.metrics["total_return"]


def test_too_many_finer_bars_are_not_kept_and_said_to_be_so(research, monkeypatch):
    monkeypatch.setattr(packing, "_MOST_PIECES", 100)
    fresh = run(research)
    for made in (fresh, load_run(research.database, fresh.id)):
        with pytest.raises(NotReproducible, match="too many to keep"):
            Again.of(made.result, "America/New_York")


def test_half_hours_are_looked_into_by_their_minutes(research):
    minutes = MINUTES[MINUTES["ts"].dt.minute.isin([0, 30])].iloc[:400].reset_index(drop=True)
    store(research.database, minutes, "5m")
    made = run(research, asked(resolution="30m", end="2023-10-31"))
    assert made.request.settings.intrabar == "finer_bars:5m"
    usual = run(research, asked(replace(FINER, intrabar="stop_first"), "30m", end="2023-10-31"))
    # Each half hour has one finer bar, which is like itself.
    assert made.result.trades.equals(usual.result.trades)


def test_weeks_are_looked_into_by_their_sessions(research):
    mondays = DAILY["ts"] - pd.to_timedelta(DAILY["ts"].dt.day_of_week.astype("int64"), unit="D")
    weeks = [
        DAYS[rows.index[0] : rows.index[-1] + 1] for _, rows in DAILY.groupby(mondays.to_numpy())
    ]
    bars = candles(*whole([sum(days, []) for days in weeks]))
    bars["ts"] = pd.DatetimeIndex(mondays.unique()).as_unit("us")
    store(research.database, bars, "1w")
    request, (first, last) = asked(resolution="1w"), bars["ts"].iloc[[0, -1]]
    sessions = load_finer(research.database, request, first, last).sessions
    assert np.unique(sessions).tolist() == SESSIONS.dates.tolist()
    made = run(research, request)
    assert made.request.settings.intrabar == "finer_bars:30m"
    assert made.result.finer.bars > 0
    assert made.result.finer.text == ""


def test_without_a_calendar_the_local_date_is_the_session(research):
    add_instrument(research.database, "TEST", exchange="NOWHERE", asset_class="future")
    inside = MINUTES.iloc[[k for k in range(len(MINUTES)) if MINUTES["high"][k] < 200]]
    store_instead(research.database, inside.reset_index(drop=True))
    assert run(research).result.finer.text == ""


def test_a_study_looks_into_finer_bars_and_its_cell_is_the_backtest(research):
    request = StudyRequest(asked(), {"fast": [3, 5], "slow": [8, 13]})
    prepared = prepare_study(research.database, request, STRATEGIES["ma_cross"])
    study = run_study(
        research.database,
        create_prepared(research.database, prepared).id,
        STRATEGIES["ma_cross"],
    )
    assert study.request.backtest.settings.intrabar == "finer_bars:30m"
    results = load_results(research.database, study.id)
    cell = results[(results["fast"] == 3) & (results["slow"] == 8)].iloc[0]
    assert cell["final_equity"] == run(research).result.metrics["final_equity"]
    assert study_cautions(research.database, study.request.backtest) == ()


def test_the_evidence_and_the_unseen_bars_of_a_study_are_looked_into_alike(research):
    database, kind = research.database, STRATEGIES["ma_cross"]
    request = StudyRequest(asked(), {"fast": [3, 5], "slow": [8, 13]}, holdout=40)
    study = create_prepared(database, prepare_study(database, request, kind))
    study = run_study(database, study.id, kind)
    results = load_results(database, study.id)
    evidence = evidence_of(database, study, kind, results)
    best = results.iloc[evidence.place]
    assert evidence.result.metrics["final_equity"] == best["final_equity"]
    assert evidence.result.settings.intrabar == "finer_bars:30m"
    unseen = unseen_of(database, study, kind, results)
    first = results.iloc[unseen.places[0]]
    strategy = load_strategy("ma_cross", fast=first["fast"], slow=first["slow"])
    tested = run_request(research, unseen.backtest, strategy, save=False).result
    assert tested.finer.bars > 0
    assert unseen.frame.iloc[0]["final_equity"] == tested.metrics["final_equity"]


@pytest.mark.parametrize(("duration", "holdout"), [("", 25), ("3 M", 0), ("3 M", 25)])
def test_a_study_on_the_same_finer_bars_is_said_to_be_unchanged(research, duration, holdout):
    database, kind = research.database, STRATEGIES["ma_cross"]
    request = StudyRequest(asked(duration=duration), {"fast": [3], "slow": [8]}, holdout=holdout)
    study = create_prepared(database, prepare_study(database, request, kind))
    study = run_study(database, study.id, kind)
    assert study_changes(database, study, kind) == ""
    store_instead(database, MINUTES[MINUTES["ts"] < "2024-01-20"])
    assert "bars of TEST changed" in study_changes(database, study, kind)


@pytest.mark.parametrize("method", ["search", "walk_forward"])
def test_searches_and_walk_forwards_look_into_finer_bars(research, method):
    def found(settings):
        how = {"train": "2 M", "test": "1 M"} if method == "walk_forward" else {"samples": 4}
        request = StudyRequest(asked(settings), {"fast": [3, 5], "slow": [8, 13]}, method,
                               Objective("total_return"), **how)  # fmt: skip
        prepared = prepare_study(research.database, request, STRATEGIES["ma_cross"])
        return run_unsaved(prepared)[1]

    finer, usual = found(FINER), found(replace(FINER, intrabar="stop_first"))
    assert not finer.equals(usual)


def test_a_study_says_where_finer_bars_are_missing(research):
    store_instead(research.database, MINUTES[MINUTES["ts"] < "2024-01-01"])
    (caution,) = study_cautions(research.database, asked(start="2023-12-18"))
    missing = int((SESSIONS.dates >= np.datetime64("2024-01-01")).sum())
    total = int((SESSIONS.dates >= np.datetime64("2023-12-18")).sum())
    assert caution == (
        f"FINER BARS: of {total} bars {missing} have no 30m bars (the first on 2024-01-02): "
        "there the stop counts as met first."
    )


def test_what_is_said_of_finer_bars_is_one_sentence():
    use = FinerUse("5m", 2_500, 1, 2, 1_003, pd.Timestamp("2024-01-02", tz="UTC"), 40, 3)
    assert use.text == (
        "FINER BARS: of 2,500 bars with a position 1 has no 5m bars, 2 have 5m bars that show "
        "only a part of it and 1,003 have 5m bars that lie beyond its range (the first on "
        "2024-01-02): there the stop counts as met first, as for 3 of 40 exits by a level."
    )


def store_instead(database, bars):
    delete_series(database, "TEST", "30m")
    store(database, bars.reset_index(drop=True), "30m")
