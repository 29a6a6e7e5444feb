"""The stand-in gateway's bars: shifted by sessions towards now, and grouped from minutes."""

import csv
import datetime as dt
import importlib
from pathlib import Path

import exchange_calendars
import pandas as pd
import pytest
from gateway import Market, StandIn
from gateway.clients import LIBRARY, history, refusal, stock, talk
from gateway.instruments import INTRADAY

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample" / "daily"
LONG_AFTER = pd.Timestamp("2099-01-01", tz="UTC")
needs_minutes = pytest.mark.skipif(
    not INTRADAY.is_dir(), reason="no minute bars: the development data is not beside the project"
)


def test_shifted_bars_fall_on_sessions_and_reach_the_clock():
    now = pd.Timestamp("2026-11-25 18:00", tz="UTC")
    market = Market(shifted=True, now=now)
    with StandIn(market, now) as gw:
        bars = talk(gw, history(stock("AAPL"), "13 Y"))
        gw.set_time("2026-12-01 12:00")
        later = talk(gw, history(stock("AAPL"), "1 M"))
    sessions = exchange_calendars.get_calendar("XNYS").sessions_in_range(
        str(bars[0].date), str(bars[-1].date)
    )
    assert [str(bar.date) for bar in bars] == [f"{day:%Y-%m-%d}" for day in sessions]
    assert bars[-1].date == dt.date(2026, 11, 25)
    assert later[-1].date == dt.date(2026, 11, 30)
    assert dt.date(2026, 11, 26) not in {bar.date for bar in later}


def test_the_last_bar_falls_on_the_last_session_of_the_quarter():
    now = pd.Timestamp("2026-11-25", tz="UTC")
    markets = [Market(shifted=shifted, now=now) for shifted in (True, False)]
    shifted, real = (m.bars(m.instruments[0], "1d", LONG_AFTER) for m in markets)
    assert shifted["ts"].iloc[-1] == pd.Timestamp("2026-12-31", tz="UTC")
    assert list(shifted["close"]) == list(real["close"])[-len(shifted) :]


def test_a_restart_in_the_same_quarter_shows_the_same_bars():
    days = [pd.Timestamp(day, tz="UTC") for day in ("2026-10-02", "2026-12-30")]
    first, second = (Market(shifted=True, now=day) for day in days)
    aapl = first.instruments[0]
    assert first.bars(aapl, "1d", days[0]).equals(second.bars(aapl, "1d", days[0]))


def test_no_bar_of_the_sample_is_lost():
    market = Market(now=pd.Timestamp("2013-03-02", tz="UTC"))
    for symbol in ("AAPL", "GOOG", "IBM", "MSFT"):
        [instrument] = [i for i in market.instruments if i.symbol == symbol]
        bars = market.bars(instrument, "1d", LONG_AFTER)
        assert len(bars) == len(list(csv.DictReader((SAMPLE / f"{symbol}.csv").open())))


@needs_minutes
def test_minutes_are_grouped_into_longer_bars():
    with StandIn(clock="2024-10-15 03:00") as gw:
        minutes = talk(gw, history(stock("SW"), "1 D", "1 min"))
        hours = talk(gw, history(stock("SW"), "1 D", "1 hour"))
        extended = talk(gw, history(stock("SW"), "1 D", "1 min", rth=False))
        text = talk(gw, history(stock("SW"), "1 D", "30 mins", fmt=1))
    day = pd.Timestamp("2024-10-14", tz="America/New_York")
    starts = [pd.Timestamp(bar.date).tz_convert("America/New_York") - day for bar in hours]
    assert starts == [pd.Timedelta(hours=9.5), *pd.to_timedelta(range(10, 16), unit="h")]
    assert hours[0].open == minutes[0].open and hours[-1].close == minutes[-1].close
    assert sum(bar.volume for bar in hours) == sum(bar.volume for bar in minutes)
    assert len(extended) > len(minutes)
    assert text[0].date == dt.datetime(2024, 10, 14, 9, 30)  # noqa: DTZ001


@needs_minutes
def test_minutes_are_shifted_with_their_session():
    now = pd.Timestamp("2026-11-25 22:00", tz="UTC")
    with StandIn(Market(shifted=True, now=now), now) as gw:
        bars = talk(gw, history(stock("SW"), "1 W", "1 min"))
        daily = talk(gw, history(stock("SW"), "1 W"))
    local = [pd.Timestamp(bar.date).tz_convert("America/New_York") for bar in bars]
    assert {f"{t:%H:%M}" for t in local} <= {
        f"{t:%H:%M}" for t in pd.date_range("2026-11-25 09:30", "2026-11-25 15:59", freq="min")
    }
    assert {t.date() for t in local} == {bar.date for bar in daily}


@needs_minutes
def test_crypto_trades_around_the_clock():
    bitcoin = importlib.import_module(LIBRARY).Crypto("BTC", "PAXOS", "USD")
    with StandIn(clock="2024-10-14 12:00") as gw:
        bars = talk(gw, history(bitcoin, "1 W", "4 hours", what="AGGTRADES", rth=False))
        assert refusal(gw, history(bitcoin)) == 10299
    assert {pd.Timestamp(bar.date).day_of_week for bar in bars} == set(range(7))
