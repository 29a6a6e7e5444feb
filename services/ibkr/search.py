"""The search for what a trader may mean by a symbol or a name."""

from services.errors import (
    BrokerError,
    EmptyAnswer,
    RequestRefused,
    RequestTimedOut,
    UnknownContract,
    UnreadableAnswer,
)
from services.ibkr.contracts import Contract, find_contracts
from services.ibkr.session import Session

_KINDS = ("STK", "CASH", "CRYPTO")  # in this order when the search itself gives nothing
_SHOWN = {*_KINDS, "IND"}
_PATIENCE = 5.0  # seconds: somebody waits with a finger on the keys
_NO_MATCHES = (EmptyAnswer, RequestRefused, RequestTimedOut, UnreadableAnswer)


async def search_contracts(session: Session, text: str, limit: float) -> list[Contract]:
    """Return what the broker's own search finds, else the contracts of that very symbol.

    A match of the broker's search knows no details yet. Raises UnknownContract when there is none.
    """
    text = "".join(sign for sign in text if sign.isprintable()).strip()
    try:
        matches = await _matches(session, text, min(limit, _PATIENCE))
    except _NO_MATCHES:
        if not session.usable:
            raise
        matches = []
    return matches or await _of_any_kind(session, text, limit)


async def _matches(session: Session, text: str, limit: float) -> list[Contract]:
    def send(number: int) -> None:
        session.client.reqMatchingSymbols(number, text)

    found = await session.ask(send, f'symbols like "{text}"', limit)
    contracts = [Contract.from_match(description) for description in found]
    return [c for c in contracts if c.sec_type in _SHOWN and c.con_id > 0]


async def _of_any_kind(session: Session, text: str, limit: float) -> list[Contract]:
    unknown: BrokerError | None = None
    for kind in _KINDS:
        try:
            return await find_contracts(session, text, None, None, kind, None, limit)
        except UnknownContract as error:
            unknown = unknown or error
    raise unknown
