"""Functions over arrays as machine code, where torch has no operation for what they do in one pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

INSTRUCTIONS = ("amx.py", "sixteen.py")
"""Files of this package with instructions (numba's intrinsics) that functions of other files consist of."""


def _version_of_instructions() -> str:
    files = (Path(__file__).with_name(name) for name in INSTRUCTIONS)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


_VERSION = _version_of_instructions()


def compiled(function: Callable[..., Any]) -> Any:
    """The function as machine code, kept on disk for the next process where a folder for it can be written."""
    # numba compiles anew when the function's own file has changed. What is kept goes by the function's name, which
    # therefore tells the version of the instructions too.
    function.__qualname__ += f"-{_VERSION}"
    try:
        return njit(nogil=True, error_model="numpy", cache=True)(function)
    except RuntimeError:
        return njit(nogil=True, error_model="numpy")(function)
