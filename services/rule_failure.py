"""What goes wrong in the code of a rule, told so that its author finds the line."""

import inspect
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.errors import RuleFailed, UserError, error_text

log = logging.getLogger(__name__)


@contextmanager
def named_failures(strategy: Any) -> Iterator[None]:
    """Raise RuleFailed for an error in the strategy's own file; what others raise passes."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        place = _place_in(type(strategy), error)
        if place is None:
            raise
        log.warning("The rule of %s failed", strategy.name, exc_info=error)
        raise RuleFailed(
            f"{strategy.name} failed in {place} with {error_text(error)}: mend the rule and run it "
            "again, the log has the traceback."
        ) from error


def _place_in(strategy_class: type, error: Exception) -> str | None:
    """Name the innermost line of a class's file that an error came through, if it came through."""
    try:
        file = inspect.getfile(strategy_class)
    except (OSError, TypeError):  # written in a session, so in no file
        return None
    lines = [step.lineno for step in traceback.extract_tb(error.__traceback__)
             if step.filename == file]  # fmt: skip
    return f"line {lines[-1]} of {Path(file).name}" if lines else None
