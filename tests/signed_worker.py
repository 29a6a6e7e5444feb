"""A nursery of workers that compute chunks of studies at a sign: see chunk_tasks.

Each line of standard input is the environment of one more worker, as JSON. The nursery forks it,
with all that it imports in place, and says its number, then how it ended.
"""

import json
import os
import sys

from chunk_tasks import AtASign, TrainingAtASign

import services.jobs.worker
import services.optimise.search
import services.optimise.walk_forward
import services.studies.work
import services.workspace
import strategies.registry  # noqa: F401 - like the others, so that no worker waits for it
from dashboard.worker import main


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    services.studies.work.Evaluation = AtASign
    services.optimise.search.Evaluation = AtASign
    services.optimise.walk_forward.Training = TrainingAtASign
    for line in sys.stdin:
        if child := os.fork():
            say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        else:
            os.environ.update(json.loads(line))
            say(os.getpid())
            os._exit(main([]))
