"""A nursery of Dask schedulers and workers: their imports take longer than their work.

Each line of standard input is "scheduler" or "worker ADDRESS NAME=VALUE ...", with what shall be
in its environment. The nursery forks it, with all that
it imports in place, and says its number and, of a scheduler, its address. All end with it.
"""

import asyncio
import ctypes
import os
import signal
import sys

import chunk_tasks  # noqa: F401 - here and below, so that no worker waits for it
import dask
from distributed import Scheduler, Worker

import services.runs.fingerprint  # noqa: F401

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def schedule() -> None:
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        say(os.getpid(), scheduler.address)
        await scheduler.finished()


async def work(address: str) -> None:
    async with Worker(address, nthreads=1, dashboard=False) as worker:
        say(os.getpid(), worker.address)
        await worker.finished()


if __name__ == "__main__":
    dask.config.set({"distributed.scheduler.worker-ttl": None})
    for line in sys.stdin:
        kind, *rest = line.split()
        if not os.fork():
            ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
            os.environ.update(pair.split("=", 1) for pair in rest[1:])
            asyncio.run(work(rest[0]) if kind == "worker" else schedule())
            os._exit(0)
