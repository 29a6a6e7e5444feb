"""Sorts the gateway's messages: answers to our requests, answers to requests of the past, the rest.

The library only logs an answer that it cannot decode, and the request then waits for ever; a late
answer to a request that was given up disturbs it. Both are settled before it sees the message.
"""

import logging
from collections.abc import Callable
from typing import Any

from services.errors import UnreadableAnswer
from services.logs import SHOWN

_log = logging.getLogger(__name__)

ERROR, DETAILS, HISTORY, BOND_DETAILS, DETAILS_END, SYMBOLS, HEAD_TIME = 4, 10, 17, 18, 52, 79, 88
_ENDS = {HISTORY, DETAILS_END, SYMBOLS, HEAD_TIME}  # what brings an answer to its end
_HISTORY_HEAD, _BAR_FIELDS = 5, 8
_NO_VERSION_SINCE = 164  # from this server version on, details carry no version of their own


class AnswerDesk:
    """Stands in for `decoder.interpret`.

    `pending` tells whether we wait for a request, `unended` whether the library does, and `failed`
    takes a request's number (None: not known) and the error that ends it.
    """

    def __init__(
        self,
        decoder: Any,
        pending: Callable[[int], bool],
        unended: Callable[[int], bool],
        failed: Callable[[int | None, UnreadableAnswer], None],
    ):
        self._decoder = decoder
        self._interpret = decoder.interpret
        self._pending = pending
        self._unended = unended
        self._failed = failed

    def interpret(self, fields: list[str]) -> None:
        """Pass a message on to the library, unless it is undecodable or nobody waits for it."""
        kind = _whole_number(fields, 0)
        place = self._place_of_id(kind)
        if place is None:
            self._pass_on(kind, fields)
            return
        request = _whole_number(fields, place)
        if request is None:
            self._failed(None, _unreadable("it names no request"))
        elif not self._pending(request):
            _log.debug("Answer %s to request %s came late", kind, request)
        else:
            self._decode(kind, request, fields)

    def _place_of_id(self, kind: int | None) -> int | None:
        versioned = self._decoder.serverVersion < _NO_VERSION_SINCE
        return {
            DETAILS: 2 if versioned else 1,
            BOND_DETAILS: 2 if versioned else 1,
            HISTORY: 1,
            DETAILS_END: 2,
            SYMBOLS: 1,
            HEAD_TIME: 1,
        }.get(kind)

    def _pass_on(self, kind: int | None, fields: list[str]) -> None:
        if kind == ERROR:
            # Some gateways leave the last field out. The library would lose the error with it,
            # and takes no notice of a field too many.
            self._interpret([*fields, ""])
        elif kind in self._decoder.handlers:
            self._interpret(fields)
        else:
            _log.info("The gateway sent a message of an unknown kind: %.200r", fields)

    def _decode(self, kind: int, request: int, fields: list[str]) -> None:
        try:
            _check_length(kind, fields)
            self._decoder.handlers[kind](list(fields))
        except Exception as error:  # noqa: BLE001 - whatever the library's decoder stumbles over
            _log.warning("Undecodable answer %.500r", fields, exc_info=error, extra=SHOWN)
            self._failed(request, _unreadable(f"{type(error).__name__}: {error}"))
        else:
            # Some of the library's handlers log what they stumble over, and say nothing.
            if kind in _ENDS and self._unended(request):
                self._failed(request, _unreadable("a field is missing or unusable"))


def _check_length(kind: int, fields: list[str]) -> None:
    """Hold an answer of bars against its own count: the library leaves out what is too much."""
    if kind == HISTORY and len(fields) != _HISTORY_HEAD + _BAR_FIELDS * int(fields[4]):
        raise ValueError(f"{fields[4]} bars were promised in {len(fields)} fields")


def _whole_number(fields: list[str], place: int) -> int | None:
    try:
        return int(fields[place])
    except (IndexError, ValueError):
        return None


def _unreadable(why: str) -> UnreadableAnswer:
    return UnreadableAnswer(
        f"The gateway's answer cannot be decoded ({why[:120]}): ask again, and if it stays so "
        "update TWS or IB Gateway."
    )
