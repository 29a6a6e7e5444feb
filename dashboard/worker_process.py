"""Keeps a worker running beside the dashboard, and ends it with the dashboard.

The dashboard holds the other end of this process' standard input: when the dashboard ends, in
whatever way, that ends too.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dashboard.worker import UNTIL_EOF

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds until a worker that died is started again
_LONG_LIFE = 60.0  # seconds: after one, the next death is a new matter
_LAST_SECONDS = 15.0  # for a worker to bring its jobs to an end
_LOOK_SECONDS = 0.5


@contextmanager
def worker_beside() -> Iterator[None]:
    """Keep a worker running until the block is left."""
    keeper = subprocess.Popen(
        [sys.executable, "-m", "dashboard.worker_process"], stdin=subprocess.PIPE
    )
    try:
        yield
    finally:
        keeper.stdin.close()
        keeper.wait(_LAST_SECONDS + 5)


def main() -> int:
    """Keep a worker running until standard input ends or a signal says to stop."""
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: asked.append(number))

    def shall_stop(seconds: float) -> bool:
        return bool(asked) or _input_ended(seconds)

    pause = _FIRST_PAUSE
    while True:
        began = time.monotonic()
        status = _run_worker(shall_stop)
        if status is None or shall_stop(0):  # Ctrl-C reaches all processes at once
            return 0
        if time.monotonic() - began > _LONG_LIFE:
            pause = _FIRST_PAUSE
        sys.stderr.write(f"The worker ended with {status}; it starts again in {pause:g} s.\n")
        if _waited(pause, shall_stop):
            return 0
        pause = min(pause * 2, _LONGEST_PAUSE)


def _run_worker(shall_stop) -> int | None:
    """Run one worker to its end; return its status, None when it was stopped from here."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "dashboard.worker", UNTIL_EOF], stdin=subprocess.PIPE
    )
    while worker.poll() is None:
        if shall_stop(_LOOK_SECONDS):
            _end(worker)
            return None
    worker.stdin.close()
    return worker.returncode


def _end(worker: subprocess.Popen) -> None:
    worker.stdin.close()
    try:
        worker.wait(_LAST_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def _waited(seconds: float, shall_stop) -> bool:
    """Wait; tell whether it was cut short."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if shall_stop(min(_LOOK_SECONDS, seconds)):
            return True
    return False


def _input_ended(seconds: float) -> bool:
    """Wait for standard input, and tell whether it has ended."""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(ready) and os.read(sys.stdin.fileno(), 4096) == b""


if __name__ == "__main__":
    raise SystemExit(main())
