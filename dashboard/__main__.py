"""`python -m dashboard`: serve the dashboard at HOST and PORT until it is stopped.

With `--worker` a worker runs beside it, is started again when it dies, and ends with it.
"""

import logging
import os
import signal
import sys
from contextlib import nullcontext

from services.errors import UserError

WITH_WORKER = "--worker"
INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Serve; return 1 after one line on standard error when that is not possible."""
    from dashboard.server import DashboardServer, check_address
    from dashboard.worker_process import worker_beside
    from services.logs import configure_logging
    from services.settings import load_settings
    from services.workspace import open_workspace

    with_worker = WITH_WORKER in (sys.argv[1:] if argv is None else argv)
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


def _leave(*_: object) -> None:
    # An exception can be lost on its way through whatever is just being imported.
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _leave)  # until the server takes it
    raise SystemExit(main())
