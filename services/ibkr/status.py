"""What is known of a connection: versions, accounts, and how the broker's data farms are."""

import re
from dataclasses import dataclass

import pandas as pd

_FARM_STATES = {
    2103: "broken",
    2104: "ok",
    2105: "broken",
    2106: "ok",
    2107: "inactive",
    2108: "inactive",
    2119: "connecting",
    2157: "broken",
    2158: "ok",
}
_FARM_NAME = re.compile(r"[:.]\s*([\w.-]+?)\.?\s*$")
UPSTREAM_LOST, UPSTREAM_BACK = {1100, 2110}, {1101, 1102}


@dataclass(frozen=True)
class ConnectionInfo:
    """A connection as it is now; `farms` maps a data farm's name to its state in a word."""

    library: str
    library_version: str
    server_version: int
    client_id: int
    accounts: tuple[str, ...]
    farms: dict[str, str]
    server_time: pd.Timestamp


class Health:
    """Remembers what the gateway tells unasked: of its farms and of its own line to the broker."""

    def __init__(self):
        self.farms: dict[str, str] = {}
        self.upstream = True

    def hear(self, code: int, text: str) -> None:
        """Take one message of the gateway."""
        if code in _FARM_STATES:
            name = _FARM_NAME.search(text)
            self.farms[name[1] if name else text] = _FARM_STATES[code]
        elif code in UPSTREAM_LOST:
            self.upstream = False
        elif code in UPSTREAM_BACK:
            self.upstream = True
