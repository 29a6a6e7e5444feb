"""Whether a frame may stand for the finer bars of others: refused in a sentence where not."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from services.bars import PRICE_COLUMNS, first_fault
from services.errors import InvalidBars
from services.timespan import step_text

_NEEDED = ("ts", *PRICE_COLUMNS)


def check_finer(
    ts: pd.Series, finer: pd.DataFrame, sessions: np.ndarray | None, resolution: str
) -> None:
    """Raise InvalidBars for a frame that breaks the contract of bars, or is not finer than `ts`.

    A `resolution` that is known was chosen as finer; else the times of the bars tell.
    """
    _check_columns(finer)
    if sessions is not None and len(sessions) != len(finer):
        noun = "session" if len(sessions) == 1 else "sessions"
        raise _refused(f"there are {len(sessions):,} {noun} for {len(finer):,} finer bars")
    fault = first_fault(finer)
    if fault is not None:
        row, rule = fault
        moment = finer["ts"].iloc[row]
        when = "" if pd.isna(moment) else f" ({moment:%Y-%m-%d %H:%M})"
        raise _refused(f"row {row:,}{when} breaks a rule of bars: {rule}")
    if not resolution:
        _check_step(microseconds(ts), microseconds(finer["ts"]))


def microseconds(ts: pd.Series) -> np.ndarray:
    """Return times as whole numbers, in microseconds since 1970."""
    return pd.DatetimeIndex(ts).as_unit("us").asi8


def usual_step(begins: np.ndarray) -> int:
    """Return the distance that bars have most often; one bar alone has none."""
    steps, counts = np.unique(np.diff(begins), return_counts=True)
    return int(steps[counts.argmax()]) if len(steps) else 0


def _check_columns(finer: pd.DataFrame) -> None:
    lacking = [name for name in _NEEDED if name not in finer]
    if lacking:
        raise _refused(f"the finer bars have no {_named(lacking)}")
    times = finer["ts"].dtype
    if not pd.api.types.is_datetime64_any_dtype(times):
        raise _refused('what the column "ts" of the finer bars holds are no times')
    if not isinstance(times, pd.DatetimeTZDtype):
        raise _refused("the times of the finer bars are without a time zone, where UTC is wanted")
    for name in PRICE_COLUMNS:
        if not pd.api.types.is_numeric_dtype(finer[name]):
            raise _refused(f'the column "{name}" holds no numbers')


def _check_step(ts: np.ndarray, finer: np.ndarray) -> None:
    """Refuse bars on the clock of the others that are nowhere closer to each other than those.

    One hour of each day lies a day apart, too, but does not begin when the days do.
    """
    if len(ts) < 2 or len(finer) < 2:
        return
    usual, least = usual_step(ts), int(np.diff(finer).min())
    if least >= usual and not ((finer - ts[0]) % usual).any():
        apart = (step_text(pd.Timedelta(step, "us")) for step in (least, usual))
        raise _refused(
            "they are not finer than these bars: they lie {} apart, these {}".format(*apart)
        )


def _named(columns: Sequence[str]) -> str:
    noun = "column" if len(columns) == 1 else "columns"
    listed = ", ".join(f'"{name}"' for name in columns)
    return f"{noun} {listed}"


def _refused(why: str) -> InvalidBars:
    return InvalidBars(
        f"The finer bars cannot be looked into, as {why}. Give bars as services.bars describes "
        "them, or let the stop come first."
    )
