"""Boxes around faces: how much two of them are the same."""

from facecorpus.records import Box

SAME_PLACE = 0.3
"""Intersection over union from which a stated box and a found one are the same face: lists draw theirs wider."""


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (a[2] * a[3] + b[2] * b[3] - common)
