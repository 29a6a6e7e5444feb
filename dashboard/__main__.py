"""`python -m dashboard`: serve the dashboard at HOST and PORT until it is stopped.

With `--worker` a worker runs beside it, is started again when it dies, and ends with it.
"""

import argparse
import logging
import os
import signal
import sys
from contextlib import nullcontext

from services.errors import UserError

INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Serve; return 1 after one line on standard error when that is not possible (2: bad usage)."""
    with_worker = _arguments(argv).worker
    from dashboard.server import DashboardServer, check_address
    from dashboard.worker_process import worker_beside
    from services.logs import configure_logging
    from services.settings import load_settings
    from services.workspace import open_workspace

    try:
        settings = load_settings()
        configure_logging(settings, logging.INFO)
        check_address(settings)
        # What is wrong with the database is said here, in one line, not by the worker's log.
        open_workspace(settings).database.close()
        with worker_beside() if with_worker else nullcontext():
            DashboardServer(settings).run()
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    from scripts.cli.door import Parser

    parser = Parser(prog="python -m dashboard", description="Serve the dashboard at HOST and PORT.")
    parser.add_argument("--worker", action="store_true", help="run a worker beside it")
    return parser.parse_args(argv)


def _leave(*_: object) -> None:
    # An exception can be lost on its way through whatever is just being imported.
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _leave)  # until the server takes it
    raise SystemExit(main())
