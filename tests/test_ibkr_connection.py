"""Connecting to the gateway: each way to fail has its own error, sentence and end in time."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager

import pytest

from services.errors import NotConnected
from services.ibkr import Gateway
from services.settings import Settings

PATIENCE = 0.6  # seconds for one request
SLACK = 1.5  # seconds that a slow machine may add


def settings(port: int, **changes) -> Settings:
    return Settings(**{"ib_port": port, "ib_timeout": PATIENCE} | changes)


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


def until_gone(caller: socket.socket) -> None:
    """Read what comes until the caller leaves."""
    caller.settimeout(10)
    while caller.recv(4096):
        pass


def failure(port: int, **changes) -> NotConnected:
    """Connect, and return the error that must come within the time limit."""
    started = time.monotonic()
    with Gateway(settings(port, **changes)) as gateway, pytest.raises(NotConnected) as caught:
        gateway.connect()
    assert time.monotonic() - started < PATIENCE + SLACK
    return caught.value


def test_nothing_listens_says_what_to_start_and_what_to_check():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert str(failure(port)) == (
        f"Nothing listens on 127.0.0.1:{port}: start TWS or IB Gateway, and check that its API is "
        "on and IB_HOST and IB_PORT are right."
    )


def test_a_host_that_does_not_exist_says_what_to_check():
    assert "check IB_HOST" in str(failure(4002, ib_host="no-such-host.invalid"))


def test_a_handshake_that_hangs_ends_in_time():
    with listening(until_gone) as port:
        assert "did not finish the handshake within 0.6 seconds" in str(failure(port))


def test_a_handshake_that_hangs_after_the_greeting_ends_in_time():
    def greet_only(caller):
        caller.sendall(frame("176", "20261122 06:40:35 EST"))
        until_gone(caller)

    with listening(greet_only) as port:
        assert "did not finish the handshake within 0.6 seconds" in str(failure(port))


def test_a_web_server_is_recognised():
    def refuse(caller):
        caller.recv(100)
        caller.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        until_gone(caller)

    with listening(refuse) as port:
        error = failure(port, ib_timeout=30)
    assert "is not TWS or IB Gateway" in str(error)
    assert "IB_PORT" in str(error)


def test_garbage_in_the_handshake_is_no_gateway():
    def babble(caller):
        caller.sendall(b"\xff\xfe\xfd\xfc" * 50)
        until_gone(caller)

    with listening(babble) as port:
        assert "is not TWS or IB Gateway" in str(failure(port))


def test_a_length_prefix_of_two_gigabytes_is_no_gateway():
    def promise(caller):
        caller.sendall(struct.pack(">I", 2**31 - 1))
        until_gone(caller)

    with listening(promise) as port:
        assert "is not TWS or IB Gateway" in str(failure(port, ib_timeout=30))


@pytest.mark.parametrize("greeting", [b"", b"\0\0\0\x10176\0"])
def test_a_connection_that_is_closed_in_the_handshake_ends_at_once(greeting):
    def hang_up(caller):
        caller.recv(100)
        caller.sendall(greeting)

    with listening(hang_up) as port:
        assert "closed the connection in the handshake" in str(failure(port, ib_timeout=30))


def test_a_gateway_that_is_too_old_is_told_so():
    def greet(caller):
        caller.sendall(frame("100", "20100101 00:00:00 EST"))
        until_gone(caller)

    with listening(greet) as port:
        assert "too old: update it" in str(failure(port, ib_timeout=30))


def test_a_library_that_is_not_installed_is_named():
    assert "ib_async is not installed" in str(failure(4002, ib_library="ib_async"))


def frame(*fields: str) -> bytes:
    content = b"".join(field.encode() + b"\0" for field in fields)
    return struct.pack(">I", len(content)) + content
