"""What a saved run is: as a list shows it, and with everything that a page draws."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from services.backtest.request import BacktestRequest
from services.backtest.result import BacktestResult
from services.look_ahead import UNCHECKED, LookAhead
from services.metrics import Metrics
from services.wording import result_warnings


@dataclass(frozen=True)
class Manifest:
    """What a run was made with: all that could change a number when it is run again.

    `bars_hash` is the digest of all bars that it could see, `code_hash` that of its strategy's
    file, `finer_hash` that of the finer bars, where it looked into them; `fingerprint` is shared
    only by runs that are the same and gave the same.
    """

    versions: Mapping[str, str]
    bars_hash: str
    code_hash: str
    metrics_version: int
    fingerprint: str
    finer_hash: str = ""


@dataclass(frozen=True)
class RunSummary:
    """A saved run as a list shows it; `start` and `end` are its first and last bar's times."""

    id: int
    created_at: pd.Timestamp
    symbol: str
    resolution: str
    strategy: str
    params: Mapping[str, Any]
    start: pd.Timestamp
    end: pd.Timestamp
    bars: int
    metrics: Metrics
    name: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    favourite: bool = False
    look_ahead: LookAhead = UNCHECKED

    @property
    def title(self) -> str:
        """Symbol, resolution and strategy in a few words."""
        return f"{self.symbol} {self.resolution} {self.strategy}"


@dataclass(frozen=True)
class SavedRun:
    """A run with everything that a page draws; one that was not saved has no `id`, no `manifest`.

    `cautions` are sentences about the bars that a reader of the numbers must know; `bars_note`
    says where the bars came from and what they are adjusted for. `name`, `notes`, `tags` and
    `favourite` are what people said of it.
    """

    id: int | None
    created_at: pd.Timestamp
    request: BacktestRequest
    result: BacktestResult
    cautions: tuple[str, ...] = ()
    bars_note: str = ""
    manifest: Manifest | None = None
    name: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    favourite: bool = False
    look_ahead: LookAhead = UNCHECKED

    @property
    def warnings(self) -> tuple[str, ...]:
        """The cautions, and what its assumptions and its ruin call for."""
        return (*self.cautions, *result_warnings(self.result))

    @property
    def title(self) -> str:
        """Symbol, resolution and strategy in a few words."""
        return f"{self.request.symbol} {self.request.resolution} {self.request.strategy}"
