"""Whether two views show the very same picture.

A hash says that two pictures look alike; only their pixels say that they are one. They are laid over each other
(overlay.py), then compared place by place in the structure term of SSIM (Wang et al., 2004), which is 1 for copies,
whatever happened to brightness, contrast or colour. What decides is not the mean, since two photographs taken a second
apart agree nearly everywhere, but the places that agree least; and how far any place has still moved: a copy's have
not, however it was blurred or compressed, whereas a head's turn or a smile moves some. Captions and writing are left
out (captions.py).
"""

from dataclasses import dataclass

import numpy as np

from facecorpus.dedup.captions import bars, beside, lines
from facecorpus.dedup.overlay import (
    ALL,
    HEAD,
    SIDE,
    Fit,
    Mask,
    Overlay,
    View,
    evened,
    face_in,
    laid,
    overlaid,
    refitted,
    scene_fit,
    value_at,
)

FACE_SHARE = 5
"""Per cent of the face that may agree less than the likeness says: a sensor's dust, a watermark's line."""
PICTURE_SHARE = 25
"""Per cent of a whole picture: a caption, a logo."""
SAME_SCENE = 0.94
"""What two photographs agree around faces that do, at least: copies 0.99, rarely 0.96; other clothes or walls less."""

_REST_SHARE = 1  # the same of a face of which a caption or writing is left out
_MOVED = 0.75  # pixels, 1.5 % of a face's width: the places of a copy are no further apart, those of a turned head are
_MOVED_SHARE = 1  # per cent of the places that may be
_AGREED = 0.9  # places that agree less are left out of a second fit
_LEAST = 400  # places of a face that must be seen in both
_LEAST_SHARE = 0.4  # of the face that must be free of captions and writing
_SURROUNDINGS = 0.6  # what the places beside a face agree at least; a copy's 0.99, other clothes or walls do not
_SURROUNDINGS_SHARE = 25  # per cent of them that may not
_SCENE_WINDOW = 9  # pixels
_SCENE_SHARE = 60  # per cent of the places around a face that may not
_LEAST_SCENE = 200  # places with structure around a face, or nothing is said of them
_SHARED = 0.4  # of the area that two whole pictures have in common at least; a crop by 15 % leaves 0.6
_HOPELESS = 0.85  # correlation of the shrunk views below which no copy was ever found
_UPPER = np.where(np.arange(SIDE)[:, None] < 0.66 * SIDE, ALL, np.uint8(0))


@dataclass(frozen=True, slots=True)
class FaceLikeness:
    """How well two faces agree, and where they were compared."""

    value: float  # -1 to 1: of all but the worst few places; at most 0 where it cannot be one picture
    fit: Fit  # (2, 3): from the first view's pixels to the second's
    kept: Mask  # (SIDE, SIDE): the places of the face that nothing covers


def face_likeness(first: View, second: View, *, captioned: bool = False) -> FaceLikeness | None:
    """How well two faces agree; None where the views cannot be compared.

    Where places of the face have moved, or it has other surroundings, the value is 0. A caption over the picture's
    lower or upper part and lines of writing are left out, as long as they leave enough of the face. With `captioned`,
    the views are fitted without their lower parts, where a caption would draw the fit away; where that shows no
    caption, they count as different.
    """
    overlay = overlaid(first, second, _UPPER if captioned else ALL, least=_HOPELESS)
    if overlay is None:
        return None
    agreed = overlay.common & (overlay.agreement() > _AGREED)
    if (face_in(SIDE) & agreed).sum() >= _LEAST and not agreed[overlay.common].all():
        overlay = refitted(first, second, overlay, agreed)  # what was put over it has drawn the fit away
    face = face_in(SIDE) & overlay.common
    rows = bars(overlay)
    if captioned and not (rows & overlay.common).any():
        return None
    free = ~(beside(rows) | lines(overlay)) & overlay.common
    kept = face & free
    if kept.sum() < max(_LEAST, face.sum() * _LEAST_SHARE):
        return None
    # Where something is left out, nothing else may differ: other clothes can look like a caption's bar.
    share = _REST_SHARE if captioned or (face & ~free).any() else FACE_SHARE
    likeness = value_at(overlay.agreement()[kept], share)
    elsewhere = _other_surroundings(overlay, free) or value_at(overlay.flow()[0][kept], 100 - _MOVED_SHARE) > _MOVED
    return FaceLikeness(min(likeness, 0.0) if elsewhere else likeness, overlay.fit, kept)


def _other_surroundings(overlay: Overlay, free: Mask) -> bool:
    beside_face = overlay.agreement()[free & ~face_in(SIDE) & overlay.textured()]
    return len(beside_face) >= _LEAST and value_at(beside_face, _SURROUNDINGS_SHARE) < _SURROUNDINGS


def scene_likeness(first: View, second: View, fit: Fit) -> float:
    """How well two photographs agree around faces that do (overlay.scene_view), -1 to 1; `fit` is that of the faces.

    In structure and contrast, in all but 60 % of the places beside the head that have any: these may be a caption, or
    the other pictures of a collage. 1 where there are none to speak of.
    """
    overlay = laid(first, second, scene_fit(fit), _SCENE_WINDOW)
    if overlay.common.any():  # a frame that one of them has draws its contrast away
        first = evened(first, overlay.first[overlay.common])
        second = evened(second, overlay.second[overlay.common])
        overlay = laid(first, second, overlay.fit, _SCENE_WINDOW)
    places = _beside_head(overlay)
    if places.sum() < _LEAST_SCENE:
        return 1.0
    # Far from the face its fit is not exact; but one of less than half of the places has slipped.
    again = refitted(first, second, overlay, overlay.common, _SCENE_WINDOW)
    fits = [overlay] if 2 * _beside_head(again).sum() < places.sum() else [overlay, again]
    return max(value_at(one.copied()[_beside_head(one)], _SCENE_SHARE) for one in fits)


def _beside_head(overlay: Overlay) -> Mask:
    return overlay.common & ~HEAD & overlay.textured()


def picture_likeness(first: View, second: View, share: int = PICTURE_SHARE) -> float:
    """-1 to 1: how well all but the worst `share` % of the places with any structure agree; -1 if there is none."""
    overlay = overlaid(first, second, ALL)
    if overlay is None:
        return -1.0
    if overlay.common.mean() < _SHARED:  # a fit that blows up some corner finds an alike one in any picture
        return -1.0
    places = overlay.common & overlay.textured()
    return value_at(overlay.agreement()[places], share) if places.mean() > 0.05 else -1.0
