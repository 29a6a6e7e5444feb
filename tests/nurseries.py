"""Nurseries: processes that bear others, whose imports take longer than their work."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from services.settings import ROOT

HERE = Path(__file__).parent


@contextmanager
def nursery(name: str):
    """Run a nursery of this folder: it is told on standard input whom to bear, and answers."""
    path = os.pathsep.join((str(ROOT), str(HERE)))
    process = subprocess.Popen(
        [sys.executable, str(HERE / name)], cwd=ROOT, env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with process:
        yield process
        process.stdin.close()


def born(process: subprocess.Popen, line: str) -> str:
    """Tell a nursery whom to bear; return its answer."""
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return process.stdout.readline()
