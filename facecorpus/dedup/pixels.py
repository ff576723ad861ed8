"""Whether two views show the very same picture: they are laid over each other, then compared place by place.

A hash says that two pictures look alike; only their pixels say that they are one. A view is a small grey picture, of an
aligned face with its surroundings or of a whole photograph. The second is moved, turned, sheared and stretched until
it fits the first best (ECC; Evangelidis and Psarakis, 2008). Then the structure term of SSIM (Wang et al., 2004) is
measured around each place: it is 1 for copies, whatever happened to brightness, contrast or colour. What decides is
not the mean, since two photographs taken a second apart agree nearly everywhere, but the places that agree least.
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
_NOISE = 20.0  # grey levels squared: variance that noise and JPEG make of a flat place
_TEXTURE = 30.0
FACE_SHARE = 5  # per cent of the face that may agree less than the likeness says: a sensor's dust, a watermark's line
PICTURE_SHARE = 25  # per cent of a whole picture: a caption, a logo
_LEAST = 400  # places of a face that must be seen in both
_BAR = 0.5  # a row of which half the places agree less than this belongs to a caption
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)


@dataclass(frozen=True, slots=True)
class View:
    """A grey picture, (SIDE, SIDE) float32, and where it shows the photograph: what lies beyond its edge is 0."""

    grey: Grey
    seen: Seen

    def mirrored(self) -> "View":
        """The view in a mirror."""
        return View(np.ascontiguousarray(self.grey[:, ::-1]), np.ascontiguousarray(self.seen[:, ::-1]))


def face_view(crop: bytes, landmarks: Landmarks, width: int, height: int) -> View | None:
    """The view of an aligned crop (JPEG) made by faces.align from a photograph of that size; None if unreadable."""
    grey = _decoded(crop, cv2.IMREAD_GRAYSCALE)
    return None if grey is None else View(_small(grey), crop_cover(landmarks, width, height, SIDE))


def picture_view(photograph: bytes) -> View | None:
    """The view of a whole photograph, decoded at a fraction of its size; None where OpenCV cannot read it."""
    grey = _decoded(photograph, cv2.IMREAD_REDUCED_GRAYSCALE_2)
    return None if grey is None else View(_small(grey), np.full((SIDE, SIDE), 255, np.uint8))


def face_likeness(first: View, second: View, *, captioned: bool = False) -> float:
    """-1 to 1: how well all but the worst few places of the face agree; -1 where the views cannot be compared.

    A caption over the picture's lower or upper part is left out, as long as it leaves most of the face. With
    `captioned`, the views are fitted without their lower parts, where a caption would draw the fit away; where that
    shows no caption, they count as different.
    """
    agreement, common, _, copied = _overlaid(first, second, _UPPER if captioned else _ALL)
    face = _FACE & common
    bars = _bars(copied, common)
    kept = face & ~bars[:, None]
    if kept.sum() < max(_LEAST, face.sum() * 0.6):
        return -1.0
    if captioned and not (bars & common.any(axis=1)).any():
        return -1.0
    return float(np.percentile(agreement[kept], FACE_SHARE))


def picture_likeness(first: View, second: View, share: int = PICTURE_SHARE) -> float:
    """-1 to 1: how well all but the worst `share` % of the places with any structure agree; -1 if there is none."""
    agreement, common, textured, _ = _overlaid(first, second, _ALL)
    places = common & textured
    return float(np.percentile(agreement[places], share)) if places.mean() > 0.05 else -1.0


def _overlaid(first: View, second: View, region: Seen) -> tuple[Grey, Mask, Mask, Grey]:
    """After the best fit, around each place: agreement; whether both views show it; whether either has structure;
    and agreement in contrast as well as in structure, which is low where only one has any."""
    fit: Any = np.eye(2, 3, dtype=np.float32)
    try:
        seen = first.seen & second.seen & region
        _, fit = cv2.findTransformECC(first.grey, second.grey, fit, cv2.MOTION_AFFINE, _STOP, seen, 5)
    except cv2.error:  # no fit: the views have nothing in common
        nothing = np.zeros((SIDE, SIDE), bool)
        return np.full((SIDE, SIDE), -1, np.float32), nothing, nothing, np.zeros((SIDE, SIDE), np.float32)
    back = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    a, b = first.grey, cv2.warpAffine(second.grey, fit, (SIDE, SIDE), flags=back, borderMode=cv2.BORDER_REPLICATE)
    common = cv2.bitwise_and(
        cv2.warpAffine(second.seen, fit, (SIDE, SIDE), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP), first.seen
    )
    common = cv2.erode(common, np.ones((7, 7), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    mean_a, mean_b = cv2.blur(a, _WINDOW), cv2.blur(b, _WINDOW)
    spread_a = np.maximum(cv2.blur(a * a, _WINDOW) - mean_a * mean_a, 0)
    spread_b = np.maximum(cv2.blur(b * b, _WINDOW) - mean_b * mean_b, 0)
    together = cv2.blur(a * b, _WINDOW) - mean_a * mean_b
    agreement = (together + _NOISE) / (np.sqrt(spread_a * spread_b) + _NOISE)
    copied = (together + _NOISE) / ((spread_a + spread_b) / 2 + _NOISE)
    return agreement, common > 0, np.maximum(spread_a, spread_b) > _TEXTURE, np.asarray(copied, np.float32)


def _bars(copied: Grey, common: Mask) -> Mask:
    """(SIDE,): the rows that a caption covers: at the lower or upper end, and half of each does not agree at all.

    Where a head or a mouth has moved, the clothes and the wall beside it still agree.
    """
    differs = ((copied < _BAR) & common).sum(axis=1) > common.sum(axis=1) / 2
    differs |= ~common.any(axis=1)
    return np.asarray(np.logical_and.accumulate(differs) | np.logical_and.accumulate(differs[::-1])[::-1])


def _decoded(data: bytes, flag: int) -> NDArray[np.uint8] | None:
    grey = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    return None if grey is None else np.asarray(grey, np.uint8)


def _small(grey: NDArray[np.uint8]) -> Grey:
    """Averaged down to SIDE, and blurred a little, so that a copy of half the size differs no more than a full one."""
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.float32)


def _ellipse() -> Mask:
    """(SIDE, SIDE): the face in an aligned crop, from brow to chin."""
    x, y = mean_face(SIDE).mean(axis=0)
    y += 0.036 * SIDE
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.asarray(((columns - x) / (0.214 * SIDE)) ** 2 + ((rows - y) / (0.268 * SIDE)) ** 2 < 1)


_FACE = _ellipse()
_ALL = np.full((SIDE, SIDE), 255, np.uint8)
_UPPER = np.where(np.arange(SIDE)[:, None] < 0.66 * SIDE, _ALL, np.uint8(0))
