"""Opening a connection: each way in which a handshake fails gets a sentence of its own."""

import asyncio
import errno
from types import ModuleType

from services.errors import BrokerError, ClientIdInUse, NotConnected, UnreadableAnswer
from services.ibkr.refusals import CLIENT_ID_IN_USE, is_information
from services.ibkr.session import Session


async def open_session(
    library: ModuleType, host: str, port: int, client_id: int, limit: float
) -> Session:
    """Return a session that is ready for requests; raise NotConnected or ClientIdInUse."""
    session = Session(library)
    session.ib.wrapper.clientId = client_id
    place = f"{host}:{port}"
    broken = _watch(session, client_id, place)
    connecting = asyncio.ensure_future(session.client.connectAsync(host, port, client_id, limit))
    try:
        await asyncio.wait({connecting, broken}, timeout=limit, return_when="FIRST_COMPLETED")
        if broken.done():
            raise broken.exception()
        if not connecting.done():
            raise _silent(session, place, limit)
        _check(connecting, session, place, limit)
    except BaseException as error:
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        session.drop(error if isinstance(error, BrokerError) else _closed(place))
        raise
    finally:
        broken.cancel()
    return session


def _watch(session: Session, client_id: int, place: str) -> asyncio.Future:
    """Give a future that fails as soon as the handshake has; the library would wait on."""
    broken = asyncio.get_running_loop().create_future()

    def fail(error: BrokerError) -> None:
        if not broken.done():
            broken.set_exception(error)

    def on_error(_request: int, code: int, text: str, *_) -> None:
        if code == CLIENT_ID_IN_USE:
            fail(ClientIdInUse(f"The client id {client_id} is in use at {place}."))
        elif not is_information(code) and not session.usable:
            fail(NotConnected(f"The gateway at {place} refuses the connection: {text}"))

    def on_api_error(text: str) -> None:
        if "version must be" in text:
            fail(NotConnected(f"TWS or IB Gateway at {place} is too old: update it."))

    def on_end(why: str) -> None:
        # The session's own listener came first: it knows an answer that is no handshake.
        fail(_not_a_gateway(place) if _is_foreign(session) else _closed(place, why))

    session.ib.errorEvent.connect(on_error, keep_ref=True)
    session.client.apiError.connect(on_api_error, keep_ref=True)
    session.client.conn.disconnected.connect(on_end, keep_ref=True)
    return broken


def _check(connecting: asyncio.Future, session: Session, place: str, limit: float) -> None:
    """Raise what the library's attempt ended with, in our words."""
    error = connecting.exception()
    if _is_refusal(error):
        raise NotConnected(
            f"Nothing listens on {place}: start TWS or IB Gateway, and check that its API is on "
            "and IB_HOST and IB_PORT are right."
        ) from error
    if isinstance(error, TimeoutError):
        raise _silent(session, place, limit) from error
    if isinstance(error, OSError | UnicodeError):  # the latter: no name that could be looked up
        reason = getattr(error, "strerror", None) or error
        raise NotConnected(
            f"{place} cannot be reached ({reason}): check IB_HOST and the network."
        ) from error
    if error is not None:
        raise _not_a_gateway(place) from error


def _is_refusal(error: BaseException | None) -> bool:
    """Tell whether nothing listens; a name with several addresses joins its errors in one text."""
    text = str(error)
    all_refused = text.count("[Errno") == text.count(f"[Errno {errno.ECONNREFUSED}]")
    return isinstance(error, ConnectionRefusedError) or (
        isinstance(error, OSError) and text.startswith("Multiple exceptions") and all_refused
    )


def _is_foreign(session: Session) -> bool:
    return isinstance(session.ended, UnreadableAnswer)


def _not_a_gateway(place: str) -> NotConnected:
    return NotConnected(
        f"What answers on {place} is not TWS or IB Gateway (a web server, perhaps): check IB_HOST "
        "and IB_PORT (TWS 7496 or 7497, IB Gateway 4001 or 4002)."
    )


def _closed(place: str, why: str = "") -> NotConnected:
    detail = f" ({why})" if why else ""
    return NotConnected(
        f"{place} closed the connection in the handshake{detail}: check in the API settings of TWS "
        "or IB Gateway that this machine is a trusted IP and that the client id is free."
    )


def _silent(session: Session, place: str, limit: float) -> NotConnected:
    if not session.client.conn.numBytesSent:
        return NotConnected(
            f"{place} did not answer within {limit:g} seconds: check IB_HOST, the network and the "
            "firewall."
        )
    return NotConnected(
        f"Something listens on {place} but did not finish the handshake within {limit:g} seconds: "
        "look for a dialog that TWS or IB Gateway shows, see that it is logged in, or restart it."
    )
