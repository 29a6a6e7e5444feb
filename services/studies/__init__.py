"""Saved studies: every sweep, search and walk-forward, with the results of all combinations."""

from services.studies.edit import change_study, delete_studies, restore_studies
from services.studies.listing import StudyFilter, find_studies
from services.studies.load import find_study, load_results
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
    "StudyFilter",
    "StudyRequest",
    "Trials",
    "add_chunk",
    "begin_study",
    "change_study",
    "create_study",
    "delete_studies",
    "end_study",
    "find_studies",
    "find_study",
    "load_results",
    "missing_chunks",
    "restore_studies",
    "trials_of",
]
