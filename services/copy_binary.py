"""Rows in the binary form of PostgreSQL's COPY, from numpy arrays and back."""

from collections.abc import Iterable, Sequence

import numpy as np

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_EPOCH = np.datetime64("2000-01-01", "us")
_NULL = -1
INTEGERS = frozenset({"supertrend_trend"})  # the others are doubles
MOMENT = np.dtype("datetime64[us]")


def encode_rows(
    key: Sequence[str], ts: np.ndarray, columns: Sequence[str], values: np.ndarray
) -> Iterable[bytes]:
    """Yield what COPY reads for rows of (*key, ts, *columns); NaN becomes NULL.

    Rows that are NULL in the same columns have one width, so they are written as one array: the
    rows come in groups of those.
    """
    yield _SIGNATURE
    missing = np.isnan(values)
    patterns = missing @ (1 << np.arange(len(columns)))  # each row's NULLs as one number
    for pattern in np.unique(patterns):
        rows = np.flatnonzero(patterns == pattern)
        yield _encode_group(key, ts[rows], columns, values[rows], missing[rows[0]])
    yield _END


class RowReader:
    """Takes what COPY writes for rows of (ts, *columns) without NULLs, a piece at a time."""

    def __init__(self, columns: int, rows_at_once: int):
        self._row = _row_type([("ts", ">i8"), *((f"c{i}", ">f8") for i in range(columns))])
        self._names = [f"c{i}.value" for i in range(columns)]
        self._limit = rows_at_once * self._row.itemsize
        self._pending: list[bytes] = []
        self._size = 0
        self._header = len(_SIGNATURE)
        self._ts: list[np.ndarray] = []
        self._values: list[np.ndarray] = []

    def write(self, data: bytes) -> int:
        """Take a piece; the driver gives a row a call."""
        self._pending.append(data)
        self._size += len(data)
        if self._size >= self._limit:
            self._decode()
        return len(data)

    def arrays(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return the times and one array a column; what was taken is forgotten."""
        self._decode()
        ts = np.concatenate(self._ts) if self._ts else np.empty(0, MOMENT)
        self._ts = []
        columns = []
        for position in range(len(self._names)):
            parts = [part[position] for part in self._values]
            columns.append(np.concatenate(parts) if parts else np.empty(0))
        return ts, columns

    def _decode(self) -> None:
        data = b"".join(self._pending)
        self._pending, self._size = [], 0
        skipped = min(self._header, len(data))
        self._header -= skipped
        count = (len(data) - skipped) // self._row.itemsize
        rows = np.frombuffer(data, self._row, count, skipped)
        rest = data[skipped + count * self._row.itemsize :]
        if rest and rest != _END:
            self._pending, self._size = [rest], len(rest)
        if count:
            self._ts.append(_EPOCH + rows["ts"]["value"].astype("timedelta64[us]"))
            table = np.empty((len(self._names), count))
            for position, name in enumerate(self._names):
                table[position] = rows[name.partition(".")[0]]["value"]
            self._values.append(table)


def _encode_group(
    key: Sequence[str],
    ts: np.ndarray,
    columns: Sequence[str],
    values: np.ndarray,
    missing: np.ndarray,
) -> bytes:
    words = [word.encode() for word in key]
    fields = [(f"key{i}", f"S{len(word)}") for i, word in enumerate(words)] + [("ts", ">i8")]
    for name, absent in zip(columns, missing, strict=True):
        kind = None if absent else ">i2" if name in INTEGERS else ">f8"
        fields.append((name, kind))
    rows = np.empty(len(ts), _row_type(fields))
    rows["fields"] = len(fields)
    for i, word in enumerate(words):
        rows[f"key{i}"]["size"] = len(word)
        rows[f"key{i}"]["value"] = word
    rows["ts"]["size"] = 8
    rows["ts"]["value"] = (ts - _EPOCH).astype("int64")
    for position, (name, absent) in enumerate(zip(columns, missing, strict=True)):
        field = rows[name]
        if absent:
            field["size"] = _NULL
        else:
            field["size"] = field.dtype["value"].itemsize
            field["value"] = values[:, position]
    return rows.tobytes()


def _row_type(fields: Sequence[tuple[str, str | None]]) -> np.dtype:
    """Return the type of a row: a count of fields, then each field's size and value."""
    parts = [("fields", ">i2")]
    for name, kind in fields:
        value = [] if kind is None else [("value", kind)]
        parts.append((name, [("size", ">i4"), *value]))
    return np.dtype(parts)
