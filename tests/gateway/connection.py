"""One client's connection: the greeting, its requests, their answers and their faults."""

import asyncio
import struct

from . import protocol
from .answers import ANSWERS, KIND_OF
from .faults import BEFORE, IN_BARS, Fault, noise, spoil
from .history import Refused, read_history

FARMS = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefil"),
)
LONGEST_FRAME = 2**20
MOST_OPEN = 50
TOO_MANY = (
    "Error processing request.-'bT' : cause - Only 50 simultaneous API historical data requests "
    "allowed."
)
ID_IN_USE = "Unable to connect as the client id is already in use. Retry with a unique client id."


class Connection:
    """Speak with one client until it or the gateway goes."""

    def __init__(self, gateway, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.gateway = gateway
        self.version = protocol.NEWEST
        self.client_id = -1
        self.wedged = False
        self.open: dict[int, asyncio.Task] = {}
        self._reader = reader
        self._writer = writer
        self._tasks: set[asyncio.Task] = set()

    async def serve(self) -> None:
        """Greet the client and answer it."""
        try:
            if await self._greet():
                while True:
                    self._begin(protocol.split_fields(await self._read_frame()))
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            self.drop()

    def drop(self) -> None:
        """Cut the connection."""
        for task in self._tasks:
            task.cancel()
        self._writer.close()

    def send(self, data: bytes) -> None:
        """Send bytes, unless the connection is wedged."""
        if not self.wedged and not self._writer.is_closing():
            self._writer.write(data)

    def send_error(self, req_id: int, code: int, text: str) -> None:
        self.send(protocol.error(self.version, req_id, code, text))

    async def _read_frame(self) -> bytes:
        length = struct.unpack(">I", await self._reader.readexactly(4))[0]
        if length > LONGEST_FRAME:
            raise ValueError(length)
        return await self._reader.readexactly(length)

    async def _greet(self) -> bool:
        faults = {fault.kind for fault in self.gateway.faults.take("connect")}
        if await self._reader.readexactly(4) != b"API\0":
            return False
        hello = (await self._read_frame()).decode()
        if "close" in faults:
            return False
        if "hang" in faults:
            await asyncio.Event().wait()
        if "http" in faults:
            self.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return False
        self.version = protocol.agreed_version(hello)
        greeting = protocol.greeting(self.version, self.gateway.now().tz_convert("US/Eastern"))
        if "half_greeting" in faults:
            self.send(greeting[:-4])
            return False
        self.send(greeting)
        return await self._start()

    async def _start(self) -> bool:
        fields = protocol.split_fields(await self._read_frame())
        client_id = int(fields[2])
        self.gateway.record("start", "", fields, client_id)
        faults = {fault.kind for fault in self.gateway.faults.take("start")}
        if "hang" in faults:
            await asyncio.Event().wait()
        if "close" in faults:
            return False
        if "client_id_in_use" in faults or self.gateway.is_taken(client_id):
            self.send_error(-1, 326, ID_IN_USE)
            await self._writer.drain()
            return False
        self.client_id = client_id
        self.gateway.client_ids.append(client_id)
        self.send(protocol.managed_accounts(self.gateway.account))
        self.send(protocol.next_valid_id(next(self.gateway.order_ids)))
        for code, text in FARMS:
            self.send_error(-1, code, text)
        return True

    def _begin(self, fields: list[str]) -> None:
        """Start answering one request; requests are answered side by side."""
        kind = KIND_OF.get(fields[0], f"message {fields[0]}")
        symbol = _symbol(kind, fields)
        self.gateway.record(kind, symbol, fields, self.client_id)
        if kind == "history" and self.gateway.open_history >= MOST_OPEN:
            self.send_error(int(fields[1]), 322, TOO_MANY)
            return
        task = asyncio.create_task(self._answer(kind, symbol, fields))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if kind == "history":
            self.open[int(fields[1])] = task
            task.add_done_callback(lambda _: self.open.pop(int(fields[1]), None))

    async def _answer(self, kind: str, symbol: str, fields: list[str]) -> None:
        req_id = request_id(kind, fields)
        faults = self.gateway.faults.take(kind, symbol)
        if self.gateway.delay:
            await asyncio.sleep(self.gateway.delay)
        for fault in faults:
            if fault.kind in BEFORE:
                await self._before(fault)
            elif fault.kind not in IN_BARS:
                await self._instead(fault, kind, fields, req_id)
                return
        self.send(self._reply(kind, fields, req_id, [f for f in faults if f.kind in IN_BARS]))

    def _reply(self, kind: str, fields: list[str], req_id: int, faults: list[Fault]) -> bytes:
        answer = ANSWERS.get(kind)
        if answer is None:
            return b""
        try:
            if kind == "history":
                return self._history(fields, req_id, faults)
            return answer(self, fields)
        except Refused as refused:
            return protocol.error(self.version, req_id, refused.code, refused.text)

    def _history(self, fields: list[str], req_id: int, faults: list[Fault]) -> bytes:
        start, end, bars = ANSWERS["history"](self, fields)
        for fault in faults:
            if fault.kind == "rewrite":
                bars = fault.rewrite(bars)
            elif fault.kind == "empty":
                bars = []
            else:
                bars = spoil(fault.kind, bars)
        data = protocol.historical_data(req_id, start, end, bars)
        if any(fault.kind == "truncated" for fault in faults):
            fewer = [str(value) for bar in bars for value in bar][:-3]
            data = protocol.frame(17, req_id, start, end, len(bars), *fewer)
        if read_history(fields[2:]).keep_up == "1":
            data += protocol.historical_update(req_id, bars[-1])
        return data

    async def _before(self, fault: Fault) -> None:
        if fault.kind == "late":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "upstream_lost":
            self.send_error(
                -1, 1100, "Connectivity between IBKR and Trader Workstation has been lost."
            )
            await asyncio.sleep(fault.seconds)
            kept = "maintained" if fault.data_kept else "lost"
            self.send_error(
                -1,
                1102 if fault.data_kept else 1101,
                "Connectivity between IBKR and Trader Workstation has been restored - "
                f"data {kept}.",
            )
        else:
            self.send(noise(fault.kind))

    async def _instead(self, fault: Fault, kind: str, fields: list[str], req_id: int) -> None:
        if fault.kind == "never":
            await asyncio.Event().wait()
        elif fault.kind == "error":
            self.send_error(req_id, fault.code, fault.text)
        elif fault.kind == "drop":
            self._writer.close()
        elif fault.kind == "drop_mid_frame":
            data = self._reply(kind, fields, req_id, [])
            self.send(data[: max(5, len(data) // 2)])
            await self._writer.drain()
            self._writer.close()
        elif fault.kind == "wedge":
            self.wedged = True
        elif fault.kind == "restart":
            await self.gateway.restart_soon(fault.seconds)


def request_id(kind: str, fields: list[str]) -> int:
    """Return the id a request carries, or -1 when its kind has none."""
    place = {
        "history": 1, "head_time": 1, "search": 1, "details": 2, "account_summary": 2,
        "executions": 2, "account_multi": 2, "cancel_history": 2, "order": 1, "quotes": 2,
    }.get(kind)  # fmt: skip
    return -1 if place is None else int(fields[place])


def _symbol(kind: str, fields: list[str]) -> str:
    place = {"history": 3, "head_time": 3, "details": 4, "quotes": 4, "order": 3}.get(kind)
    return "" if place is None else fields[place]
