"""The door of every command: known errors become one line, unknown ones a log entry."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from services.errors import UserError
from services.progress import Progress, Report, silent

BAD_USAGE = 2
CHUNKS = "{desc}|{bar}| {n:.0f} of {total:.0f} chunks{postfix}, {remaining} left"
INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong with the words in one line, not after all of the usage."""

    def error(self, message: str) -> NoReturn:
        """End the program with status 2."""
        self.exit(BAD_USAGE, _one_line(f"error: {message}; see {self.prog} --help"))


def run_main(work: Callable[[], int | None]) -> int:
    """Run a command's work and return its exit status.

    A UserError is one line on standard error and 1; anything unforeseen is logged with its
    traceback and answered with one line and 1.
    """
    try:
        _set_up_logging()
        return work() or 0
    except UserError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        _fail("Interrupted: what was confirmed is kept.")
        return INTERRUPTED
    except BrokenPipeError:
        # Who read our output has left; keep Python from failing again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception:  # noqa: BLE001 - the outermost door
        return _fail(_logged())


@contextmanager
def progress_bar(enabled: bool = True) -> Iterator[Report]:
    """Give a report that draws a bar on standard error, if that is a terminal and `enabled`."""
    if not enabled or not sys.stderr.isatty():
        yield silent
        return
    from tqdm import tqdm

    with tqdm(file=sys.stderr, leave=False, unit_scale=True) as bar:

        def show(progress: Progress) -> None:
            bar.total = progress.total or None
            bar.n = progress.done
            bar.set_description(progress.message, refresh=False)
            if progress.bars is not None:
                bar.bar_format = CHUNKS
                bar.set_postfix_str(f"{progress.bars:,} bars", refresh=False)
            bar.refresh()

        yield show


def _fail(sentence: str) -> int:
    sys.stderr.write(_one_line(sentence))
    return 1


def _one_line(text: str) -> str:
    """Leave out what would move a terminal's cursor: the text may quote what the user typed."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable()) + "\n"


def _set_up_logging() -> None:
    from services.logs import configure_logging
    from services.settings import load_settings

    configure_logging(load_settings())


def _logged() -> str:
    from services.logs import SHOWN, log_file

    logging.getLogger(__name__).error("Unexpected error", exc_info=True, extra=SHOWN)
    file = log_file()
    return f"Unexpected error, see {file}." if file else "Unexpected error."
