"""A nursery of workers whose broker may be asked as fast as it answers: for the stand-in only.

Each line of standard input is the environment of one more worker, as JSON. The nursery forks it,
with all that it imports in place, and says its number, then how it ended.
"""

import json
import os
import sys

import services.ingest.ibkr_source
import services.jobs.worker
import services.workspace  # noqa: F401 - like the others, so that no worker waits for it
from dashboard.worker import main
from services.ingest.pacing import PacingBudget


def at_once(*_) -> None:
    """Allow a request."""


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    PacingBudget.acquire = at_once
    for line in sys.stdin:
        if child := os.fork():
            say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        else:
            os.environ.update(json.loads(line))
            say(os.getpid())
            os._exit(main([]))
