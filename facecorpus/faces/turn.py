"""Pictures turned about their middle, and the way back."""

import cv2
import numpy as np
from numpy.typing import NDArray

from facecorpus.faces.records import Picture

Affine = NDArray[np.float64]
"""(2, 3): from pixels of one picture to those of another."""


def turned(picture: Picture, degrees: float) -> tuple[Picture, Affine]:
    """The picture turned counterclockwise about its middle, and the way back from its pixels.

    It keeps its size: what is turned out of the frame is lost, what comes into it is black. The whole would be nearly
    twice as large at 25°, and its corners seldom hold the only face.
    """
    height, width = picture.shape[:2]
    onto = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    size = (width, height)
    picture = np.asarray(cv2.warpAffine(picture, onto, size, flags=cv2.INTER_LINEAR), np.uint8)
    return picture, np.asarray(cv2.invertAffineTransform(onto), np.float64)
