"""How good a picture of a face is: sharpness, light, and how far it is turned away."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from facecorpus.faces.records import Landmarks, Picture

# The outer corners of the eyes are about three times as far apart (9 cm) as the base of the nose stands out (3 cm).
_EYES_TO_NOSE = 3.0
_PITCH = (-14.4, 25.6, -152.5)  # by benchmarks/pose_fit.py
_DARK, _LIGHT = 5, 250  # grey levels from which on detail is lost


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of an aligned face; of grey levels 0..255."""

    sharpness: float  # variance of the Laplacian
    brightness: float  # mean
    contrast: float  # standard deviation
    dark: float  # share of pixels at 5 or below
    light: float  # share of pixels at 250 or above
    chroma: float  # mean distance between the highest and the lowest of red, green, blue


def quality(chip: Picture) -> Quality:
    """Measure an aligned face. A small face that alignment enlarged counts as blurred, as it should."""
    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    _, edges = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    mean, deviation = cv2.meanStdDev(grey)
    red, green, blue = cv2.split(chip)
    chroma = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    return Quality(
        sharpness=float(edges[0, 0]) ** 2,
        brightness=float(mean[0, 0]),
        contrast=float(deviation[0, 0]),
        dark=int(np.count_nonzero(grey <= _DARK)) / grey.size,
        light=int(np.count_nonzero(grey >= _LIGHT)) / grey.size,
        chroma=cv2.mean(chroma)[0],
    )


def nose_place(landmarks: Landmarks) -> tuple[float, float, float]:
    """The base of the nose across from the middle of the eyes and down from it, and the tilt of the eyes in degrees.

    Across and down are along and at right angles to the line of the eyes, in units of the distance of their corners.
    """
    right, _, left, _, nose = landmarks.astype(float) @ (1, 1j)
    between = right - left
    if abs(between) < 1e-6:
        return 0.0, 0.0, 0.0
    place = (nose - (right + left) / 2) / between
    return place.real, place.imag, math.degrees(math.atan2(between.imag, between.real))


def yaw(landmarks: Landmarks) -> float:
    """Degrees by which the face is turned: 0 to the camera, above 0 towards the right edge of the picture.

    A head turned by θ narrows the distance of the eyes to E·cos θ and moves the base of the nose, which stands out by
    N, off their middle by N·sin θ: so tan θ = (offset / distance) · (E / N). On rendered heads of known yaw the mean
    error is 5°; turns beyond 30° come out too small, since the landmarks themselves are drawn to the front.
    """
    return math.degrees(math.atan(nose_place(landmarks)[0] * _EYES_TO_NOSE))


def roll(landmarks: Landmarks) -> float:
    """Degrees by which the line of the eyes is tilted: above 0 clockwise in the picture."""
    return nose_place(landmarks)[2]


def pitch(landmarks: Landmarks) -> float:
    """Degrees by which the head is bent: above 0 down. Coarse: noses differ in length as much as heads bend.

    Fitted to rendered heads by benchmarks/pose_fit.py, which also says how far off it is.
    """
    across, down, _ = nose_place(landmarks)
    constant, linear, turned = _PITCH
    return constant + linear * down + turned * across**2
