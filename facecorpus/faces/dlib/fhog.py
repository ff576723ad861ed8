"""Felzenszwalb's histograms of oriented gradients, as dlib computes them; compiled by numba.

P. Felzenszwalb, R. Girshick, D. McAllester, D. Ramanan: Object Detection with Discriminatively Trained Part Based
Models (PAMI 2010, §6): 18 signed and 9 unsigned directions and 4 energies in cells of 8 × 8 pixels. dlib's code
(image_transforms/fhog.h) says what happens at the edges, and its detector's weights expect that.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import config, njit
from numpy.typing import NDArray

from facecorpus.system.cache import cache_folder

Grey = NDArray[np.uint8]
"""(H, W) uint8."""

Features = NDArray[np.float32]
"""(rows, columns, 31) float32 of cells."""

CELL = 8  # pixels
CHANNELS = 31
_SIGNED = 18  # directions; the first 9 of them have their opposites in the second
_LIMIT = 0.2  # of a normalised histogram's bin
_EPSILON = 1e-4
_ENERGY = 2 * 0.2357
_RANGE = 255  # the largest difference of two grey levels, to either side


def features(grey: Grey, before: int, after: int) -> Features:
    """The features of all cells but the outermost ones, with so many empty cells before and after in each direction.

    Empty (no rows) where the picture has fewer than 3 cells.
    """
    result: Features = _features(_histograms(grey, _DIRECTIONS), before, after)
    return result


def shrunk(grey: Grey, height: int, width: int) -> Grey:
    """The picture at a smaller size, its corners kept: dlib's resize_image."""
    result: Grey = _shrunk(grey, height, width)
    return result


def _directions() -> NDArray[np.uint8]:
    """The nearest of the 18 directions by gradient: at (down + 255) · 511 + across + 255."""
    angles = np.arange(_SIGNED // 2) * np.pi / 9
    unit = np.round(np.stack([np.cos(angles), np.sin(angles)], axis=1), 4).astype(np.float32)
    steps = np.arange(-_RANGE, _RANGE + 1, dtype=np.float32)
    down, across = np.meshgrid(steps, steps, indexing="ij")
    along = across[..., None] * unit[:, 0] + down[..., None] * unit[:, 1]
    # The first of equals wins, each direction before its opposite: so they alternate here.
    both = np.stack([along, -along], axis=-1).reshape(*down.shape, _SIGNED)
    place = both.argmax(axis=-1)
    return np.asarray(place // 2 + place % 2 * (_SIGNED // 2), np.uint8).ravel()


def compiled(function: Callable[..., Any], *, fastmath: bool = False) -> Any:
    """The function as machine code, kept in the user's cache for the next process where that can be written."""
    numba: Any = config  # whose settings have no types
    before = numba.CACHE_DIR
    # By itself numba keeps it beside the source. Where the user has set NUMBA_CACHE_DIR, that holds.
    numba.CACHE_DIR = before or str(cache_folder("numba") or "")
    try:
        return njit(nogil=True, error_model="numpy", cache=bool(numba.CACHE_DIR), fastmath=fastmath)(function)
    except RuntimeError:
        return njit(nogil=True, error_model="numpy", fastmath=fastmath)(function)
    finally:
        numba.CACHE_DIR = before


def _histograms_plain(grey: Any, directions: Any) -> Any:
    """(rows + 2, columns + 2, 18): each pixel votes for its direction in the four cells around it, by nearness."""
    height, width = grey.shape
    rows, columns = int(height / CELL + 0.5), int(width / CELL + 0.5)
    histograms = np.zeros((rows + 2, (columns + 2) * _SIGNED), np.float32)
    inside = max(min(columns * CELL, width) - 2, 0)  # pixels of a line that have neighbours
    bin_of, nearness = np.empty(inside, np.int32), np.empty(inside, np.float32)
    for x in range(inside):
        place = np.float32((x + 1.5) / CELL + 0.5)
        bin_of[x], nearness[x] = int(place) * _SIGNED, place - int(place)
    gradient, length = np.empty(inside, np.int32), np.empty(inside, np.float32)
    line = np.empty((columns + 2) * _SIGNED, np.float32)
    for y in range(1, min(rows * CELL, height) - 1):
        left, right, above, below = grey[y], grey[y, 2:], grey[y - 1, 1:], grey[y + 1, 1:]
        for x in range(inside):
            across, down = np.int32(right[x]) - np.int32(left[x]), np.int32(below[x]) - np.int32(above[x])
            gradient[x] = (down + _RANGE) * (2 * _RANGE + 1) + across + _RANGE
            length[x] = np.sqrt(np.float32(across * across + down * down))
        # Votes are shared out across within the line, and down by the line as a whole.
        line[:] = 0
        for x in range(inside):
            place_of = bin_of[x] + directions[np.uint32(gradient[x])]
            far = nearness[x] * length[x]
            line[np.uint32(place_of)] += length[x] - far
            line[np.uint32(place_of + _SIGNED)] += far
        place = np.float32((y + 0.5) / CELL + 0.5)
        row = int(place)
        second = np.float32(place - row)
        first = np.float32(1) - second
        upper, lower = histograms[row], histograms[row + 1]
        for k in range(line.size):
            upper[k] += first * line[k]
            lower[k] += second * line[k]
    return histograms.reshape(rows + 2, columns + 2, _SIGNED)


def _features_plain(histograms: Any, before: int, after: int) -> Any:
    """Histograms normalised by the energy of each of the four blocks of 2 × 2 cells around them, and cut."""
    rows, columns = histograms.shape[0] - 2, histograms.shape[1] - 2
    if rows < 3 or columns < 3:  # a cell and its neighbours
        return np.zeros((0, 0, CHANNELS), np.float32)
    energy = np.empty((rows, columns), np.float32)
    for y in range(rows):
        for x in range(columns):
            cell = histograms[y + 1, x + 1]
            total = np.float32(0)
            for o in range(9):
                total += (cell[o] + cell[o + 9]) ** 2
            energy[y, x] = total
    limits = np.float32(_LIMIT) * np.sqrt(
        energy[:-1, :-1] + energy[:-1, 1:] + energy[1:, :-1] + energy[1:, 1:] + np.float32(_EPSILON)
    )
    factors = np.float32(_LIMIT / 2) / limits
    result = np.zeros((rows - 2 + before + after, columns - 2 + before + after, CHANNELS), np.float32)
    for y in range(rows - 2):
        for x in range(columns - 2):
            cell, feature = histograms[y + 2, x + 2], result[y + before, x + before]
            for corner in range(4):  # below right, above right, below left, above left
                down, across = 1 - corner % 2, 1 - corner // 2
                limit, factor = limits[y + down, x + across], factors[y + down, x + across]
                total = np.float32(0)
                for o in range(18):
                    value = min(cell[o], limit) * factor
                    feature[o] += value
                    total += value
                for o in range(9):
                    feature[18 + o] += min(cell[o] + cell[o + 9], limit) * factor
                feature[27 + corner] = total * np.float32(_ENERGY)
    return result


def _shrunk_plain(grey: Any, height: int, width: int) -> Any:
    """Bilinear, with dlib's single precision; it rounds columns in fours, and cuts the last ones to whole levels."""
    result = np.empty((height, width), np.uint8)
    last = grey.shape[1] - 1
    down, across = (grey.shape[0] - 1) / max(height - 1, 1), last / max(width - 1, 1)
    step, four = np.float32(4 * across), np.empty(4, np.float32)
    for k in range(4):
        four[k] = k * across
    left, right = np.empty(width, np.uint32), np.empty(width, np.uint32)
    far, near, half = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.float32)
    fours = True
    for x in range(width):
        if x % 4 == 0:
            if x > 0:
                four += step
            fours = fours and int(four[3]) < last
        place = np.float64(four[x % 4]) if fours else x * across
        left[x] = int(place)
        right[x] = min(left[x] + 1, last)
        far[x], half[x] = place - left[x], 0.5 if fours else 0.0
        near[x] = np.float32(1) - far[x]
    y = 0.0
    for line in range(height):
        top = int(y)
        lower, upper = np.float32(y - top), np.float32(1 - (y - top))
        above, below = grey[top], grey[min(top + 1, grey.shape[0] - 1)]
        for x in range(width):
            value = upper * near[x] * above[left[x]] + upper * far[x] * above[right[x]]
            value = value + lower * near[x] * below[left[x]] + lower * far[x] * below[right[x]]
            result[line, x] = np.uint8(value + half[x])
        y += down
    return result


_DIRECTIONS = _directions()
# Sums in any order change a feature by a millionth, and let the processor take many at once.
_histograms = compiled(_histograms_plain, fastmath=True)
_features = compiled(_features_plain, fastmath=True)
_shrunk = compiled(_shrunk_plain)
