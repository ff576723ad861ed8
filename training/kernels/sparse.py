"""Gradients of a convolution whose maps were pooled, from the one number of four that each window was pooled of.

The gradient of the maps is zero but for that number, so that a dense product multiplies three zeros for each of them.
Here each number is the factor of what one line of the kernel saw, for the filters, or of one line of a filter, for the
images. Everything is float32, a few images at a time, an image with the margins that filters reach into lying as one
row of numbers: those of a place side by side, place after place, line after line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.kernels.arrays import NOWHERE, channels_last
from training.kernels.compiled import compiled
from training.kernels.vectors import MOST, VECTOR, Lists, add_products

_NEAREST = 24 * 2**10  # bytes of the nearest cache, for what the inner loops go over again and again
_FEW = 8  # images at a time: in float32 they stay in a cache
_CORNERS = NOWHERE + 1

Floats = NDArray[np.float32]


class _Steps(NamedTuple):
    """How many numbers of a row it is from a line to the next, and from a place to the next."""

    line: int
    place: int


class _Margins:
    """Images (B, C, H, W) and filters (F, C, rows, columns) as rows with margins, a few at a time."""

    def __init__(self, images: Tensor, filters: Tensor) -> None:
        _, channels, height, width = images.shape
        self.above, self.before = filters.shape[2] // 2, filters.shape[3] // 2
        self.shape = height + 2 * self.above, width + 2 * self.before, channels
        self.steps = _Steps(self.shape[1] * channels, channels)
        size = self.shape[0] * self.steps.line
        # A vector more than there are numbers: the last line that a filter sees may end within it.
        self.rows = torch.zeros(_FEW, size + VECTOR)
        padded = self.rows[:, :size].view(_FEW, *self.shape).permute(0, 3, 1, 2)
        self.middle = padded[:, :, self.above : self.above + height, self.before : self.before + width]


def _parts(images: Tensor) -> Iterator[slice]:
    return (slice(start, min(start + _FEW, len(images))) for start in range(0, len(images), _FEW))


def gradient_of_filters(gradient: Tensor, places: Tensor, images: Tensor, filters: Tensor) -> tuple[Tensor, Tensor]:
    """Of a weight like filters (F, C, rows, columns) and its bias (F,), in float32.

    Gradient and places (B, F, H // 2, W // 2) as `pool` knows them, images (B, C, H, W): channels-last, on the CPU.
    """
    outputs, channels, rows, columns = filters.shape
    margins = _Margins(images, filters)
    line, vectors = margins.steps.line, -(-columns * channels // VECTOR)
    sums, of_bias = torch.zeros(outputs, rows, vectors * VECTOR), torch.zeros(outputs)
    moves, apart = _moves(rows, vectors * VECTOR, line, vectors, MOST), VECTOR
    if vectors == 1 and rows <= MOST:  # one of each line of the kernel: all lines in one pass
        moves, apart = _moves(1, 0, 0, rows, rows), line
    # As many lines of windows are listed together as have what they saw in the nearest cache.
    together = min(gradient.shape[2], max(1, _NEAREST // (8 * line)))
    for some in _parts(images):
        few = images[some]
        margins.middle[: len(few)] = few
        _add_gradient_of_filters(
            margins.rows[: len(few)].numpy(), channels_last(gradient[some].float()), channels_last(places[some]),
            margins.steps, together, moves, apart, sums.flatten(1).numpy(), of_bias.numpy(),
        )  # fmt: skip
    of_weight = sums[:, :, : columns * channels].reshape(outputs, rows, columns, channels).permute(0, 3, 1, 2)
    return of_weight.contiguous(memory_format=torch.channels_last), of_bias


def gradient_of_images(gradient: Tensor, places: Tensor, images: Tensor, filters: Tensor) -> Tensor:
    """Like `gradient_of_filters`, but of the images, in their type."""
    outputs, channels, rows, columns = filters.shape
    margins = _Margins(images, filters)
    vectors = -(-columns * channels // VECTOR)
    lines = torch.zeros(rows, outputs, vectors * VECTOR)
    lines[:, :, : columns * channels] = filters.permute(2, 0, 3, 1).flatten(2)
    # Of all filters as many vectors are added together as lie in the nearest cache.
    passes = -(-vectors // min(MOST, max(1, _NEAREST // (4 * VECTOR * outputs))))
    moves = _moves(rows, margins.steps.line, lines[0].numel(), vectors, -(-vectors // passes))
    back = torch.empty_like(images)
    for some in _parts(images):
        few = back[some]
        margins.rows.zero_()
        _add_gradient_of_images(
            channels_last(gradient[some].float()), channels_last(places[some]), lines.flatten().numpy(), margins.steps,
            vectors * VECTOR, moves, margins.rows[: len(few)].numpy(),
        )  # fmt: skip
        few.copy_(margins.middle[: len(few)])
    return back


def _moves(rows: int, of_sums: int, of_numbers: int, vectors: int, together: int) -> NDArray[np.int64]:
    """Moves of `add_products` for each line of a kernel: so many vectors, so far on from the line before."""
    return np.array(
        [
            (of_sums * row + VECTOR * v, of_numbers * row + VECTOR * v, min(together, vectors - v))
            for row in range(rows)
            for v in range(0, vectors, together)
        ]
    )


@compiled
def _lists(count: int, most: int) -> Lists:
    """Empty ones; what has no place may be written behind a list."""
    shape = count, most + 1
    return Lists(
        np.empty(shape, np.int32), np.empty(shape, np.float32), np.zeros(count, np.uint64), np.zeros(count, np.int64)
    )


@compiled
def _list_by_filter(gradient: Floats, places: NDArray[np.uint8], steps: _Steps, lists: Lists, of_bias: Floats) -> None:
    """List for each filter the numbers of some lines of windows (n, W, F): where in a row they are, and values."""
    offsets, factors, counts = lists.offsets, lists.factors, lists.counts
    height, width, filters = gradient.shape
    where = np.empty(filters, np.int32)
    counts[:] = 0
    for y in range(height):
        for x in range(width):
            values, corners = gradient[y, x], places[y, x]
            at = 2 * (y * steps.line + x * steps.place)
            for f in range(filters):
                of_bias[f] += values[f] if corners[f] < NOWHERE else np.float32(0)
            for f in range(filters):
                where[f] = at + (corners[f] >> 1) * steps.line + (corners[f] & 1) * steps.place
            for f in range(filters):
                n = counts[f]
                offsets[f, n], factors[f, n] = where[f], values[f]
                counts[f] = n + np.uint64(corners[f] < NOWHERE)


@compiled
def _add_gradient_of_filters(
    images: Floats, gradient: Floats, places: NDArray[np.uint8], steps: _Steps, together: int,
    moves: NDArray[np.int64], apart: int, sums: Floats, of_bias: Floats,
) -> None:  # fmt: skip
    """Add to sums (F, numbers of a filter) what each filter saw in images (B, numbers of a row), times the gradient."""
    filters, size = sums.shape
    height = gradient.shape[1]
    lists = _lists(filters, together * gradient.shape[2])
    lists.targets[:] = np.arange(filters) * size
    for image in range(len(images)):
        for y in range(0, height, together):
            end = min(y + together, height)
            _list_by_filter(gradient[image, y:end], places[image, y:end], steps, lists, of_bias)
            add_products(sums.reshape(sums.size), images[image, 2 * y * steps.line :], moves, apart, lists)


@compiled
def _list_by_place(gradient: Floats, places: NDArray[np.uint8], size: int, lists: Lists) -> None:
    """List for each window of a line (W, F) and each corner the filters that have their number there, and the values.

    Of a filter the offset of its line, of `size` numbers, is listed. What has no place is a fifth corner's: dropped.
    """
    offsets, factors, counts = lists.offsets, lists.factors, lists.counts
    width, filters = gradient.shape
    counts[:] = 0
    for x in range(np.uint64(width)):  # unsigned: numba then does not look for places counted from the end
        values, corners = gradient[x], places[x]
        for f in range(filters):
            corner = np.uint64(_CORNERS) * x + np.uint64(corners[f])
            n = counts[corner]
            offsets[corner, n], factors[corner, n] = f * size, values[f]
            counts[corner] = n + np.uint64(1)
        counts[np.uint64(_CORNERS) * x + np.uint64(NOWHERE)] = 0


@compiled
def _add_gradient_of_images(
    gradient: Floats, places: NDArray[np.uint8], lines: Floats, steps: _Steps, size: int, moves: NDArray[np.int64],
    back: Floats,
) -> None:  # fmt: skip
    """Add to back (B, numbers of a row) the gradient times what filters are: lines of `size` numbers, side by side."""
    _, height, width, filters = gradient.shape
    lists = _lists(_CORNERS * width, filters)
    for x in range(width):
        for corner in range(NOWHERE):
            lists.targets[_CORNERS * x + corner] = corner // 2 * steps.line + (2 * x + corner % 2) * steps.place
    for image in range(len(back)):
        for y in range(height):
            _list_by_place(gradient[image, y], places[image, y], size, lists)
            add_products(back[image, 2 * y * steps.line :], lines, moves, VECTOR, lists)
