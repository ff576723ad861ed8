"""Functions over arrays as machine code, where torch has no operation for what they do in one pass."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _version() -> str:
    """A hash of all files of this package: a function may consist of what it calls in another one."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


_VERSION = _version()


_WRITTEN_BY_OTHERS = 0o022


def cache_folder(name: str) -> Path | None:
    """The folder `name` in the user's cache of facecorpus, made if need be; None where there is none to write to.

    What is kept there is run as it is found: so a folder that others may write to, or that is another's, is none.
    """
    stated = os.environ.get("XDG_CACHE_HOME", "")
    try:
        folder = (Path(stated) if os.path.isabs(stated) else Path.home() / ".cache") / "facecorpus" / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.stat()
    except (OSError, RuntimeError):  # a home that can only be read, or none at all
        return None
    mine = not hasattr(os, "geteuid") or state.st_uid == os.geteuid()
    return folder if mine and not state.st_mode & _WRITTEN_BY_OTHERS and os.access(folder, os.W_OK | os.X_OK) else None


def compiled(function: _Function) -> _Function:
    """The function as machine code, kept in the user's cache for the next process where that can be written."""
    # numba compiles anew when the function's own file has changed. What is kept goes by the function's name, which
    # therefore tells the version of the other files too.
    function.__qualname__ += f"-{_VERSION}"
    numba: Any = config  # whose settings have no types
    before = numba.CACHE_DIR
    # By itself numba keeps it beside the source. Where the user has set NUMBA_CACHE_DIR, that holds.
    numba.CACHE_DIR = before or str(cache_folder("numba") or "")
    made: Any
    try:
        made = njit(nogil=True, error_model="numpy", cache=bool(numba.CACHE_DIR))(function)
    except RuntimeError:
        made = njit(nogil=True, error_model="numpy")(function)
    finally:
        numba.CACHE_DIR = before
    return cast(_Function, made)
