"""Requests that go wrong: each way is an error of its own, and spoils nothing."""

import logging
import threading

import pytest
from broker import (
    AAPL,
    NOW,
    asked,
    days,
    errors_logged,
    failure,
    gateway_at,
    let_pass,
    meanwhile,
    timed_out,
)
from gateway import Fault, StandIn, protocol
from waiting import until

from services.errors import (
    BrokerError,
    ConnectionLost,
    EmptyAnswer,
    NotSubscribed,
    PacingViolation,
    RequestRefused,
    UnreadableAnswer,
)
from services.ibkr import Gateway
from services.settings import Settings


@pytest.fixture
def broker():
    with StandIn(clock=NOW) as broker:
        yield broker


@pytest.fixture
def gateway(broker):
    with gateway_at(broker.port) as gateway:
        yield gateway


def days_in_vain(broker, gateway, *kinds: str) -> BrokerError:
    """Ask for bars; let the time pass for that request, and for those of other kinds after it."""
    conditions = [asked(broker, kind) for kind in ("history", *kinds)]
    return timed_out(gateway, lambda: days(gateway), *conditions)


def test_a_request_that_is_never_answered_times_out_and_is_taken_back(broker, gateway):
    broker.faults.add(Fault(on="history", kind="never"))
    error = days_in_vain(broker, gateway)
    assert "5 D of AAPL 1d within 30 seconds" in str(error)
    assert len(days(gateway)) == 5
    kinds = [request.kind for request in broker.requests]
    assert kinds.count("start") == 1, "the connection must be kept"
    assert [kind for kind in kinds if "history" in kind] == ["history", "cancel_history", "history"]


def test_nothing_is_kept_of_a_request_that_was_given_up(broker, gateway):
    broker.faults.add(Fault(on="history", kind="never"))
    days_in_vain(broker, gateway)
    assert gateway._session.ib.wrapper._futures == {}
    assert 1 not in gateway._session.ib.wrapper._results


def test_a_late_answer_does_not_disturb_the_next_request(broker, gateway, caplog):
    gateway.connect()
    gateway._session.client.cancelHistoricalData = lambda _: None  # so that it comes at all
    broker.faults.add(Fault(on="history", kind="late", seconds=600))
    with caplog.at_level(logging.DEBUG, "services.ibkr"):
        days_in_vain(broker, gateway)
        let_pass(broker, 600)
        until(lambda: came_between(gateway, "Answer 17 to request 1 came late", caplog))
    assert not errors_logged(caplog)


def came_between(gateway, line: str, caplog) -> bool:
    """Ask for other bars, which must come as always; tell whether the log has a line by then."""
    assert list(days(gateway, "3 D")["ts"].dt.day) == [27, 28, 1]
    return line in caplog.text


def test_the_gateway_may_know_nothing_of_what_is_taken_back(broker, gateway):
    broker.faults.add(Fault(on="history", kind="never"))
    broker.faults.add(
        Fault(on="cancel_history", kind="error", code=366, text="No historical data query found")
    )
    days_in_vain(broker, gateway)
    assert len(days(gateway)) == 5


def test_a_connection_that_breaks_within_a_frame_is_lost_and_made_again(broker, gateway):
    broker.faults.add(Fault(on="history", kind="drop_mid_frame"))
    failure(ConnectionLost, lambda: days(gateway))
    assert len(days(gateway)) == 5


def test_a_wedged_connection_is_dropped_and_made_again(broker, gateway):
    broker.faults.add(Fault(on="history", kind="wedge"))
    error = days_in_vain(broker, gateway, "current_time")
    assert "does not even tell the time, so the connection was dropped" in str(error)
    assert len(days(gateway)) == 5


def test_closing_ends_a_request_under_way_at_once(broker, gateway):
    gateway.connect()
    broker.faults.add(Fault(on="history", kind="never"))
    closing = (asked(broker, "history"), gateway.close)
    failure(ConnectionLost, lambda: meanwhile(lambda: days(gateway), closing))
    failure(ConnectionLost, lambda: days(gateway))


@pytest.mark.parametrize(
    ("code", "text", "error"),
    [
        (162, "HMDS query returned no data: AAPL@SMART Trades", EmptyAnswer),
        (162, "Historical data request pacing violation", PacingViolation),
        (162, "No market data permissions for NASDAQ STK", NotSubscribed),
        (10197, "No market data during competing live session", NotSubscribed),
        (321, "Error validating request.-'bW' : cause - Invalid step", RequestRefused),
        (366, "No historical data query found for ticker id", RequestRefused),
    ],
)
def test_a_refusal_is_its_own_error_and_the_next_request_is_fine(
    broker, gateway, code, text, error
):
    broker.faults.add(Fault(on="history", kind="error", code=code, text=text))
    found = failure(error, lambda: days(gateway))
    assert text in str(found)
    assert len(days(gateway)) == 5


def test_a_refusal_without_the_newest_field_is_heard(broker, gateway, monkeypatch, caplog):
    monkeypatch.setattr(protocol, "error", lambda _version, *said: protocol.frame(4, 2, *said))
    broker.faults.add(Fault(on="history", kind="error"))
    failure(EmptyAnswer, lambda: days(gateway))
    assert gateway.describe().farms["usfarm"] == "ok"
    assert len(days(gateway)) == 5


def test_no_bars_at_all_is_an_empty_answer(broker, gateway):
    broker.faults.add(Fault(on="history", kind="empty"))
    assert "no bars for 5 D of AAPL 1d" in str(failure(EmptyAnswer, lambda: days(gateway)))


@pytest.mark.parametrize("kind", ["bad_float", "bad_count", "bad_date", "truncated"])
def test_bars_that_cannot_be_decoded_are_unreadable_at_once(broker, gateway, kind):
    broker.faults.add(Fault(on="history", kind=kind))
    failure(UnreadableAnswer, lambda: days(gateway))
    assert len(days(gateway)) == 5


@pytest.mark.parametrize("promised", ["4", "6", "-1", "five"])
def test_bars_that_are_not_as_many_as_promised_are_unreadable(gateway, monkeypatch, promised):
    def written(req_id, start, end, bars):
        values = [value for bar in bars for value in bar]
        return protocol.frame(17, req_id, start, end, promised, *values)

    monkeypatch.setattr(protocol, "historical_data", written)
    failure(UnreadableAnswer, lambda: days(gateway))


@pytest.mark.parametrize("kind", ["unknown_message", "zero_frame"])
def test_a_strange_message_is_passed_over(broker, gateway, caplog, kind):
    broker.faults.add(Fault(on="history", kind=kind))
    assert len(days(gateway)) == 5
    assert errors_logged(caplog) == []


@pytest.mark.parametrize("code", [165, 2174, 10167])
def test_a_warning_about_a_request_does_not_end_it(broker, gateway, code):
    def warn(bars):
        for connection in broker.connections:
            connection.send_error(1, code, "Warning: you submitted a request without a time zone")
        return bars

    broker.faults.add(Fault(on="history", kind="rewrite", rewrite=warn))
    assert len(days(gateway)) == 5


@pytest.mark.parametrize("kind", ["huge_prefix", "garbage"])
def test_bytes_that_are_no_message_end_the_connection_at_once(broker, gateway, kind):
    broker.faults.add(Fault(on="history", kind=kind))
    failure(UnreadableAnswer, lambda: days(gateway))
    assert len(days(gateway)) == 5


def test_a_line_that_is_lost_and_comes_back_with_its_data_is_waited_for(broker, gateway):
    broker.faults.add(Fault(on="history", kind="upstream_lost", data_kept=True))
    assert len(days(gateway)) == 5


def test_a_line_that_comes_back_without_its_data_asks_for_another_try(broker, gateway):
    broker.faults.add(Fault(on="history", kind="upstream_lost", data_kept=False))
    failure(ConnectionLost, lambda: days(gateway))
    assert len(days(gateway)) == 5


def test_a_crowded_gateway_is_asked_again_after_a_while(broker):
    crowded = {"code": 322, "text": "Error processing request.-'bS' : cause - over 50 requests"}
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    with Gateway(Settings(ib_port=broker.port), sleep=sleep) as gateway:
        broker.faults.add(Fault(on="history", kind="error", times=2, **crowded))
        assert len(days(gateway)) == 5
        assert slept == [1, 3]
        broker.faults.add(Fault(on="history", kind="error", times=3, **crowded))
        assert failure(RequestRefused, lambda: days(gateway)).code == 322


def test_sixty_callers_at_once_are_all_served(gateway):
    found = []
    callers = [threading.Thread(target=lambda: found.append(len(days(gateway)))) for _ in range(60)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert found == [5] * 60


def test_a_time_out_while_the_brokers_line_is_down_says_so(broker, gateway):
    gateway.connect()
    broker.send_to_all(1100, "Connectivity between IBKR and Trader Workstation has been lost.")
    broker.faults.add(Fault(on="history", kind="never"))
    error = days_in_vain(broker, gateway)
    assert "has lost its line to Interactive Brokers" in str(error)


def test_normal_work_logs_no_error(gateway, caplog):
    with caplog.at_level(logging.DEBUG):
        gateway.describe()
        days(gateway)
        gateway.contracts("AAPL")
        gateway.search("AAP")
        gateway.head_time(AAPL)
        gateway.close()
    assert any(record.name.startswith(("ib_insync", "ib_async")) for record in caplog.records)
    assert errors_logged(caplog) == []
