"""A worker process: serves the queues, keeps its leases, mends what others left, schedules."""

import logging
import os
import sqlite3
import time

import redis
from huey import crontab
from huey.consumer import Consumer

from services.errors import UserError
from services.jobs.kinds import BROKER, COMPUTE
from services.jobs.queue import JobQueue
from services.jobs.recovery import ask_again, interrupt_abandoned, queue_trouble
from services.jobs.runner import JobRunner
from services.jobs.schedule import submit_due_updates
from services.leases import SECONDS, Leases
from services.workspace import Workspace

log = logging.getLogger(__name__)

TEND_SECONDS = 3.0
QUEUE_ROUNDS = 10  # of tending, between two looks into the queues
STOP_SECONDS = 8.0  # for the jobs under way to come to a confirmed end
BROKER_LEASE = "queue:broker"
_POLL_SECONDS = 0.5
_EVERY_FIVE_MINUTES = crontab(minute="*/5")


class Worker:
    """Does the jobs of both queues until it is stopped.

    Of several workers one serves the broker's queue, with one thread; each computes with as many
    threads as the machine has cores.
    """

    def __init__(self, workspace: Workspace, cores: int | None = None):
        self._workspace = workspace
        self._runner = JobRunner(workspace)
        self._leases = Leases(workspace.database, self._runner.worker)
        self._cores = cores or os.cpu_count() or 1
        self._compute: _Service | None = None
        self._broker: _Service | None = None
        self._leased_at = 0.0
        self._rounds = 0
        self._steady = True
        self._trouble = ""

    def start(self) -> None:
        """Serve the queues from now on; raises InvalidParams for a REDIS_URL that is none."""
        _quieten_huey()
        self._compute = self._serve(COMPUTE, self._cores, schedule=True)
        self.tend()

    def tend(self) -> None:
        """Renew what has to be renewed and mend what others left; trouble is logged once."""
        trouble = ""
        try:
            self._keep_leases()
            # After trouble with the database everybody's signs of life are old: a round's patience.
            if self._steady:
                interrupt_abandoned(self._workspace.database, self._runner.running)
            if self._rounds % QUEUE_ROUNDS == 0:
                trouble = queue_trouble(self._workspace.settings)
                if not trouble:
                    ask_again(self._workspace.database, self._workspace.settings)
            self._rounds += 1
            self._steady = True
        except UserError as error:
            self._steady, trouble = False, str(error)
            self._let_go_of_the_broker_in_time()
        if trouble and trouble != self._trouble:
            log.warning("%s", trouble)
        self._trouble = trouble
        for service in (self._compute, self._broker):
            if service is not None:
                service.check_worker_health()

    def stop(self) -> None:
        """Take no more jobs, end those under way at their next report, and give the leases back."""
        self._runner.stop_taking()
        for service in (self._compute, self._broker):
            if service is not None:
                service.stop()
        self._runner.stop(STOP_SECONDS)
        self._leases.leave(self._leases.life, BROKER_LEASE)

    def _keep_leases(self) -> None:
        self._leases.show_life()
        if self._steady or self._broker is not None:
            self._serve_broker(self._leases.take(BROKER_LEASE))

    def _serve_broker(self, is_ours: bool) -> None:
        if is_ours:
            self._leased_at = time.monotonic()
            if self._broker is None:
                self._broker = self._serve(BROKER, 1)
                log.info("This worker serves the broker's queue")
        elif self._broker is not None:
            self._leave_broker()

    def _let_go_of_the_broker_in_time(self) -> None:
        """Serve the broker's queue no longer than the lease holds."""
        if self._broker is not None and time.monotonic() - self._leased_at > SECONDS:
            self._leave_broker()

    def _leave_broker(self) -> None:
        log.warning("This worker serves the broker's queue no more")
        self._broker.stop()
        self._broker = None

    def _serve(self, name: str, threads: int, schedule: bool = False) -> "_Service":
        queue = JobQueue(self._workspace.settings, name, self._runner.run)
        if schedule:
            queue.huey.periodic_task(_EVERY_FIVE_MINUTES)(self._schedule)
        service = _Service(
            queue.huey,
            workers=threads,
            periodic=schedule,
            max_delay=_POLL_SECONDS,
            scheduler_interval=10,
        )
        service.start()
        return service

    def _schedule(self) -> None:
        try:
            submit_due_updates(self._workspace)
        except UserError as error:
            log.warning("Updates were not scheduled: %s", error)


class _Service(Consumer):
    """Huey's consumer as one of several in a process: signals are the process' own matter."""

    def _set_signal_handlers(self) -> None:
        pass


class _SayOnce(logging.Filter):
    """Leaves out what each thread says, many times a minute, of a storage that does not answer."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, redis.RedisError | sqlite3.Error)


_SAY_ONCE = _SayOnce()


def _quieten_huey() -> None:
    logging.getLogger("huey").setLevel(logging.WARNING)
    for name in ("huey", "huey.consumer.Worker", "huey.consumer.Scheduler"):
        logging.getLogger(name).addFilter(_SAY_ONCE)
