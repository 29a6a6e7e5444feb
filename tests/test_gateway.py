"""The stand-in gateway answers the real client library as Interactive Brokers would."""

import asyncio
import csv
import datetime as dt
import importlib
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from broker import let_pass
from gateway import Fault, Market, StandIn
from gateway.clients import LIBRARY, history, refusal, stock, talk

ROOT = Path(__file__).resolve().parent.parent
AFTER_THE_SAMPLE = "2013-03-02 12:00"


@pytest.fixture(scope="module")
def market():
    return Market(now=pd.Timestamp(AFTER_THE_SAMPLE, tz="UTC"))


@pytest.fixture
def gw(market):
    with StandIn(market, AFTER_THE_SAMPLE) as gateway:
        yield gateway


def file_of(symbol: str) -> list[dict]:
    with (ROOT / "data/sample/daily" / f"{symbol}.csv").open() as lines:
        return list(csv.DictReader(lines))


def library():
    return importlib.import_module(LIBRARY)


def test_the_library_connects_and_is_told_version_account_and_farms(gw):
    async def look(ib):
        return ib.client.serverVersion(), ib.managedAccounts(), await ib.reqCurrentTimeAsync()

    version, accounts, now = talk(gw, look)
    assert (version, accounts) == (176, ["DU1234567"])
    assert now == pd.Timestamp(AFTER_THE_SAMPLE, tz="UTC")


def test_two_clients_get_each_their_own_answer(gw):
    ibm, goog = talk(gw, history(stock("IBM")), history(stock("GOOG")))
    assert (ibm[-1].close, goog[-1].close) == (202.91, 806.19)
    assert {request.client_id for request in gw.requests} == {1, 2}


def test_daily_bars_are_those_of_the_file(gw):
    bars = talk(gw, history(stock("IBM"), "2 Y"))
    wanted = [row for row in file_of("IBM") if row["ts"] >= "2011-03-02"]
    assert [str(bar.date) for bar in bars] == [row["ts"] for row in wanted]
    for column in ("open", "high", "low", "close", "volume"):
        assert [getattr(bar, column) for bar in bars] == [float(row[column]) for row in wanted]


def test_trades_are_adjusted_for_splits_and_adjusted_last_for_dividends_too(gw):
    trades = talk(gw, history(stock("MSFT"), "14 Y"))
    adjusted = talk(gw, history(stock("MSFT"), "14 Y", what="ADJUSTED_LAST"))
    raw = file_of("MSFT")
    assert trades[0].close == pytest.approx(float(raw[0]["close"]) / 2)
    assert trades[-1].close == adjusted[-1].close == float(raw[-1]["close"])
    assert adjusted[0].close < trades[0].close * 0.85


def test_weekly_bars_carry_their_last_session(gw):
    bars = talk(gw, history(stock("IBM"), "3 M", "1 week"))
    week = next(bar for bar in bars if bar.date == dt.date(2013, 1, 18))
    days = [row for row in file_of("IBM") if "2013-01-14" <= row["ts"] <= "2013-01-18"]
    assert week.open == float(days[0]["open"]) and week.close == float(days[-1]["close"])
    assert week.high == max(float(row["high"]) for row in days)
    assert week.volume == sum(float(row["volume"]) for row in days)


def test_the_bar_that_is_forming_is_partial(gw):
    gw.set_time("2013-01-15 15:00")
    last = talk(gw, history(stock("IBM")))[-1]
    [row] = [row for row in file_of("IBM") if row["ts"] == "2013-01-15"]
    assert last.date == dt.date(2013, 1, 15)
    assert last.open == float(row["open"]) and last.volume < float(row["volume"])
    gw.set_time("2013-01-15 21:00")
    assert talk(gw, history(stock("IBM")))[-1].volume == float(row["volume"])


@pytest.mark.parametrize(
    "end", ["20130115-00:00:00", "20130115 00:00:00 UTC", "20130114 19:00:00 US/Eastern"]
)
def test_an_end_date_is_understood_in_each_way_of_writing(gw, end):
    assert talk(gw, history(stock("IBM"), "5 D", end=end))[-1].date == dt.date(2013, 1, 14)


def test_days_are_counted_in_sessions(gw):
    bars = talk(gw, history(stock("IBM"), "5 D"))
    assert [bar.date.day for bar in bars] == [25, 26, 27, 28, 1]


DAILY = {"duration": "1 Y", "size": "1 day"}


@pytest.mark.parametrize(
    ("symbol", "how", "code"),
    [
        ("NOSUCH", {}, 200),
        ("SAP", {"currency": "EUR"}, 354),
        ("IBM", {"size": "7 mins"}, 321),
        ("IBM", {"duration": "5 years"}, 321),
        ("IBM", {"duration": "0 D"}, 321),
        ("IBM", {"duration": "500 D"}, 321),
        ("IBM", {"duration": "1 Y", "size": "30 secs"}, 321),
        ("IBM", {"end": "2013-01-15"}, 321),
        ("IBM", {"end": "20130115 00:00:00"}, 321),
        ("IBM", {"end": "20130115 00:00:00 Mars/Base"}, 321),
        ("IBM", {"end": "20130115-00:00:00", "what": "ADJUSTED_LAST"}, 321),
        ("IBM", {"what": "GUESSES"}, 321),
        ("IBM", {"size": "1 hour", "duration": "1 D"}, 162),
        ("IBM", {"end": "19990101-00:00:00"}, 162),
        ("IBM", {"exchange": ""}, 321),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused(gw, symbol, how, code):
    how = DAILY | how
    which = {key: how.pop(key) for key in ("currency", "exchange") if key in how}
    assert refusal(gw, history(stock(symbol, **which), **how)) == code


def test_long_chunks_of_short_bars_are_refused_when_asked_to(market):
    with StandIn(market, AFTER_THE_SAMPLE, conservative=True) as gw:
        assert refusal(gw, history(stock("IBM"), "1 Y", "1 hour")) == 321
        assert len(talk(gw, history(stock("IBM"), "5 Y"))) > 1200


def test_a_symbol_in_two_currencies_is_ambiguous(gw):
    async def look(ib):
        return await ib.reqContractDetailsAsync(stock("BARC", ""))

    found = talk(gw, look)
    assert {d.contract.currency for d in found} == {"USD", "GBP"}
    assert len({d.contract.conId for d in found}) == 2
    assert refusal(gw, history(stock("BARC", ""))) == 200
    prices = [talk(gw, history(stock("BARC", money)))[-1].close for money in ("USD", "GBP")]
    assert prices[0] != prices[1]


def test_contract_details_say_whose_bars_are_shown(gw):
    async def look(ib):
        return await ib.reqContractDetailsAsync(stock("TSLA"))

    [details] = talk(gw, look)
    assert details.longName == "TESLA INC (stand-in: AAPL's real bars of 2000-2013)"
    assert details.contract.primaryExchange == "NASDAQ" and details.timeZoneId == "US/Eastern"
    assert "20130304:0930-20130304:1600" in details.liquidHours


def test_an_unknown_contract_and_a_missing_type_are_refused(gw):
    def details(contract):
        async def work(ib):
            return await ib.reqContractDetailsAsync(contract)

        return work

    assert refusal(gw, details(stock("LEHMQ"))) == 200
    assert refusal(gw, details(library().Contract(symbol="IBM"))) == 321


def test_a_contract_is_found_by_its_number(gw):
    async def look(ib):
        return await ib.reqContractDetailsAsync(library().Contract(conId=8314))

    assert talk(gw, look)[0].contract.symbol == "IBM"


def test_symbols_are_searched(gw):
    async def look(ib):
        return await ib.reqMatchingSymbolsAsync("barc")

    assert {f.contract.primaryExchange for f in talk(gw, look)} == {"NYSE", "LSE"}


def test_currency_pairs_have_midpoints_without_volume(gw):
    pair = library().Forex("EURUSD")
    assert {bar.volume for bar in talk(gw, history(pair, what="MIDPOINT"))} == {-1.0}
    assert refusal(gw, history(pair)) == 162


def test_the_head_time_stamp_is_the_first_bar(gw):
    async def look(ib):
        return await ib.reqHeadTimeStampAsync(stock("GOOG"), "TRADES", True, 2)

    assert talk(gw, look) == pd.Timestamp("2004-08-19 13:30", tz="UTC")


def test_cancelling_ends_a_request_and_an_unknown_one_is_named(gw):
    gw.faults.add(Fault("history", "never"))

    async def work(ib):
        future = ib.wrapper.startReq(number := ib.client.getReqId())
        ib.client.reqHistoricalData(
            number, stock("IBM"), "", "1 M", "1 day", "TRADES", True, 2, False, []
        )
        ib.client.cancelHistoricalData(number)
        error = await _failure(future)
        ib.client.cancelHistoricalData(number)
        await ib.reqCurrentTimeAsync()
        return error.code, ib.codes

    code, codes = talk(gw, work)
    assert code == 162 and codes[-1] == 366


async def _failure(future):
    try:
        return await future
    except Exception as error:  # noqa: BLE001
        return error


def test_more_than_fifty_open_requests_are_refused(gw):
    gw.faults.add(Fault("history", "late", times=60, seconds=600))

    async def work(ib):
        ib.client.MaxRequests = 0
        bars = [history(stock("IBM"))(ib) for _ in range(60)]
        answers = [asyncio.ensure_future(_failure(request)) for request in bars]
        while sum(answer.done() for answer in answers) < 10:
            await asyncio.sleep(0.01)
        let_pass(gw, 600)
        answers = await asyncio.gather(*answers)
        return [getattr(answer, "code", 0) for answer in answers]

    codes = talk(gw, work)
    assert codes == [0] * 50 + [322] * 10


def test_a_request_to_keep_up_gets_an_update(gw):
    async def work(ib):
        bars = await ib.reqHistoricalDataAsync(
            stock("IBM"), "", "1 M", "1 day", "TRADES", True, 2, True
        )
        await ib.reqCurrentTimeAsync()
        return len(bars), ib.codes

    count, codes = talk(gw, work)
    assert count > 15 and all(code > 2100 for code in codes)


def test_pacing_is_watched_and_enforced_when_asked(market):
    seconds = iter([0, 1, 100, 100.1, 100.2, 100.3, 100.4, 100.5, *range(200, 500, 5)])
    with StandIn(market, AFTER_THE_SAMPLE, pacing_time=lambda: next(seconds)) as gw:
        for request in (("IBM", "1 M"), ("IBM", "1 M"), *(("GOOG", f"{n} D") for n in range(1, 7))):
            gw.record("history", request[0], _fields(*request), 1)
        assert [v.rule for v in gw.violations] == [
            "identical within 15 s",
            "6 for one contract within 2 s",
        ]
        for number in range(60):
            gw.record("history", f"S{number}", _fields(f"S{number}", "1 M"), 1)
        assert [v.rule for v in gw.violations][2:] == ["60 in 10 min"] * 8
    with StandIn(market, AFTER_THE_SAMPLE, enforce_pacing=True) as gw:
        talk(gw, history(stock("IBM")))
        assert refusal(gw, history(stock("IBM"))) == 162


def _fields(symbol: str, duration: str) -> list[str]:
    contract = ["0", symbol, "STK", "", "0.0", "", "", "SMART", "", "USD", "", ""]
    return ["20", "1", *contract, "0", "", "1 day", duration, "1", "TRADES", "2", "0", ""]


def test_the_command_says_where_it_listens_and_what_it_shows():
    command = [sys.executable, "-m", "tests.gateway", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        line = process.stdout.readline()
        process.terminate()
    assert line.startswith("Stand-in gateway on 127.0.0.1:") and "TSLA" in line
    assert "shifted in time" in line
