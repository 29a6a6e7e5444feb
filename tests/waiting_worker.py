"""A worker that also knows a kind of job that runs until a file appears, or for as long as told."""

import os
import time
from pathlib import Path

from services.errors import NoBars
from services.jobs.kinds import KINDS, Kind
from services.progress import Progress


def wait_for_file(_workspace, arguments, report) -> dict:
    """Report until the file is there; its text says how to end."""
    path, steps = Path(arguments["file"]), 0
    while not path.exists():
        steps += 1
        report(Progress(min(steps, 49), 100, f"step {steps}"))  # less than half, however long
        time.sleep(0.02)
    text = path.read_text()
    if text == "fail":
        raise NoBars("There is nothing: try another file.")
    if text == "break":
        raise ZeroDivisionError(text)
    return {"new": 7}


def deaf(_workspace, arguments, _report) -> dict:
    """Say that it runs, then listen to nobody for an hour."""
    Path(arguments["file"]).touch()
    time.sleep(3600)
    return {}


WAITING = {
    "wait": Kind(wait_for_file, lambda a: f"Wait for {Path(a['file']).name}", ("file",)),
    "wait_broker": Kind(
        wait_for_file,
        lambda a: f"Wait at the broker for {Path(a['file']).name}",
        ("file",),
        queue=lambda _: "broker",
    ),
    "deaf": Kind(deaf, lambda _: "Hear nothing", ("file",)),
}

if __name__ == "__main__":
    from dashboard.worker import main
    from services import leases
    from services.jobs import worker

    worker.STOP_SECONDS = 1  # patience that no test waits for
    leases.SECONDS = worker.SECONDS = 3600  # neither does a test wait for the end of a lease
    KINDS.update(WAITING)
    os._exit(main())
