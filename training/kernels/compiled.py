"""Functions over arrays as machine code, where torch has no operation for what they do in one pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _version() -> str:
    """A hash of all files of this package: a function may consist of what it calls in another one."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


_VERSION = _version()


def compiled(function: _Function) -> _Function:
    """The function as machine code, kept on disk for the next process where a folder for it can be written."""
    # numba compiles anew when the function's own file has changed. What is kept goes by the function's name, which
    # therefore tells the version of the other files too.
    function.__qualname__ += f"-{_VERSION}"
    made: Any
    try:
        made = njit(nogil=True, error_model="numpy", cache=True)(function)
    except RuntimeError:
        made = njit(nogil=True, error_model="numpy")(function)
    return cast(_Function, made)
