"""Fetches a whole history anew where the stored one no longer fits, and puts it in its place.

The new history gathers in a stage of its own, a checkpoint a chunk; until it is whole, the stored
one stays as it is.
"""

import pandas as pd

from services.errors import HistoryDiffers
from services.ingest.fetching import Fetching
from services.ingest.overlap import Overlap
from services.ingest.store import drop_stage, replace_series, stage_bars, staged
from services.series import Series

_KEPT = 0.98  # of the stored bars a new history must have, before it replaces them
_SLACK = pd.Timedelta(days=10)
_OLDEST = pd.Timedelta(days=3)  # of a stage that is gone on with


def is_under_way(fetching: Fetching) -> bool:
    """Tell whether a new history was begun and is to be gone on with; an old one is forgotten."""
    stage = staged(*fetching.key)
    if stage is None:
        return False
    is_old = fetching.history.now() - stage.begun_at > _OLDEST
    if is_old or stage.details["regular_hours"] != fetching.history.regular_hours:
        drop_stage(*fetching.key)
        return False
    return True


def fetch_anew(fetching: Fetching, start: pd.Timestamp, reason: str) -> None:
    """Fetch the history from `start` on, or go on where that stopped, and replace the stored one.

    Raises HistoryDiffers when the broker gives less than what is stored.
    """
    stage = staged(*fetching.key)
    reached = stage.reached if stage else start
    begin = stage.start if stage else start
    reason = stage.details["reason"] if stage else reason
    for chunk, bars in fetching.fetched(fetching.forward(reached)):
        stage_bars(
            *fetching.key,
            bars,
            start=begin,
            reached=min(chunk.end, fetching.history.now()),
            details={"reason": reason, "regular_hours": fetching.history.regular_hours},
        )
        fetching.bars += len(bars)
    _check_whole(fetching)
    fetching.tally.add(replace_series(*fetching.key, **fetching.facts))
    fetching.tally.notes.append(reason)
    fetching.refresh()


def reason_to_replace(stored: Series, regular_hours: bool) -> str | None:
    """Say why stored bars cannot be added to, None when they can."""
    if stored.source == "sample":
        return "The sample's bars were replaced by the broker's."
    if stored.regular_hours not in (None, regular_hours):
        hours = "regular hours only" if regular_hours else "all hours"
        return f"The whole history was fetched again, as it is now to hold {hours}."
    return None


def rewritten_text(overlap: Overlap) -> str:
    """Say how the broker has changed the past."""
    if overlap.volume_ratio:
        return (
            f"The broker now counts volumes {overlap.volume_ratio:g} times as before: the whole "
            "history was fetched again."
        )
    return (
        f"The broker has rewritten the past (its prices are now {overlap.ratio:.6g} times the "
        "stored ones, as after a split): the whole history was fetched again."
    )


def _check_whole(fetching: Fetching) -> None:
    """Refuse a new history that has fewer bars than the one that it would replace."""
    stored, stage = fetching.stored(), staged(*fetching.key)
    if stored is None or stored.source == "sample":
        return
    if stage and stage.bars >= _KEPT * stored.bars and stage.first <= stored.first + _SLACK:
        return
    given = stage.bars if stage else 0
    drop_stage(*fetching.key)
    raise HistoryDiffers(
        f"The broker's prices of {stored.symbol} {stored.resolution} no longer fit the stored "
        f"ones, and it gives only {given:,} bars for the {stored.bars:,} that are stored: nothing "
        "was changed. Export them, delete the series, then fetch it again."
    )
