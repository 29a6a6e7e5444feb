"""The broker as the rest of the program sees it: calls that return data or a named error."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pandas as pd

from services.errors import (
    BrokerError,
    ClientIdInUse,
    ConnectionLost,
    NotConnected,
    RequestRefused,
)
from services.ibkr.backoff import Backoff
from services.ibkr.contracts import Contract, find_contracts
from services.ibkr.handshake import open_session
from services.ibkr.history import fetch_bars, fetch_head_time
from services.ibkr.library import load_library
from services.ibkr.owner_thread import OwnerThread
from services.ibkr.refusals import TOO_MANY_REQUESTS
from services.ibkr.search import search_contracts
from services.ibkr.session import Session
from services.ibkr.status import ConnectionInfo
from services.settings import Settings
from services.timespan import check_resolution

CLIENT_IDS = 10  # how many client ids are tried when the first is taken
_LONGEST_HANDSHAKE = 10.0  # seconds; a gateway that lives greets in one
_CROWDED = (1.0, 3.0)  # seconds to wait when the gateway has too many requests open


class Gateway:
    """One connection to TWS or IB Gateway, shared by all threads, used by one at a time.

    It is made by the first call, made again by the next call after it was lost, and ended by
    `close`. Every method raises an error of the BrokerError family, and none takes for ever.
    """

    def __init__(
        self,
        settings: Settings,
        client_id: int | None = None,
        *,
        sleep: Callable[[float], Awaitable] = asyncio.sleep,
        backoff: Backoff | None = None,
    ):
        self._settings = settings
        self._client_id = settings.ib_client_id if client_id is None else client_id
        self._sleep = sleep
        self._backoff = backoff or Backoff()
        self._turn = threading.Lock()
        self._thread = OwnerThread("ibkr")
        self._session: Session | None = None
        self._was_connected = False
        self._closed = False

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def connect(self) -> None:
        """Connect now, if there is no connection; raise NotConnected when that fails."""
        self._call(_nothing)

    def close(self) -> None:
        """End the connection and its thread; what is under way fails with ConnectionLost."""
        if self._closed:
            return
        self._closed = True
        if self._session:
            self._thread.run(self._drop(self._session), _LONGEST_HANDSHAKE)
        self._thread.close()

    def contracts(
        self,
        symbol: str,
        *,
        exchange: str | None = None,
        currency: str | None = None,
        sec_type: str = "STK",
        con_id: int | None = None,
    ) -> list[Contract]:
        """Return the contracts that fit, at least one; raise UnknownContract when none does."""
        return self._call(
            lambda session: find_contracts(
                session, symbol, exchange, currency, sec_type, con_id, self._limit
            )
        )

    def search(self, text: str) -> list[Contract]:
        """Return the contracts that a symbol or a name may mean, likeliest first.

        They may lack details: ask `contracts` for the chosen one by its con_id.
        """
        return self._call(lambda session: search_contracts(session, text, self._limit))

    def history(
        self,
        contract: Contract,
        resolution: str,
        end: pd.Timestamp | None,
        duration: str,
        *,
        regular_hours: bool = True,
        what: str = "TRADES",
    ) -> pd.DataFrame:
        """Return the bars of `duration` up to `end` (None: now) with the columns of bars.

        The values are unchecked, as the broker sent them; the forming bar may be among them.
        """
        check_resolution(resolution)
        return self._call(
            lambda session: fetch_bars(
                session, contract, resolution, end, duration, regular_hours, what, self._limit
            )
        )

    def head_time(
        self, contract: Contract, *, regular_hours: bool = True, what: str = "TRADES"
    ) -> pd.Timestamp:
        """Return the time (UTC) of the first bar that the broker has of a contract."""
        return self._call(
            lambda session: fetch_head_time(session, contract, regular_hours, what, self._limit)
        )

    def server_time(self) -> pd.Timestamp:
        """Return the gateway's clock (UTC, whole seconds)."""
        return self._call(self._server_time)

    def describe(self) -> ConnectionInfo:
        """Return versions, accounts, farms and clock of the connection."""
        return self._call(self._describe)

    @property
    def connected(self) -> bool:
        """Tell whether there is a connection now; never connects."""
        return self._session is not None and self._session.usable

    @property
    def _limit(self) -> float:
        return self._settings.ib_timeout

    @property
    def _last_resort(self) -> float:
        """Seconds beyond all that connecting, asking and asking again may take by themselves."""
        return 10 * self._limit + (CLIENT_IDS + 1) * _LONGEST_HANDSHAKE

    def _call(self, work: Callable[[Session], Awaitable]) -> Any:
        with self._turn:
            if self._closed:
                raise _closed()
            return self._thread.run(self._with_session(work), self._last_resort)

    async def _with_session(self, work: Callable[[Session], Awaitable]) -> Any:
        if not self.connected:
            self._session = await self._connected()
        for wait in _CROWDED:
            try:
                return await work(self._session)
            except RequestRefused as error:
                if error.code != TOO_MANY_REQUESTS:
                    raise
            await self._sleep(min(wait, self._limit))
        return await work(self._session)

    async def _connected(self) -> Session:
        """Return a new session; a connection that was lost is tried for again with back-off."""
        loop = asyncio.get_running_loop()
        patience = loop.time() + (self._limit if self._was_connected else 0)
        while True:
            try:
                session = await self._under_a_free_id()
            except NotConnected:
                left = patience - loop.time()
                if left <= 0 or self._closed:
                    raise
                await self._sleep(min(self._backoff.next(), left))
            else:
                self._backoff.reset()
                self._was_connected = True
                return session

    async def _under_a_free_id(self) -> Session:
        """Return a session under the first client id that is not taken."""
        settings = self._settings
        library = load_library(settings.ib_library)
        limit = min(self._limit, _LONGEST_HANDSHAKE)
        for client_id in range(self._client_id, self._client_id + CLIENT_IDS):
            try:
                return await open_session(
                    library, settings.ib_host, settings.ib_port, client_id, limit
                )
            except ClientIdInUse:
                continue
        raise ClientIdInUse(
            f"The client ids {self._client_id} to {self._client_id + CLIENT_IDS - 1} are all in "
            "use at the gateway: close another program, or set IB_CLIENT_ID to a free one."
        )

    async def _drop(self, session: Session) -> None:
        session.drop(_closed())

    async def _server_time(self, session: Session) -> pd.Timestamp:
        return pd.Timestamp(await session.server_time(self._limit)).tz_convert("UTC")

    async def _describe(self, session: Session) -> ConnectionInfo:
        time = await self._server_time(session)
        return ConnectionInfo(
            library=self._settings.ib_library,
            library_version=session.library.__version__,
            server_version=session.client.serverVersion(),
            client_id=session.client.clientId,
            accounts=tuple(session.client.getAccounts()),
            farms=dict(session.health.farms),
            server_time=time,
        )


async def _nothing(_: Session) -> None:
    return None


def _closed() -> BrokerError:
    return ConnectionLost("This program ended its connection to the gateway: start it again.")
