"""Gradients of a convolution whose maps were pooled, from the one number of four that each window was pooled of.

The gradient of the maps is zero but for that number, so that a dense product multiplies three zeros for each of them.
Here each number is the factor of what one line of the kernel saw, for the filters, or of one line of a filter, for the
images; sums are float32. An image at a time, compiled by numba; numbers are read as the integers of their bits, which
`shift` (16 for bfloat16, 0 for float32) makes those of float32.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.kernels.arrays import bits, channels_last, rounded_up, zeros
from training.kernels.compiled import compiled
from training.kernels.sixteen import MOST_VECTORS, NOWHERE, add_products

_NEAREST = 24 * 2**10  # bytes of the nearest cache, for what the inner loops go over again and again
_VECTOR = 16  # float32
_DIGIT = 12  # bits of a count of filters
_COUNT = 2**_DIGIT - 1


def gradient_of_filters(gradient: Tensor, places: Tensor, images: Tensor, filters: Tensor) -> tuple[Tensor, Tensor]:
    """Of a weight like filters (F, C, rows, columns) and its bias (F,), in float32.

    Gradient and places (B, F, H // 2, W // 2) as `pool` knows them, images (B, C, H, W): channels-last, on the CPU.
    """
    outputs, channels, rows, columns = filters.shape
    padded = _padded(images, filters)
    together = min(gradient.shape[2], max(1, _NEAREST // (2 * padded.strides[0])))
    sums, of_bias = torch.zeros(outputs, rows, rounded_up(columns * channels, _VECTOR)), torch.zeros(outputs)
    _gradient_of_filters(
        bits(images), bits(gradient), channels_last(places), _shift(images), padded, rows // 2, columns // 2, together,
        sums.numpy(), of_bias.numpy(),
    )  # fmt: skip
    of_weight = sums[:, :, : columns * channels].reshape(outputs, rows, columns, channels).permute(0, 3, 1, 2)
    return of_weight.contiguous(memory_format=torch.channels_last), of_bias


def gradient_of_images(gradient: Tensor, places: Tensor, images: Tensor, filters: Tensor) -> Tensor:
    """Like `gradient_of_filters`, but of the images, in their type."""
    outputs, channels, rows, columns = filters.shape
    lines = torch.zeros(rows, outputs, rounded_up(columns * channels, _VECTOR))
    lines[:, :, : columns * channels] = filters.permute(2, 0, 3, 1).flatten(2)
    vectors = lines.shape[2] // _VECTOR
    parts = -(-vectors // min(MOST_VECTORS, max(1, _NEAREST // (64 * outputs))))
    back = torch.empty_like(images)
    _gradient_of_images(
        bits(gradient), channels_last(places), lines.numpy(), _shift(images), _padded(images, filters), rows // 2,
        columns // 2, -(-vectors // parts), bits(back),
    )  # fmt: skip
    return back


def _padded(images: Tensor, filters: Tensor) -> NDArray[np.int32]:
    """Zeros (lines, places, C) for an image with the margins that filters reach into, and a vector more behind them."""
    _, channels, rows, columns = filters.shape
    shape = images.shape[2] + 2 * (rows // 2), images.shape[3] + 2 * (columns // 2), channels
    size = math.prod(shape)
    return zeros((size + _VECTOR,), torch.int32)[:size].reshape(shape)


def _shift(values: Tensor) -> int:
    return 32 - 8 * values.element_size()


def _widen_plain(image: Any, shift: Any, padded: Any, above: Any, before: Any) -> None:
    """Write an image (H, W, C) as float32 between the margins of padded (lines, places, C) int32."""
    height, width, channels = image.shape
    for y in range(height):
        for x in range(width):
            here, there = image[y, x], padded[y + above, x + before]
            for c in range(channels):
                there[c] = np.int32(here[c]) << shift


def _narrow_plain(padded: Any, shift: Any, image: Any, above: Any, before: Any) -> None:
    """Write what lies between the margins as an image; of two bfloat16 that are as near, the even one."""
    height, width, channels = image.shape
    for y in range(height):
        for x in range(width):
            here, there = padded[y + above, x + before], image[y, x]
            for c in range(channels):
                bits = here[c]
                if shift:
                    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> shift
                there[c] = bits


def _by_filter_plain(
    gradient: Any, places: Any, shift: Any, line: Any, place: Any, entries: Any, counts: Any, of_bias: Any
) -> None:
    """List for each filter the numbers of some lines of windows: their offsets in an image, and values.

    They are listed as `add_products` takes them, offset and value in one word, and added to `of_bias`.
    """
    height, width, filters = gradient.shape
    words, line_bits = np.empty(filters, np.int64), np.empty(filters, np.int32)
    numbers = line_bits.view(np.float32)
    counts[:] = 0
    for y in range(height):
        for x in range(width):
            values, corners = gradient[y, x], places[y, x]
            at = 2 * (y * line + x * place)
            for f in range(filters):
                line_bits[f] = np.int32(values[f]) << shift if corners[f] < NOWHERE else 0
            for f in range(filters):
                of_bias[f] += numbers[f]
            for f in range(filters):
                offset = at + (corners[f] >> 1) * line + (corners[f] & 1) * place
                words[f] = (np.int64(values[f]) << (32 + shift)) | offset
            for f in range(filters):
                entries[f, counts[f]] = words[f]
                counts[f] += np.uint64(corners[f] < NOWHERE)


def _by_place_plain(gradient: Any, places: Any, shift: Any, size: Any, entries: Any, counts: Any) -> None:
    """List for each window of a line and each corner the filters that have their number there: offsets and values."""
    width, filters = gradient.shape
    for x in range(width):
        values, corners, there = gradient[x], places[x], entries[x]
        numbers = np.uint64(0)  # of the entries of each corner, twelve bits each: memory would be waited for
        for f in range(filters):
            corner = np.uint64(corners[f])
            digit = np.uint64(_DIGIT) * corner
            there[corner, (numbers >> digit) & np.uint64(_COUNT)] = (np.int64(values[f]) << (32 + shift)) | (f * size)
            numbers += np.uint64(1) << digit
        for place in range(NOWHERE):
            counts[x, place] = (numbers >> np.uint64(_DIGIT * place)) & np.uint64(_COUNT)


_widen, _narrow = compiled(_widen_plain), compiled(_narrow_plain)
_by_filter, _by_place = compiled(_by_filter_plain), compiled(_by_place_plain)


def _gradient_of_filters_plain(
    images: Any, gradient: Any, places: Any, shift: Any, padded: Any, above: Any, before: Any, together: Any,
    sums: Any, of_bias: Any,
) -> None:  # fmt: skip
    """Add to sums (F, rows, 16 n) float32: for each line of the kernel what its columns saw, C numbers each.

    As many lines of windows are listed `together` as have what they saw in the nearest cache.
    """
    line, place = padded.strides[0], padded.strides[1]
    filters, rows, width = sums.shape
    height, vectors = gradient.shape[1], width // _VECTOR
    passes, apart = rows, 64
    if vectors == 1:  # one of each line of the kernel: all lines in one pass
        passes, apart, vectors = 1, line, rows
    entries, counts = np.empty((filters, together * gradient.shape[2] + 1), np.int64), np.empty(filters, np.uint64)
    for image in range(len(images)):
        _widen(images[image], shift, padded, above, before)
        for begin in range(0, height, together):
            end = min(begin + together, height)
            _by_filter(
                gradient[image, begin:end], places[image, begin:end], shift, line, place, entries, counts, of_bias
            )
            first = padded.ctypes.data + 2 * begin * line
            for row in range(passes):
                for f in range(filters):
                    if counts[f]:
                        made = sums.ctypes.data + f * sums.strides[0] + row * sums.strides[1]
                        listed = entries.ctypes.data + f * entries.strides[0]
                        for v in range(0, vectors, MOST_VECTORS):
                            some = min(MOST_VECTORS, vectors - v)
                            add_products(listed, counts[f], first + row * line + v * apart, apart, made + 64 * v, some)


def _gradient_of_images_plain(
    gradient: Any, places: Any, filters: Any, shift: Any, padded: Any, above: Any, before: Any, together: Any,
    back: Any,
) -> None:  # fmt: skip
    """Write back (B, H, W, C), of filters (rows, F, 16 n) float32: each line's columns, C numbers each, then zeros.

    Of all filters as many vectors are added `together` as lie in the nearest cache.
    """
    line, place = padded.strides[0], padded.strides[1]
    rows, _, size = filters.shape
    _, height, width, _ = gradient.shape
    vectors = size // _VECTOR
    entries, counts = np.empty((width, NOWHERE + 1, gradient.shape[3]), np.int64), np.empty((width, NOWHERE), np.uint64)
    for image in range(len(back)):
        padded[:] = 0
        for y in range(height):
            _by_place(gradient[image, y], places[image, y], shift, filters.strides[1], entries, counts)
            for row in range(rows):
                for v in range(0, vectors, together):
                    some = min(together, vectors - v)
                    first = filters.ctypes.data + row * filters.strides[0] + 64 * v
                    for x in range(width):
                        for corner in range(NOWHERE):
                            if counts[x, corner]:
                                listed = entries.ctypes.data + x * entries.strides[0] + corner * entries.strides[1]
                                made = (2 * y + corner // 2 + row) * line + (2 * x + corner % 2) * place + 64 * v
                                add_products(listed, counts[x, corner], first, 64, padded.ctypes.data + made, some)
        _narrow(padded, shift, back[image], above, before)


_gradient_of_filters = compiled(_gradient_of_filters_plain)
_gradient_of_images = compiled(_gradient_of_images_plain)
