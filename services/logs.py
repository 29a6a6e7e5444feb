"""The one configuration of logging: a rotating file under `logs/` and the console."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from services.settings import Settings

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
FOLDER = Path("logs")
FILE, WORKER_FILE = "trading.log", "worker.log"  # two processes cannot rotate one file
BYTES, KEPT = 2_000_000, 5
CHATTY = ["alembic"]  # their INFO says nothing about our work
SHOWN = {"shown": True}  # as `extra`: the user was told already, so the console stays quiet
_NAME = "trading-research"  # our handlers are found by it when logging is configured again


def configure_logging(
    settings: Settings,
    console_level: int = logging.WARNING,
    folder: Path = FOLDER,
    file_name: str = FILE,
) -> None:
    """Send records to the file, and from `console_level` on to standard error.

    Scripts show warnings; a server passes logging.INFO. A folder that cannot be written costs one
    warning and the file. Calling it again replaces what it set up before.
    """
    root = logging.getLogger()
    for handler in [h for h in root.handlers if h.name == _NAME]:
        root.removeHandler(handler)
        handler.close()
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    console = _Console()
    _add(root, console, max(level, console_level))
    path = folder / file_name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(path, maxBytes=BYTES, backupCount=KEPT, encoding="utf-8")
    except OSError as error:
        logging.getLogger(__name__).warning(
            "There is no log file: %s cannot be written (%s).", path, error.strerror
        )
    else:
        _add(root, file, level)
        console.addFilter(lambda record: not getattr(record, "shown", False))


def log_file() -> Path | None:
    """Return the file that records go to, None when there is none."""
    for handler in logging.getLogger().handlers:
        if handler.name == _NAME and isinstance(handler, RotatingFileHandler):
            return Path(handler.baseFilename)
    return None


class _Console(logging.StreamHandler):
    """Writes to standard error as it is at that moment, not as it was at the start."""

    @property
    def stream(self):
        return sys.stderr

    @stream.setter
    def stream(self, _):
        pass


def _add(root: logging.Logger, handler: logging.Handler, level: int) -> None:
    handler.name = _NAME
    handler.setLevel(level)
    handler.setFormatter(logging.Formatter(FORMAT))
    root.addHandler(handler)
