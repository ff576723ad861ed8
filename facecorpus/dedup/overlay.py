"""Two views of faces or photographs laid over each other.

A view is a small grey picture, of an aligned face with its surroundings or of a whole photograph, of equal contrast.
The second is moved, turned, sheared and stretched until it fits the first best (ECC; Evangelidis and Psarakis, 2008),
at a quarter of its size, at half of it and at its full one. What is not alike at a quarter is given up there, which is
most of what the hashes propose.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecorpus.faces.align import CROP_PADDING, aligned_crop, crop_cover, mean_face
from facecorpus.faces.records import Landmarks

SIDE = 112
"""Pixels of a view; a face is about 50 of them wide."""
FINE = 224
"""Pixels of a view that shows all that the stored crop of a face does."""

SCENE = 128
"""Pixels of a view of the photograph around a face, five of its widths wide."""

Grey = NDArray[np.float32]
Seen = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Fit = NDArray[np.float32]

WINDOW = 13
"""Pixels: what is measured around a place is measured in a square of this side."""
NOISE = 60.0
"""Grey levels squared: variance that noise and JPEG make of a flat place."""

_SCENE_PADDING = 2.0  # widths of the face on each side of it
_REDUCED = {2: cv2.IMREAD_REDUCED_GRAYSCALE_2, 4: cv2.IMREAD_REDUCED_GRAYSCALE_4, 8: cv2.IMREAD_REDUCED_GRAYSCALE_8}
_CONTRAST = 45.0  # standard deviation of a view's grey levels, so that noise weighs no more where a face is dark
_MOST_GAIN = 4.0  # of contrast: a blank page stays blank
_TEXTURE = 60.0
_EDGES = 8.0  # the same as NOISE of slopes between neighbouring pixels: without edges, no movement is seen
# Of the view's size: how many steps the fit may take there at most, its precision, and the blur before each (pixels).
_LEVELS = ((4, 20, 1e-3, 1), (2, 10, 1e-3, 3), (1, 10, 1e-4, 5))


@dataclass(frozen=True, slots=True)
class View:
    """A grey picture, (SIDE, SIDE) or (FINE, FINE) float32, and where it shows the photograph: what lies beyond its
    edge is 0."""

    grey: Grey
    seen: Seen

    def mirrored(self) -> "View":
        """The view in a mirror."""
        return View(np.ascontiguousarray(self.grey[:, ::-1]), np.ascontiguousarray(self.seen[:, ::-1]))


@dataclass(frozen=True, slots=True)
class Overlay:
    """Two views after the best fit, and what they show around each place; all of the views' size."""

    fit: Fit  # (2, 3): from the first view's pixels to the second's
    first: Grey
    second: Grey
    common: Mask  # both show it
    mean_first: Grey
    mean_second: Grey
    spread_first: Grey  # variance
    spread_second: Grey
    together: Grey  # covariance

    def agreement(self) -> Grey:
        """How well they agree in structure, -1 to 1 (a term of SSIM; Wang et al., 2004)."""
        return np.asarray((self.together + NOISE) / (np.sqrt(self.spread_first * self.spread_second) + NOISE))

    def copied(self) -> Grey:
        """The same in contrast, too: low where only one has any structure."""
        return np.asarray((self.together + NOISE) / ((self.spread_first + self.spread_second) / 2 + NOISE))

    def textured(self) -> Mask:
        """Where either has structure."""
        return np.asarray(np.maximum(self.spread_first, self.spread_second) > _TEXTURE)

    def matched(self) -> Grey:
        """The second with the first's light and contrast around each place."""
        gain = np.sqrt((self.spread_first + NOISE) / (self.spread_second + NOISE))
        return np.asarray((self.second - self.mean_second) * gain + self.mean_first, np.float32)

    def flow(self, window: int = WINDOW) -> tuple[Grey, Grey, Grey]:
        """How far, in pixels, the second must still be moved around each place to fit the first (Lucas and Kanade,
        1981); how much of the squared difference that explains; and the squared difference."""
        second = self.matched()
        middle, change = (self.first + second) / 2, second - self.first
        across = cv2.Sobel(middle, cv2.CV_32F, 1, 0, scale=1 / 8)
        down = cv2.Sobel(middle, cv2.CV_32F, 0, 1, scale=1 / 8)
        xx, yy = around(across * across, window) + _EDGES, around(down * down, window) + _EDGES
        xy, x, y = around(across * down, window), around(across * change, window), around(down * change, window)
        room = xx * yy - xy * xy
        right, below = (yy * x - xy * y) / room, (xx * y - xy * x) / room
        return np.hypot(right, below), right * x + below * y, around(change * change, window)


def face_view(crop: bytes, landmarks: Landmarks, width: int, height: int, side: int = SIDE) -> View | None:
    """The view of an aligned crop (JPEG) made by faces.align from a photograph of that size; None if unreadable."""
    grey = _decoded(crop, cv2.IMREAD_GRAYSCALE)
    if grey is None:
        return None
    return View(_small(grey, face_in(side), side), crop_cover(landmarks, width, height, side))


def picture_view(photograph: bytes) -> View | None:
    """The view of a whole photograph, decoded at a fraction of its size; None where OpenCV cannot read it."""
    grey = _decoded(photograph, cv2.IMREAD_REDUCED_GRAYSCALE_2)
    return None if grey is None else View(_small(grey, ALL > 0, SIDE), ALL)


def scene_view(photograph: bytes, landmarks: Landmarks, width: int) -> View | None:
    """The view, (SCENE, SCENE), of a photograph `width` pixels wide around a face; None where OpenCV cannot read it."""
    outer = mean_face(SCENE, _SCENE_PADDING)[[0, 2]]
    shrink = np.linalg.norm(landmarks[0] - landmarks[2]) / np.linalg.norm(outer[0] - outer[1])
    reduced = max((by for by in _REDUCED if by <= shrink), default=1)
    grey = _decoded(photograph, _REDUCED.get(reduced, cv2.IMREAD_GRAYSCALE))
    if grey is None:
        return None
    height, across = grey.shape
    places = np.asarray((landmarks + 0.5) * (across / width) - 0.5, np.float32)
    seen = crop_cover(places, across, height, SCENE, _SCENE_PADDING)
    return View(_small(aligned_crop(grey, places, SCENE, _SCENE_PADDING), seen > 0, SCENE), seen)


def scene_fit(fit: Fit) -> Fit:
    """The fit of two views of faces, as one of the views of what is around them."""
    (face, before), (scene, behind) = (
        (size / (1 + 2 * padding), size * padding / (1 + 2 * padding))  # pixels of the mean face's width, and beside it
        for size, padding in ((SIDE, CROP_PADDING), (SCENE, _SCENE_PADDING))
    )
    ratio = scene / face
    shift = np.full(2, behind - ratio * before)  # x around the face is ratio · x + shift
    moved = fit.copy()
    moved[:, 2] = ratio * fit[:, 2] + shift - fit[:, :2] @ shift
    return moved


def evened(view: View, shown: Grey) -> View:
    """The view with the contrast that is equal for all views, in what is shown of it."""
    return View(_even(view.grey, shown), view.seen)


def overlaid(first: View, second: View, region: Seen, *, least: float = -1.0) -> Overlay | None:
    """The best fit of the two in the region; None where they have nothing in common or, at a fraction of their size,
    correlate less than `least`."""
    fit = np.eye(2, 3, dtype=np.float32)
    seen = first.seen & second.seen & region
    try:
        for level, (part, steps, precision, blur) in enumerate(_LEVELS):
            if level:  # x of the half view is (x - 1/2) / 2
                fit[:, 2] = 2 * fit[:, 2] + (1 - fit[:, :2].sum(axis=1)) / 2
            end = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, steps, precision)
            pictures = (_shrunk(first.grey, part), _shrunk(second.grey, part))
            alike, found = cv2.findTransformECC(*pictures, fit, cv2.MOTION_AFFINE, end, _shrunk(seen, part), blur)
            if part > 1 and alike < least:
                return None
            fit = np.asarray(found, np.float32)
    except cv2.error:
        return None
    return laid(first, second, fit)


def refitted(first: View, second: View, overlay: Overlay, places: Mask, window: int = WINDOW) -> Overlay:
    """The overlay that fits best in these places alone; as it is where that cannot be said."""
    end = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 2 * _LEVELS[-1][1], _LEVELS[-1][2])
    region = np.where(places, first.seen, np.uint8(0))
    try:
        _, fit = cv2.findTransformECC(
            first.grey, second.grey, overlay.fit.copy(), cv2.MOTION_AFFINE, end, region, _LEVELS[-1][3]
        )
    except cv2.error:
        return overlay
    return laid(first, second, np.asarray(fit, np.float32), window)


def laid(first: View, second: View, fit: Fit, window: int = WINDOW) -> Overlay:
    """The overlay that a fit makes; light and contrast are measured in a square of `window` pixels around a place."""
    side = len(first.grey)
    back = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    a, b = first.grey, cv2.warpAffine(second.grey, fit, (side, side), flags=back, borderMode=cv2.BORDER_REPLICATE)
    common = cv2.warpAffine(second.seen, fit, (side, side), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    beside = np.ones((window // 2 + 1,) * 2, np.uint8)
    common = cv2.erode(cv2.bitwise_and(common, first.seen), beside, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    mean_a, mean_b = around(a, window), around(b, window)
    return Overlay(
        fit=fit,
        first=a,
        second=np.asarray(b, np.float32),
        common=common > 0,
        mean_first=mean_a,
        mean_second=mean_b,
        spread_first=np.maximum(around(a * a, window) - mean_a * mean_a, 0),
        spread_second=np.maximum(around(b * b, window) - mean_b * mean_b, 0),
        together=around(a * b, window) - mean_a * mean_b,
    )


def around(values: Any, window: int = WINDOW) -> Grey:
    """The mean around each place."""
    return np.asarray(cv2.blur(values, (window, window)), np.float32)


def value_at(values: NDArray[np.float32], share: int) -> float:
    """The value below which `share` per cent of the values lie."""
    place = len(values) * share // 100
    return float(np.partition(values, place)[place])


def face_in(side: int) -> Mask:
    """(side, side): the face in an aligned crop, from brow to chin."""
    return _FACES[side]


def _ellipse(side: int, padding: float = CROP_PADDING, larger: float = 1.0) -> Mask:
    x, y = mean_face(side, padding).mean(axis=0)
    width = side / (1 + 2 * padding)
    rows, columns = np.mgrid[:side, :side]
    across, down = (columns - x) / (0.471 * larger * width), (rows - y - 0.08 * width) / (0.59 * larger * width)
    return np.asarray(across**2 + down**2 < 1)


def _decoded(data: bytes, flag: int) -> NDArray[np.uint8] | None:
    grey = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    return None if grey is None else np.asarray(grey, np.uint8)


def _small(grey: NDArray[np.uint8], subject: Mask, side: int) -> Grey:
    """Averaged down to the side, blurred a little, so that a copy of half the size differs no more than a full one,
    and of equal contrast where the subject is."""
    small = cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    smooth = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.float32)
    return _even(smooth, smooth[subject])


def _even(grey: Grey, shown: Grey) -> Grey:
    gain = min(_CONTRAST / max(float(shown.std()), 1e-6), _MOST_GAIN)
    return np.asarray((grey - shown.mean()) * gain + 128, np.float32)


def _shrunk(view: Any, part: int) -> Any:
    side = len(view) // part
    return view if part == 1 else cv2.resize(view, (side, side), interpolation=cv2.INTER_AREA)


_FACES = {side: _ellipse(side) for side in (SIDE, FINE)}
HEAD = _ellipse(SCENE, _SCENE_PADDING, larger=1.35)
"""The face and its outline, in a view of what is around it."""
ALL = np.full((SIDE, SIDE), 255, np.uint8)
"""A region that leaves nothing out."""
