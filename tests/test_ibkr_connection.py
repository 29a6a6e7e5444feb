"""Connecting to the gateway: each way to fail has its own error and sentence, and an end."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import contextmanager

import pandas as pd
import pytest
from broker import (
    NOW,
    asked,
    days,
    failure,
    gateway_at,
    in_vain,
    let_pass,
    meanwhile,
    timed_out,
    wait_until_lost,
)
from gateway import Fault, StandIn

from services.errors import ClientIdInUse, ConnectionLost, NotConnected
from services.ibkr import Gateway
from services.ibkr.backoff import Backoff
from services.settings import Settings


@contextmanager
def listening(behave: Callable[[socket.socket], None]):
    """Listen on a free port and treat each caller as `behave` says; give the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                with caller:
                    behave(caller)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def frame(*fields: str) -> bytes:
    content = b"".join(field.encode() + b"\0" for field in fields)
    return struct.pack(">I", len(content)) + content


def until_gone(caller: socket.socket) -> None:
    """Read what comes until the caller leaves."""
    while caller.recv(4096):
        pass


@pytest.fixture
def heard():
    """Give an event that is set when a listener has heard of its caller."""
    return threading.Event()


def refusal(port: int, *conditions: Callable[[], bool], **settings) -> NotConnected:
    """Connect, and return the error; the time for an answer passes when the conditions hold."""
    with gateway_at(port, **settings) as gateway:
        return failure(NotConnected, lambda: in_vain(gateway, gateway.connect, *conditions))


def test_nothing_listens_says_what_to_start_and_what_to_check():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert str(refusal(port)) == (
        f"Nothing listens on 127.0.0.1:{port}: start TWS or IB Gateway, and check that its API is "
        "on and IB_HOST and IB_PORT are right."
    )


def test_nothing_listens_on_any_address_of_a_name(monkeypatch):
    def two_addresses(_host, port, *_):
        places = [(place, port) for place in ("127.0.0.1", "127.0.0.2")]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]

    monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert f"Nothing listens on localhost:{port}" in str(refusal(port, ib_host="localhost"))


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".example", "no host"])
def test_a_host_that_does_not_exist_says_what_to_check(host):
    assert "check IB_HOST" in str(refusal(4002, ib_host=host))


def test_a_handshake_that_hangs_ends_after_ten_seconds(heard):
    def hang(caller):
        caller.recv(100)
        heard.set()
        until_gone(caller)

    with listening(hang) as port:
        error = refusal(port, heard.is_set)
    assert "did not finish the handshake within 10 seconds" in str(error)


def test_a_handshake_that_hangs_after_the_greeting_ends_with_the_patience(heard):
    def greet_only(caller):
        caller.recv(100)
        caller.sendall(frame("176", "20261122 06:40:35 EST"))
        caller.recv(100)  # what a client says to a greeting
        heard.set()
        until_gone(caller)

    with listening(greet_only) as port:
        error = refusal(port, heard.is_set, ib_timeout=7.5)
    assert "did not finish the handshake within 7.5 seconds" in str(error)


def test_a_web_server_is_recognised():
    def refuse(caller):
        caller.recv(100)
        caller.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        until_gone(caller)

    with listening(refuse) as port:
        error = refusal(port)
    assert "is not TWS or IB Gateway" in str(error)
    assert "IB_PORT" in str(error)


def test_garbage_in_the_handshake_is_no_gateway():
    def babble(caller):
        caller.sendall(b"\xff\xfe\xfd\xfc" * 50)
        until_gone(caller)

    with listening(babble) as port:
        assert "is not TWS or IB Gateway" in str(refusal(port))


def test_a_length_prefix_of_two_gigabytes_is_no_gateway():
    def promise(caller):
        caller.sendall(struct.pack(">I", 2**31 - 1))
        until_gone(caller)

    with listening(promise) as port:
        assert "is not TWS or IB Gateway" in str(refusal(port))


@pytest.mark.parametrize("greeting", [b"", b"\0\0\0\x10176\0"])
def test_a_connection_that_is_closed_in_the_handshake_ends_at_once(greeting):
    def hang_up(caller):
        caller.recv(100)
        caller.sendall(greeting)

    with listening(hang_up) as port:
        assert "closed the connection in the handshake" in str(refusal(port))


def test_a_gateway_that_is_too_old_is_told_so():
    def greet(caller):
        caller.sendall(frame("100", "20100101 00:00:00 EST"))
        until_gone(caller)

    with listening(greet) as port:
        assert "too old: update it" in str(refusal(port))


def test_a_library_that_is_not_installed_is_named():
    other = {"ib_insync": "ib_async", "ib_async": "ib_insync"}[Settings().ib_library]
    assert f"{other} is not installed" in str(refusal(4002, ib_library=other))


@pytest.fixture
def broker():
    with StandIn(clock=NOW) as broker:
        yield broker


@pytest.mark.parametrize("kind", ["hang", "http", "close", "half_greeting"])
def test_after_a_failed_handshake_the_next_try_is_fine(broker, kind):
    broker.faults.add(Fault(on="connect", kind=kind))
    hangs = [lambda: not len(broker.faults)] if kind == "hang" else []
    with gateway_at(broker.port) as gateway:
        failure(NotConnected, lambda: in_vain(gateway, gateway.connect, *hangs))
        gateway.connect()
        assert len(days(gateway)) == 5


def test_a_client_id_that_is_taken_is_passed_over(broker):
    with gateway_at(broker.port) as first, gateway_at(broker.port) as second:
        first.connect()
        second.connect()
        assert first.describe().client_id == 1
        assert second.describe().client_id == 2
        assert len(days(first)) == len(days(second)) == 5


def test_the_client_id_that_was_asked_for_comes_first(broker):
    with gateway_at(broker.port, 7) as given, gateway_at(broker.port, ib_client_id=30) as set_:
        assert given.describe().client_id == 7
        assert set_.describe().client_id == 30


def test_when_ten_client_ids_are_taken_the_error_names_them(broker):
    broker.faults.add(Fault(on="start", kind="client_id_in_use", times=10))
    with gateway_at(broker.port, 5) as gateway:
        error = failure(ClientIdInUse, gateway.connect)
        assert "The client ids 5 to 14 are all in use" in str(error)
        assert "IB_CLIENT_ID" in str(error)
    assert [request.client_id for request in broker.requests] == list(range(5, 15))


@pytest.mark.parametrize("request_", ["positions", "orders", "executions", "account"])
def test_what_a_connection_is_not_needed_for_cannot_hold_it_up(broker, request_):
    broker.faults.add(Fault(on=request_, kind="never", times=9))
    with gateway_at(broker.port) as gateway:
        gateway.connect()
        assert len(days(gateway)) == 5


def test_a_connection_says_what_it_is(broker):
    with gateway_at(broker.port) as gateway:
        info = gateway.describe()
    assert info.library == Settings().ib_library
    assert info.library_version
    assert info.server_version == 176
    assert info.accounts == ("DU1234567",)
    assert info.farms == {"usfarm": "ok", "ushmds": "ok", "secdefil": "ok"}
    assert info.server_time == NOW


def test_a_clock_that_goes_wrong_is_told_as_it_is(broker):
    with gateway_at(broker.port) as gateway:
        broker.set_time(pd.Timestamp("2031-07-01 12:00:05", tz="UTC"))
        assert gateway.server_time() == pd.Timestamp("2031-07-01 12:00:05", tz="UTC")


def test_a_connection_that_was_lost_between_two_requests_is_made_again(broker):
    with gateway_at(broker.port) as gateway:
        gateway.connect()
        broker.drop_all()
        wait_until_lost(gateway)
        assert len(days(gateway)) == 5


def test_the_nightly_restart_is_waited_for_and_the_lingering_client_id_passed_over(broker):
    with gateway_at(broker.port) as gateway:
        assert gateway.describe().client_id == 1
        broker.restart(refuse=0.3, linger=60)
        wait_until_lost(gateway)
        assert len(days(gateway)) == 5
        assert gateway.describe().client_id == 2


def test_a_lost_gateway_is_tried_for_with_growing_pauses_within_the_patience(broker):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        if len(slept) in (8, 10):
            broker.listen_again()

    settings = Settings(ib_port=broker.port, ib_timeout=600)
    with Gateway(settings, sleep=sleep, backoff=Backoff(chance=lambda: 1.0)) as gateway:
        for _ in range(2):
            gateway.connect()
            broker.stop_listening()
            broker.drop_all()
            wait_until_lost(gateway)
            assert len(days(gateway)) == 5
    assert slept == [1, 2, 4, 8, 16, 32, 60, 60, 1, 2]


def test_a_gateway_that_does_not_come_back_ends_the_patience(broker):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        let_pass(gateway, seconds)
        await asyncio.sleep(0)  # it passes now, and not while a connection is tried

    settings = Settings(ib_port=broker.port, ib_timeout=100)
    with Gateway(settings, sleep=sleep, backoff=Backoff(chance=lambda: 1.0)) as gateway:
        gateway.connect()
        broker.stop_listening()
        broker.drop_all()
        wait_until_lost(gateway)
        error = failure(NotConnected, lambda: days(gateway))
        assert "Nothing listens" in str(error)
    assert slept[:6] == [1, 2, 4, 8, 16, 32]
    assert sum(slept) <= 100  # seconds: what is left of the patience, and no more


def test_a_gateway_that_goes_silent_is_noticed_and_left(broker):
    with gateway_at(broker.port) as gateway:
        gateway.connect()
        broker.wedge()
        error = timed_out(gateway, gateway.server_time, asked(broker, "current_time"))
        assert "does not even tell the time" in str(error)
        assert len(days(gateway)) == 5
    assert broker.client_ids in ([1, 1], [1, 2])


def test_closing_ends_the_thread_and_may_be_done_twice(broker):
    gateway = gateway_at(broker.port)
    gateway.connect()
    assert "ibkr" in {thread.name for thread in threading.enumerate()}
    gateway.close()
    gateway.close()
    assert "ibkr" not in {thread.name for thread in threading.enumerate()}
    assert "start it again" in str(failure(ConnectionLost, gateway.server_time))


def test_closing_ends_an_attempt_to_connect(heard):
    def hang(caller):
        heard.set()
        until_gone(caller)

    with listening(hang) as port, gateway_at(port) as gateway:
        closing = (heard.is_set, gateway.close)
        failure(ConnectionLost, lambda: meanwhile(gateway.connect, closing))


def test_making_an_adapter_neither_connects_nor_starts_a_thread(broker):
    gateway_at(broker.port)
    assert broker.requests == []
    assert "ibkr" not in {thread.name for thread in threading.enumerate()}
