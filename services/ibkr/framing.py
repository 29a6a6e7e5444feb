"""Watches the raw bytes for what no gateway sends: the library would wait for it for ever."""

import struct

# A year of one-minute bars is about 10 MB; the list of scanners about 2 MB.
LONGEST_FRAME = 128 * 1024 * 1024


class Framing:
    """Follows the length prefixes of a stream without keeping its content."""

    def __init__(self):
        self._prefix = b""
        self._rest = 0

    def broken_by(self, data: bytes) -> bytes | None:
        """Take the next bytes; return the prefix that cannot be one, None when all is well."""
        at = 0
        while at < len(data):
            skipped = min(self._rest, len(data) - at)
            self._rest -= skipped
            at += skipped
            wanted = data[at : at + 4 - len(self._prefix)] if not self._rest else b""
            self._prefix += wanted
            at += len(wanted)
            if len(self._prefix) == 4:
                (self._rest,) = struct.unpack(">I", self._prefix)
                if self._rest > LONGEST_FRAME:
                    return self._prefix
                self._prefix = b""
        return None
