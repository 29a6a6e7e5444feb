"""Bars of long series as columns in files, so that a chart of a million bars opens at once.

The database holds the bars; a file is a copy of one state of a series. It is used only while
`price_series` still tells of that very state and the file is whole, and made again otherwise.
"""

import hashlib
import json
import logging
import os
import tempfile
import time
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from threading import Lock

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import PriceSeries
from db.session import Database
from services.bar_table import Key, select_bars, times_of
from services.bars import BAR_COLUMNS
from services.instruments import normalise_symbol
from services.market_data import load_bars
from services.series import series_of
from services.series_row import count_stored, stored_ends
from services.timespan import check_resolution

log = logging.getLogger(__name__)

LARGE = 50_000  # bars; shorter series are read from the database in less than 0.1 s
_VALUES = BAR_COLUMNS[1:]
_MAGIC = b"BARCOLS1"
_HEADER = 4096  # bytes, so that the columns begin on a page
_CELL = 8
_LEFT_OVER = 3600  # seconds after which a temporary file has no writer any more
_SERIES_IN_MEMORY = 16


@dataclass(frozen=True, eq=False)
class Columns:
    """The bars of a series: `ts` datetime64[us] in UTC, the others float64, all read-only.

    `state` names what they are a copy of: equal states have equal bars. Empty: not known.
    """

    ts: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    state: str = ""

    def __len__(self) -> int:
        return len(self.ts)


@dataclass(frozen=True)
class ColumnStore:
    """Gives the columns of stored series; `folder` is where the files of long ones are kept."""

    folder: Path
    database: Database
    _kept: OrderedDict[Key, Columns] = field(default_factory=OrderedDict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def load(self, symbol: str, resolution: str) -> Columns:
        """Return the stored bars of a series; raise InvalidParams, UnknownSymbol or NoBars."""
        key = (normalise_symbol(symbol), check_resolution(resolution))
        columns = self._load(key)
        if columns is None and series_of(self.database, *key) is not None:
            columns = self._load(key)  # bars of another program have been counted now
        if columns is not None:
            return columns
        bars = load_bars(self.database, *key, with_indicators=False)
        return Columns(times_of(bars), *(bars[name].to_numpy() for name in _VALUES))

    def prepare(self, symbol: str, resolution: str) -> None:
        """Make the file of a long series now, where it is not that of the stored bars."""
        key = (normalise_symbol(symbol), check_resolution(resolution))
        with self.database.reading() as session:
            row = session.get(PriceSeries, key)
            is_large = row is not None and row.bars >= LARGE
        if is_large:
            self._load(key)

    def remove(self, symbol: str, resolution: str) -> None:
        """Forget a series that was deleted."""
        key = (normalise_symbol(symbol), check_resolution(resolution))
        with self._lock:
            self._kept.pop(key, None)
        with suppress(OSError):
            self.path(key).unlink(missing_ok=True)

    def path(self, key: Key) -> Path:
        """Return the file of a series: other databases have folders of their own."""
        url = self.database.engine.url.render_as_string(hide_password=True)
        return self.folder / _digest(url) / f"{_digest(*key)}.columns"

    def _load(self, key: Key) -> Columns | None:
        """Return the columns; None where price_series does not tell the truth of the bars."""
        with self.database.reading() as session:
            state, count = _state(session, key)
            if not state:
                return None
            with self._lock:
                kept = self._kept.get(key)
            if kept is not None and kept.state == state:
                return self._keep(key, kept)
            if count >= LARGE and count_stored(session, key) == count:
                columns = _read_file(self.path(key), state)
                if columns is not None:
                    return self._keep(key, columns)
            ts, values = select_bars(session, key, _VALUES)
            names = _names(session) if count >= LARGE else set()
        if len(ts) != count:
            return None
        columns = _frozen(Columns(ts, *values, state=state))
        if count >= LARGE and self._write(key, columns, names):
            columns = _read_file(self.path(key), state) or columns
        return self._keep(key, columns)

    def _keep(self, key: Key, columns: Columns) -> Columns:
        with self._lock:
            self._kept[key] = columns
            self._kept.move_to_end(key)
            while len(self._kept) > _SERIES_IN_MEMORY:
                self._kept.popitem(last=False)
        return columns

    def _write(self, key: Key, columns: Columns, names: set[str]) -> bool:
        """Write a file whole or not at all; without it a chart is slower, not wrong."""
        path = self.path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _sweep(path.parent, names)
            _write_file(path, columns)
        except OSError as error:
            log.warning("The columns of %s %s are not kept in %s: %s", *key, path.parent, error)
            return False
        return True


def _state(session: Session, key: Key) -> tuple[str, int]:
    """Return what names the stored bars, and how many they are; empty where the row is not true.

    Whoever writes bars by this program changes the row in the same transaction; `updated_at`
    never takes a value again.
    """
    row = session.get(PriceSeries, key)
    if row is None or row.last is None or (row.first, row.last) != stored_ends(session, key):
        return "", 0
    parts = (row.first, row.last, row.updated_at)
    moments = [None if part is None else part.isoformat() for part in parts]
    return json.dumps([*key, row.bars, *moments]), row.bars


def _names(session: Session) -> set[str]:
    """Return the file names of every series that is stored."""
    keys = session.execute(select(PriceSeries.symbol, PriceSeries.resolution))
    return {f"{_digest(*key)}.columns" for key in keys}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _arrays(columns: Columns) -> Iterator[np.ndarray]:
    yield columns.ts.view("<i8") if columns.ts.flags.c_contiguous else columns.ts.astype("<i8")
    for name in _VALUES:
        yield np.ascontiguousarray(getattr(columns, name), dtype="<f8")


def _frozen(columns: Columns) -> Columns:
    for name in BAR_COLUMNS:
        getattr(columns, name).flags.writeable = False
    return columns


def _write_file(path: Path, columns: Columns) -> None:
    """Write beside the file and rename: readers see the old one or the new one, never a part."""
    parts = [memoryview(array).cast("B") for array in _arrays(columns)]
    check = 0
    for part in parts:
        check = zlib.crc32(part, check)
    facts = {"state": columns.state, "count": len(columns), "check": check}
    header = _MAGIC + json.dumps(facts).encode()
    handle, name = tempfile.mkstemp(suffix=".part", prefix=f"{path.stem}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(header.ljust(_HEADER, b" "))
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)
        raise


def _read_file(path: Path, state: str) -> Columns | None:
    """Return the columns in a file, None unless it is a whole copy of that state."""
    try:
        with path.open("rb") as file:
            facts = _facts(file.read(_HEADER))
            if facts.get("state") != state:
                return None
            content = mmap(file.fileno(), 0, access=ACCESS_READ)
    except (OSError, ValueError):
        return None
    count = facts["count"]
    size = _HEADER + len(BAR_COLUMNS) * count * _CELL
    if len(content) != size or zlib.crc32(memoryview(content)[_HEADER:]) != facts["check"]:
        return None
    ts, *values = (
        np.frombuffer(content, kind, count, _HEADER + position * count * _CELL)
        for position, kind in enumerate(["<i8", *["<f8"] * len(_VALUES)])
    )
    return Columns(ts.view("datetime64[us]"), *values, state=state)


def _facts(header: bytes) -> dict:
    if len(header) != _HEADER or not header.startswith(_MAGIC):
        return {}
    try:
        facts = json.loads(header[len(_MAGIC) :])
    except ValueError:
        return {}
    wanted = {"state": str, "count": int, "check": int}
    is_ours = isinstance(facts, dict) and all(
        isinstance(facts.get(name), kind) for name, kind in wanted.items()
    )
    return facts if is_ours else {}


def _sweep(folder: Path, names: set[str]) -> None:
    """Remove the files of series that are gone, and what killed writers have left."""
    for path in folder.iterdir():
        with suppress(OSError):
            left_over = path.suffix == ".part" and time.time() - path.stat().st_mtime > _LEFT_OVER
            if left_over or (path.suffix == ".columns" and path.name not in names):
                path.unlink()
