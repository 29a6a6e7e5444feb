"""`python -m dashboard`: serve the dashboard at HOST and PORT until it is stopped."""

import logging
import sys

from services.errors import UserError


def main() -> int:
    """Serve; return 1 after one line on standard error when that is not possible."""
    from dashboard.server import DashboardServer, check_address
    from services.logs import configure_logging
    from services.settings import load_settings
    from services.workspace import open_workspace

    try:
        settings = load_settings()
        configure_logging(settings, logging.INFO)
        check_address(settings)
        # What is wrong with the database is said here, in one line, not by the worker's log.
        open_workspace(settings).database.close()
        DashboardServer(settings).run()
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
