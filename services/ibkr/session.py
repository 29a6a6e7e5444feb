"""One connection to the gateway: opened once, asked, dropped; never opened again."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

from services.errors import BrokerError, ConnectionLost, RequestTimedOut, UnreadableAnswer
from services.ibkr.answers import AnswerDesk
from services.ibkr.framing import Framing
from services.ibkr.refusals import DATA_LOST, is_information, translate
from services.ibkr.status import Health

_CURRENT_TIME = "currentTime"  # the library's key: this one request has no number
_PROBE = 5.0  # seconds in which a living gateway tells the time


class Session:
    """Owns the futures of its requests, so that each way to fail is an error of its own."""

    def __init__(self, library: ModuleType):
        self.library = library
        self.ib = library.IB()
        self.health = Health()
        self.ended: BrokerError | None = None
        self._answers: dict[Any, asyncio.Future] = {}
        self._framing = Framing()
        self.ib.RaiseRequestErrors = True
        self.ib.errorEvent.clear()  # the library's own listener subscribes to account summaries
        self.ib.errorEvent += self._on_error
        self._desk = AnswerDesk(
            self.client.decoder, self._answers.__contains__, self._is_open, self._fail
        )
        self.client.decoder.interpret = self._desk.interpret
        self.client.conn.hasData += self._on_data
        self.client.conn.disconnected += self._on_disconnected

    @property
    def client(self):
        """The library's client of the wire protocol."""
        return self.ib.client

    @property
    def usable(self) -> bool:
        """Tell whether requests can be sent."""
        return self.ended is None and self.client.isReady()

    async def ask(
        self,
        send: Callable[[int], None],
        subject: str,
        limit: float,
        cancel: Callable[[int], None] | None = None,
    ) -> Any:
        """Send a request under a new number and return what the library makes of the answer.

        `cancel` takes a request back at the gateway when it is not answered within `limit` seconds.
        """
        number = self._number()
        try:
            return await self._answer(number, lambda: send(number), limit)
        except TimeoutError:
            if cancel and self.usable:
                cancel(number)
            raise await self._timed_out(subject, limit) from None

    async def server_time(self, limit: float) -> Any:
        """Return the gateway's clock as an aware datetime."""
        try:
            return await self._answer(_CURRENT_TIME, self.client.reqCurrentTime, limit)
        except TimeoutError:
            raise self._wedged("the time", limit) from None

    def drop(self, why: BrokerError) -> None:
        """End the connection at once; what is under way fails with `why`."""
        if self.ended is None:
            self.ended = why
        transport = self.client.conn.transport
        with suppress(OSError):  # the other side may have gone a moment ago
            self.client.disconnect()
        if transport:
            transport.abort()  # a closed one would wait until the other side has read everything
        self._fail(None, why)

    async def _answer(self, key: Any, send: Callable[[], None], limit: float) -> Any:
        answer = asyncio.get_running_loop().create_future()
        self._answers[key] = answer
        self.ib.wrapper.startReq(key).add_done_callback(lambda done: _hand_over(done, answer))
        try:
            send()
            return await asyncio.wait_for(answer, limit)
        except ConnectionError as error:
            raise self.ended or _lost() from error
        finally:
            del self._answers[key]
            self.ib.wrapper._endReq(key)  # else the library keeps what came of an answer

    def _number(self) -> int:
        if not self.usable:
            raise self.ended or _lost()
        return self.client.getReqId()

    async def _timed_out(self, subject: str, limit: float) -> BrokerError:
        """Say why there was no answer, after asking the gateway whether it lives at all."""
        if not self.usable:
            return self.ended or _lost()
        probe = min(_PROBE, max(limit / 2, 0.05))
        try:
            await self._answer(_CURRENT_TIME, self.client.reqCurrentTime, probe)
        except TimeoutError:
            return self._wedged(subject, limit)
        except BrokerError as error:
            return error
        if not self.health.upstream:
            return RequestTimedOut(
                f"TWS or IB Gateway has lost its line to Interactive Brokers, so {subject} was not "
                f"answered within {limit:g} seconds: try again when it is back."
            )
        return RequestTimedOut(
            f"The broker did not answer the request for {subject} within {limit:g} seconds: ask "
            "again, ask for less, or raise IB_TIMEOUT."
        )

    def _wedged(self, subject: str, limit: float) -> BrokerError:
        error = RequestTimedOut(
            f"The gateway did not answer the request for {subject} within {limit:g} seconds and "
            "does not even tell the time, so the connection was dropped: ask again for a new one, "
            "and if it stays so restart TWS or IB Gateway."
        )
        self.drop(error)
        return error

    def _is_open(self, key: Any) -> bool:
        """Tell whether the library still waits for the end of an answer."""
        return key in self.ib.wrapper._futures

    def _fail(self, key: Any, error: BrokerError) -> None:
        """Fail one request, or all that are under way when it is not known which."""
        for answer in [self._answers.get(key)] if key is not None else self._answers.values():
            if answer and not answer.done():
                answer.set_exception(error)

    def _on_error(self, request: int, code: int, text: str, *_) -> None:
        self.health.hear(code, text)
        if code == DATA_LOST:
            self._fail(None, translate(code, text))
        elif not is_information(code) and request in self._answers:
            self._fail(request, translate(code, text))

    def _on_data(self, data: bytes) -> None:
        prefix = self._framing.broken_by(data)
        if prefix is not None and self.ended is None:
            self.drop(
                UnreadableAnswer(
                    f"The gateway's answer is no message of its protocol (it begins {prefix!r}), "
                    "so the connection was dropped: ask again, and if it stays so restart TWS or "
                    "IB Gateway."
                )
            )

    def _on_disconnected(self, why: str) -> None:
        if self.ended is None:
            self.ended = _lost(why)
        self._fail(None, self.ended)


def _hand_over(done: asyncio.Future, answer: asyncio.Future) -> None:
    """Bring the library's result; most errors came before, by the events that name them better."""
    if done.cancelled():
        return
    error = done.exception()
    if answer.done():
        return
    if error is None:
        answer.set_result(done.result())
    else:
        answer.set_exception(
            UnreadableAnswer(f"The gateway's answer cannot be decoded ({error}): ask again.")
        )


def _lost(why: str = "") -> ConnectionLost:
    detail = f" ({why})" if why else ""
    return ConnectionLost(
        f"The connection to TWS or IB Gateway broke{detail}: ask again when it runs."
    )
