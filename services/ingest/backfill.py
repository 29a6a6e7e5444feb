"""Brings a stored series to the span that is wanted, chunk by chunk; each chunk stays once stored.

A stored series is one piece: chunks are fetched away from what is stored, forwards to now and
backwards to the wanted start. So what is stored is the checkpoint, and whoever goes on later goes
on from there. Where old and new bars meet they are compared.
"""

import pandas as pd

from services.errors import HistoryDiffers, NoBars
from services.ingest.anew import (
    DOES_NOT_MEET,
    OTHER_SOURCE,
    fetch_anew,
    is_under_way,
    reason_to_replace,
    rewritten_text,
)
from services.ingest.chunks import OVERLAP_DAYS, Chunk
from services.ingest.fetching import SOURCE, Fetching
from services.ingest.overlap import Overlap, compare_overlap
from services.series import Series


def bring_up_to_date(fetching: Fetching, start: pd.Timestamp | None) -> None:
    """Bring a series from `start` (None: from where it begins) to now.

    What was fetched before a BrokerError, a cancellation or a kill stays stored.
    """
    stored = fetching.stored()
    if is_under_way(fetching):
        fetch_anew(fetching, start, "")
        stored = fetching.stored()
    elif stored is None:
        for _, bars in fetching.fetched(fetching.forward(start)):
            fetching.store(bars)
        return
    elif reason := reason_to_replace(stored, fetching.history.regular_hours):
        is_sample = stored.source == "sample" and start is not None
        fetch_anew(fetching, start if is_sample else _earlier(start, stored), reason)
        return
    _extend(fetching, stored, start)


def fetch_span_again(fetching: Fetching, start: pd.Timestamp, end: pd.Timestamp) -> None:
    """Fetch a span of the stored series once more, as after a gap or a bad bar.

    The bars beside it are fetched too: they tell whether the broker has rewritten the past since.
    """
    stored = fetching.stored()
    chunks = fetching.forward(*fetching.neighbours(start, end))
    if _grow(fetching, chunks, stored, stored.first, refresh=False):
        fetching.refresh()


def _extend(fetching: Fetching, stored: Series, start: pd.Timestamp | None) -> None:
    overlap = pd.Timedelta(days=OVERLAP_DAYS[fetching.history.resolution])
    begin = _earlier(start, stored)
    forward = fetching.forward(stored.last - overlap)
    if not _grow(fetching, forward, stored, begin, refresh=True):
        return
    if start is not None and start < stored.first:
        backward = fetching.backward(start, stored.first + overlap)
        # Each older bar changes the indicators of all after it: they are computed once, at the end.
        if not _grow(fetching, backward, stored, begin, refresh=False):
            return
    fetching.refresh()


def _grow(
    fetching: Fetching,
    chunks: list[Chunk],
    stored: Series,
    begin: pd.Timestamp,
    *,
    refresh: bool,
) -> bool:
    """Store chunks that lead away from what is stored.

    False when they do not fit, and so the whole history was fetched anew from `begin` on.
    """
    met = False
    for chunk, bars in fetching.fetched(chunks):
        if not met:
            overlap = compare_overlap(fetching.stored_bars(chunk), bars)
            met = overlap.bars > 0
            _check_other_source(stored, overlap, bars)
            if len(bars) and (reason := _misfit(stored, overlap)):
                _check_there(fetching)
                fetch_anew(fetching, begin, reason)
                return False
            _note_revisions(fetching, overlap)
        fetching.store(bars, refresh=refresh)
    return True


def _misfit(stored: Series, overlap: Overlap) -> str | None:
    """Say why fetched bars cannot be added to the stored ones, None when they can."""
    if overlap.rewritten:
        return rewritten_text(overlap)
    if overlap.bars == 0:
        return DOES_NOT_MEET
    # Where they meet they agree; before, they may be adjusted for something else.
    return None if stored.source == SOURCE else OTHER_SOURCE


def _check_other_source(stored: Series, overlap: Overlap, bars: pd.DataFrame) -> None:
    """Refuse to join the broker's bars to those of another source that are not the same."""
    if stored.source == SOURCE or bars.empty:
        return
    if overlap.bars and overlap.revised <= overlap.bars / 2:
        return
    raise HistoryDiffers(
        f"The stored bars of {stored.symbol} {stored.resolution} came from elsewhere "
        f"({stored.source or 'unknown'}) and are not the broker's ({overlap.revised} of "
        f"{overlap.bars} bars differ): nothing was changed. Delete the series, then fetch it again."
    )


def _check_there(fetching: Fetching) -> None:
    """Raise NoBars when someone has deleted the series meanwhile."""
    if fetching.stored() is None:
        raise NoBars(
            f"{fetching.symbol} {fetching.history.resolution} was deleted while it was fetched: "
            "nothing more was stored."
        )


def _note_revisions(fetching: Fetching, overlap: Overlap) -> None:
    if overlap.revised:
        noun = "bar was" if overlap.revised == 1 else "bars were"
        fetching.tally.notes.append(
            f"{overlap.revised} stored {noun} revised by the broker and brought up to date."
        )


def _earlier(start: pd.Timestamp | None, stored: Series) -> pd.Timestamp:
    return stored.first if start is None else min(start, stored.first)
