"""How good a picture of a face is: sharpness, light, and how far it is turned away."""

import math
from dataclasses import dataclass

import cv2

from facecorpus.faces.records import Landmarks, Picture

# The outer corners of the eyes are about three times as far apart (9 cm) as the base of the nose stands out (3 cm).
_EYES_TO_NOSE = 3.0


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of an aligned face; all of them of grey levels 0..255."""

    sharpness: float  # variance of the Laplacian
    brightness: float  # mean
    contrast: float  # standard deviation


def quality(chip: Picture) -> Quality:
    """Measure an aligned face. A small face that alignment enlarged counts as blurred, as it should."""
    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    sharpness = float(cv2.Laplacian(grey, cv2.CV_64F).var())
    return Quality(sharpness, float(grey.mean()), float(grey.std()))


def yaw(landmarks: Landmarks) -> float:
    """Degrees by which the face is turned: 0 to the camera, above 0 towards the right edge of the picture.

    A head turned by θ narrows the distance of the eyes to E·cos θ and moves the base of the nose, which stands out by
    N, off their middle by N·sin θ: so tan θ = (offset / distance) · (E / N). On rendered heads of known yaw the mean
    error is 5°; turns beyond 30° come out too small, since the landmarks themselves are drawn to the front.
    """
    right, _, left, _, nose = landmarks.astype(float) @ (1, 1j)
    between = right - left
    if abs(between) < 1e-6:
        return 0.0
    offset = ((nose - (right + left) / 2) / between).real
    return math.degrees(math.atan(offset * _EYES_TO_NOSE))
