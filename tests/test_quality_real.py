"""The development data beside the project: what is known of each file must be found, no more."""

from pathlib import Path

import exchange_calendars
import numpy as np
import pandas as pd
import pytest
from python_calls import python_calls
from quality_bars import ALWAYS, NEW_YORK, utc

from services.bars import PRICE_COLUMNS, check_bars
from services.quality import examine

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:exchange_calendars")

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
CLEAN = ["DIS", "GOOG", "IBM", "INTC", "JPM", "KO", "SP500_INDEX", "SPY", "WMT", "XOM"]
ADJUSTED = ["AAPL", "DIS", "GOOG", "IBM", "INTC", "JPM", "KO", "MSFT", "WMT", "XOM"]

# Isolated prints, each looked at: a single small trade, mostly before or after hours, that the
# trades before and after it contradict.
OFF_MARKET = {
    "EXE": ["2024-10-14 12:59", "2024-12-24 13:37"],
    "GWW": [],
    "LII": ["2024-01-31 00:34", "2024-04-16 09:40", "2024-04-30 13:30", "2024-12-18 00:05"],
    "MTD": [],
    "NDSN": ["2024-02-14 21:04"],
    "SW": [
        "2024-07-18 21:27",
        "2024-08-05 12:10",
        "2024-08-06 20:12",
        "2024-09-04 20:41",
        "2024-10-16 13:01",
        "2024-10-30 12:00",
        "2024-11-19 09:00",
    ],
    "TDG": ["2024-03-11 12:00"],
    "TPL": ["2024-11-26 21:57", "2024-12-05 22:36", "2024-12-10 21:55"],
    "TYL": ["2024-11-13 14:05"],
}


def shared(name: str) -> pd.DataFrame:
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"no {name}: the development data are not beside the project")
    bars = pd.read_csv(path)
    bars["ts"] = pd.to_datetime(bars["ts"], utc=True).astype("datetime64[us, UTC]")
    return bars.astype(dict.fromkeys(bars.columns[1:], "float64"))


def minutes_of(symbol: str) -> pd.DataFrame:
    return shared(f"intraday/{symbol}_1m_2024.csv.gz")


def alarms(report) -> list[tuple[str, str]]:
    """List kind and time of all that is more than a remark."""
    return [
        (finding.kind, f"{finding.start:%Y-%m-%d %H:%M}")
        for finding in report.findings
        if finding.severity != "info"
    ]


@pytest.mark.parametrize("symbol", CLEAN)
def test_a_clean_daily_file_raises_nothing(symbol):
    report = examine(shared(f"daily/{symbol}.csv"), "1d", NEW_YORK)
    assert report.findings == ()
    assert report.coverage == 1.0


@pytest.mark.parametrize("symbol", ADJUSTED)
def test_an_adjusted_daily_file_raises_no_alarm(symbol):
    report = examine(shared(f"daily_adjusted/{symbol}.csv"), "1d", NEW_YORK)
    assert alarms(report) == []
    remarks = {(f.kind, f"{f.start:%Y-%m-%d}") for f in report.findings}
    assert remarks == ({("large_move", "2000-09-29")} if symbol == "AAPL" else set())


@pytest.mark.parametrize(
    ("symbol", "days"), [("AAPL", ["2000-06-21", "2005-02-28"]), ("MSFT", ["2003-02-18"])]
)
def test_the_splits_in_the_raw_files_are_suspected_and_the_real_crash_is_not(symbol, days):
    report = examine(shared(f"daily/{symbol}.csv"), "1d", NEW_YORK)
    assert alarms(report) == [("suspected_split", f"{day} 00:00") for day in days]
    suspected = [f for f in report.findings if f.kind == "suspected_split"]
    assert {finding.values["ratio"] for finding in suspected} == {2.0}


def test_the_bad_close_of_bitcoin_is_an_error_and_lost_hours_are_counted():
    report = examine(shared("intraday/BTCUSD_4h_2016_2025.csv.gz"), "4h", ALWAYS)
    assert [f"{f.start}" for f in report.findings if f.kind == "close_break"] == [
        "2018-04-03 20:00:00+00:00"
    ]
    # The file's provenance counts three gaps, the longest of 16 hours.
    lost = {f"{f.start:%Y-%m-%d}": f.count for f in report.findings if f.kind == "missing_bars"}
    assert lost == {"2017-02-28": 1, "2018-08-10": 3, "2025-10-25": 1}
    # Coinbase: lows of 475 and 0.06 that no bar beside them knows.
    spikes = [f"{f.start:%Y-%m-%d}" for f in report.findings if f.kind == "spike"]
    assert sorted(spikes) == ["2016-06-07", "2017-04-15"]


@pytest.mark.parametrize("symbol", OFF_MARKET)
def test_the_minute_files_give_their_off_market_prints_and_no_other_alarm(symbol):
    report = examine(minutes_of(symbol), "1m", NEW_YORK)
    found = alarms(report)
    assert sorted(moment for _, moment in found) == OFF_MARKET[symbol]
    assert {kind for kind, _ in found} <= {"spike", "close_break"}
    remarks = sorted(finding.kind for finding in report.findings if finding.severity == "info")
    assert remarks == ["bars_outside_sessions", "sparse_bars"]


@pytest.mark.parametrize("symbol", ["TPL", "SW"])
def test_coverage_of_minutes_is_what_counting_the_exchanges_minutes_gives(symbol):
    bars = minutes_of(symbol)
    theirs = exchange_calendars.get_calendar("XNYS", start="2023-01-01")
    asked = theirs.minutes_in_range(bars["ts"].iloc[0], bars["ts"].iloc[-1])
    there = int(pd.DatetimeIndex(bars["ts"]).isin(asked).sum())
    report = examine(bars, "1m", NEW_YORK)
    assert report.expected == len(asked)
    assert report.coverage == pytest.approx(there / len(asked), abs=1e-12)
    outside = next(f for f in report.findings if f.kind == "bars_outside_sessions")
    assert outside.count == len(bars) - there


def test_the_early_vix_knows_only_closes_and_its_wrong_highs_are_found():
    checked = check_bars(shared("macro/VIX.csv"), "1d")
    report = examine(checked.bars, "1d", NEW_YORK, quarantined=len(checked.rejected))
    flat = next(f for f in report.findings if f.kind == "flat_bars")
    assert (flat.start, f"{flat.end:%Y}") == (utc("1990-01-02"), "1991")
    spikes = {
        f"{f.start:%Y-%m-%d}": f.values["price"] for f in report.findings if f.kind == "spike"
    }
    assert spikes["2005-07-25"] == 36.56
    assert [f.severity for f in report.findings if f.kind == "missing_volume"] == ["info"]
    assert "47 rows in quarantine" in report.summary


@pytest.mark.parametrize("symbol", ["SW", "EXE"])
@pytest.mark.parametrize("seed", range(4))
def test_an_hour_cut_out_of_real_minutes_is_found(symbol, seed):
    bars = minutes_of(symbol)
    generator = np.random.default_rng(seed)
    sessions = NEW_YORK.sessions(bars["ts"].iloc[0], bars["ts"].iloc[-1])[1:-1]
    session = sessions[generator.integers(len(sessions))]
    opens = NEW_YORK.open_close(session)[0]
    begin = opens + pd.Timedelta(minutes=int(generator.integers(0, 150)))
    gone = bars["ts"].between(begin, begin + pd.Timedelta(minutes=59))
    report = examine(bars[~gone].reset_index(drop=True), "1m", NEW_YORK)
    (finding,) = (f for f in report.findings if f.kind == "missing_bars")
    assert finding.start == session
    gap = pd.Timestamp(finding.values["gap_start"]), pd.Timestamp(finding.values["gap_end"])
    assert gap[0] <= begin
    assert gap[1] >= begin + pd.Timedelta(minutes=60)


@pytest.mark.parametrize("symbol", ["SW", "GWW", "TPL"])
@pytest.mark.parametrize("seed", range(4))
def test_a_wrong_price_put_into_real_minutes_is_found(symbol, seed):
    bars = minutes_of(symbol)
    known = {f.key for f in examine(bars, "1m", NEW_YORK).findings}
    bar = int(np.random.default_rng(seed).integers(10, len(bars) - 10))
    if seed % 2:
        bars.loc[bar, PRICE_COLUMNS] *= 100
    else:
        bars.loc[bar, ["low", "close"]] = bars.loc[bar, "low"] * 0.7
    new = [f for f in examine(bars, "1m", NEW_YORK).findings if f.key not in known]
    assert [f.start for f in new] == [bars["ts"][bar]]
    assert new[0].kind in ({"hundredfold"} if seed % 2 else {"close_break", "spike"})


def test_of_a_million_minutes_python_looks_at_days_and_not_at_bars():
    bars = minutes_of("SW")
    schedule = NEW_YORK.schedule("2015-01-02", "2025-12-31")
    minute = np.timedelta64(1, "m")
    ts = np.concatenate(
        [np.arange(o, c, minute) for o, c in zip(schedule.open, schedule.close, strict=True)]
    )[:1_000_000]
    many = bars.iloc[np.arange(len(ts)) % len(bars)].reset_index(drop=True)
    many["ts"] = pd.Series(ts).dt.tz_localize("UTC")
    report, calls = python_calls(lambda: examine(many, "1m", NEW_YORK))
    assert report.bars == 1_000_000
    assert calls < 500_000
    assert report.coverage == 1.0
