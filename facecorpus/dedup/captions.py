"""Where something was put over one of two copies: a caption's bar, or a line of writing across the picture.

Both leave the rest of the picture as it is, and reach beyond the face: a mouth that has moved does not.
"""

import cv2
import numpy as np

from facecorpus.dedup.overlay import WINDOW, Mask, Overlay, around, face_in

_BAR = 0.5  # a row of which half the places agree less than this belongs to a caption
_STROKE = 5  # pixels: around a letter's stroke
_STRONG = 25.0  # times the squared difference that is usual between the two
_LEAST_STRONG = 36.0  # grey levels squared
_GAP = (15, 3)  # pixels between letters and words, across and down
_LONG = 2.0  # times as long as high, at least
_HIGHEST = 0.3  # of the view
_BEYOND = 0.08  # of a line that lies beside the face's columns, at least


def bars(overlay: Overlay) -> Mask:
    """(side, 1): the rows that a caption covers: at the lower or upper end, and half of each does not agree at all.

    Where a head or a mouth has moved, the clothes and the wall beside it still agree.
    """
    differs = ((overlay.copied() < _BAR) & overlay.common).sum(axis=1) > overlay.common.sum(axis=1) / 2
    differs |= ~overlay.common.any(axis=1)
    rows = np.logical_and.accumulate(differs) | np.logical_and.accumulate(differs[::-1])[::-1]
    return np.asarray(rows[:, None])


def lines(overlay: Overlay) -> Mask:
    """(side, side): the lines of writing and what lies so near that what is measured there takes in some of it."""
    change = overlay.matched() - overlay.first
    strong = around(change * change, _STROKE) * overlay.common
    usual = float(np.median(strong[overlay.common])) if overlay.common.any() else 0.0
    marks = (strong > max(_STRONG * usual, _LEAST_STRONG)).astype(np.uint8)
    words = cv2.morphologyEx(marks, cv2.MORPH_CLOSE, np.ones(_GAP[::-1], np.uint8))
    found = np.zeros_like(overlay.common)
    columns = np.asarray(face_in(len(words)).any(axis=0))
    count, numbers, boxes, _ = cv2.connectedComponentsWithStats(words)
    for number in range(1, count):
        left, _, width, height, area = boxes[number]
        if width < _LONG * height or height > _HIGHEST * len(words) or area < WINDOW:
            continue
        if (~columns[left : left + width]).mean() >= _BEYOND:
            found |= numbers == number
    return beside(found)


def beside(covered: Mask) -> Mask:
    """What is covered, (side, side) or (side, 1), and places so near that it is seen there, too."""
    near = np.ones((WINDOW, min(WINDOW, covered.shape[1])), np.uint8)
    return np.asarray(cv2.dilate(covered.astype(np.uint8), near) > 0)
