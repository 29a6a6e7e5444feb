"""A worker whose broker may be asked as fast as it answers: for tests with the stand-in only."""

import os

from services.ingest.pacing import PacingBudget


def at_once(*_) -> None:
    """Allow a request."""


if __name__ == "__main__":
    from dashboard.worker import main

    PacingBudget.acquire = at_once
    os._exit(main())
