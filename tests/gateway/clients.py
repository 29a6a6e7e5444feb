"""Two clients to try the stand-in with: the real library, and a bare socket."""

import asyncio
import importlib
import os
import socket
import struct

from . import protocol

PATIENCE = 60.0  # seconds, for what must come: a busy machine takes long
LIBRARY = os.environ.get("IB_LIBRARY", "ib_insync")


def talk(gateway, *works, timeout: float = PATIENCE):
    """Connect the real library once for each work, run `work(ib)` side by side, return results.

    A work is a coroutine function; client ids count from 1. One work gives its own result.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        library = importlib.import_module(LIBRARY)
        sessions = (
            _session(library, gateway.port, number, work) for number, work in enumerate(works, 1)
        )
        together = asyncio.wait_for(_gather(sessions), timeout)
        results = loop.run_until_complete(together)
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return results if len(works) > 1 else results[0]


async def _gather(sessions) -> list:
    return await asyncio.gather(*sessions)


async def _session(library, port: int, client_id: int, work):
    ib = library.IB()
    ib.RaiseRequestErrors = True
    ib.codes = []
    ib.errorEvent += lambda _request, code, *_: ib.codes.append(code)
    try:
        await ib.connectAsync("127.0.0.1", port, clientId=client_id, timeout=PATIENCE)
        return await work(ib)
    finally:
        ib.disconnect()
        await asyncio.sleep(0)


def stock(symbol: str, currency: str = "USD", exchange: str = "SMART"):
    """Describe a stock to the library."""
    return importlib.import_module(LIBRARY).Stock(symbol, exchange, currency)


def history(contract, duration="1 M", size="1 day", *, end="", what="TRADES", rth=True, fmt=2):
    """Return a work that asks for bars."""

    async def work(ib):
        return await ib.reqHistoricalDataAsync(contract, end, duration, size, what, rth, fmt)

    return work


def refusal(gateway, work, **how) -> int:
    """Return the code with which a work is refused.

    The event is what counts: to one of the libraries 321 is a warning, and its request waits on.
    """

    async def code_of(ib):
        refused = asyncio.get_running_loop().create_future()

        def on_error(request: int, code: int, *_) -> None:
            if request >= 0 and not refused.done():
                refused.set_result(code)

        ib.errorEvent += on_error
        answer = asyncio.ensure_future(work(ib))
        await asyncio.wait({refused, answer}, return_when="FIRST_COMPLETED")
        if not refused.done():
            raise AssertionError(f"answered: {answer.result()}")
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)
        return refused.result()

    return talk(gateway, code_of, **how)


class Bare:
    """A socket that says the handshake and lets a test see every byte of the answers."""

    def __init__(self, port: int, client_id: int = 1, version: int = 176):
        self.client_id = client_id
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        hello = f"v157..{version}".encode()
        self.socket.sendall(b"API\0" + struct.pack(">I", len(hello)) + hello)

    def __enter__(self) -> "Bare":
        return self

    def __exit__(self, *_exc) -> None:
        self.socket.close()

    def start(self) -> "Bare":
        """Finish the handshake, up to the last message of the data farms."""
        self.read_frame()
        self.send(71, 2, self.client_id, "")
        while self.read_frame()[:1] != ["9"]:
            pass
        for _ in range(3):
            self.read_frame()
        return self

    def send(self, *fields) -> None:
        """Send one message."""
        self.socket.sendall(protocol.frame(*fields))

    def ask_history(self, symbol="IBM", req_id=1, duration="5 D", size="1 day") -> None:
        """Ask for bars."""
        contract = [0, symbol, "STK", "", 0.0, "", "", "SMART", "", "USD", "", ""]
        self.send(20, req_id, *contract, 0, "", size, duration, 1, "TRADES", 2, 0, "")

    def read(self, count: int) -> bytes:
        """Read so many bytes, or fewer when the gateway closes."""
        data = b""
        while len(data) < count and (more := self.socket.recv(count - len(data))):
            data += more
        return data

    def read_frame(self) -> list[str]:
        """Read one message; an empty list means that the gateway closed."""
        head = self.read(4)
        if len(head) < 4:
            return []
        return protocol.split_fields(self.read(struct.unpack(">I", head)[0]))

    def is_silent(self, seconds: float = 0.2) -> bool:
        """Say whether nothing comes, not even the end of the connection."""
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(1)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)
        return False
