"""Convolution, pooling and ReLU on the matrix unit, for torch: lays out what tiles.py works on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from training.kernels.amx import SHAPES, available
from training.kernels.arrays import bits, channels_last, rounded_up, zeros
from training.kernels.tiles import forward, gradient_of_filters, gradient_of_images

_COLUMNS = 32  # numbers of a place that a tile holds
_NARROW = 16  # numbers of a line of a kernel, at most, for two lines to share a tile
_ROWS = 16  # of a tile


def fits(images: Tensor, weight: Tensor) -> bool:
    """Whether there is a matrix unit, and images (B, C, H, W) and a kernel (F, C, K, K) are of sizes that fill tiles.

    Images of few channels are taken if nobody asks for their gradient.
    """
    outputs, channels, _, kernel = weight.shape
    height, width = images.shape[2:]
    narrow = channels * kernel <= _NARROW and not images.requires_grad
    whole = outputs % _COLUMNS == 0 and (narrow or channels % _COLUMNS == 0)
    return whole and kernel in (3, 5) and height % 2 == 0 and width % 2 == 0 and available()


class TiledConvolveAndPool(torch.autograd.Function):
    """relu(max_pool2d(convolution, 2)) of what `fits`: images bfloat16, channels-last; weight and bias float32.

    The weight is rounded to bfloat16, sums and the gradients of weight and bias are float32.
    """

    @staticmethod
    def forward(context: Any, images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        outputs, channels, kernel, _ = weight.shape
        height, width = images.shape[2:]
        walk = _walk(channels, kernel, height, width)
        by_place = weight.permute(2, 3, 1, 0)
        filters = _tiles(by_place.reshape(-1, _COLUMNS, outputs)) if walk.wide is None else _tiles(_by_lines(by_place))
        pooled = torch.empty(
            (len(images), outputs, height // 2, width // 2), dtype=images.dtype, memory_format=torch.channels_last
        )
        places = torch.empty_like(pooled, dtype=torch.uint8)
        forward(
            bits(images), zeros(walk.wide or (0, 0, 0)), zeros(walk.padded), kernel // 2, walk.pace, walk.starts,
            walk.steps, filters, bias.numpy(), walk.maps()[0], bits(pooled), channels_last(places), SHAPES,
        )  # fmt: skip
        context.save_for_backward(images, weight, places)
        return pooled

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        images, weight, places = context.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        back = _gradient_of_images(gradient, places, images, weight) if context.needs_input_grad[0] else None
        return back, *_gradient_of_filters(gradient, places, images, weight)


def _gradient_of_filters(gradient: Tensor, places: Tensor, images: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    outputs, channels, kernel, _ = weight.shape
    pairing = _pairing(channels, kernel, *images.shape[2:])
    # Sums of sixteen filters (rows) and sixteen channels, or of what a line of the kernel sees.
    sums = torch.zeros(outputs // 16, *pairing.steps.shape, 16, 16)
    of_bias = torch.zeros(outputs, 16)
    gradient_of_filters(
        bits(images), _windows(gradient.view(torch.int16), pairing), _windows(places, pairing), zeros(pairing.wide),
        zeros(pairing.wide[1:]), zeros(pairing.pairs, torch.int32), kernel // 2, pairing.starts, pairing.steps,
        zeros((outputs // 16, len(pairing.starts), 16, 16), torch.int32), sums.numpy(),
        of_bias.numpy(), SHAPES,
    )  # fmt: skip
    if channels % _COLUMNS:
        by_line = sums[:, 0, :, :, : kernel * channels].reshape(-1, kernel, 16, kernel, channels)
        of_weight = by_line.permute(0, 2, 4, 1, 3)
    else:
        by_place = sums.reshape(-1, channels // 16, kernel, kernel, 16, 16)
        of_weight = by_place.permute(0, 4, 1, 5, 2, 3)
    of_weight = of_weight.reshape(outputs, channels, kernel, kernel)
    return of_weight.contiguous(memory_format=torch.channels_last), of_bias.sum(1)


def _gradient_of_images(gradient: Tensor, places: Tensor, images: Tensor, weight: Tensor) -> Tensor:
    outputs, channels, kernel, _ = weight.shape
    walk = _walk(outputs, kernel, *images.shape[2:])
    filters = _tiles(weight.flip(2, 3).permute(2, 3, 0, 1).reshape(-1, _COLUMNS, channels))
    back = torch.empty_like(images)
    gradient_of_images(
        bits(gradient), channels_last(places), zeros(walk.padded), kernel // 2, walk.pace, walk.starts, walk.steps,
        filters, np.zeros(channels, np.float32), walk.maps(2), bits(back), SHAPES,
    )  # fmt: skip
    return back


@dataclass(frozen=True)
class _Walk:
    """How tiles go over the padded lines of an image."""

    padded: tuple[int, int, int]  # lines, places of a line, numbers of a place
    wide: tuple[int, int, int] | None  # the same of images to unfold, where they are unfolded
    lines: int  # made at a time
    across: int  # places from one of them to the next
    starts: NDArray[np.int64]  # of tiles, in bytes
    steps: NDArray[np.int64]

    @property
    def pace(self) -> tuple[int, int, int]:
        return self.lines, self.across, 2 * self.padded[2]

    def maps(self, blocks: int = 1) -> NDArray[np.float32]:
        return zeros((blocks, _ROWS * len(self.starts), 16), torch.float32)


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
    across = width if width % _ROWS == 0 else length
    # As few lines as four tiles have: they are pooled while they are in the nearest cache.
    lines = next((n for n in range(2, height, 2) if height % n == 0 and n * across >= 4 * _ROWS), height)
    tiles = rounded_up(lines * across, 4 * _ROWS) // _ROWS
    behind = _ROWS * tiles // length + 2  # lines that the last tiles may reach into
    return _Walk(
        (height + kernel + behind, length, numbers),
        (height, width + 2 * side + _NARROW, channels) if narrow else None,
        lines, across, _starts(tiles, across, line, place), np.array(steps),
    )  # fmt: skip


@dataclass(frozen=True)
class _Pairing:
    """How tiles go over pairs of lines of images, and over the windows that were pooled of them."""

    pairs: tuple[int, int, int, int]  # of even lines and of odd ones, pairs, places of a line, numbers of a place
    wide: tuple[int, int, int]  # lines, places of a line, channels of an image whose lines are padded
    windows: tuple[int, int]  # of a line, and of an image, with those added that there are not
    starts: NDArray[np.int64]  # of tiles, in bytes
    steps: NDArray[np.int64]


@cache
def _pairing(channels: int, kernel: int, height: int, width: int) -> _Pairing:
    side = kernel // 2
    narrow = channels % _COLUMNS > 0
    # A tile is 16 places of two lines, or 16 that lie one after the other, as in _walk.
    across = width if width % _ROWS == 0 else width + 2 * side
    length, numbers = (across, _NARROW) if narrow else (width + 2 * side, channels)
    windows = rounded_up(height // 2 * across // 2, _ROWS)
    tiles = windows // 8
    place, line = 4 * numbers, 4 * length * numbers
    lines = height // 2 + kernel + _ROWS * tiles // across  # the last tiles may reach behind the image
    rows = [(row % 2 * lines + row // 2) * line for row in range(kernel)]
    if narrow:
        steps = [rows]
    else:
        steps = [
            [row + column * place + 4 * channel for column in range(kernel)]
            for channel in range(0, channels, 16) for row in rows
        ]  # fmt: skip
    return _Pairing(
        (2, lines, length, numbers), (height, across + 2 * side + _NARROW, channels),
        (across // 2, windows), _starts(tiles, across, line, place), np.array(steps),
    )  # fmt: skip


def _starts(tiles: int, across: int, line: int, place: int) -> NDArray[np.int64]:
    """Where each tile of 16 places begins, in bytes, of lines and places that are so many bytes apart."""
    first = _ROWS * np.arange(tiles)
    return first // across * line + first % across * place


def _windows(values: Tensor, pairing: _Pairing) -> NDArray[Any]:
    """Values (B, F, H, W) window by window (B, n, F), zeros where tiles have more of them."""
    across, count = pairing.windows
    windows = values.permute(0, 2, 3, 1)
    if across > windows.shape[2]:
        windows = F.pad(windows, (0, 0, 0, across - windows.shape[2]))
    windows = windows.flatten(1, 2)
    if count > windows.shape[1]:
        windows = F.pad(windows, (0, 0, 0, count - windows.shape[1]))
    array: NDArray[Any] = windows.numpy()
    return array


def _by_lines(weight: Tensor) -> Tensor:
    """A kernel (K, K, C, F) of few channels as matrices (n, 32, F) of two lines each."""
    kernel, _, _, outputs = weight.shape
    lines = torch.zeros(kernel + kernel % 2, _NARROW, outputs)
    numbers = weight.reshape(kernel, -1, outputs)
    lines[:kernel, : numbers.shape[1]] = numbers
    return lines.reshape(-1, _COLUMNS, outputs)


def _tiles(matrices: Tensor) -> NDArray[np.int16]:
    """Matrices (n, 32, F) as bfloat16 tiles (F / 16, n, 16, 32), the numbers of two rows in turn."""
    count, _, outputs = matrices.shape
    pairs = matrices.to(torch.bfloat16).view(torch.int16).reshape(count, 16, 2, outputs // 16, 16)
    tiles: NDArray[np.int16] = pairs.permute(3, 0, 1, 4, 2).reshape(outputs // 16, count, 16, _COLUMNS).numpy()
    return tiles
