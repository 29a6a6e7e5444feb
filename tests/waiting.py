"""Waiting for what another thread or process does."""

import time

from services.jobs import get_job

PATIENCE = 120.0  # seconds, for what must come about: a busy machine takes long


def until(condition, seconds=PATIENCE):
    """Wait for a condition; answer with what it gives."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return value


def state(office, job) -> str:
    return get_job(office, job.id).state
