"""The broker's client library: imported late, by the name that the settings give."""

import importlib
import logging
from types import ModuleType

from services.errors import NotConnected

_LOGGERS = ("client", "wrapper", "Decoder", "ib")


def load_library(name: str) -> ModuleType:
    """Import the client library; call it in the thread that owns the event loop.

    Its log records stay out of the console: each failure they speak of becomes an error of ours.
    """
    try:
        library = importlib.import_module(name)
    except ImportError as error:
        raise NotConnected(
            f"The client library {name} is not installed: install it with pip, or set IB_LIBRARY "
            "to the one that is."
        ) from error
    for part in _LOGGERS:
        logging.getLogger(f"{name}.{part}").addFilter(_keep_from_console)
    logging.getLogger("eventkit.event").addFilter(_keep_from_console)
    return library


def _keep_from_console(record: logging.LogRecord) -> bool:
    record.shown = True
    return True
