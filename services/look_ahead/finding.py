"""What the look-ahead check found of a run: its record and its sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from services.backtest.trades import iso_time

Status = Literal["passed", "peeks", "unchecked"]
UNTRIED = ""
_WHY_UNCHECKED = {
    UNTRIED: "Look-ahead was not checked for this run.",
    "time": "Look-ahead could not be checked in the time allowed: this strategy is slow.",
    "random": "Look-ahead cannot be checked: this strategy gives other signals each time it runs.",
    "short": "Look-ahead cannot be checked: there are too few bars.",
    "fails": "Look-ahead cannot be checked: this strategy fails on a shorter history.",
    "code": "Look-ahead cannot be checked for this run: the strategy's code changed since. "
    "Run it again.",
    "gone": "Look-ahead cannot be checked for this run: its strategy is no longer there.",
    "bars": "Look-ahead cannot be checked for this run: its bars changed since. Run it again.",
}


@dataclass(frozen=True)
class LookAhead:
    """What the check found at `bars_checked` bars; `peeked_at` is the first bar found to peek.

    An unchecked one says in `reason` why: one of the keys of _WHY_UNCHECKED.
    """

    status: Status
    bars_checked: int = 0
    peeked_at: pd.Timestamp | None = None
    reason: str = UNTRIED

    @property
    def is_final(self) -> bool:
        """Tell whether another check would only find the same."""
        return self.status != "unchecked" or self.reason in ("random", "short", "fails", "time")

    @property
    def text(self) -> str:
        """Say it in a sentence."""
        if self.status == "peeks":
            return (
                f"This strategy looks ahead: its signal of {_time(self.peeked_at)} is another one "
                "when later bars are not there yet. Real trading cannot earn these results."
            )
        if self.status == "passed":
            return (
                "No look-ahead found: leaving out all later bars changed no signal at the "
                f"{self.bars_checked:,} bars checked."
            )
        return _WHY_UNCHECKED.get(self.reason, _WHY_UNCHECKED[UNTRIED])

    def as_record(self) -> dict[str, Any]:
        """Return it as plain values; the time in ISO 8601."""
        return {
            "status": self.status,
            "bars_checked": self.bars_checked,
            "peeked_at": None if self.peeked_at is None else iso_time(self.peeked_at),
            "reason": self.reason,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any] | None) -> "LookAhead":
        """Read what as_record gave; None is a run that nobody checked."""
        if record is None:
            return UNCHECKED
        moment = record["peeked_at"]
        return cls(**record | {"peeked_at": None if moment is None else pd.Timestamp(moment)})


UNCHECKED = LookAhead("unchecked")


def _time(moment: pd.Timestamp) -> str:
    is_day = moment == moment.normalize()
    return f"{moment:%Y-%m-%d}" if is_day else f"{moment:%Y-%m-%d %H:%M} UTC"
