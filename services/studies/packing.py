"""Packs what studies keep into bytes, and unpacks it again without running any code."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pandas as pd
import pyarrow as pa

_COMPRESSED = pa.ipc.IpcWriteOptions(compression="zstd")
_RECORD = "record.json"


def pack_frame(frame: pd.DataFrame) -> bytes:
    """Return a frame as bytes: Arrow's IPC format, compressed."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_COMPRESSED) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def unpack_frame(payload: bytes) -> pd.DataFrame:
    """Return the frame that pack_frame was given, to the last digit."""
    with pa.ipc.open_stream(payload) as reader:
        return reader.read_all().to_pandas()


def pack_parts(record: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> bytes:
    """Return plain JSON and some frames by their names as one archive."""
    archive = BytesIO()
    with ZipFile(archive, "w") as into:
        into.writestr(_RECORD, json.dumps(record))
        for name, frame in frames.items():
            into.writestr(name, pack_frame(frame))
    return archive.getvalue()


def unpack_parts(payload: bytes) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Return what pack_parts was given."""
    with ZipFile(BytesIO(payload)) as archive:
        names = [name for name in archive.namelist() if name != _RECORD]
        frames = {name: unpack_frame(archive.read(name)) for name in names}
        return json.loads(archive.read(_RECORD)), frames
