"""A queue of faults: what shall go wrong, with which requests, how often."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

INSTEAD = ("never", "drop", "drop_mid_frame", "error", "wedge", "restart")
BEFORE = ("unknown_message", "zero_frame", "huge_prefix", "garbage", "upstream_lost", "late")
IN_BARS = ("bad_float", "bad_count", "bad_date", "truncated", "rewrite", "empty")
AT_CONNECT = ("hang", "http", "close", "client_id_in_use", "half_greeting")
KINDS = INSTEAD + BEFORE + IN_BARS + AT_CONNECT


@dataclass
class Fault:
    """One thing that goes wrong, for the next `times` requests of a kind and symbol.

    `on` is "connect" (the greeting), "start", or a request by its name in `answers.KIND_OF`, as
    "history", "details", "head_time", "current_time", "positions"; "*" is any request. `skip`
    lets so many requests pass first. `code` and `text` are for "error"; `seconds` is how long
    "late" and "upstream_lost" take, and how long "restart" refuses; `rewrite` changes the bars
    (date, open, high, low, close, volume, average, count) before they are sent.
    """

    on: str
    kind: str
    symbol: str | None = None
    times: int = 1
    skip: int = 0
    code: int = 162
    text: str = "Historical Market Data Service error message:HMDS query returned no data"
    seconds: float = 0.05
    data_kept: bool = True
    rewrite: Callable[[list[tuple]], list[tuple]] | None = field(default=None, repr=False)

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"No fault {self.kind!r}: choose of {', '.join(KINDS)}.")
        if (self.kind in AT_CONNECT) != (self.on in ("connect", "start")):
            raise ValueError(f"The fault {self.kind!r} cannot happen on {self.on!r}.")


class FaultQueue:
    """The faults that wait for their requests, safe to fill from any thread."""

    def __init__(self):
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a fault at the end of the queue."""
        with self._lock:
            self._waiting.append(replace(fault))

    def clear(self) -> None:
        """Forget every fault that has not happened yet."""
        with self._lock:
            self._waiting.clear()

    def take(self, on: str, symbol: str = "") -> list[Fault]:
        """Return the faults of one request, at most one of each kind, and count them off."""
        with self._lock:
            taken: dict[str, Fault] = {}
            for fault in self._waiting:
                if fault.kind in taken or not _meets(fault, on, symbol):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                taken[fault.kind] = fault
            self._waiting = [fault for fault in self._waiting if fault.times > 0]
            return list(taken.values())

    def __len__(self) -> int:
        return len(self._waiting)


def _meets(fault: Fault, on: str, symbol: str) -> bool:
    wanted = fault.on == on or (fault.on == "*" and on not in ("connect", "start"))
    return wanted and fault.symbol in (None, symbol)


def spoil(kind: str, bars: list[tuple]) -> list[tuple]:
    """Make the middle bar of an answer undecodable."""
    middle = len(bars) // 2
    place = {"bad_date": 0, "bad_float": 2, "bad_count": 7}.get(kind)
    if place is None:
        return bars
    wrong = {"bad_date": "20249999", "bad_float": "12.x", "bad_count": "many"}[kind]
    spoilt = [*bars[middle]]
    spoilt[place] = wrong
    return [*bars[:middle], tuple(spoilt), *bars[middle + 1 :]]


def noise(kind: str) -> bytes:
    """Give the bytes that stand before an answer which the client cannot read."""
    return {
        "unknown_message": b"\x00\x00\x00\x0a" + b"999\x001\x002\x00x\x00",
        "zero_frame": b"\x00\x00\x00\x00",
        "huge_prefix": b"\x7f\xff\xff\xff" + b"17\x00",
        "garbage": bytes(range(128, 256)) * 2,
    }[kind]
