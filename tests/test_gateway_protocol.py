"""Every message the stand-in gateway sends, read by the real library's own decoder."""

import asyncio
import importlib
import inspect
import math
from types import SimpleNamespace

import pandas as pd
import pytest
from gateway import protocol
from gateway.clients import LIBRARY
from gateway.instruments import Instrument

STOCK = Instrument(
    265598, "AAPL", "APPLE INC", local_symbol="AAPL", long_name="APPLE INC", isin="US0378331005",
    trading_hours="20261124:0930-20261124:1600", liquid_hours="20261124:0930-20261124:1600",
)  # fmt: skip
BAR = ("20261123", 10.5, 12.0, 9.25, 11.0, 1200.0, 10.75, 7)
# name: the frame at a server version, the method of the library it must reach, its arguments.
MESSAGES = {
    "managed_accounts": (lambda v: protocol.managed_accounts("DU1"), "managedAccounts", ("DU1",)),
    "next_valid_id": (lambda v: protocol.next_valid_id(7), "nextValidId", (7,)),
    "error": (
        lambda v: protocol.error(v, 3, 162, "no data"), "error", (3, 162, "no data", ""),
    ),
    "contract_details_end": (
        lambda v: protocol.contract_details_end(3), "contractDetailsEnd", (3,),
    ),
    "head_timestamp": (
        lambda v: protocol.head_timestamp(3, "951834600"), "headTimestamp", (3, "951834600"),
    ),
    "current_time": (lambda v: protocol.current_time(1795500000), "currentTime", (1795500000,)),
    "position_end": (lambda v: protocol.position_end(), "positionEnd", ()),
    "account_value": (
        lambda v: protocol.account_value("NetLiquidation", "5", "USD", "DU1"),
        "updateAccountValue", ("NetLiquidation", "5", "USD", "DU1"),
    ),
    "account_time": (lambda v: protocol.account_time("09:30"), "updateAccountTime", ("09:30",)),
    "account_download_end": (
        lambda v: protocol.account_download_end("DU1"), "accountDownloadEnd", ("DU1",),
    ),
    "account_update_multi": (
        lambda v: protocol.account_update_multi(3, "DU1", "Cash", "5", "USD"),
        "accountUpdateMulti", (3, "DU1", "", "Cash", "5", "USD"),
    ),
    "account_update_multi_end": (
        lambda v: protocol.account_update_multi_end(3), "accountUpdateMultiEnd", (3,),
    ),
    "account_summary": (
        lambda v: protocol.account_summary(3, "DU1", "Cash", "5", "USD"),
        "accountSummary", (3, "DU1", "Cash", "5", "USD"),
    ),
    "account_summary_end": (
        lambda v: protocol.account_summary_end(3), "accountSummaryEnd", (3,),
    ),
    "open_order_end": (lambda v: protocol.open_order_end(), "openOrderEnd", ()),
    "completed_orders_end": (
        lambda v: protocol.completed_orders_end(), "completedOrdersEnd", (),
    ),
    "executions_end": (lambda v: protocol.executions_end(3), "execDetailsEnd", (3,)),
    "user_info": (lambda v: protocol.user_info(3), "userInfo", (3, "")),
}  # fmt: skip
WITH_TESTS_OF_THEIR_OWN = {
    "frame", "greeting", "contract_details", "historical_data", "historical_update",
    "symbol_samples", "position",
}  # fmt: skip
VERSIONS = (157, 163, 164, 166, 176)


class Calls(list):
    """Takes the place of the library's wrapper and writes down what it is told."""

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *arguments: self.append((name, arguments))


@pytest.fixture(scope="module")
def library():
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    yield SimpleNamespace(
        decoder=importlib.import_module(f"{LIBRARY}.decoder"),
        objects=importlib.import_module(f"{LIBRARY}.objects"),
    )
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def decode(library, caplog):
    """Give a function that decodes a frame and returns the wrapper's calls; no error is logged."""

    def run(frame: bytes, version: int = 176) -> Calls:
        calls = Calls()
        assert int.from_bytes(frame[:4], "big") == len(frame) - 4
        library.decoder.Decoder(calls, version).interpret(protocol.split_fields(frame[4:]))
        assert not [record for record in caplog.records if record.levelname == "ERROR"]
        return calls

    return run


def test_a_frame_is_a_length_and_fields_that_end_in_a_nul():
    assert protocol.frame(49, 1, 1795500000) == b"\x00\x00\x00\x10" + b"49\x001\x001795500000\x00"
    assert protocol.frame(True, 1.5, 3.0) == b"\x00\x00\x00\x08" + b"1\x001.5\x003\x00"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", MESSAGES)
def test_the_library_decodes_a_message(decode, name, version):
    make, method, arguments = MESSAGES[name]
    assert decode(make(version), version) == [(method, arguments)]


def test_no_message_is_without_a_test():
    sent = {
        name
        for name, function in inspect.getmembers(protocol, inspect.isfunction)
        if not name.startswith("_") and function.__annotations__.get("return") is bytes
    }
    assert sent == MESSAGES.keys() | WITH_TESTS_OF_THEIR_OWN


def test_the_greeting_is_the_version_and_a_time():
    frame = protocol.greeting(176, pd.Timestamp("2026-11-22 06:40:35"))
    assert protocol.split_fields(frame[4:]) == ["176", "20261122 06:40:35 EST"]


@pytest.mark.parametrize(
    ("hello", "version"), [("v157..176", 176), ("v157..178", 176), ("v100..163 +PACEAPI", 163)]
)
def test_the_version_is_the_newest_that_both_speak(hello, version):
    assert protocol.agreed_version(hello) == version


@pytest.mark.parametrize("version", VERSIONS)
def test_the_library_decodes_contract_details(decode, version):
    [(method, (req_id, details))] = decode(
        protocol.contract_details(version, 3, STOCK, "SMART"), version
    )
    contract = details.contract
    assert (method, req_id) == ("contractDetails", 3)
    assert (contract.conId, contract.symbol, contract.secType) == (265598, "AAPL", "STK")
    assert (contract.exchange, contract.primaryExchange) == ("SMART", "NASDAQ")
    assert (contract.currency, contract.localSymbol, contract.tradingClass) == (
        "USD", "AAPL", "NMS",
    )  # fmt: skip
    assert (details.longName, details.minTick, details.stockType) == ("APPLE INC", 0.01, "COMMON")
    assert (details.industry, details.category) == ("Technology", "Computers")
    assert (details.timeZoneId, details.liquidHours) == ("US/Eastern", STOCK.liquid_hours)
    assert [(pair.tag, pair.value) for pair in details.secIdList] == [("ISIN", "US0378331005")]
    assert details.validExchanges.startswith("SMART,") and details.marketRuleIds == "26"


def test_the_library_decodes_bars_and_their_end(decode, library):
    frame = protocol.historical_data(3, "20261001  00:00:00", "20261124  00:00:00", [BAR, BAR])
    bar = library.objects.BarData(*BAR)
    assert decode(frame) == [
        ("historicalData", (3, bar)),
        ("historicalData", (3, bar)),
        ("historicalDataEnd", (3, "20261001  00:00:00", "20261124  00:00:00")),
    ]


def test_the_library_decodes_a_changed_last_bar(decode, library):
    assert decode(protocol.historical_update(3, BAR)) == [
        ("historicalDataUpdate", (3, library.objects.BarData(*BAR)))
    ]


def test_prices_beyond_reason_travel_as_they_are(decode):
    odd = ("20261123", float("nan"), 1e308, -1.0, 0.0, -1.0, 0.0, -1)
    [(_, (_, bar)), _] = decode(protocol.historical_data(3, "", "", [odd]))
    assert math.isnan(bar.open)
    assert (bar.high, bar.low, bar.close, bar.volume) == (1e308, -1.0, 0.0, -1.0)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_library_decodes_found_symbols(decode, version):
    [(method, (req_id, found))] = decode(
        protocol.symbol_samples(version, 3, [STOCK, STOCK]), version
    )
    assert (method, req_id, len(found)) == ("symbolSamples", 3, 2)
    assert [(f.contract.conId, f.contract.primaryExchange) for f in found] == [
        (265598, "NASDAQ")
    ] * 2


def test_the_library_decodes_a_position(decode):
    [(method, (account, contract, size, cost))] = decode(protocol.position("DU1", STOCK, 5.0, 9.5))
    assert (method, account, size, cost) == ("position", "DU1", 5.0, 9.5)
    assert (contract.conId, contract.symbol, contract.currency) == (265598, "AAPL", "USD")
