"""Compiled functions kept on disk that know when a module they call has changed.

The compiler asks only after the file that a function stands in. A kernel that calls functions of
other files would go on with their old code: a wrong number without a word.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from numba import njit


def compiled(*called: ModuleType) -> Callable[[Callable], Callable]:
    """Compile a function and keep it on disk until its file or one of these modules changes."""
    digest = hashlib.sha256()
    for module in called:
        digest.update(Path(module.__file__).read_bytes())

    def decorate(function: Callable) -> Callable:
        dispatcher = njit(cache=True, nogil=True, error_model="numpy")(function)
        kept = dispatcher._cache._cache_file
        kept._source_stamp = (kept._source_stamp, digest.hexdigest())
        return dispatcher

    return decorate
