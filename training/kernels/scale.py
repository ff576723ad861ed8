"""Pixels as a network's input, in one pass over memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.kernels.compiled import compiled
from training.kernels.sixteen import scale_sixteen


def scaled(images: NDArray[np.uint8]) -> NDArray[np.int16]:
    """(pixel - 127.5) / 64 as the bits of bfloat16, of images (B, S, S, 3), each of sixteen numbers or more."""
    numbers = np.empty(images.shape, np.int16)
    _scale(np.ascontiguousarray(images), numbers)
    return numbers


def _scale_plain(images: Any, numbers: Any) -> None:
    for n in range(0, images.size, 16):
        first = min(n, images.size - 16)  # the last sixteen may begin among those before
        scale_sixteen(images.ctypes.data + first, numbers.ctypes.data + 2 * first)


_scale = compiled(_scale_plain)
