"""Whether two views show the very same picture: they are laid over each other, then compared place by place.

A hash says that two pictures look alike; only their pixels say that they are one. A view is a small grey picture, of an
aligned face with its surroundings or of a whole photograph, of equal contrast. The second is moved, turned, sheared and
stretched until it fits the first best (ECC; Evangelidis and Psarakis, 2008), at half its size and then at its full one.
Then the structure term of SSIM (Wang et al., 2004) is measured around each place: it is 1 for copies, whatever happened
to brightness, contrast or colour. What decides is not the mean, since two photographs taken a second apart agree nearly
everywhere, but the places that agree least; and how far any place has still moved (Lucas and Kanade, 1981): a copy's
have not, however it was blurred or compressed, whereas a head's turn or a smile moves some by a pixel.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecorpus.faces.align import crop_cover, mean_face
from facecorpus.faces.records import Landmarks

SIDE = 112  # pixels; a face is about 50 of them wide

Grey = NDArray[np.float32]
Seen = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_WINDOW = (13, 13)
_CONTRAST = 45.0  # standard deviation of a view's grey levels, so that noise weighs no more where a face is dark
_MOST_GAIN = 4.0  # of contrast: a blank page stays blank
_NOISE = 60.0  # grey levels squared: variance that noise and JPEG make of a flat place
_TEXTURE = 60.0
_EDGES = 8.0  # the same of slopes between neighbouring pixels: without edges, no movement is seen
_MOVED = 0.75  # pixels, 1.5 % of a face's width: the places of a copy are no further apart, those of a turned head are
_MOVED_SHARE = 1  # per cent of the places that may be
FACE_SHARE = 5  # per cent of the face that may agree less than the likeness says: a sensor's dust, a watermark's line
PICTURE_SHARE = 25  # per cent of a whole picture: a caption, a logo
_LEAST = 400  # places of a face that must be seen in both
_BAR = 0.5  # a row of which half the places agree less than this belongs to a caption
_SURROUNDINGS = (
    0.6  # what half of the places beside a face agree at least; a copy's 0.99, other clothes or walls do not
)
_SHARED = 0.4  # of the area that two whole pictures have in common at least; a crop by 15 % leaves 0.6
_HOPELESS = 0.8  # correlation of the half-sized views below which no copy was ever found
_ROUGHLY = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-3)
_FINELY = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 1e-4)


@dataclass(frozen=True, slots=True)
class View:
    """A grey picture, (SIDE, SIDE) float32, and where it shows the photograph: what lies beyond its edge is 0."""

    grey: Grey
    seen: Seen

    def mirrored(self) -> "View":
        """The view in a mirror."""
        return View(np.ascontiguousarray(self.grey[:, ::-1]), np.ascontiguousarray(self.seen[:, ::-1]))


@dataclass(frozen=True, slots=True)
class _Overlay:
    """Two views after the best fit, what they show around each place; all (SIDE, SIDE)."""

    first: Grey
    second: Grey
    common: Mask  # both show it
    mean_first: Grey
    mean_second: Grey
    spread_first: Grey  # variance
    spread_second: Grey
    together: Grey  # covariance

    def agreement(self) -> Grey:
        """How well they agree in structure, -1 to 1."""
        return np.asarray((self.together + _NOISE) / (np.sqrt(self.spread_first * self.spread_second) + _NOISE))

    def copied(self) -> Grey:
        """The same in contrast, too: low where only one has any structure."""
        return np.asarray((self.together + _NOISE) / ((self.spread_first + self.spread_second) / 2 + _NOISE))

    def textured(self) -> Mask:
        """Where either has structure."""
        return np.asarray(np.maximum(self.spread_first, self.spread_second) > _TEXTURE)

    def movement(self) -> Grey:
        """How far, in pixels, the second must still be moved around each place to fit the first."""
        gain = np.sqrt((self.spread_first + _NOISE) / (self.spread_second + _NOISE))
        second = (self.second - self.mean_second) * gain + self.mean_first
        middle, change = (self.first + second) / 2, second - self.first
        across = cv2.Sobel(middle, cv2.CV_32F, 1, 0, scale=1 / 8)
        down = cv2.Sobel(middle, cv2.CV_32F, 0, 1, scale=1 / 8)
        xx, yy = _around(across * across) + _EDGES, _around(down * down) + _EDGES
        xy, x, y = _around(across * down), _around(across * change), _around(down * change)
        return np.asarray(np.hypot(yy * x - xy * y, xx * y - xy * x) / (xx * yy - xy * xy), np.float32)


def face_view(crop: bytes, landmarks: Landmarks, width: int, height: int) -> View | None:
    """The view of an aligned crop (JPEG) made by faces.align from a photograph of that size; None if unreadable."""
    grey = _decoded(crop, cv2.IMREAD_GRAYSCALE)
    return None if grey is None else View(_small(grey, _FACE), crop_cover(landmarks, width, height, SIDE))


def picture_view(photograph: bytes) -> View | None:
    """The view of a whole photograph, decoded at a fraction of its size; None where OpenCV cannot read it."""
    grey = _decoded(photograph, cv2.IMREAD_REDUCED_GRAYSCALE_2)
    return None if grey is None else View(_small(grey, _ALL > 0), _ALL)


def face_likeness(first: View, second: View, *, captioned: bool = False) -> float:
    """-1 to 1: how well all but the worst few places of the face agree; -1 where the views cannot be compared.

    Where places of the face have moved, or it has other surroundings, it is at most 0. A caption over the picture's
    lower or upper part is left out, as long as it leaves most of the face. With `captioned`, the views are fitted
    without their lower parts, where a caption would draw the fit away; where that shows no caption, they count as
    different.
    """
    overlay = _overlaid(first, second, _UPPER if captioned else _ALL, least=_HOPELESS)
    if overlay is None:
        return -1.0
    face = _FACE & overlay.common
    bars = _bars(overlay.copied(), overlay.common)
    kept = face & ~bars[:, None]
    if kept.sum() < max(_LEAST, face.sum() * 0.6):
        return -1.0
    if captioned and not (bars & overlay.common.any(axis=1)).any():
        return -1.0
    likeness = _at(overlay.agreement()[kept], FACE_SHARE)
    clear = kept & ~_beside(bars)[:, None]
    surroundings = overlay.agreement()[overlay.common & ~_FACE & overlay.textured() & ~_beside(bars)[:, None]]
    if len(surroundings) >= _LEAST and _at(surroundings, 50) < _SURROUNDINGS:
        return 0.0
    moved = likeness > 0 and clear.any() and _at(overlay.movement()[clear], 100 - _MOVED_SHARE) > _MOVED
    return 0.0 if moved else likeness


def picture_likeness(first: View, second: View, share: int = PICTURE_SHARE) -> float:
    """-1 to 1: how well all but the worst `share` % of the places with any structure agree; -1 if there is none."""
    overlay = _overlaid(first, second, _ALL)
    if overlay is None:
        return -1.0
    if overlay.common.mean() < _SHARED:  # a fit that blows up some corner finds an alike one in any picture
        return -1.0
    places = overlay.common & overlay.textured()
    return _at(overlay.agreement()[places], share) if places.mean() > 0.05 else -1.0


def _overlaid(first: View, second: View, region: Seen, *, least: float = -1.0) -> _Overlay | None:
    """The best fit of the two; None where they have nothing in common, or at half size correlate less than `least`."""
    fit: Any = np.eye(2, 3, dtype=np.float32)
    seen = first.seen & second.seen & region
    try:
        likeness, fit = cv2.findTransformECC(
            _half(first.grey), _half(second.grey), fit, cv2.MOTION_AFFINE, _ROUGHLY, _half(seen), 3
        )
        if likeness < least:
            return None
        fit[:, 2] = 2 * fit[:, 2] + (1 - fit[:, :2].sum(axis=1)) / 2  # x of the half view is (x - 1/2) / 2
        _, fit = cv2.findTransformECC(first.grey, second.grey, fit, cv2.MOTION_AFFINE, _FINELY, seen, 5)
    except cv2.error:
        return None
    back = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    a, b = first.grey, cv2.warpAffine(second.grey, fit, (SIDE, SIDE), flags=back, borderMode=cv2.BORDER_REPLICATE)
    common = cv2.warpAffine(second.seen, fit, (SIDE, SIDE), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    common = cv2.erode(
        cv2.bitwise_and(common, first.seen), _NEIGHBOURS, borderType=cv2.BORDER_CONSTANT, borderValue=(0,)
    )
    mean_a, mean_b = _around(a), _around(b)
    return _Overlay(
        first=a,
        second=np.asarray(b, np.float32),
        common=common > 0,
        mean_first=mean_a,
        mean_second=mean_b,
        spread_first=np.maximum(_around(a * a) - mean_a * mean_a, 0),
        spread_second=np.maximum(_around(b * b) - mean_b * mean_b, 0),
        together=_around(a * b) - mean_a * mean_b,
    )


def _around(values: Any) -> Grey:
    """The mean around each place."""
    return np.asarray(cv2.blur(values, _WINDOW), np.float32)


def _at(values: NDArray[np.float32], share: int) -> float:
    """The value below which `share` per cent of the values lie."""
    place = len(values) * share // 100
    return float(np.partition(values, place)[place])


def _bars(copied: Grey, common: Mask) -> Mask:
    """(SIDE,): the rows that a caption covers: at the lower or upper end, and half of each does not agree at all.

    Where a head or a mouth has moved, the clothes and the wall beside it still agree.
    """
    differs = ((copied < _BAR) & common).sum(axis=1) > common.sum(axis=1) / 2
    differs |= ~common.any(axis=1)
    return np.asarray(np.logical_and.accumulate(differs) | np.logical_and.accumulate(differs[::-1])[::-1])


def _beside(bars: Mask) -> Mask:
    """(SIDE,): the rows of captions and those so near that what is measured around a place takes in some of them."""
    return np.convolve(bars, np.ones(_WINDOW[1]), "same") > 0


def _decoded(data: bytes, flag: int) -> NDArray[np.uint8] | None:
    grey = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    return None if grey is None else np.asarray(grey, np.uint8)


def _small(grey: NDArray[np.uint8], subject: Mask) -> Grey:
    """Averaged down to SIDE, blurred a little, so that a copy of half the size differs no more than a full one, and
    of equal contrast where the subject is."""
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    smooth = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.float32)
    gain = min(_CONTRAST / max(float(smooth[subject].std()), 1e-6), _MOST_GAIN)
    return np.asarray((smooth - smooth[subject].mean()) * gain + 128, np.float32)


def _half(view: Any) -> Any:
    return cv2.resize(view, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA)


def _ellipse() -> Mask:
    """(SIDE, SIDE): the face in an aligned crop, from brow to chin."""
    x, y = mean_face(SIDE).mean(axis=0)
    y += 0.036 * SIDE
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.asarray(((columns - x) / (0.214 * SIDE)) ** 2 + ((rows - y) / (0.268 * SIDE)) ** 2 < 1)


_FACE = _ellipse()
_NEIGHBOURS = np.ones((7, 7), np.uint8)
_ALL = np.full((SIDE, SIDE), 255, np.uint8)
_UPPER = np.where(np.arange(SIDE)[:, None] < 0.66 * SIDE, _ALL, np.uint8(0))
