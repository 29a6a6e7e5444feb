"""What an examination of stored bars finds: the types that pages and commands show."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

SEVERITIES = ("info", "warning", "error")
ACTIONS = ("refetch", "accept", "drop")

# kind -> what a reader calls it; accepted findings are remembered by kind and start.
KINDS = {
    "missing_sessions": "Missing sessions",
    "missing_bars": "Gaps inside a session",
    "sparse_bars": "Sparse bars",
    "bars_outside_sessions": "Bars outside the sessions",
    "spike": "Off-market price",
    "close_break": "Off-market close",
    "hundredfold": "Price off by a factor of 100",
    "suspected_split": "Suspected unadjusted split",
    "known_split_shown": "Unadjusted split",
    "large_move": "Large move",
    "flat_bars": "Flat bars",
    "stale_bars": "Repeated bars",
    "zero_volume": "Zero volume",
    "missing_volume": "Missing volume",
    "volume_unit": "Volume changes its unit",
}


@dataclass(frozen=True)
class Finding:
    """One thing to know about a span of bars.

    `start` and `end` are the times of the first and the last bar or session that it is about,
    `count` how many they are; `actions` are those of ACTIONS that make sense; `values` holds the
    numbers of the text.
    """

    kind: str
    start: pd.Timestamp
    end: pd.Timestamp
    count: int
    severity: str
    text: str
    actions: tuple[str, ...] = ()
    values: dict = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Return what a reader calls this kind of finding."""
        return KINDS[self.kind]

    @property
    def key(self) -> tuple[str, pd.Timestamp]:
        """Return what an acceptance remembers."""
        return self.kind, self.start


@dataclass(frozen=True, eq=False)
class SessionMap:
    """How full each session is: one entry a session between the first and the last bar, and one
    for each day on which there are bars but no session; a closed day has none.

    Weekly bars: one entry a week, dated by its Monday. Without a calendar it is empty.
    """

    dates: np.ndarray  # datetime64[D], ascending
    expected: np.ndarray  # bars that the calendar asks for; 0 on a day without a session
    present: np.ndarray  # bars within the session's hours
    half_day: np.ndarray  # True where the session is shorter than its neighbours

    @property
    def fraction(self) -> np.ndarray:
        """Return present / expected, at most 1; NaN on a day without a session."""
        whole = np.maximum(self.expected, 1)
        return np.where(self.expected > 0, np.minimum(self.present / whole, 1.0), np.nan)

    @property
    def status(self) -> np.ndarray:
        """Return "whole", "part", "missing" or "extra" for each date."""
        choices = [self.expected == 0, self.present == 0, self.present < self.expected]
        return np.select(choices, ["extra", "missing", "part"], default="whole")

    def __len__(self) -> int:
        return len(self.dates)


def empty_map() -> SessionMap:
    """Return the map of a series that no calendar judges."""
    none = np.array([], dtype="int64")
    return SessionMap(none.astype("datetime64[D]"), none, none, none.astype(bool))


@dataclass(frozen=True, eq=False)
class QualityReport:
    """What is known of the quality of one series of bars.

    `expected` counts the bars that `calendar` asks for between the first and the last one and
    `coverage` is the share of them that is there; all three are None where no calendar judges.
    `findings` are the open ones, the gravest first; `accepted` those that someone found right.
    """

    symbol: str
    resolution: str
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    bars: int
    expected: int | None
    coverage: float | None
    calendar: str | None
    findings: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    quarantined: int
    sessions: SessionMap
    summary: str

    def count(self, severity: str) -> int:
        """Count the open findings of one severity."""
        return sum(finding.severity == severity for finding in self.findings)
