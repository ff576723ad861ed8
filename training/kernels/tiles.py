"""Convolution with pooling as products of tiles of the matrix unit (amx.py), an image at a time; compiled by numba.

All of an image that is in work stays in the core's cache. Numbers are read as the integers of their bits: int16 is
bfloat16, and all sums are float32. An array that tiles are loaded from must begin at a multiple of 64 bytes, as torch's
do: elsewhere it takes four times as long.
"""

from __future__ import annotations

from typing import Any

from training.kernels.amx import tile_config, tile_dot, tile_load, tile_release, tile_store
from training.kernels.compiled import compiled
from training.kernels.sixteen import (
    copy_bytes,
    copy_sixteen,
    pair_sixteen,
    pool_sixteen,
    round_sixteen,
    spread_sixteen,
    unpool_sixteen,
)

_TILE = 1024  # bytes
_STEPS = 5  # of a block's products between two times that something else is done
_STRIP = 16  # tiles that stay in the nearest cache while all sums of a correlation go over them


def _multiply_plain(
    first: Any, place: Any, starts: Any, steps: Any, t: Any, begin: Any, end: Any, filters: Any
) -> None:
    """Add to tiles 0 to 3 the products of steps `begin` to `end`, of tiles `t` to t + 3 of 16 places each.

    The first place's numbers are at the address `first`, the next ones `place` bytes on from each other as far as a
    tile goes; where each tile starts (places / 16,) and what a step adds (n,) is in bytes from there. At the address
    `filters` are tiles (n, 16, 32) int16 of sixteen filters.
    """
    at, one, two, three = first + starts[t], first + starts[t + 1], first + starts[t + 2], first + starts[t + 3]
    for s in range(begin, end):
        step = steps[s]
        tile_load(4, filters + _TILE * s, 64)
        tile_load(5, at + step, place)
        tile_dot(0, 5, 4)
        tile_load(6, one + step, place)
        tile_dot(1, 6, 4)
        tile_load(7, two + step, place)
        tile_dot(2, 7, 4)
        tile_load(5, three + step, place)
        tile_dot(3, 5, 4)


def _set_plain(bias: Any) -> None:
    """Fill tiles 0 to 3 with the sixteen numbers float32 at the address `bias`."""
    tile_load(0, bias, 0)
    tile_load(1, bias, 0)
    tile_load(2, bias, 0)
    tile_load(3, bias, 0)


def _keep_plain(maps: Any) -> None:
    """Write tiles 0 to 3 to the address `maps`."""
    tile_store(0, maps, 64)
    tile_store(1, maps + _TILE, 64)
    tile_store(2, maps + 2 * _TILE, 64)
    tile_store(3, maps + 3 * _TILE, 64)


_multiply, _set, _keep = compiled(_multiply_plain), compiled(_set_plain), compiled(_keep_plain)


def _convolve_plain(first: Any, place: Any, starts: Any, steps: Any, filters: Any, bias: Any, maps: Any) -> None:
    """Write maps (places, 16) float32: for each place the bias, and for each step 32 numbers times a tile."""
    for t in range(0, len(starts), 4):
        _set(bias)
        _multiply(first, place, starts, steps, t, 0, len(steps), filters)
        _keep(maps.ctypes.data + _TILE * t)


def _correlation(kernel: int) -> Any:
    """A function for a kernel of three or five lines: as many sums have a tile each."""

    def correlate(words: Any, first: Any, place: Any, starts: Any, steps: Any, sums: Any) -> None:
        """Add products of words (F / 16, tiles, 16, 16) int32 with others to sums (F / 16, n, kernel, 16, 16) float32.

        The other tiles start at the address `first`, and from there, in bytes, as far on as `starts` (tiles,) and steps
        (n, kernel) say; their rows are `place` bytes apart.
        """
        for begin in range(0, len(starts), _STRIP):
            end = min(begin + _STRIP, len(starts))
            for s in range(len(steps)):
                one, two, three = first + steps[s, 0], first + steps[s, 1], first + steps[s, 2]
                if kernel == 5:
                    four, five = first + steps[s, 3], first + steps[s, 4]
                for f in range(len(words)):
                    made = sums.ctypes.data + f * sums.strides[0] + s * sums.strides[1]
                    tiles = words.ctypes.data + f * words.strides[0]
                    tile_load(0, made, 64)
                    tile_load(1, made + _TILE, 64)
                    tile_load(2, made + 2 * _TILE, 64)
                    if kernel == 5:
                        tile_load(3, made + 3 * _TILE, 64)
                        tile_load(4, made + 4 * _TILE, 64)
                    for t in range(begin, end):
                        start = starts[t]
                        tile_load(5, tiles + _TILE * t, 64)
                        tile_load(6, one + start, place)
                        tile_dot(0, 5, 6)
                        tile_load(7, two + start, place)
                        tile_dot(1, 5, 7)
                        tile_load(6, three + start, place)
                        tile_dot(2, 5, 6)
                        if kernel == 5:
                            tile_load(7, four + start, place)
                            tile_dot(3, 5, 7)
                            tile_load(6, five + start, place)
                            tile_dot(4, 5, 6)
                    tile_store(0, made, 64)
                    tile_store(1, made + _TILE, 64)
                    tile_store(2, made + 2 * _TILE, 64)
                    if kernel == 5:
                        tile_store(3, made + 3 * _TILE, 64)
                        tile_store(4, made + 4 * _TILE, 64)

    return compiled(correlate)


def _pad_plain(image: Any, padded: Any, side: Any) -> None:
    """Write lines of an image (n, W, C) into the middle of wider ones."""
    source, target = image.ctypes.data, padded.ctypes.data + side * padded.strides[1]
    for y in range(len(image)):
        copy_bytes(source + y * image.strides[0], target + y * padded.strides[0], image.strides[0])


def _unfold_plain(wide: Any, unfolded: Any) -> None:
    """Write what two lines of a kernel see from each place of lines (n, …, C) into others (n, W, 32).

    Sixteen numbers are a line's, of the neighbours from left to right, the channels of each side by side; what is left
    of the sixteen is of the next neighbours, which must exist. They go behind the sixteen of the line before, too.
    """
    channels = wide.shape[2]
    for y in range(len(wide)):
        source = wide.ctypes.data + y * wide.strides[0]
        upper = unfolded.ctypes.data + y * unfolded.strides[0]
        lower = upper - unfolded.strides[0] + 32
        for x in range(unfolded.shape[1]):
            copy_sixteen(source + 2 * channels * x, upper + 64 * x, lower + 64 * x)


def _pool_plain(maps: Any, pooled: Any, places: Any, n: Any) -> None:
    """Write relu(max_pool2d(maps, 2)) as filters 16n to 16n + 15 of pooled bfloat16 (H, W, F).

    And the corner each number is from as those of places (uint8). Maps (2H, …, 16) float32.
    """
    lines, width, _ = pooled.shape
    down = maps.strides[0]
    for y in range(lines):
        for x in range(width):
            at = maps.ctypes.data + 2 * y * down + 128 * x
            out = pooled.ctypes.data + y * pooled.strides[0] + x * pooled.strides[1] + 32 * n
            place = places.ctypes.data + y * places.strides[0] + x * places.strides[1] + 16 * n
            pool_sixteen(at, at + 64, at + down, at + down + 64, out, place)


def _round_plain(maps: Any, across: Any, width: Any, out: Any, place: Any, begin: Any, end: Any) -> None:
    """Write places `begin` to `end` of maps (lines · across, 16) float32 as bfloat16, `place` bytes from each other.

    Maps and out are addresses: an array that is passed on is counted, and the counting waits for the matrix unit.
    """
    for n in range(begin, end):
        round_sixteen(maps + 64 * (n // width * across + n % width), out + n * place)


def _unpool_plain(gradient: Any, places: Any, padded: Any, side: Any) -> None:
    """Write the gradient of `_pool` (n, W / 2, F) into the middle of wider lines (2n or more, …, F)."""
    lines, width, channels = gradient.shape
    down, right = padded.strides[0], padded.strides[1]
    for y in range(lines):
        for x in range(width):
            number = gradient.ctypes.data + y * gradient.strides[0] + x * gradient.strides[1]
            place = places.ctypes.data + y * places.strides[0] + x * places.strides[1]
            corner = padded.ctypes.data + 2 * y * down + (side + 2 * x) * right
            for k in range(0, channels, 16):
                at = corner + 2 * k
                spread_sixteen(number + 2 * k, place + k, at, at + right, at + down, at + down + right)


def _unpool_words_plain(gradient: Any, places: Any, words: Any, sums: Any) -> None:
    """Write it of windows (16n, F), one after the other, as tiles of words (F / 16, 2n, 16, 16) int32 of two lines.

    And add it up over all places, to sums (F, 16) float32.
    """
    windows, channels = gradient.shape
    for f in range(channels // 16):
        for n in range(0, windows, 16):
            unpool_sixteen(
                gradient.ctypes.data + n * gradient.strides[0] + 32 * f, gradient.strides[0],
                places.ctypes.data + n * places.strides[0] + 16 * f, places.strides[0],
                words.ctypes.data + f * words.strides[0] + _TILE * (n // 8), sums.ctypes.data + 1024 * f,
            )  # fmt: skip


def _pair_plain(image: Any, blank: Any, pairs: Any, side: Any, before: Any) -> None:
    """Write lines (H, W, C) int16 as pairs (2, …, …, N) int32 of a line and the next, `before` places to the right.

    First those of even lines and odd ones, counted with the `side` lines above the image, then those of odd lines and
    even ones. Of each place there are N numbers, from its first channel on; blank is a line of zeros.
    """
    height, width, channels = image.shape
    place = pairs.strides[2]
    for y in range(-1, height):
        upper = blank.ctypes.data if y < 0 else image.ctypes.data + y * image.strides[0]
        lower = blank.ctypes.data if y + 1 == height else image.ctypes.data + (y + 1) * image.strides[0]
        line = y + side
        out = pairs.ctypes.data + line % 2 * pairs.strides[0] + line // 2 * pairs.strides[1] + before * place
        for x in range(min(width, pairs.shape[2])):
            at = 2 * channels * x
            for n in range(pairs.shape[3] // 16):
                pair_sixteen(upper + at + 32 * n, lower + at + 32 * n, out + x * place + 64 * n)


_convolve, _correlate_three, _correlate_five = compiled(_convolve_plain), _correlation(3), _correlation(5)
_pad, _unfold, _pair = compiled(_pad_plain), compiled(_unfold_plain), compiled(_pair_plain)
_pool, _round = compiled(_pool_plain), compiled(_round_plain)
_unpool, _unpool_words = compiled(_unpool_plain), compiled(_unpool_words_plain)


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
    height = images.shape[1]
    made = maps[: lines * across].reshape(lines, across, 16)
    middle = padded[side : side + height]
    tile_config(shapes.ctypes.data)
    for n in range(len(images)):
        if padded.shape[2] == images.shape[3]:
            _pad(images[n], middle, side)
        else:
            _pad(images[n], wide, side)
            _unfold(wide, middle)
        for f in range(len(filters)):
            tiles, offset = filters.ctypes.data + f * filters.strides[0], bias.ctypes.data + 64 * f
            for y in range(0, height, lines):
                first = padded.ctypes.data + y * padded.strides[0]
                _convolve(first, place, starts, steps, tiles, offset, maps)
                half = slice(y // 2, (y + lines) // 2)
                _pool(made, pooled[n, half], places[n, half], f)
    tile_release()


def _gradient_of_filters_plain(
    images: Any, gradient: Any, places: Any, wide: Any, blank: Any, pairs: Any, side: Any, starts: Any, steps: Any,
    words: Any, sums: Any, of_bias: Any, shapes: Any,
) -> None:  # fmt: skip
    """Add the gradient of the filters to sums (as in _correlation), and that of the bias to of_bias (F, 16).

    Images (B, H, W, C) int16; gradient and places (B, windows, F); pairs (as in _pair) are all zeros, as blank (W, C)
    is; wide (H, …, C) is for images of few channels, words (F / 16, tiles, 16, 16) int32 for the time.
    """
    tile_config(shapes.ctypes.data)
    for n in range(len(images)):
        if images.shape[3] % 16 == 0:
            _pair(images[n], blank, pairs, side, side)
        else:
            _pad(images[n], wide, side)
            _pair(wide, blank, pairs, side, 0)
        _unpool_words(gradient[n], places[n], words, of_bias)
        if steps.shape[1] == 5:
            _correlate_five(words, pairs.ctypes.data, pairs.strides[2], starts, steps, sums)
        else:
            _correlate_three(words, pairs.ctypes.data, pairs.strides[2], starts, steps, sums)
    tile_release()


def _gradient_of_images_plain(
    gradient: Any, places: Any, padded: Any, side: Any, pace: Any, starts: Any, steps: Any, filters: Any, bias: Any,
    maps: Any, back: Any, shapes: Any,
) -> None:  # fmt: skip
    """Write the gradient of the images (B, H, W, C) int16; padded (…, …, F) is all zeros, filters are turned round.

    The matrix unit works while the others do something else: a block's maps (2, places, 16) are rounded between the
    products of the next.
    """
    lines, across, place = pace
    height, width = back.shape[1:3]
    line, out_place = back.strides[1], back.strides[2]
    rounds = len(starts) // 4 * -(-len(steps) // _STEPS)
    each = -(-lines * width // rounds)
    done_maps, free_maps = maps[0].ctypes.data, maps[1].ctypes.data
    out, waiting = back.ctypes.data, 0
    tile_config(shapes.ctypes.data)
    for n in range(len(back)):
        _unpool(gradient[n], places[n], padded[side:], side)
        for f in range(len(filters)):
            tiles, offset = filters.ctypes.data + f * filters.strides[0], bias.ctypes.data + 64 * f
            for y in range(0, height, lines):
                first, begin = padded.ctypes.data + y * padded.strides[0], 0
                for t in range(0, len(starts), 4):
                    _set(offset)
                    for s in range(0, len(steps), _STEPS):
                        _multiply(first, place, starts, steps, t, s, min(s + _STEPS, len(steps)), tiles)
                        _round(done_maps, across, width, out, out_place, begin, min(begin + each, waiting))
                        begin += each
                    _keep(free_maps + _TILE * t)
                done_maps, free_maps, waiting = free_maps, done_maps, lines * width
                out = back.ctypes.data + n * back.strides[0] + y * line + 32 * f
    _round(done_maps, across, width, out, out_place, 0, waiting)
    tile_release()


forward = compiled(_forward_plain)
gradient_of_filters, gradient_of_images = compiled(_gradient_of_filters_plain), compiled(_gradient_of_images_plain)
