import subprocess
import sys
from pathlib import Path

import exchange_calendars
import numpy as np
import pandas as pd
import pytest

from services.calendars import SessionCalendar, calendar_for, calendar_of
from services.exchanges import CALENDARS
from services.instruments import Instrument

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:exchange_calendars")

ROOT = Path(__file__).parent.parent
NEW_YORK = SessionCalendar("XNYS")


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def days(calendar: SessionCalendar, first: str, last: str) -> list[str]:
    return calendar.sessions(first, last).strftime("%Y-%m-%d").tolist()


def named(*args, **how) -> str | None:
    calendar = calendar_for(*args, **how)
    return calendar and calendar.name


def test_importing_the_calendars_does_not_import_the_slow_library():
    code = "import sys, services.calendars; sys.exit('exchange_calendars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_every_exchange_the_library_knows_is_known():
    theirs = set(exchange_calendars.get_calendar_names(include_aliases=False))
    assert theirs - {"24/5", "24/7", "us_futures"} == CALENDARS


def test_the_library_agrees_about_the_aliases_it_has():
    # The broker's own codes go first: there TSE is Toronto and OSE is Oslo.
    for alias in (
        "NYSE",
        "NASDAQ",
        "BATS",
        "ARCX",
        "TSX",
        "FWB",
        "LSE",
        "CME",
        "SIX",
        "ASX",
        "HKEX",
    ):
        assert named(alias) == exchange_calendars.resolve_alias(alias)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("NASDAQ", "XNYS"),
        ("nasdaq.nms", "XNYS"),
        ("NYSE", "XNYS"),
        ("ARCA", "XNYS"),
        ("AMEX", "XNYS"),
        ("ISLAND", "XNYS"),
        ("LSE", "XLON"),
        ("IBIS", "XETR"),
        ("XETRA", "XETR"),
        ("SBF", "XPAR"),
        ("AEB", "XAMS"),
        ("TSE", "XTSE"),
        ("TSEJ", "XTKS"),
        ("SEHK", "XHKG"),
        ("ASX", "XASX"),
        ("XSWX", "XSWX"),
        ("PAXOS", "24/7"),
        ("IDEALPRO", "24/5"),
        ("NOWHERE", None),
        ("SMART", None),
        ("", None),
        (None, None),
    ],
)
def test_an_exchange_is_found_by_the_name_a_broker_gives_it(written, name):
    assert named(written) == name


def test_a_routed_order_is_placed_by_primary_exchange_then_zone_then_currency():
    assert named("SMART", currency="USD") == "XNYS"
    assert named("SMART", timezone="America/New_York") == "XNYS"
    assert named("SMART", currency="EUR") is None
    assert named("SMART", currency="EUR", timezone="Europe/Berlin") == "XETR"
    assert named("SMART", currency="EUR", primary_exchange="SBF") == "XPAR"
    assert named("SMART", currency="USD", primary_exchange="LSEETF") == "XLON"


def test_tse_is_toronto_for_the_broker_and_tokyo_in_yen():
    assert named("TSE", currency="CAD") == "XTSE"
    assert named("TSE", currency="JPY") == "XTKS"


def test_an_unknown_exchange_is_not_judged_by_its_currency():
    assert named("NOWHERE", currency="USD") is None


def test_a_future_without_its_exchange_is_not_judged_as_a_share():
    assert named("SMART", "future", "USD") is None
    assert named("CME", "future", "USD") == "CMES"


def test_the_asset_class_tells_crypto_and_currencies():
    assert named(None, "crypto", "USD") == "24/7"
    assert named("SMART", "forex", "USD") == "24/5"
    assert named(None, "CASH") == "24/5"


def test_a_stored_instrument_is_placed_by_its_primary_exchange():
    share = Instrument("VOD", exchange="SMART", contract_spec={"primary_exchange": "LSE"})
    assert calendar_of(share).name == "XLON"
    assert calendar_of(Instrument("FOO")) is None


def test_new_york_rests_on_thanksgiving_and_weekends():
    assert days(NEW_YORK, "2024-11-27", "2024-12-02") == ["2024-11-27", "2024-11-29", "2024-12-02"]
    assert not NEW_YORK.is_session("2024-11-28")
    assert NEW_YORK.is_session(utc("2024-11-29"))


def test_new_york_was_closed_after_the_eleventh_of_september_2001():
    assert days(NEW_YORK, "2001-09-10", "2001-09-17") == ["2001-09-10", "2001-09-17"]


def test_the_day_after_thanksgiving_closes_at_one():
    assert NEW_YORK.open_close("2024-11-29") == (
        utc("2024-11-29 14:30"),
        utc("2024-11-29 18:00"),
    )
    assert [NEW_YORK.slots(name, "2024-11-29") for name in ("1m", "30m", "1h", "4h")] == [
        210,
        7,
        4,
        1,
    ]
    assert [NEW_YORK.slots(name, "2024-11-27") for name in ("1m", "30m", "1h", "4h")] == [
        390,
        13,
        7,
        2,
    ]


def test_asking_for_the_hours_of_a_holiday_is_a_mistake():
    with pytest.raises(ValueError, match="XNYS has no session on 2024-12-25"):
        NEW_YORK.open_close("2024-12-25")


def test_summer_time_moves_the_open():
    assert NEW_YORK.open_close("2024-03-08")[0] == utc("2024-03-08 14:30")
    assert NEW_YORK.open_close("2024-03-11")[0] == utc("2024-03-11 13:30")


def test_a_lunch_break_has_no_bars():
    hong_kong = calendar_for("SEHK")
    assert hong_kong.slots("1m", "2024-07-08") == 330
    assert hong_kong.slots("1h", "2024-07-08") == 6


def test_a_year_of_bars_is_counted_by_the_published_holidays():
    # 2024: 252 sessions, three of them half days (3 July, 29 November, 24 December)
    assert NEW_YORK.expected_bars("1d", "2024-01-01", "2024-12-31") == 252
    minutes = NEW_YORK.expected_bars("1m", utc("2024-01-01"), utc("2024-12-31 23:59"))
    assert minutes == 249 * 390 + 3 * 210
    assert NEW_YORK.expected_bars("1w", utc("2024-01-01"), utc("2024-12-30")) == 53


def test_bars_are_counted_from_the_first_to_the_last_one_both_included():
    first, last = utc("2024-01-02 14:35"), utc("2024-01-03 14:30")
    assert NEW_YORK.expected_bars("1m", first, last) == 385 + 1
    assert NEW_YORK.expected_bars("1m", first, first) == 1
    assert NEW_YORK.expected_bars("1m", utc("2024-01-02 21:30"), utc("2024-01-02 23:00")) == 0


def test_the_last_close_is_the_one_that_has_passed():
    before, after = utc("2024-11-29 17:59"), utc("2024-11-29 18:00")
    assert NEW_YORK.last_close(before) == (utc("2024-11-27"), utc("2024-11-27 21:00"))
    assert NEW_YORK.last_close(after) == (utc("2024-11-29"), utc("2024-11-29 18:00"))
    sunday = NEW_YORK.last_close(utc("2024-12-01 12:00"))
    assert sunday[0] == utc("2024-11-29")


def test_the_last_close_is_known_today_without_asking_for_a_date():
    session, close = NEW_YORK.last_close()
    now = pd.Timestamp.now("UTC")
    assert now - pd.Timedelta(days=6) < close <= now
    assert session <= close


@pytest.mark.parametrize("exchange", ["NYSE", "LSE", "XETRA", "SEHK", "ASX", "PAXOS", "IDEALPRO"])
def test_calendars_reach_from_1990_to_today(exchange):
    calendar = calendar_for(exchange)
    assert calendar.sessions("1990-01-01", "1990-01-31").size >= 20
    today = pd.Timestamp.now("UTC")
    assert calendar.sessions(today - pd.Timedelta(days=14), today).size >= 7


def test_a_calendar_begins_where_its_holidays_are_recorded():
    tokyo = calendar_for("TSEJ")
    assert days(tokyo, "1990-01-01", "1997-01-07") == ["1997-01-06", "1997-01-07"]


def test_sydney_opens_on_the_day_before_in_utc():
    sydney = calendar_for("ASX")
    around = sydney.schedule_around(utc("2024-01-30 23:30"), utc("2024-01-30 23:30"))
    assert around.dates.tolist() == [pd.Timestamp("2024-01-31").date()]


def test_crypto_trades_every_hour_of_every_day():
    always = calendar_for("PAXOS")
    assert always.expected_bars("1d", "2024-02-01", "2024-03-01") == 30
    assert always.expected_bars("4h", utc("2024-01-01"), utc("2024-01-01 20:00")) == 6
    assert always.last_close(utc("2024-01-05 10:00"))[0] == utc("2024-01-04")


def test_currencies_trade_from_sunday_to_friday_five_in_new_york():
    forex = calendar_for("IDEALPRO")
    assert days(forex, "2024-07-05", "2024-07-09") == ["2024-07-05", "2024-07-08", "2024-07-09"]
    assert forex.open_close("2024-07-08") == (utc("2024-07-07 21:00"), utc("2024-07-08 21:00"))
    assert forex.slots("1h", "2024-07-08") == 24


def test_the_currency_market_follows_the_clock_of_new_york():
    forex = calendar_for("IDEALPRO")
    assert [forex.slots("1h", day) for day in ("2024-03-08", "2024-03-11")] == [24, 24]
    assert forex.open_close("2024-03-08")[1] == utc("2024-03-08 22:00")
    assert forex.open_close("2024-03-11")[0] == utc("2024-03-10 21:00")


@pytest.mark.parametrize("name", ["XNYS", "XHKG", "XLON"])
@pytest.mark.parametrize("resolution", ["1m", "5m", "30m", "1h", "4h"])
def test_slots_are_what_walking_through_the_session_minute_by_minute_gives(name, resolution):
    theirs = exchange_calendars.get_calendar(name, start="2024-01-01")
    step = pd.Timedelta({"1m": 1, "5m": 5, "30m": 30, "1h": 60, "4h": 240}[resolution], "min")
    ours = SessionCalendar(name)
    for session in theirs.sessions_in_range("2024-11-20", "2024-12-31"):
        minutes = theirs.session_minutes(session)
        starts, previous = [], None
        for minute in minutes:
            begins_anew = previous is None or minute - previous > pd.Timedelta(minutes=1)
            if begins_anew or minute - starts[-1] >= step:
                starts.append(minute)
            previous = minute
        assert ours.slots(resolution, session) == len(starts)
        half = minutes[len(minutes) // 2]
        counted = ours.expected_bars(resolution, minutes[0], half)
        assert counted == np.count_nonzero(np.array(starts) <= half)
