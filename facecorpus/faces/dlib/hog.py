"""dlib's frontal face detector (HOG) from dlib's own weights: the same boxes and scores in half the time."""

import math
from typing import Any

import cv2
import dlib
import numpy as np
import torch
from numpy.typing import NDArray

from facecorpus.faces.detect import CoarseToFine, Detection, scaled
from facecorpus.faces.dlib.embed import one_thread
from facecorpus.faces.dlib.fhog import CELL, CHANNELS, Grey, compiled, features, shrunk
from facecorpus.faces.dlib.weights import HogWeights, read_hog
from facecorpus.faces.records import Picture

# dlib counts from 0; slightly below it the rendered and real pictures measured gave 2 % more faces and no false one.
_THRESHOLD = -0.1
_SHRINK, _SHIFT = 5 / 6, 0.3  # from one level of the pyramid to the next; pixels
_LEAST = 64  # pixels of a level in either direction
_COARSE = 8  # channels
# How much lower than its score a window's coarse score may be: on 40 pictures 1 in 1,000 was 0.7 lower, none 1.15.
_MARGIN = 1.2

Corners = tuple[int, int, int, int]  # left, top, right, bottom; the last two are inside


class HogDetector(CoarseToFine):
    """dlib's frontal HOG detector (Dalal & Triggs 2005), on the grey picture: as many faces as in colour."""

    name = "hog"

    def __init__(self) -> None:
        self._weights = read_hog(dlib.get_frontal_face_detector().__getstate__()[0])
        self._filters = _Filters(self._weights)

    def prepared(self, picture: Picture) -> Picture:
        """(H, W) grey."""
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)

    def look(self, picture: Picture, scale: float, seen: float = 0.0) -> list[Detection]:
        """The faces seen at this scale, in pixels of the picture, the surest first."""
        # One level more than is new: a face may meet this pyramid's levels better than those of the last one.
        levels = math.ceil(math.log(scale / seen, 1 / _SHRINK)) + 1 if seen else None
        return [
            Detection((left / scale, top / scale, (right - left + 1) / scale, (bottom - top + 1) / scale), score)
            for (left, top, right, bottom), score in self.run(scaled(picture, scale), _THRESHOLD, levels)
        ]

    def run(self, grey: Grey, threshold: float, levels: int | None = None) -> list[tuple[Corners, float]]:
        """Boxes and scores as dlib's own run gives them, the surest first; of its pyramid the first levels, or all."""
        found: list[tuple[Corners, float]] = []
        count = _levels(*grey.shape)
        with torch.inference_mode(), one_thread():
            for level in range(count if levels is None else min(count, levels)):
                if level:
                    grey = shrunk(grey, 5 * grey.shape[0] // 6, 5 * grey.shape[1] // 6)
                for x, y, score in self._filters.windows(grey, threshold):
                    found.append((_corners(x, y, self._filters.side, level), score))
        return self._each_once(sorted(found, key=lambda one: -one[1]))

    def _each_once(self, found: list[tuple[Corners, float]]) -> list[tuple[Corners, float]]:
        kept: list[tuple[Corners, float]] = []
        for box, score in found:
            if not any(self._same(box, other) for other, _ in kept):
                kept.append((box, score))
        return kept

    def _same(self, a: Corners, b: Corners) -> bool:
        inner = _area(max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
        outer = _area(min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
        overlap, covered = self._weights.overlap, self._weights.covered
        return inner > 0 and (inner > overlap * outer or inner > covered * min(_area(*a), _area(*b)))


class _Filters:
    """The filters, twice: as they are, and from a few channels that tell most of the 31, to pass over what is no face.

    One window in a thousand comes near the threshold. So all are scored with 8 mixed channels, at a quarter of the
    time, and with all of them only those that the coarse score does not rule out.
    """

    def __init__(self, weights: HogWeights) -> None:
        count, self.side = weights.filters.shape[:2]
        self._thresholds = weights.thresholds
        self._filters = weights.filters.reshape(count, -1).T
        mixing, mixed = _mixed(weights.filters)
        self._mixing = torch.from_numpy(mixing)
        # (side · channels, side · filters): each row of each filter, for a line of cells; their sum down comes later.
        self._rows = torch.from_numpy(mixed.transpose(2, 3, 1, 0).reshape(self.side * _COARSE, self.side * count))

    def windows(self, grey: Grey, threshold: float) -> list[tuple[int, int, float]]:
        """The windows (x, y in cells) of one level that score so much, and the score; one filter by another."""
        cells = features(grey, (self.side - 1) // 2, self.side // 2)
        if not cells.size:
            return []
        height, width = cells.shape[0], cells.shape[1] - self.side + 1
        coarse = torch.from_numpy(cells) @ self._mixing
        lines = (
            coarse.as_strided((height, width, len(self._rows)), (coarse.stride(0), coarse.stride(1), 1)) @ self._rows
        )
        near = _near(lines.numpy(), self._thresholds + threshold - _MARGIN)
        if not len(near):
            return []
        views = np.stack([cells[y : y + self.side, x : x + self.side].ravel() for y, x in near])
        scores = views @ self._filters - self._thresholds
        return [
            (int(near[row, 1]), int(near[row, 0]), float(scores[row, number]))
            for row, number in zip(*np.nonzero(scores >= threshold), strict=True)
        ]


def _near_plain(lines: Any, limits: Any) -> Any:
    """(K, 2): y and x of the windows whose coarse score reaches a filter's limit; lines is (H, W, side · filters)."""
    filters = len(limits)
    side = lines.shape[2] // filters
    found = []
    for y in range(lines.shape[0] - side + 1):
        for x in range(lines.shape[1]):
            for number in range(filters):
                score = np.float32(0)
                for row in range(side):
                    score += lines[y + row, x, row * filters + number]
                if score >= limits[number]:
                    found.append((y, x))
                    break
    result = np.empty((len(found), 2), np.int64)
    for place in range(len(found)):
        result[place, 0], result[place, 1] = found[place]
    return result


_near = compiled(_near_plain, fastmath=True)


def _mixed(filters: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(31, 8) the mixing of channels, and (count, side, side, 8) the filters for it, that lose least of the scores.

    Least where channels vary together as they do in photographs, for which noise with their spectrum (1/f) stands.
    """
    cells = features(_noise(512), 0, 0).reshape(-1, CHANNELS).astype(float)
    values, vectors = np.linalg.eigh(cells.T @ cells / len(cells))
    root = (vectors * np.sqrt(np.maximum(values, 1e-9))) @ vectors.T
    weighted = root @ filters.reshape(-1, CHANNELS).T.astype(float)
    left, _, _ = np.linalg.svd(weighted, full_matrices=False)
    mixing = np.linalg.solve(root, left[:, :_COARSE])
    mixed = (left[:, :_COARSE].T @ weighted).T.reshape(*filters.shape[:3], _COARSE)
    return mixing.astype(np.float32), mixed.astype(np.float32)


def _noise(side: int) -> Grey:
    white = np.random.default_rng(0).normal(size=(side, side))
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    frequency[0, 0] = 1
    noise = np.fft.irfft2(np.fft.rfft2(white) / frequency)
    return np.asarray(np.clip(128 + 48 * (noise - noise.mean()) / noise.std(), 0, 255), np.uint8)


def _levels(height: int, width: int) -> int:
    """How many levels dlib's pyramid has."""
    right, bottom, left = width - 1, height - 1, 0
    count = 0
    while True:
        left, right, bottom = (math.floor((edge - _SHIFT) * _SHRINK + 0.5) for edge in (left, right, bottom))
        count += 1
        if min(right, bottom) - left + 1 < _LEAST:
            return count


def _corners(x: int, y: int, side: int, level: int) -> Corners:
    """The box of a window in pixels of the lowest level, as dlib rounds it."""
    edges = []
    for cell in (x, y, x + side - 1, y + side - 1):
        pixel = (cell + 1 - (side - 1) // 2) * CELL + 1
        edge = float(pixel + CELL // 2 if pixel >= 0 else pixel - CELL // 2)
        for _ in range(level):
            edge = edge * 1.2 + _SHIFT
        edges.append(math.floor(edge + 0.5))
    left, top, right, bottom = edges
    return left, top, right, bottom


def _area(left: int, top: int, right: int, bottom: int) -> int:
    return max(0, right - left + 1) * max(0, bottom - top + 1)
