"""Finding contracts: a trader's symbol, what the broker makes of it, and what can go wrong."""

import logging
from dataclasses import replace

import pytest
from broker import (
    NOW,
    asked,
    days,
    errors_logged,
    failure,
    gateway_at,
    in_vain,
    let_pass,
    timed_out,
)
from gateway import Fault, StandIn
from waiting import until

from services.errors import (
    AmbiguousContract,
    ConnectionLost,
    RequestRefused,
    RequestTimedOut,
    UnknownContract,
    UnreadableAnswer,
)
from services.ibkr import Contract

LONDON = {"exchange": "LSE", "currency": "GBP"}


@pytest.fixture
def broker():
    with StandIn(clock=NOW) as broker:
        yield broker


@pytest.fixture
def gateway(broker):
    with gateway_at(broker.port) as gateway:
        yield gateway


def questions(broker) -> list[tuple[str, str, str, str]]:
    """Return symbol, kind, exchange and currency of each request for contracts."""
    details = [request.fields[3:] for request in broker.requests if request.kind == "details"]
    return [(fields[1], fields[2], fields[7], fields[9]) for fields in details]


def test_a_contract_carries_all_that_the_broker_says(gateway):
    (contract,) = gateway.contracts("AAPL")
    assert contract.con_id == 265598
    assert (contract.symbol, contract.sec_type, contract.currency) == ("AAPL", "STK", "USD")
    assert (contract.exchange, contract.primary_exchange) == ("SMART", "NASDAQ")
    assert (contract.local_symbol, contract.trading_class) == ("AAPL", "NMS")
    assert contract.name == "APPLE INC"
    assert contract.industry == "Technology"
    assert contract.category == contract.subcategory == "Computers"
    assert contract.timezone == "America/New_York"
    assert contract.min_tick == 0.01
    assert "NASDAQ" in contract.valid_exchanges
    assert contract.trading_hours.startswith("20130301:0930-20130301:1600")
    assert contract.liquid_hours.startswith("20130301:0930-20130301:1600")
    assert contract.label() == "AAPL · APPLE INC · NASDAQ · USD"


def test_a_contract_that_was_found_can_be_asked_for_bars(gateway):
    (contract,) = gateway.contracts("IBM")
    assert len(gateway.history(contract, "1d", None, "5 D")) == 5


def test_one_symbol_in_two_currencies_gives_both_to_choose_from(gateway):
    found = gateway.contracts("BARC")
    assert {(c.currency, c.primary_exchange) for c in found} == {("USD", "NYSE"), ("GBP", "LSE")}
    assert len({c.con_id for c in found}) == 2
    assert len({c.label() for c in found}) == 2


@pytest.mark.parametrize(
    "how", [{"currency": "GBP"}, {"exchange": "LSE"}, {"exchange": "lse"}, LONDON]
)
def test_exchange_or_currency_choose_among_contracts_of_one_symbol(gateway, how):
    (contract,) = gateway.contracts("BARC", **how)
    assert contract.name == "BARCLAYS PLC" or contract.name.startswith("BARCLAYS PLC (")
    assert contract.timezone == "Europe/London"
    assert contract.exchange == "SMART"


def test_an_exchange_on_which_it_only_trades_is_enough(gateway):
    (contract,) = gateway.contracts("AAPL", exchange="ARCA")
    assert contract.con_id == 265598


def test_a_number_stands_for_its_contract_alone(broker, gateway):
    (contract,) = gateway.contracts("whatever", con_id=90001002)
    assert (contract.symbol, contract.currency, contract.exchange) == ("BARC", "GBP", "SMART")


def test_a_contract_that_comes_once_for_each_exchange_is_still_one(broker, gateway):
    (ibm,) = [i for i in broker.market.instruments if i.symbol == "IBM"]
    places = ("ARCA", "SMART", "NYSE")
    broker.market.find = lambda _: [replace(ibm, valid_exchanges=place) for place in places]
    (contract,) = gateway.contracts("IBM", con_id=ibm.con_id)
    assert contract.exchange == "SMART"


@pytest.mark.parametrize("symbol", ["EURUSD", "EUR.USD", "eur/usd", "EUR-USD"])
def test_a_currency_pair_is_understood_however_it_is_written(broker, gateway, symbol):
    (contract,) = gateway.contracts(symbol, sec_type="CASH")
    assert questions(broker) == [("EUR", "CASH", "IDEALPRO", "USD")]
    assert (contract.con_id, contract.exchange) == (12087792, "IDEALPRO")
    assert contract.valid_exchanges == ("IDEALPRO",)


@pytest.mark.parametrize(
    ("symbol", "kind", "question"),
    [
        ("BRK.B", "STK", ("BRK B", "STK", "SMART", "")),
        ("brk b", "STK", ("BRK B", "STK", "SMART", "")),
        ("BP.", "STK", ("BP.", "STK", "SMART", "")),
        ("BTC", "CRYPTO", ("BTC", "CRYPTO", "PAXOS", "")),
        ("DOGEUSD", "CRYPTO", ("DOGE", "CRYPTO", "PAXOS", "USD")),
        ("BTC-USD", "CRYPTO", ("BTC", "CRYPTO", "PAXOS", "USD")),
        ("NDX", "IND", ("NDX", "IND", "", "")),
    ],
)
def test_symbols_are_asked_for_as_the_broker_writes_them(broker, gateway, symbol, kind, question):
    broker.faults.add(Fault(on="details", kind="error", code=200, text="No security definition"))
    failure(UnknownContract, lambda: gateway.contracts(symbol, sec_type=kind))
    assert questions(broker)[0] == question


def test_an_unknown_symbol_says_what_to_check(gateway):
    error = failure(UnknownContract, lambda: gateway.contracts("NOSUCH"))
    assert "check symbol, exchange and currency" in str(error)
    assert "delisted" in str(error)


def test_an_exchange_on_which_it_does_not_trade_makes_a_symbol_unknown(gateway):
    failure(UnknownContract, lambda: gateway.contracts("AAPL", exchange="LSE"))


@pytest.mark.parametrize(
    ("fault", "error", "unanswered"),
    [
        ({"kind": "never"}, RequestTimedOut, ["details"]),
        ({"kind": "drop"}, ConnectionLost, []),
        ({"kind": "drop_mid_frame"}, ConnectionLost, []),
        ({"kind": "wedge"}, RequestTimedOut, ["details", "current_time"]),
        ({"kind": "garbage"}, UnreadableAnswer, []),
        ({"kind": "error", "code": 321, "text": "Please enter exchange"}, RequestRefused, []),
        ({"kind": "error", "code": 200, "text": "AAPL is ambiguous"}, AmbiguousContract, []),
    ],
)
def test_details_that_do_not_come_are_an_error_of_their_own(
    broker, gateway, fault, error, unanswered
):
    broker.faults.add(Fault(on="details", **fault))
    conditions = [asked(broker, kind) for kind in unanswered]
    failure(error, lambda: in_vain(gateway, lambda: gateway.contracts("AAPL"), *conditions))
    assert len(gateway.contracts("AAPL")) == 1


def test_details_that_come_late_disturb_nobody(broker, gateway, caplog):
    broker.faults.add(Fault(on="details", kind="late", seconds=600))
    with caplog.at_level(logging.DEBUG, "services.ibkr"):
        timed_out(gateway, lambda: gateway.contracts("AAPL"), asked(broker, "details"))
        let_pass(broker, 600)
        until(lambda: len(days(gateway)) == 5 and "Answer 52 to request 1" in caplog.text)
    assert "Answer 10 to request 1 came late" in caplog.text
    assert "Answer 52 to request 1 came late" in caplog.text
    assert errors_logged(caplog) == []


def test_details_that_cannot_be_decoded_are_unreadable(broker, gateway):
    broken = broker.market.instruments[0]
    object.__setattr__(broken, "min_tick", "a penny")
    failure(UnreadableAnswer, lambda: gateway.contracts(broken.symbol))


def test_a_search_finds_by_symbol_and_by_name(gateway):
    assert "AAPL" in [contract.symbol for contract in gateway.search("AA")]
    found = gateway.search("apple")
    assert [(c.con_id, c.symbol, c.exchange, c.currency) for c in found] == [
        (265598, "AAPL", "SMART", "USD")
    ]
    assert found[0].label() == "AAPL · APPLE INC · NASDAQ · USD"


def search_in_vain(broker, gateway, text: str) -> list[Contract]:
    """Search with a broker that never answers a search."""
    broker.faults.add(Fault(on="search", kind="never"))
    return in_vain(gateway, lambda: gateway.search(text), asked(broker, "search"))


def test_without_a_search_the_symbol_itself_is_looked_up(broker, gateway):
    (contract,) = search_in_vain(broker, gateway, "AAPL")
    assert contract.con_id == 265598


def test_with_a_refused_search_the_symbol_itself_is_looked_up(broker, gateway):
    broker.faults.add(Fault(on="search", kind="error", code=321, text="not allowed"))
    (contract,) = gateway.search("AAPL")
    assert contract.con_id == 265598


def test_a_search_looks_for_stocks_then_currencies_then_crypto(broker, gateway):
    (contract,) = search_in_vain(broker, gateway, "EURUSD")
    assert contract.sec_type == "CASH"
    assert [kind for _, kind, _, _ in questions(broker)] == ["STK", "CASH"]


def test_a_search_that_finds_nothing_says_so(gateway):
    failure(UnknownContract, lambda: gateway.search("NOSUCHTHING"))


def test_a_search_cannot_smuggle_fields_into_the_protocol(broker, gateway):
    assert gateway.search("apple\0\0\r\n")[0].symbol == "AAPL"


def test_a_label_leaves_out_what_is_not_known():
    assert Contract(1, "ES", "FUT", "CME", "USD", expiry="20261218").label() == (
        "ES · 20261218 · CME · USD"
    )
