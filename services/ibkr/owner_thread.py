"""A thread with an event loop of its own: whoever wants something done there waits for it."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any

from services.errors import ConnectionLost, RequestTimedOut

_GRACE = 5.0  # seconds that the loop has to come to rest when it is closed


class OwnerThread:
    """Owns an event loop; it starts with the first piece of work and ends for good with `close`."""

    def __init__(self, name: str):
        self._name = name
        self._starting = threading.Lock()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine, limit: float) -> Any:
        """Return what `work` returns; raise RequestTimedOut when that takes longer than `limit`.

        `limit` (seconds) is the last resort: work bounds its own waiting.
        """
        try:
            loop = self._running_loop()
        except ConnectionLost:
            work.close()
            raise
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result(limit)
        except concurrent.futures.TimeoutError as error:
            future.cancel()
            raise RequestTimedOut(
                f"The connection to Interactive Brokers did not come to an end within {limit:g} "
                "seconds: restart this program."
            ) from error
        except concurrent.futures.CancelledError as error:
            raise _ended() from error

    def close(self) -> None:
        """End the loop and the thread; it may be called again."""
        with self._starting:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join(_GRACE)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._closed:
                raise _ended()
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_serve, args=[self._loop], name=self._name, daemon=True
                )
                self._thread.start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    # The client library looks the loop up when it is imported, so this comes before any work.
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        unfinished = asyncio.all_tasks(loop)
        for task in unfinished:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*unfinished, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()


def _ended() -> ConnectionLost:
    return ConnectionLost("This program ended its connection to the gateway: start it again.")
