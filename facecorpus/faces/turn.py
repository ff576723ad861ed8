"""Pictures turned about their middle, and the way back."""

import cv2
import numpy as np
from numpy.typing import NDArray

from facecorpus.faces.records import Picture

Affine = NDArray[np.float64]
"""(2, 3): from pixels of one picture to those of another."""


def turned(picture: Picture, degrees: float) -> tuple[Picture, Affine]:
    """The whole picture turned counterclockwise on a black ground, and the way back from its pixels."""
    height, width = picture.shape[:2]
    onto = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    cosine, sine = abs(onto[0, 0]), abs(onto[0, 1])
    size = (max(1, round(width * cosine + height * sine)), max(1, round(width * sine + height * cosine)))
    onto[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    picture = np.asarray(cv2.warpAffine(picture, onto, size, flags=cv2.INTER_LINEAR), np.uint8)
    return picture, np.asarray(cv2.invertAffineTransform(onto), np.float64)
