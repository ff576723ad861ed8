"""Who else is in a photograph: their faces blurred beyond recognition, and the subject's left as it is."""

from collections.abc import Sequence

import cv2
import numpy as np

from facecorpus.faces.records import Picture
from facecorpus.records import Box

_HEAD = 1.6  # a head with its hair and ears, in sides of the detector's box
_LEFT = 6  # pixels that a blurred head keeps on its longer side: a patch of skin and hair, not a face


def without_bystanders(picture: Picture, others: Sequence[Box], subject: Box | None = None) -> Picture:
    """A copy of the picture, (H, W, 3) uint8, in which an ellipse about each box of `others` keeps no detail.

    Boxes are x, y, width, height in its pixels. Each head is shrunk to a few pixels before it is smoothed: to invert a
    smoothing alone is possible. The pixels of the subject's own box stay as they are, also where heads overlap.
    """
    shown = picture.copy()
    for box in others:
        rows, columns = _about(box, picture.shape)
        head = picture[rows, columns]
        height, width = head.shape[:2]
        if not head.size:
            continue
        scale = _LEFT / max(height, width)
        few = cv2.resize(
            head, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
        )
        smooth = cv2.resize(few, (width, height), interpolation=cv2.INTER_LINEAR)
        mask = np.zeros((height, width), np.uint8)
        centre = (round(box[0] + box[2] / 2) - columns.start, round(box[1] + box[3] / 2) - rows.start)
        axes = (max(1, round(box[2] * _HEAD / 2)), max(1, round(box[3] * _HEAD / 2)))
        inside = cv2.ellipse(mask, centre, axes, 0, 0, 360, 1, cv2.FILLED) == 1
        shown[rows, columns][inside] = smooth[inside]
    if subject is not None:
        own = _about(subject, picture.shape, 1.0)
        shown[own] = picture[own]
    return shown


def _about(box: Box, shape: tuple[int, ...], times: float = _HEAD) -> tuple[slice, slice]:
    """The rows and columns of a picture that lie in the box, made that many times as large about its centre."""
    x, y, width, height = box
    left, top = x + width * (1 - times) / 2, y + height * (1 - times) / 2
    first_row, last_row = np.clip([round(top), round(top + height * times) + 1], 0, shape[0])
    first_column, last_column = np.clip([round(left), round(left + width * times) + 1], 0, shape[1])
    return slice(int(first_row), int(last_row)), slice(int(first_column), int(last_column))
