"""A real Dask cluster on this machine, whose processes can be killed."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

NURSERY = Path(__file__).parent / "dask_nursery.py"
ROOT = NURSERY.parent.parent


@dataclass
class Cluster:
    """A scheduler and its workers, by the numbers of their processes."""

    nursery: subprocess.Popen
    scheduler: int = 0
    address: str = ""
    workers: list[int] = field(default_factory=list)

    def hire(self) -> int:
        """Start one more worker."""
        number, _ = self._born(f"worker {self.address}")
        self.workers.append(number)
        return number

    def kill(self, number: int) -> None:
        """Kill one of the cluster's processes."""
        os.kill(number, signal.SIGKILL)
        if number in self.workers:
            self.workers.remove(number)

    def open(self, workers: int) -> "Cluster":
        """Start a scheduler and workers."""
        self.scheduler, self.address = self._born("scheduler")
        for _ in range(workers):
            self.hire()
        return self

    def close(self) -> None:
        """End all that lives."""
        for number in (*self.workers, self.scheduler):
            os.kill(number, signal.SIGKILL)

    def _born(self, line: str) -> tuple[int, str]:
        self.nursery.stdin.write(line + "\n")
        self.nursery.stdin.flush()
        number, address = self.nursery.stdout.readline().split()
        return int(number), address


@contextmanager
def cluster_nursery():
    """Give a process that bears schedulers and workers."""
    path = os.pathsep.join((str(ROOT), str(NURSERY.parent)))
    process = subprocess.Popen(
        [sys.executable, str(NURSERY)], cwd=ROOT, env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with process:
        yield process
        process.stdin.close()
