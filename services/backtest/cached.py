"""Compiled functions kept on disk that know when a module they call has changed.

The compiler asks only after the file that a function stands in. A kernel that calls functions of
other files would go on with their old code: a wrong number without a word. So a function is also
renewed when a module that its own imports changes, or one that those import: modules of the same
package that are imported as modules (`import services.backtest.orders as orders`), or whose
compiled functions are imported by name.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from numba import njit
from numba.core.dispatcher import Dispatcher


def compiled(
    *, division_raises: bool = False, allocates: bool = True
) -> Callable[[Callable], Callable]:
    """Compile a function and keep it on disk until its file or one that it calls changes.

    A division by zero gives infinity or NaN, or raises ZeroDivisionError where that is asked for.
    One that makes no array need not count who uses those that it is given, which costs more than
    many a sum.
    """
    model = "python" if division_raises else "numpy"

    def decorate(function: Callable) -> Callable:
        options = {"nogil": True, "error_model": model, "_nrt": allocates}
        dispatcher = njit(cache=True, **options)(function)
        kept = dispatcher._cache._cache_file
        # Told apart before anything else of the file is read: it may name types that are gone.
        kept._version = (kept._version, _digest(sys.modules[function.__module__]))
        return dispatcher

    return decorate


def is_compiled(function: Dispatcher, holds: str = "", lacks: str = "") -> bool:
    """Tell whether a function is compiled, in this process or on disk, for arguments of a kind.

    Their types, as the compiler writes them, hold one word and lack another; an empty one is
    not looked for.
    """
    kept = (types for types, *_ in function._cache._cache_file._load_index())
    known = map(str, (*function.signatures, *kept))
    return any(holds in types and not (lacks and lacks in types) for types in known)


def _digest(module: ModuleType) -> str:
    digest = hashlib.sha256()
    for name in sorted(_reached(module, {module.__name__})):
        digest.update(Path(sys.modules[name].__file__).read_bytes())
    return digest.hexdigest()


def _reached(module: ModuleType, found: set[str]) -> set[str]:
    """Add the names of all modules that compiled code in a module may call."""
    for name in _imported(module):
        if name not in found:
            found.add(name)
            _reached(sys.modules[name], found)
    return found


def _imported(module: ModuleType) -> Iterator[str]:
    package = module.__name__.partition(".")[0]
    for value in list(vars(module).values()):
        name = value.__name__ if isinstance(value, ModuleType) else ""
        if isinstance(value, Dispatcher):
            name = value.py_func.__module__
        if name.partition(".")[0] == package and name != module.__name__:
            yield name
