"""The broker's error codes, translated once into the errors of this program."""

import re

from services.errors import (
    AmbiguousContract,
    BrokerError,
    ConnectionLost,
    EmptyAnswer,
    NotSubscribed,
    PacingViolation,
    RequestRefused,
    RequestTimedOut,
    UnknownContract,
)

CLIENT_ID_IN_USE = 326
TOO_MANY_REQUESTS = 322
DATA_LOST = 1101
_HISTORY = {162, 366, 420}
# Not "no data of type …" (the exchange does not understand the question), nor "no … query found".
_NOTHING = re.compile(r"\bno (historical )?(market )?data\b(?! of type| query)|\bno head time")
_NOT_SUBSCRIBED = {354, 10089, 10090, 10091, 10168, 10186, 10187, 10197}
_CONNECTION_LOST = {504, 1101, 1300}
# 165 and 10167 tell how an answer will come; 1100 and 1102 of a line that mends itself.
_INFORMATION = {165, 399, 1100, 1102, 10167, *range(2100, 2200)}


def is_information(code: int) -> bool:
    """Tell whether a message only informs, so that a request goes on."""
    return code in _INFORMATION


def translate(code: int, text: str) -> BrokerError:
    """Return the error that the broker's code and words mean."""
    said = f"The broker says: {' '.join(text.split())} (code {code})"
    words = text.lower()
    if "pacing" in words or code == 100:
        return PacingViolation(f"Too many requests in a short time. Try again later. {said}.")
    if code in _NOT_SUBSCRIBED or (code in _HISTORY and _is_about_permission(words)):
        return NotSubscribed(_not_subscribed(code, words) + f" {said}.")
    if code in _HISTORY:
        return _historical(code, words, said)
    if code in _CONNECTION_LOST:
        return ConnectionLost(f"The gateway lost its connection to the broker: ask again. {said}.")
    if code == 200:
        return _contract(words, said)
    return RequestRefused(f"The broker refuses the request: change it. {said}.", code)


def _historical(code: int, words: str, said: str) -> BrokerError:
    if _NOTHING.search(words):
        return EmptyAnswer(
            f"The broker has no data for this span: choose another, or another exchange. {said}."
        )
    if "disconnect" in words:
        return ConnectionLost(f"The broker's data server went away: ask again. {said}.")
    if "timed out" in words:
        return RequestTimedOut(f"The broker's data server is too slow: ask for less. {said}.")
    if "cancel" in words:
        return RequestRefused(f"The broker cancelled the request: ask again. {said}.", code)
    return RequestRefused(f"The broker refuses the request: change it. {said}.", code)


def _is_about_permission(words: str) -> bool:
    return any(
        sign in words
        for sign in ("permission", "not subscribed", "subscription", "different ip address")
    )


def _not_subscribed(code: int, words: str) -> str:
    if code == 10197 or "different ip" in words:
        return (
            "Another session of this account holds the market data: log out there (the app, the "
            "web, another TWS)."
        )
    return (
        "The account is not subscribed to these market data: subscribe in the Client Portal, or "
        "choose another exchange."
    )


def _contract(words: str, said: str) -> BrokerError:
    if "ambiguous" in words:
        return AmbiguousContract(
            f"Several contracts fit: name the exchange and the currency. {said}."
        )
    return UnknownContract(
        "The broker knows no such contract: check symbol, exchange and currency (delisted symbols "
        f"are not available). {said}."
    )
