"""Convolution, pooling and ReLU on the matrix unit, for torch: lays out what tiles.py works on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import gcd
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.amx import SHAPES, available
from training.tiles import forward, gradient_of_filters, gradient_of_images

_COLUMNS = 32  # numbers of a place that a tile holds
_NARROW = 16  # numbers of a line of a kernel, if two lines are to share a tile
_ROWS = 16
_LINES = 8  # of maps, at most, that are made at a time


def fits(images: Tensor, weight: Tensor) -> bool:
    """Whether there is a matrix unit, and images (B, C, H, W) and a kernel (F, C, K, K) are of sizes that fill tiles."""
    outputs, channels, _, kernel = weight.shape
    height, width = images.shape[2:]
    whole = channels % _COLUMNS == 0 or channels * kernel <= _NARROW
    return available() and whole and outputs % 32 == 0 and height % 2 == 0 and width % 2 == 0


class TiledConvolveAndPool(torch.autograd.Function):
    """Images bfloat16, channels-last; weight and bias and their gradients float32."""

    @staticmethod
    def forward(context: Any, images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        outputs, channels, kernel, _ = weight.shape
        height, width = images.shape[2:]
        walk = _walk(channels, kernel, height, width)
        filters = _by_place(weight.permute(2, 3, 1, 0)) if walk.wide_shape is None else _by_line(weight.permute(2, 3, 1, 0))
        pooled = torch.empty(
            (len(images), outputs, height // 2, width // 2), dtype=images.dtype, memory_format=torch.channels_last
        )
        places = torch.empty_like(pooled, dtype=torch.uint8)
        forward(
            _bits(images), walk.wide(), walk.padded(), kernel // 2,
            (walk.lines, walk.across, walk.place), walk.starts, walk.steps, filters, bias.numpy(), walk.maps(outputs),
            _bits(pooled), places.permute(0, 2, 3, 1).numpy(), SHAPES,
        )  # fmt: skip
        context.save_for_backward(images, weight, places)
        return pooled

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        images, weight, places = context.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        back = _of_images(gradient, places, images, weight) if context.needs_input_grad[0] else None
        return back, *_of_filters(gradient, places, images, weight)


def _of_filters(gradient: Tensor, places: Tensor, images: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    outputs, channels, kernel, _ = weight.shape
    height, width = images.shape[2:]
    half = height * width // 2
    # Rows are (column of the kernel, channel) of the images moved by that column; a line of the kernel is an offset.
    places_ = -(-height * width // 32) * 32
    length = -(-((kernel - 1) * width + places_) // 32) * 32
    blocks = -(-kernel * channels // _ROWS)
    together = 2 if blocks > 1 else 1
    blocks = -(-blocks // together) * together
    rows = _zeros((blocks * _ROWS, length), torch.int16)
    tiles = [
        (block + one, line) for block in range(0, blocks, together) for line in range(kernel) for one in range(together)
    ]
    starts = [2 * (block * _ROWS * length + line * width) for block, line in tiles]
    starts += starts[-1:] * (len(starts) % 2)
    sums = _zeros((len(starts), outputs // 16, _ROWS, 16), torch.float32)
    of_bias = np.empty((len(images), outputs), np.float32)
    gradient_of_filters(
        _bits(images), _bits(gradient), places.permute(0, 2, 3, 1).numpy(), kernel,
        np.empty((half, channels), np.int32), np.empty((channels, half), np.int32), rows, np.array(starts),
        np.empty((4, outputs), np.int16), _zeros((places_ // 2, outputs), torch.int32), sums, of_bias, SHAPES,
    )  # fmt: skip
    found = np.empty((kernel, blocks * _ROWS, outputs), np.float32)
    for (block, line), tile in zip(tiles, sums, strict=False):
        found[line, block * _ROWS : (block + 1) * _ROWS] = tile.transpose(1, 0, 2).reshape(_ROWS, outputs)
    of_weight = torch.from_numpy(found)[:, : kernel * channels].reshape(kernel, kernel, channels, outputs)
    return of_weight.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last), torch.from_numpy(of_bias).sum(0)


def _of_images(gradient: Tensor, places: Tensor, images: Tensor, weight: Tensor) -> Tensor:
    outputs, channels, kernel, _ = weight.shape
    height, width = images.shape[2:]
    back = torch.empty_like(images)
    walk = _walk(outputs, kernel, height, width)
    gradient_of_images(
        _bits(gradient), places.permute(0, 2, 3, 1).numpy(), walk.padded(), kernel // 2,
        (walk.lines, walk.across, walk.place), walk.starts, walk.steps, _by_place(weight.flip(2, 3).permute(2, 3, 0, 1)), _zeros((channels,), torch.float32),
        walk.maps(channels), _bits(back), SHAPES,
    )  # fmt: skip
    return back


@dataclass(frozen=True)
class _Walk:
    """How tiles go over the padded lines of an image."""

    shape: tuple[int, int, int]  # lines, places of a line, numbers of a place
    lines: int  # made at a time
    across: int  # places from one of them to the next
    starts: NDArray[np.int64]  # of tiles, in bytes
    steps: NDArray[np.int64]
    wide_shape: tuple[int, int, int] | None  # of padded images to unfold from; None where they are not unfolded

    @property
    def place(self) -> int:
        return 2 * self.shape[2]

    def padded(self) -> NDArray[np.int16]:
        return _zeros(self.shape, torch.int16)

    def wide(self) -> NDArray[np.int16]:
        return _zeros(self.wide_shape or (0, 0, 0), torch.int16)

    def maps(self, outputs: int) -> NDArray[np.float32]:
        return _zeros((16 * len(self.starts), outputs), torch.float32)


@cache
def _walk(channels: int, kernel: int, height: int, width: int) -> _Walk:
    side = kernel // 2
    narrow = channels % _COLUMNS > 0
    length, numbers = (width, _COLUMNS) if narrow else (width + 2 * side, channels)
    place, line = 2 * numbers, 2 * length * numbers
    if narrow:
        steps = [row * line for row in range(0, kernel, 2)]
    else:
        steps = [
            row * line + column * place + 2 * channel
            for row in range(kernel) for column in range(kernel) for channel in range(0, channels, _COLUMNS)
        ]  # fmt: skip
    # A tile is 16 places of one line. Where that does not come out even, it is 16 that lie one after the other in
    # memory, margins included.
    across = width if width % 16 == 0 else length
    lines = gcd(height, _LINES)
    tiles = -(-lines * across // 64) * 4
    starts = [16 * tile // across * line + 16 * tile % across * place for tile in range(tiles)]
    behind = 16 * tiles // length + 2  # lines that the last tiles may reach into
    return _Walk(
        (height + kernel + behind, length, numbers), lines, across, np.array(starts), np.array(steps),
        (height, width + 2 * side + 16, channels) if narrow else None,
    )  # fmt: skip


def _by_place(weight: Tensor) -> NDArray[np.int16]:
    """A kernel (K, K, C, F) as tiles: steps are its places, and every 32 channels."""
    return _tiles(weight.reshape(-1, _COLUMNS, weight.shape[3]))


def _by_line(weight: Tensor) -> NDArray[np.int16]:
    """A kernel (K, K, C, F) of few channels as tiles: steps are every two of its lines."""
    kernel, _, channels, outputs = weight.shape
    lines = torch.zeros(kernel + kernel % 2, _NARROW, outputs)
    lines[:kernel, : kernel * channels] = weight.reshape(kernel, -1, outputs)
    return _tiles(lines.reshape(-1, _COLUMNS, outputs))


def _tiles(steps: Tensor) -> NDArray[np.int16]:
    """Matrices (n, 32, F) in bfloat16 as tiles (F / 16, n, 16, 32), the numbers of two rows in turn."""
    count, _, outputs = steps.shape
    pairs = steps.to(torch.bfloat16).view(torch.int16).reshape(count, 16, 2, outputs // 16, 16)
    tiles: NDArray[np.int16] = pairs.permute(3, 0, 1, 4, 2).reshape(outputs // 16, count, 16, _COLUMNS).contiguous().numpy()
    return tiles


def _zeros(shape: tuple[int, ...], dtype: torch.dtype) -> NDArray[Any]:
    """An array that begins where tiles are loaded fast: torch's memory does."""
    zeros: NDArray[Any] = torch.zeros(shape, dtype=dtype).numpy()
    return zeros


def _bits(values: Tensor) -> NDArray[np.int16]:
    """The same memory as integers (B, H, W, C)."""
    bits: NDArray[np.int16] = values.permute(0, 2, 3, 1).view(torch.int16).numpy()
    return bits
