"""Asking for history: the bars as they were sent, each at its own time."""

from contextlib import suppress

import pandas as pd
import pytest
from broker import AAPL, NOW, asked, days, failure, gateway_at, timed_out
from gateway import Fault, Market, StandIn

from services.bars import BAR_COLUMNS
from services.errors import (
    ConnectionLost,
    EmptyAnswer,
    NotSubscribed,
    UnreadableAnswer,
)
from services.ibkr import Contract

EUR = Contract(12087792, "EUR", "CASH", "IDEALPRO", "USD", timezone="America/New_York")
# A bar of each hour around both clock changes of New York, as the broker sends them: epoch times.
AUTUMN = pd.date_range("2012-11-04 04:00", periods=5, freq="h", tz="UTC")
SPRING = pd.date_range("2013-03-10 05:00", periods=5, freq="h", tz="UTC")


@pytest.fixture
def broker():
    with StandIn(clock=NOW) as broker:
        yield broker


@pytest.fixture
def gateway(broker):
    with gateway_at(broker.port) as gateway:
        yield gateway


def test_daily_bars_come_under_their_sessions_date(gateway):
    bars = days(gateway)
    assert list(bars.columns) == BAR_COLUMNS
    assert list(bars["ts"]) == list(pd.bdate_range("2013-02-25", "2013-03-01", tz="UTC"))


def test_values_are_handed_on_as_they_were_sent(broker, gateway):
    strange = [float("nan"), 0.0, -1.0, 1e308]

    def spoil(bars):
        rows = [[*bar] for bar in bars[:4]]
        for row, value in zip(rows, strange, strict=True):
            row[4] = value
        return [rows[2], *rows, rows[0]]  # out of order, and one twice

    broker.faults.add(Fault(on="history", kind="rewrite", rewrite=spoil))
    bars = days(gateway)
    assert list(bars["ts"].dt.day) == [27, 25, 26, 27, 28, 25]
    nan = strange[0]
    assert bars["close"].tolist() == pytest.approx([-1, nan, 0, -1, 1e308, nan], nan_ok=True)


class Rows(Market):
    """A market that answers with just these dates, written as they stand on the wire."""

    dates: tuple[str, ...] = ()

    def bars(self, i, resolution, now, *, rth=True, adjusted=False):
        known = super().bars(i, "1d", now, rth=rth, adjusted=adjusted)
        return known.tail(len(self.dates)).reset_index(drop=True)


@pytest.fixture
def rows(broker):
    """Give a function that makes the next answer consist of bars with these dates."""
    broker.market = Rows(now=NOW)

    def write(dates):
        broker.market.dates = tuple(dates)

        def rewrite(bars):
            return [(str(date), *bar[1:]) for date, bar in zip(dates, bars, strict=True)]

        broker.faults.add(Fault(on="history", kind="rewrite", rewrite=rewrite))

    return write


@pytest.mark.parametrize("hours", [AUTUMN, SPRING], ids=["autumn", "spring"])
def test_no_hour_is_lost_or_doubled_at_a_clock_change(rows, gateway, hours):
    rows([int(hour.timestamp()) for hour in hours])
    assert list(gateway.history(AAPL, "1h", None, "1 Y")["ts"]) == list(hours)


@pytest.mark.parametrize("date", ["20121104 01:30:00", "20121104  01:30:00", "20121104"])
def test_an_intraday_time_without_a_time_zone_is_no_time(rows, gateway, date):
    rows([1351999800, date])
    error = failure(UnreadableAnswer, lambda: gateway.history(AAPL, "1h", None, "1 Y"))
    assert "without a time zone" in str(error)


def test_an_intraday_time_with_its_time_zone_is_placed(rows, gateway):
    rows(["20121102 09:30:00 US/Eastern", "20121105 09:30:00 US/Eastern"])
    bars = gateway.history(AAPL, "30m", None, "1 Y")
    assert list(bars["ts"].dt.strftime("%d %H:%M")) == ["02 13:30", "05 14:30"]


def test_a_weekly_bar_is_named_by_its_monday(rows, gateway):
    rows(["20130222", "20130228", "20130304", "20130310"])
    bars = gateway.history(AAPL, "1w", None, "1 Y")
    assert list(bars["ts"].dt.day_name()) == ["Monday"] * 4
    assert list(bars["ts"].dt.strftime("%m-%d")) == ["02-18", "02-25", "03-04", "03-04"]


def test_a_daily_bar_may_come_as_a_midnight_but_not_as_any_other_moment(rows, gateway):
    rows([1362096000, 1362373200])  # 00:00 UTC on 1 March, 00:00 in New York on 4 March
    assert list(days(gateway, "2 D")["ts"].dt.strftime("%m-%d %H:%M")) == [
        "03-01 00:00",
        "03-04 00:00",
    ]
    rows([1362096000, 1362406200])
    failure(UnreadableAnswer, lambda: days(gateway, "2 D"))


def test_prices_between_bid_and_ask_have_no_volume(gateway):
    bars = gateway.history(EUR, "1d", None, "5 D", what="MIDPOINT")
    assert len(bars) == 5
    assert bars["volume"].isna().all()


def test_the_request_says_all_that_makes_an_answer_unmistakable(broker, gateway):
    end = pd.Timestamp("2013-02-15 16:00", tz="America/New_York")
    bars = gateway.history(AAPL, "1d", end, "3 D", regular_hours=False)
    assert list(bars["ts"].dt.day) == [13, 14, 15]
    fields = broker.history_requests()[0].fields
    assert fields[2:5] == ("265598", "AAPL", "STK")
    assert fields[9] == "SMART"
    # include expired, end, bar size, duration, hours, what, dates as epoch times, no updates
    assert fields[14:22] == (
        "0", "20130215-21:00:00", "1 day", "3 D", "0", "TRADES", "2", "0",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("resolution", "size"),
    [
        ("1m", "1 min"),
        ("5m", "5 mins"),
        ("15m", "15 mins"),
        ("30m", "30 mins"),
        ("1h", "1 hour"),
        ("4h", "4 hours"),
        ("1d", "1 day"),
        ("1w", "1 week"),
    ],
)
def test_each_resolution_is_asked_for_by_the_brokers_name(broker, gateway, resolution, size):
    with suppress(EmptyAnswer):  # the sample has no bars within a day
        gateway.history(AAPL, resolution, None, "1 W")
    request = broker.history_requests()[0]
    assert request.fields[16] == size
    assert request.fields[15] == ""


def test_the_first_bar_of_all_is_known(gateway):
    head = gateway.head_time(AAPL)
    assert head.tz is not None
    assert head.tz_convert("America/New_York").strftime("%Y-%m-%d %H:%M") == "2000-03-01 09:30"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "error", "code": 162, "text": "No head time stamp"}, EmptyAnswer),
        ({"kind": "error", "code": 354, "text": "Not subscribed"}, NotSubscribed),
        ({"kind": "drop"}, ConnectionLost),
    ],
)
def test_the_first_bar_of_all_may_stay_unknown(broker, gateway, fault, error):
    broker.faults.add(Fault(on="head_time", **fault))
    failure(error, lambda: gateway.head_time(AAPL))
    assert gateway.head_time(AAPL).year == 2000


def test_the_first_bar_of_all_may_be_asked_for_in_vain(broker, gateway):
    broker.faults.add(Fault(on="head_time", kind="never"))
    timed_out(gateway, lambda: gateway.head_time(AAPL), asked(broker, "head_time"))
    assert gateway.head_time(AAPL).year == 2000
