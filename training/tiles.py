"""Convolution with pooling as products of tiles of the matrix unit (amx.py), an image at a time; compiled by numba.

All of an image that is in work stays in the core's cache. Numbers are read as the integers of their bits: int16 is
bfloat16, int32 is float32, in which all sums are. An array that tiles are loaded from must begin at a multiple of 64
bytes, as torch's do: elsewhere it takes four times as long.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from training.amx import as_float, copy_sixteen, tile_config, tile_dot, tile_load, tile_release, tile_store
from training.compiled import compiled

_TILE = 1024  # bytes
_STRIP = 512  # places that stay in the nearest cache while all sums of a correlation go over them
_NOWHERE = 4  # the place of a window without a number above zero; 0 to 3 are its corners, row by row
_MINUS_INFINITY = np.int32(-(2**23))


def _convolve_plain(first: Any, place: Any, starts: Any, steps: Any, filters: Any, bias: Any, maps: Any) -> None:
    """Write maps (places, F) float32: for each place the bias (F,), and for each step 32 numbers times a filter's tile.

    The first place's numbers are at the address `first`, the next ones `place` bytes on from each other as far as a
    tile goes; where each tile of 16 places starts (places / 16,) and what a step adds (n,) is in bytes from there.
    Filters (F / 16, n, 16, 32) int16.
    """
    out = maps.strides[0]
    for c in range(maps.shape[1] // 16):
        weights, offset = filters.ctypes.data + c * filters.strides[0], bias.ctypes.data + 64 * c
        for t in range(0, len(starts), 4):
            at, one, two, three = first + starts[t], first + starts[t + 1], first + starts[t + 2], first + starts[t + 3]
            tile_load(0, offset, 0)
            tile_load(1, offset, 0)
            tile_load(2, offset, 0)
            tile_load(3, offset, 0)
            for s in range(len(steps)):
                step = steps[s]
                tile_load(4, weights + _TILE * s, 64)
                tile_load(5, at + step, place)
                tile_dot(0, 5, 4)
                tile_load(6, one + step, place)
                tile_dot(1, 6, 4)
                tile_load(7, two + step, place)
                tile_dot(2, 7, 4)
                tile_load(5, three + step, place)
                tile_dot(3, 5, 4)
            made = maps.ctypes.data + 16 * t * out + 64 * c
            tile_store(0, made, out)
            tile_store(1, made + 16 * out, out)
            tile_store(2, made + 32 * out, out)
            tile_store(3, made + 48 * out, out)


def _correlation(kernel: int) -> Any:
    """A function for a kernel of three or five lines: each has its sums in a tile of its own."""

    def correlate(rows: Any, width: Any, words: Any, sums: Any) -> None:
        """Add to sums (R / 16, F / 16, kernel, 16, 16) float32 the products of rows (R, …) int16 and words.

        Words (places / 2, F) int32 hold the numbers of two places. The kernel's next line sees the rows `width` numbers
        further on.
        """
        row, out, down = rows.strides[0], words.strides[0], 2 * width
        for begin in range(0, 2 * len(words), _STRIP):
            end = min(begin + _STRIP, 2 * len(words))
            for r in range(sums.shape[0]):
                for n in range(sums.shape[1]):
                    made = sums.ctypes.data + (r * sums.shape[1] + n) * kernel * _TILE
                    left = rows.ctypes.data + 16 * r * row + 2 * begin
                    right = words.ctypes.data + begin // 2 * out + 64 * n
                    tile_load(0, made, 64)
                    tile_load(1, made + _TILE, 64)
                    tile_load(2, made + 2 * _TILE, 64)
                    if kernel == 5:
                        tile_load(3, made + 3 * _TILE, 64)
                        tile_load(4, made + 4 * _TILE, 64)
                    for _ in range(begin, end, 32):
                        tile_load(5, right, out)
                        tile_load(6, left, row)
                        tile_dot(0, 6, 5)
                        tile_load(7, left + down, row)
                        tile_dot(1, 7, 5)
                        tile_load(6, left + 2 * down, row)
                        tile_dot(2, 6, 5)
                        if kernel == 5:
                            tile_load(7, left + 3 * down, row)
                            tile_dot(3, 7, 5)
                            tile_load(6, left + 4 * down, row)
                            tile_dot(4, 6, 5)
                        left += 64
                        right += 16 * out
                    tile_store(0, made, 64)
                    tile_store(1, made + _TILE, 64)
                    tile_store(2, made + 2 * _TILE, 64)
                    if kernel == 5:
                        tile_store(3, made + 3 * _TILE, 64)
                        tile_store(4, made + 4 * _TILE, 64)

    return compiled(correlate)


def _pad_plain(image: Any, padded: Any, side: Any) -> None:
    """Write lines of an image (n, W, C) into the middle of wider ones."""
    lines, width, channels = image.shape
    for y in range(lines):
        source, target = image[y].reshape(-1), padded[y].reshape(-1)[side * channels : (side + width) * channels]
        for k in range(len(source)):
            target[k] = source[k]


def _unfold_plain(image: Any, wide: Any, unfolded: Any, side: Any) -> None:
    """Write what two lines of a kernel see from each place of lines (n, W, C) into others (n, W, 32).

    Sixteen numbers are a line's, of the neighbours from left to right, the channels of each side by side; what is left
    of the sixteen is of the next neighbours. They go behind the sixteen of the line before, which must exist. Wide
    (n, …, C) is padded, and 16 places longer than that.
    """
    lines, width, channels = image.shape
    _pad(image, wide, side)
    for y in range(lines):
        source = wide.ctypes.data + y * wide.strides[0]
        upper = unfolded.ctypes.data + y * unfolded.strides[0]
        lower = upper - unfolded.strides[0] + 32
        for x in range(width):
            copy_sixteen(source + 2 * channels * x, upper + 64 * x)
            copy_sixteen(source + 2 * channels * x, lower + 64 * x)


def _pool_plain(maps: Any, pooled: Any, places: Any) -> None:
    """Write relu(max_pool2d(maps, 2)) as bfloat16 (n, W, F), and as uint8 the corner each is from; maps (2n, …, F).

    Above zero, floating-point numbers are in the order of their bits. What is not a number comes through where the
    window has nothing above zero; the processor's own has the sign set, so it lies between minus infinity and zero.
    """
    lines, width, channels = pooled.shape
    for y in range(lines):
        for x in range(width):
            a, b = maps[2 * y, 2 * x], maps[2 * y, 2 * x + 1]
            c, d = maps[2 * y + 1, 2 * x], maps[2 * y + 1, 2 * x + 1]
            out, place = pooled[y, x], places[y, x]
            for k in range(channels):
                best, at = a[k], np.int32(0)
                if b[k] > best:
                    best, at = b[k], np.int32(1)
                if c[k] > best:
                    best, at = c[k], np.int32(2)
                if d[k] > best:
                    best, at = d[k], np.int32(3)
                if best <= 0:
                    best, at = best if best > _MINUS_INFINITY else np.int32(0), np.int32(_NOWHERE)
                out[k], place[k] = _rounded(best), np.uint8(at)


def _round_plain(maps: Any, out: Any) -> None:
    """Write float32 maps (n, …, F) as bfloat16 (n, W, F)."""
    lines, width, channels = out.shape
    for y in range(lines):
        for x in range(width):
            source, target = maps[y, x], out[y, x]
            for k in range(channels):
                target[k] = _rounded(source[k])


def _rounded_plain(bits: Any) -> Any:
    """The bits of the nearest bfloat16; of two as near, the even one."""
    return np.int16((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)


def _unpool_plain(gradient: Any, places: Any, maps: Any, side: Any) -> None:
    """Write the gradient of `_pool` (n, W / 2, F) into the middle of wider lines of maps (2n or more, …, F)."""
    lines, width, channels = gradient.shape
    for y in range(lines):
        for x in range(width):
            g, place = gradient[y, x], places[y, x]
            for corner in range(4):
                out, here = maps[2 * y + corner // 2, side + 2 * x + corner % 2], np.uint8(corner)
                for k in range(channels):
                    out[k] = g[k] if place[k] == here else 0


def _unpool_words_plain(gradient: Any, places: Any, corners: Any, words: Any, sums: Any) -> None:
    """Write it as words (H, W / 2, F) int32 of two places side by side, and its sums over all places (F,) float32.

    `corners` (4, F) int16 is for the time.
    """
    lines, width, channels = gradient.shape
    sums[:] = 0
    for y in range(lines):
        for x in range(width):
            g, place = gradient[y, x], places[y, x]
            for corner in range(4):
                out, here = corners[corner], np.uint8(corner)
                for k in range(channels):
                    out[k] = g[k] if place[k] == here else 0
            for below in range(2):
                _join(corners[2 * below], corners[2 * below + 1], words[2 * y + below, x])
            for k in range(channels):
                sums[k] += as_float(np.int32(g[k] if place[k] < _NOWHERE else 0) << 16)


def _join_plain(left: Any, right: Any, words: Any) -> None:
    """Write two rows of numbers int16 as words int32, the left one lower."""
    for k in range(len(words)):
        words[k] = np.int32(np.uint16(left[k])) | np.int32(right[k]) << 16


def _turn_plain(image: Any, pairs: Any, planes: Any) -> None:
    """Write an image (places / 2, 2, C) int16 as planes (C, places / 2) int32, each of two places side by side."""
    count, channels = pairs.shape
    for n in range(count):
        _join(image[n, 0], image[n, 1], pairs[n])
    for start in range(0, count, 16):
        for c in range(channels):
            plane, some = planes[c, start : start + 16], pairs[start : start + 16, c]
            for n in range(len(plane)):
                plane[n] = some[n]


def _shift_plain(planes: Any, by: Any, width: Any, rows: Any, first: Any, start: Any) -> None:
    """Write planes (C, places) int16 into rows, each line of `width` numbers `by` to the left, zeros behind it.

    They become C rows from `first` on, and begin at `start` there.
    """
    channels, count = planes.shape
    for c in range(channels):
        row, plane = rows[first + c], planes[c]
        some = plane[max(by, 0) : count + min(by, 0)]
        out = row[start + max(-by, 0) : start + count - max(by, 0)]
        for n in range(len(some)):
            out[n] = some[n]
        for at in range(start, start + count, width):
            for k in range(by):
                row[at + width - 1 - k] = 0
            for k in range(-by):
                row[at + k] = 0


_convolve, _correlate_three, _correlate_five = compiled(_convolve_plain), _correlation(3), _correlation(5)
_pad, _unfold = compiled(_pad_plain), compiled(_unfold_plain)
_rounded, _join = compiled(_rounded_plain), compiled(_join_plain)
_pool, _round = compiled(_pool_plain), compiled(_round_plain)
_unpool, _unpool_words = compiled(_unpool_plain), compiled(_unpool_words_plain)
_turn, _shift = compiled(_turn_plain), compiled(_shift_plain)


def _forward_plain(
    images: Any, wide: Any, padded: Any, side: Any, pace: Any, starts: Any, steps: Any, filters: Any, bias: Any,
    maps: Any, pooled: Any, places: Any, shapes: Any,
) -> None:  # fmt: skip
    """Write relu(max_pool2d(convolution(images) + bias, 2)) of all images, and where each number is from.

    Images (B, H, W, C) int16; pooled and places (B, H / 2, W / 2, F). Padded is all zeros: (…, …, C), or (…, W, 32) for
    images of few channels, which are unfolded into it by way of `wide`. Pace is how many lines are made at a time, how
    many places apart they are in the maps, and how many bytes a place is; the rest as in _convolve.
    """
    lines, across, place = pace
    made = maps.view(np.int32)[: lines * across].reshape(lines, across, maps.shape[1])
    tile_config(shapes.ctypes.data)
    for n in range(len(images)):
        ready = 0
        for y in range(0, images.shape[1], lines):
            needed = min(y + lines + side, images.shape[1])
            some, target = images[n, ready:needed], padded[ready + side : needed + side]
            if padded.shape[2] == images.shape[3]:
                _pad(some, target, side)
            else:
                _unfold(some, wide[ready:needed], target, side)
            ready = needed
            _convolve(padded.ctypes.data + y * padded.strides[0], place, starts, steps, filters, bias, maps)
            half = slice(y // 2, (y + lines) // 2)
            _pool(made, pooled[n, half], places[n, half])
    tile_release()


def _gradient_of_filters_plain(
    images: Any, gradient: Any, places: Any, kernel: Any, pairs: Any, planes: Any, rows: Any, corners: Any, words: Any,
    sums: Any, of_bias: Any, shapes: Any,
) -> None:  # fmt: skip
    """Add the gradient of the filters to sums (as in _correlation), and write that of the bias for each image (B, F).

    Images (B, H, W, C) int16; gradient and places (B, H / 2, W / 2, F); rows (kernel · C or more, …) int16 and words
    (H · W / 2 or more, F) int32 are all zeros; pairs (H · W / 2, C), planes (C, H · W / 2) int32 and corners are for
    the time.
    """
    _, height, width, channels = images.shape
    count, side = height * width, kernel // 2
    by_line = words[: count // 2].reshape(height, width // 2, words.shape[1])
    tile_config(shapes.ctypes.data)
    for n in range(len(images)):
        _turn(images[n].reshape(-1, 2, channels), pairs, planes)
        for k in range(kernel):
            _shift(planes.view(np.int16), k - side, width, rows, k * channels, side * width)
        _unpool_words(gradient[n], places[n], corners, by_line, of_bias[n])
        if kernel == 5:
            _correlate_five(rows, width, words, sums)
        else:
            _correlate_three(rows, width, words, sums)
    tile_release()


def _gradient_of_images_plain(
    gradient: Any, places: Any, padded: Any, side: Any, pace: Any, starts: Any, steps: Any, filters: Any, bias: Any,
    maps: Any, back: Any, shapes: Any,
) -> None:  # fmt: skip
    """Write the gradient of the images (B, H, W, C) int16; padded (…, …, F) is all zeros, filters are turned round."""
    lines, across, place = pace
    made = maps.view(np.int32)[: lines * across].reshape(lines, across, maps.shape[1])
    tile_config(shapes.ctypes.data)
    for n in range(len(back)):
        ready = 0
        for y in range(0, back.shape[1], lines):
            needed = min((y + lines + side + 1) // 2, gradient.shape[1])
            _unpool(gradient[n, ready:needed], places[n, ready:needed], padded[2 * ready + side :], side)
            ready = needed
            _convolve(padded.ctypes.data + y * padded.strides[0], place, starts, steps, filters, bias, maps)
            _round(made, back[n, y : y + lines])
    tile_release()


forward = compiled(_forward_plain)
gradient_of_filters, gradient_of_images = compiled(_gradient_of_filters_plain), compiled(_gradient_of_images_plain)
