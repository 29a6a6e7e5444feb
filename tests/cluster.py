"""A real Dask cluster on this machine, whose processes can be killed."""

import os
import signal
import subprocess
from dataclasses import dataclass, field

import pytest
from nurseries import born, nursery

from services.optimise import dask_cluster


@dataclass
class Cluster:
    """A scheduler and its workers, by the numbers of their processes."""

    nursery: subprocess.Popen
    scheduler: int = 0
    address: str = ""
    workers: list[int] = field(default_factory=list)

    def hire(self, **environment: str) -> int:
        """Start one more worker, with some environment of its own."""
        own = (f"{name}={value}" for name, value in environment.items())
        number, _ = self._born(" ".join(("worker", self.address, *own)))
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
        number, address = born(self.nursery, line).split()
        return int(number), address


@pytest.fixture(scope="module")
def dask_nursery():
    """Give a process that bears schedulers and workers."""
    with nursery("dask_nursery.py") as process:
        yield process


@pytest.fixture
def cluster(dask_nursery, monkeypatch):
    """Give a scheduler with two workers, and the patience that a busy machine asks for."""
    monkeypatch.setattr(dask_cluster, "ANSWER_SECONDS", 60.0)
    monkeypatch.setattr(dask_cluster, "PATIENCE_SECONDS", 60.0)
    cluster = Cluster(dask_nursery).open(workers=2)
    yield cluster
    cluster.close()
