"""Does jobs in a worker: claims, reports, cancels, and writes how each ended."""

import logging
import threading
import time
from typing import Any

from services.errors import Cancelled, Interrupted, UserError
from services.jobs.desk import submit
from services.jobs.job import CANCELLED, DONE, FAILED, INTERRUPTED, STOPPED, JobView
from services.jobs.kinds import ASKED, kind_of
from services.jobs.store import JobTable
from services.processes import this_process
from services.progress import Progress
from services.workspace import Workspace

log = logging.getLogger(__name__)

UNEXPECTED = "Unexpected error, see log."
CANCELLED_RUNNING = "Cancelled: what was stored before is kept."
HEARTBEAT_SECONDS = 2.0
WRITE_SECONDS = 0.25  # between two writes of progress
FINISH_SECONDS = 60.0  # a database that stopped is waited for, to write how a job ended


class RunningJob:
    """A job under way: the work reports to it, and a thread of its own writes that down.

    So the work never waits for the database to tell how far it is, and a database that is away
    for a while stops no work by itself.
    """

    def __init__(self, table: JobTable, job: JobView, stopping: threading.Event):
        self.job = job
        self._table = table
        self._stopping = stopping
        self._cancelled = threading.Event()
        self._lost = threading.Event()
        self._ended = threading.Event()
        self._reported: dict[str, Any] = {}
        self._written: dict[str, Any] = {}
        self._written_at = time.monotonic()
        self._thread = threading.Thread(target=self._watch, name=f"job-{job.id}", daemon=True)
        self._thread.start()

    def report(self, progress: Progress) -> None:
        """Take note of how far the work is; raise Cancelled when it shall end."""
        self._reported = {
            "done": progress.done,
            "total": progress.total,
            "progress": min(progress.done / progress.total, 1.0) if progress.total else None,
            "message": _with_bars(progress),
        }
        if self._cancelled.is_set():
            raise Cancelled(CANCELLED_RUNNING)
        if self._stopping.is_set() or self._lost.is_set():
            raise Interrupted(STOPPED)

    def finish(self, values: dict[str, Any]) -> None:
        """Write how it ended, with the last progress; wait for a database that is away."""
        self._ended.set()
        self._thread.join()
        deadline = time.monotonic() + FINISH_SECONDS
        while True:
            try:
                if not self._table.finish(self.job, self._reported | values):
                    log.warning("Job %s was taken over before it ended here", self.job.id)
                return
            except UserError as error:
                if time.monotonic() > deadline:
                    log.error("How job %s ended cannot be written: %s", self.job.id, error)
                    return
                time.sleep(1)

    def _watch(self) -> None:
        while not self._ended.wait(WRITE_SECONDS):
            try:
                self._look()
                self._write()
            except UserError as error:
                log.debug("Job %s: %s", self.job.id, error)

    def _look(self) -> None:
        """See whether someone cancels it: a read, as it does not wait for others' writing."""
        cancelled = self._table.is_cancelled(self.job)
        if cancelled is None:
            self._lost.set()
        elif cancelled:
            self._cancelled.set()

    def _write(self) -> None:
        reported = self._reported
        if reported is self._written and _since(self._written_at) < HEARTBEAT_SECONDS:
            return
        self._table.touch(self.job, reported)
        self._written, self._written_at = reported, time.monotonic()


class JobRunner:
    """Does the jobs of one worker process, several at a time in threads of the caller's."""

    def __init__(self, workspace: Workspace, worker: str | None = None):
        self.worker = worker or this_process()
        self._workspace = workspace
        self._table = JobTable(workspace.database)
        self._stopping = threading.Event()
        self._running: dict[int, RunningJob] = {}

    @property
    def running(self) -> set[int]:
        """The numbers of the jobs under way."""
        return set(self._running)

    def run(self, job_id: int) -> None:
        """Do a job, if it still waits; how it ends is written to its row."""
        try:
            job = None if self._stopping.is_set() else self._table.claim(job_id, self.worker)
        except UserError as error:
            log.warning("Job %s waits: %s", job_id, error)
            return
        if job is None:
            return
        log.info("Job %s begins: %s", job.id, job.title)
        running = self._running[job.id] = RunningJob(self._table, job, self._stopping)
        try:
            running.finish(self._outcome(running))
        finally:
            del self._running[job.id]

    def stop_taking(self) -> None:
        """Begin no job any more; those under way end at their next report."""
        self._stopping.set()

    def stop(self, seconds: float) -> None:
        """End the jobs under way; those that do not end in time are marked as interrupted."""
        self.stop_taking()
        deadline = time.monotonic() + seconds
        while self._running and time.monotonic() < deadline:
            time.sleep(0.05)
        for running in list(self._running.values()):
            self._table.finish(running.job, {"state": INTERRUPTED, "message": STOPPED})

    def _outcome(self, running: RunningJob) -> dict[str, Any]:
        job = running.job
        try:
            kind = kind_of(job.kind)
            result = kind.run(self._workspace, dict(job.arguments), running.report)
            self._ask_for_more(result or {})
        except Interrupted:
            values = {"state": INTERRUPTED, "message": STOPPED}
        except Cancelled as error:
            values = {"state": CANCELLED, "message": str(error)}
        except UserError as error:
            values = {"state": FAILED, "message": str(error)}
        except Exception:
            log.exception("Job %s (%s) failed", job.id, job.title)
            values = {"state": FAILED, "message": UNEXPECTED}
        else:
            message = kind.outcome(result or {})
            values = {"state": DONE, "message": message, "result": result, "progress": 1.0}
        log.info("Job %s is %s: %s", job.id, values["state"], values["message"])
        return values

    def _ask_for_more(self, result: dict[str, Any]) -> None:
        """Submit the jobs that this one asked for."""
        for kind, arguments in result.pop(ASKED, ()):
            submit(self._workspace, kind, arguments)


def _with_bars(progress: Progress) -> str:
    if not progress.bars:
        return progress.message
    return f"{progress.message} · {progress.bars:,} bars so far"


def _since(moment: float) -> float:
    return time.monotonic() - moment
