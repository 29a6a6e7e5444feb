"""The stand-in gateway: a real socket in a thread of its own, with the doors a test needs."""

import asyncio
import itertools
import threading
import time
from dataclasses import dataclass

import pandas as pd

from .connection import Connection
from .faults import FaultQueue
from .market import Market
from .pacing import Violation, violations

ACCOUNT = "DU1234567"


@dataclass(frozen=True)
class Received:
    """One request as it came in; `time` is monotonic, `clock` the gateway's own time."""

    kind: str
    symbol: str
    fields: tuple[str, ...]
    time: float
    clock: pd.Timestamp
    client_id: int


class StandIn:
    """A gateway on a free loopback port, answering from a Market until it is closed.

    `clock` stops the gateway's time there (move it with `set_time`); without it time is real.
    `skew` may be set: how far its clock is ahead. `delay` holds
    every answer back. `pacing_time` measures the pacing of requests.
    """

    def __init__(
        self,
        market: Market | None = None,
        clock=None,
        *,
        port: int = 0,
        delay: float = 0.0,
        enforce_pacing: bool = False,
        conservative: bool = False,
        pacing_time=time.monotonic,
    ):
        self._now = None if clock is None else _utc(clock)
        self.skew = pd.Timedelta(0)
        self.market = market or Market(now=self.now())
        self.faults = FaultQueue()
        self.requests: list[Received] = []
        self.client_ids: list[int] = []
        self.account = ACCOUNT
        self.port = port
        self.delay = delay
        self.enforce_pacing = enforce_pacing
        self.conservative = conservative
        self.pacing_time = pacing_time
        self.order_ids = itertools.count(1)
        self.connections: set[Connection] = set()
        self.lingering: dict[int, float] = {}
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="stand-in gateway", daemon=True)

    def __enter__(self) -> "StandIn":
        return self if self._thread.is_alive() else self.start()

    def __exit__(self, *_exc) -> None:
        self.close()

    def start(self) -> "StandIn":
        """Listen; `port` is known when this returns."""
        self._thread.start()
        self._call(self._listen())
        return self

    def close(self) -> None:
        """Drop every client and stop; does nothing the second time."""
        if not self._thread.is_alive():
            return
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def now(self) -> pd.Timestamp:
        """Return the gateway's time."""
        return (pd.Timestamp.now("UTC") if self._now is None else self._now) + self.skew

    def set_time(self, ts) -> None:
        """Stop the gateway's clock at `ts`, or move it there."""
        self._now = _utc(ts)

    @property
    def open_history(self) -> int:
        """How many requests for history wait for their answers."""
        return sum(len(connection.open) for connection in self.connections)

    @property
    def violations(self) -> list[Violation]:
        """The pacing rules that the requests for history broke so far."""
        return violations([r for r in self.requests if r.kind == "history"])

    def history_requests(self, symbol: str | None = None) -> list[Received]:
        """Return the requests for history so far, of one symbol or of all."""
        return [r for r in self.requests if r.kind == "history" and symbol in (None, r.symbol)]

    def broke_pacing(self, fields: list[str]) -> bool:
        """Say whether the request of these fields was one too many."""
        return any(v.request.fields == tuple(fields) for v in self.violations)

    def drop_all(self) -> None:
        """Cut every connection."""
        self._call(self._drop_all())

    def stop_listening(self) -> None:
        """Refuse new connections from now on; those that stand stay."""
        self._call(self._stop_listening())

    def listen_again(self) -> None:
        """Take connections again, on the same port."""
        self._call(self._listen())

    def restart(self, *, refuse: float = 0.0, linger: float = 0.0) -> None:
        """Restart as every night: drop all, refuse for a while, then hold the old client ids.

        Returns at once; `refuse` and `linger` (counted from the end of `refuse`) are seconds.
        """
        self._call(self._restart(refuse, linger))

    def send_to_all(self, code: int, text: str) -> None:
        """Send a message that belongs to no request to every client, as 1100 or 2103."""
        self._call(self._send_to_all(code, text))

    def wedge(self, wedged: bool = True) -> None:
        """Keep every connection open but answer nothing, or answer again."""
        self._call(self._wedge(wedged))

    def record(self, kind: str, symbol: str, fields: list[str], client_id: int) -> Received:
        """Write down a request that came in."""
        received = Received(kind, symbol, tuple(fields), self.pacing_time(), self.now(), client_id)
        self.requests.append(received)
        return received

    def is_taken(self, client_id: int) -> bool:
        """Say whether a client id is connected, or still held after a restart."""
        held = self.lingering.get(client_id, 0.0) > self._loop.time()
        return held or any(c.client_id == client_id for c in self.connections)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(
                self._welcome, "127.0.0.1", self.port, limit=2**20
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def _welcome(self, reader, writer) -> None:
        connection = Connection(self, reader, writer)
        self.connections.add(connection)
        try:
            await connection.serve()
        finally:
            self.connections.discard(connection)

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _drop_all(self) -> None:
        for connection in list(self.connections):
            connection.drop()

    async def _shut(self) -> None:
        await self._stop_listening()
        await self._drop_all()
        tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def restart_soon(self, refuse: float) -> None:
        """Restart from inside a connection's own task."""
        self._restarting = asyncio.create_task(self._restart(refuse, refuse))

    async def _restart(self, refuse: float, linger: float) -> None:
        await self._stop_listening()
        until = self._loop.time() + refuse + linger
        for connection in self.connections:
            self.lingering[connection.client_id] = until
        await self._drop_all()
        self._rising = asyncio.create_task(self._rise_after(refuse))

    async def _rise_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._listen()

    async def _send_to_all(self, code: int, text: str) -> None:
        for connection in self.connections:
            connection.send_error(-1, code, text)

    async def _wedge(self, wedged: bool) -> None:
        for connection in self.connections:
            connection.wedged = wedged


def _utc(ts) -> pd.Timestamp:
    ts = pd.Timestamp(ts)
    return ts.tz_localize("UTC") if ts.tz is None else ts.tz_convert("UTC")
