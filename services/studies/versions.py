"""The versions that a study was made with, those of its method's own libraries among them."""

from services.optimise.optimiser import optimiser_version
from services.runs.fingerprint import versions
from services.studies.request import SEARCH

OPTIMISER = "optuna"


def versions_for(method: str) -> dict[str, str]:
    """Return the versions of what can change a number of a study."""
    return versions() | ({OPTIMISER: optimiser_version()} if method == SEARCH else {})
