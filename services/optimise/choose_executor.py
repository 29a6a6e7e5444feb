"""Chooses where chunks are computed: here, or on a Dask cluster."""

from services.optimise.dask_cluster import DaskExecutor
from services.optimise.executor import Executor
from services.settings import Settings


def dask_executor(address: str) -> Executor:
    """Return an executor on the Dask cluster whose scheduler has this address."""
    return DaskExecutor(address)


def executor_from(settings: Settings) -> Executor | None:
    """Return the executor that the settings ask for: a Dask cluster when its address is set.

    None otherwise: work that nobody carries tells more of how far it is.
    """
    address = settings.dask_scheduler_address
    return dask_executor(address) if address else None
