"""Whether two views that agree are one exposure, or two of a series, a moment apart.

Frames of a series with the same light, place and pose differ only where a lid, a brow or a lip has moved, by less than
writing or a strong filter changes elsewhere. What tells is not how much differs, which a poor JPEG drives up all over
the picture, but that it differs in one place of the face much more than is usual in this pair, and that a movement
explains it. Every detail of the stored crops is looked at.
"""

import cv2
import numpy as np

from facecorpus.dedup.overlay import FINE, Fit, Mask, Overlay, View, face_in, laid, value_at

_WINDOW = 11  # pixels: an eye's height
_LIGHT = 21  # pixels: light and contrast are matched over so much, so that a movement is not taken for light
_AT = 99  # per cent: the place of the face that has moved most, but for a few
_LEAST_MOVEMENT = 0.04  # pixels: what is usual in perfect copies is not less
_FURTHER = 5.5  # times the usual movement
_STRONGER = 12.0  # times the usual squared difference
_BURNT = 6.0  # grey levels from the brightest or darkest: there a brightened copy has lost what was to be seen
_LEAST = 400  # places of the face that must be left


def moments_apart(first: View, second: View, fit: Fit, kept: Mask) -> bool:
    """Whether some place of the face has moved between two fine views.

    `fit` and `kept`, the places of the face that nothing covers, are those of the smaller views (overlay.SIDE).
    """
    larger = fit.copy()
    larger[:, 2] = FINE / len(kept) * fit[:, 2] + (1 - fit[:, :2].sum(axis=1)) / 2  # x of the half is (x - 1/2) / 2
    overlay = laid(first, second, larger, _LIGHT)
    face = face_in(FINE) & overlay.common & kept.repeat(2, axis=0).repeat(2, axis=1) & ~_beside_burnt(overlay)
    if face.sum() < _LEAST:
        return False
    moved, explained, difference = overlay.flow(_WINDOW)
    sure = moved * explained / (difference + 1)  # a movement that explains nothing is noise
    usual = max(float(np.median(moved[overlay.common])), _LEAST_MOVEMENT)
    unexplained = float(np.median(difference[overlay.common])) + 0.5
    return value_at(sure[face], _AT) > _FURTHER * usual and value_at(explained[face], _AT) > _STRONGER * unexplained


def _beside_burnt(overlay: Overlay) -> Mask:
    burnt = np.zeros_like(overlay.common)
    for grey in (overlay.first, overlay.second):
        shown = grey[overlay.common]
        burnt |= (grey > shown.max(initial=-1000) - _BURNT) | (grey < shown.min(initial=1000) + _BURNT)
    return np.asarray(cv2.dilate(burnt.astype(np.uint8), np.ones((_WINDOW + 2,) * 2, np.uint8)) > 0)
