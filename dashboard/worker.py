"""`python -m dashboard.worker`: do jobs until it is stopped."""

import logging
import os
import signal
import sys
import threading

from services.errors import UserError

UNTIL_EOF = "--until-eof"  # for who starts it: it also ends when its standard input does


def main(argv: list[str] | None = None) -> int:
    """Work; return 1 after one line on standard error when that is not possible."""
    # Before the imports, which take a second in which a signal may come already.
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    from services.jobs.worker import Worker
    from services.logs import WORKER_FILE, configure_logging
    from services.settings import load_settings
    from services.workspace import open_workspace
    from strategies.registry import strategy_class

    if UNTIL_EOF in (sys.argv[1:] if argv is None else argv):
        threading.Thread(target=_stop_at_eof, args=(stop,), daemon=True).start()
    try:
        settings = load_settings()
        configure_logging(settings, logging.INFO, file_name=WORKER_FILE)
        worker = Worker(open_workspace(settings, strategy_class))
        worker.start()
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    _say("Worker: ready")
    threading.Thread(target=_warm_up, daemon=True).start()
    _work(worker, stop)
    return 0


def _work(worker, stop: threading.Event) -> None:
    from services.jobs.worker import TEND_SECONDS

    while not stop.wait(TEND_SECONDS):
        worker.tend()
    try:
        worker.stop()
    except UserError as error:
        sys.stderr.write(f"{error}\n")


def _warm_up() -> None:
    """Load what sweeps compile while nobody waits for it."""
    from services.warm_up import warm_up_sweeps
    from strategies.registry import STRATEGIES

    warm_up_sweeps(STRATEGIES.values())


def _stop_at_eof(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    # A job that does not end in time is in a thread that cannot be ended: do not wait for it.
    os._exit(status)
