"""ReLU after 2 × 2 max pooling in one pass over memory; compiled by numba.

torch makes several passes, and does not say in a byte where each number is from, which the way back (sparse.py) needs.
The numbers are read as integers of their width: above zero, floating-point numbers are in the order of their bits, so
that a maximum is one integer instruction in any number type.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.kernels.arrays import NOWHERE, bits, channels_last
from training.kernels.compiled import compiled


def pool(maps: Tensor) -> tuple[Tensor, Tensor]:
    """relu(max_pool2d(maps, 2)), and as uint8 the corner each value is from: of equals the first, as in torch.

    Maps (B, C, H, W), the others (B, C, H // 2, W // 2); all channels-last, float32 or bfloat16, on the CPU.
    """
    shape = (*maps.shape[:2], maps.shape[2] // 2, maps.shape[3] // 2)
    pooled = torch.empty(shape, dtype=maps.dtype, memory_format=torch.channels_last)
    places = torch.empty_like(pooled, dtype=torch.uint8)
    numbers, infinity = bits(maps), _infinity(maps.dtype)
    kind = numbers.dtype.type
    _pool(numbers, bits(pooled), channels_last(places), kind(infinity), kind(np.iinfo(kind).max))
    return pooled, places


def _infinity(dtype: torch.dtype) -> int:
    """The bits of infinity; what lies above them is not a number."""
    return int(torch.tensor(torch.inf, dtype=dtype).view(torch.int16 if dtype.itemsize == 2 else torch.int32))


@compiled
def _ranked(bits: Any, infinity: Any, most: Any) -> Any:
    """The bits, without their sign where they are not a number: it ranks above all others then, as in torch."""
    magnitude = bits & most
    return magnitude if magnitude > infinity else bits


@compiled
def _pool(maps: NDArray[Any], pooled: NDArray[Any], places: NDArray[np.uint8], infinity: Any, most: Any) -> None:
    """Arrays (B, H, W, C); the innermost loop is over channels, which lie side by side."""
    images, height, width, channels = pooled.shape
    for n in range(images):
        for y in range(height):
            for x in range(width):
                a, b = maps[n, 2 * y, 2 * x], maps[n, 2 * y, 2 * x + 1]
                c, d = maps[n, 2 * y + 1, 2 * x], maps[n, 2 * y + 1, 2 * x + 1]
                out, place = pooled[n, y, x], places[n, y, x]
                for k in range(channels):
                    best, at = _ranked(a[k], infinity, most), 0
                    second, third = _ranked(b[k], infinity, most), _ranked(c[k], infinity, most)
                    fourth = _ranked(d[k], infinity, most)
                    if second > best:
                        best, at = second, 1
                    if third > best:
                        best, at = third, 2
                    if fourth > best:
                        best, at = fourth, 3
                    if best <= 0:
                        best, at = 0, NOWHERE
                    out[k], place[k] = best, at
