"""What is asked of a source of bars."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class IngestRequest:
    """What is to be brought in.

    `file`, `timezone` and `adjustment` are for the source csv; what follows is for ibkr:
    `regular_hours` None means as stored, else the usual for the kind of contract; `name_as` is the
    symbol under which it is stored when that is not the broker's.
    """

    symbol: str
    resolution: str
    duration: str | None = None
    file: Path | None = None
    timezone: str | None = None
    adjustment: str | None = None
    exchange: str | None = None
    currency: str | None = None
    asset_class: str | None = None
    regular_hours: bool | None = None
    client_id: int | None = None
    name_as: str | None = None
