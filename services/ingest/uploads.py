"""Keeps files that a browser sent until a worker has stored what is in them."""

import hashlib
import re
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from services.errors import InvalidFile, StorageError
from services.settings import Settings

LARGEST = 200 * 1024 * 1024
KEPT_SECONDS = 24 * 3600
_PIECE = 1 << 20
_LONGEST_NAME = 100  # bytes: what a file system counts
_KEY = re.compile(r"[0-9a-f]{32}")
_TOO_LARGE = (
    f"The file is larger than {LARGEST >> 20} MB: pack it with gzip, or bring it in with "
    "python -m scripts.ingest --file."
)


@dataclass(frozen=True)
class Upload:
    """A file that was sent: `key` names its content, `name` is the one that it had."""

    key: str
    name: str
    path: Path
    size: int


def uploads_dir(settings: Settings) -> Path:
    """Return the folder of the files that wait."""
    return settings.data_dir / "uploads"


def save_upload(settings: Settings, name: str, stream: BinaryIO, largest: int = LARGEST) -> Upload:
    """Keep what a stream holds; raise InvalidFile (empty, too large) or StorageError.

    The same content under the same name is kept once.
    """
    folder = uploads_dir(settings)
    part = folder / f".part-{uuid.uuid4().hex}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            key, size = _write(stream, part, largest)
            kept = folder / key / safe_name(name)
            kept.parent.mkdir(exist_ok=True)
            part.replace(kept)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"The file cannot be kept in {folder} ({error.strerror}): check the disk and your "
            "rights to the folder."
        ) from error
    return Upload(key, kept.name, kept, size)


def find_upload(settings: Settings, key: str, name: str) -> Path:
    """Return the path of a file that was sent; raise InvalidFile when it is kept no more."""
    path = uploads_dir(settings) / key / safe_name(name)
    if not _KEY.fullmatch(key) or not path.is_file():
        raise InvalidFile("The file is kept no more: drop it here again.")
    return path


def discard_upload(settings: Settings, path: Path) -> None:
    """Remove a file that was sent and is stored; any other file stays where it is."""
    folder = uploads_dir(settings).resolve()
    if path.resolve().parent.parent == folder:
        shutil.rmtree(path.resolve().parent, ignore_errors=True)


def sweep_uploads(settings: Settings, older_than: float = KEPT_SECONDS) -> int:
    """Remove the files that were sent long ago and never stored; return how many."""
    limit = time.time() - older_than
    old = [path for path in uploads_dir(settings).glob("*") if _modified(path) < limit]
    for path in old:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(old)


def safe_name(name: str) -> str:
    """Return a file's name without what a path could be made of."""
    plain = re.sub(r"[^\w.,()+=^ -]", "_", Path(name.replace("\\", "/")).name).strip(". ")
    return plain.encode()[-_LONGEST_NAME:].decode(errors="ignore") or "file.csv"


def _write(stream: BinaryIO, path: Path, largest: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > largest:
                raise InvalidFile(_TOO_LARGE)
            digest.update(piece)
            file.write(piece)
    if not size:
        raise InvalidFile("The file is empty: fetch it again.")
    return digest.hexdigest()[:32], size


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
