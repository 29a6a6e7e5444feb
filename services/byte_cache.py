"""Keeps what charts are made of between two zooms, up to a number of bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

LIMIT = 256 << 20


class ByteCache:
    """The values that were used last; one that was made for another version is made anew."""

    def __init__(self, limit: int = LIMIT):
        self._limit = limit
        self._kept: OrderedDict[Hashable, tuple[Hashable, Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(
        self,
        key: Hashable,
        version: Hashable,
        make: Callable[[], Any],
        size: Callable[[Any], int],
    ) -> Any:
        """Return the value for a key at a version; `size` tells how many bytes a new one takes."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept[0] == version:
                self._kept.move_to_end(key)
                return kept[1]
        value = make()  # outside the lock: two may make the same, none waits for another's
        self._keep(key, version, value, size(value))
        return value

    def _keep(self, key: Hashable, version: Hashable, value: Any, size: int) -> None:
        with self._lock:
            if key in self._kept:
                self._bytes -= self._kept.pop(key)[2]
            self._kept[key] = (version, value, size)
            self._bytes += size
            while self._bytes > self._limit and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1][2]
