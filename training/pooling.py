"""ReLU after 2 × 2 max pooling in one pass over memory, and its gradient in one pass back; compiled by numba.

torch makes several passes (pooling with 64-bit places, ReLU, a fill with zeros, a scatter), which on a processor with a
matrix unit take longer than the convolutions. The numbers are read as integers of their width: above zero, floating-
point numbers are in the order of their bits, so that a maximum is one integer instruction in any number type.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.compiled import compiled

_NOWHERE = 4  # the place of a window without a number above zero; 0 to 3 are its corners, row by row


def pool(maps: Tensor, pooled: Tensor, places: Tensor) -> None:
    """Write relu(max_pool2d(maps, 2)), and as uint8 the corner each value is from: of equals the first, as in torch.

    Maps (B, C, H, W), the others (B, C, H // 2, W // 2); all channels-last, float32 or bfloat16, on the CPU.
    """
    bits, infinity = _bits(maps), _infinity(maps.dtype)
    most = np.iinfo(bits.dtype).max
    _pool(bits, _bits(pooled), places.permute(0, 2, 3, 1).numpy(), bits.dtype.type(infinity), bits.dtype.type(most))


def unpool(gradient: Tensor, places: Tensor, maps: Tensor) -> Tensor:
    """Write the gradient of `pool` into all of `maps`; returns its sums over each image (B, C) float32, for a bias."""
    sums = torch.zeros(maps.shape[:2])
    line = np.empty(maps.shape[1], np.int32)
    _unpool(
        _bits(gradient),
        places.permute(0, 2, 3, 1).numpy(),
        _bits(maps),
        sums.numpy(),
        line,
        line.view(np.float32),
        32 - 8 * maps.element_size(),
    )
    return sums


def _bits(values: Tensor) -> NDArray[np.int16] | NDArray[np.int32]:
    """The same memory as integers (B, H, W, C)."""
    bits: NDArray[np.int16] | NDArray[np.int32]
    bits = values.permute(0, 2, 3, 1).view(torch.int16 if values.element_size() == 2 else torch.int32).numpy()
    return bits


def _infinity(dtype: torch.dtype) -> int:
    """The bits of infinity; what lies above them is not a number."""
    return int(torch.tensor(torch.inf, dtype=dtype).view(torch.int16 if dtype.itemsize == 2 else torch.int32))


def _ranked_plain(bits: Any, infinity: Any, most: Any) -> Any:
    """The bits, without their sign where they are not a number: it ranks above all others then, as in torch."""
    magnitude = bits & most
    return magnitude if magnitude > infinity else bits


_ranked = compiled(_ranked_plain)


def _pool_plain(maps: Any, pooled: Any, places: Any, infinity: Any, most: Any) -> None:
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
                        best, at = 0, _NOWHERE
                    out[k], place[k] = best, at


def _unpool_plain(gradient: Any, places: Any, maps: Any, sums: Any, line: Any, numbers: Any, shift: Any) -> None:
    """`line` and `numbers` are the same memory: a line of the gradient's bits widened to those of float32."""
    images, height, width, channels = gradient.shape
    for n in range(images):
        total = sums[n]
        for y in range(height):
            for x in range(width):
                g, place = gradient[n, y, x], places[n, y, x]
                for k in range(channels):
                    line[k] = np.int32(g[k] if place[k] < _NOWHERE else 0) << shift
                for k in range(channels):
                    total[k] += numbers[k]
                for corner in range(4):
                    out, here = maps[n, 2 * y + corner // 2, 2 * x + corner % 2], np.uint8(corner)
                    for k in range(channels):
                        out[k] = g[k] if place[k] == here else 0
        maps[n, 2 * height :] = 0  # the line and the column that an odd size leaves over
        maps[n, :, 2 * width :] = 0


_pool, _unpool = compiled(_pool_plain), compiled(_unpool_plain)
