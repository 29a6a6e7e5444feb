"""Saved studies: every sweep, search and walk-forward, with the results of all combinations."""

from services.studies.load import (
    delete_studies,
    find_study,
    list_studies,
    load_results,
    restore_studies,
)
from services.studies.request import METHODS, StudyRequest
from services.studies.saved import Extent, Study
from services.studies.store import (
    add_chunk,
    begin_study,
    create_study,
    end_study,
    missing_chunks,
)
from services.studies.trials import Trials, trials_of

__all__ = [
    "METHODS",
    "Extent",
    "Study",
    "StudyRequest",
    "Trials",
    "add_chunk",
    "begin_study",
    "create_study",
    "delete_studies",
    "end_study",
    "find_study",
    "list_studies",
    "load_results",
    "missing_chunks",
    "restore_studies",
    "trials_of",
]
