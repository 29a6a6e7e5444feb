"""Fetches a whole history anew where the stored one no longer fits, and puts it in its place.

The new history gathers in a stage of its own, a checkpoint a chunk; until it is whole, the stored
one stays as it is.
"""

import pandas as pd

from services.errors import HistoryDiffers, NoBars
from services.ingest.chunks import OVERLAP_DAYS, Chunk
from services.ingest.fetching import Fetching
from services.ingest.overlap import Overlap, compare_overlap
from services.ingest.store import (
    StagedHistory,
    drop_stage,
    replace_series,
    stage_bars,
    staged,
)
from services.series import Series

_KEPT = 0.98  # of the stored bars a new history must have, before it replaces them
_SLACK = pd.Timedelta(days=10)
_OLDEST = pd.Timedelta(days=3)  # of a stage that is gone on with
DOES_NOT_MEET = (
    "The broker's bars did not meet the stored ones: the whole history was fetched again."
)
OTHER_SOURCE = "The broker's bars took the place of those that had come from elsewhere."


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
    begin = stage.start if stage else start
    reason = stage.details["reason"] if stage else reason
    met = stage is None or not stage.bars
    for chunk, bars in fetching.fetched(fetching.forward(_next(stage, fetching) or start)):
        if not met and len(bars):
            if not _fits(fetching, chunk, bars):
                drop_stage(*fetching.key)
                fetch_anew(fetching, begin, reason)
                return
            met = True
        stage_bars(
            *fetching.key,
            bars,
            start=begin,
            reached=min(chunk.end, fetching.history.now()),
            details={"reason": reason, "regular_hours": fetching.history.regular_hours},
        )
        fetching.bars += len(bars)
    stored = fetching.stored()
    _check_whole(fetching, stored)
    counts = replace_series(*fetching.key, **fetching.facts)
    fetching.tally.add(counts)
    fetching.tally.notes.append(reason)
    if counts.removed and stored and not reason_to_replace(stored, fetching.history.regular_hours):
        fetching.tally.notes.append(_removed_text(counts.removed))
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


def _next(stage: StagedHistory | None, fetching: Fetching) -> pd.Timestamp | None:
    """Return from where on a new history that was begun is gone on with."""
    if stage is None or not stage.bars:
        return stage and stage.reached
    return stage.last - pd.Timedelta(days=OVERLAP_DAYS[fetching.history.resolution])


def _fits(fetching: Fetching, chunk: Chunk, bars: pd.DataFrame) -> bool:
    """Tell whether the broker still gives the bars that were staged before."""
    overlap = compare_overlap(fetching.staged_bars(chunk), bars)
    return overlap.bars > 0 and not overlap.rewritten


def _removed_text(count: int) -> str:
    if count == 1:
        return "1 bar that was stored is not in it."
    return f"{count:,} bars that were stored are not in it."


def _check_whole(fetching: Fetching, stored: Series | None) -> None:
    """Refuse a new history that has fewer bars than the one that it would replace."""
    stage = staged(*fetching.key)
    given = stage.bars if stage else 0
    symbol, resolution = fetching.symbol, fetching.history.resolution
    if stored is None or stored.source == "sample":
        if given:
            return
        drop_stage(*fetching.key)
        raise NoBars(
            f"Interactive Brokers has no {resolution} bars of {symbol} in that span: nothing was "
            "changed. Ask for a longer one, or check your market data subscriptions."
        )
    least = _KEPT * stored.bars
    if stored.regular_hours not in (None, fetching.history.regular_hours):
        least = 1  # other hours have another number of bars
    reaches = given and stage.first <= stored.first + _SLACK and stage.last >= stored.last - _SLACK
    if given >= least and reaches:
        return
    drop_stage(*fetching.key)
    raise HistoryDiffers(
        f"The broker's bars of {symbol} {resolution} do not take the place of the stored "
        f"ones: it gives only {given:,} for the {stored.bars:,} that are stored: nothing "
        "was changed. Export them, delete the series, then fetch it again."
    )
