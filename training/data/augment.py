"""Ten images of one photograph: an affine transform, then an image filter; the preset says which and how strong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from training.presets import Preset

Image = NDArray[np.uint8]
Random = np.random.Generator


def _blur(image: Image, radius: float, random: Random) -> Image:
    return _u8(cv2.GaussianBlur(image, (0, 0), radius))


def _median(image: Image, side: float, random: Random) -> Image:
    return _u8(cv2.medianBlur(image, 2 * int(side / 2) + 1))


def _sharpen(image: Image, amount: float, random: Random) -> Image:
    return _u8(cv2.addWeighted(image, 1 + amount, cv2.GaussianBlur(image, (0, 0), 1.0), -amount, 0))


def _gamma(image: Image, power: float, random: Random) -> Image:
    curve = (np.linspace(0, 1, 256) ** power * 255).astype(np.uint8)
    return _u8(cv2.LUT(image, curve))


def _contrast(image: Image, factor: float, random: Random) -> Image:
    return _u8(cv2.convertScaleAbs(image, alpha=factor, beta=max(0.0, 127.5 * (1 - factor))))


def _noise(image: Image, deviation: float, random: Random) -> Image:
    return np.clip(image + random.normal(0, deviation, image.shape), 0, 255).astype(np.uint8)


def _tint(image: Image, most: float, random: Random) -> Image:
    return np.clip(image * random.uniform(1 - most, 1 + most, 3), 0, 255).astype(np.uint8)


def _grey(image: Image, share: float, random: Random) -> Image:
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return _u8(cv2.addWeighted(grey, share, image, 1 - share, 0))


def _u8(image: object) -> Image:
    return np.asarray(image, dtype=np.uint8)


FILTERS: dict[str, Callable[[Image, float, Random], Image]] = {
    "blur": _blur,
    "brighter": _gamma,
    "sharpen": _sharpen,
    "darker": _gamma,
    "noise": _noise,
    "contrast": _contrast,
    "grey": _grey,
    "median": _median,
    "tint": _tint,
}


def filter_name(index: int, preset: Preset) -> str:
    """What variant `index` is filtered with; variant 0 is the photograph itself."""
    names = list(preset.image_filters)
    return names[(index - 1) % len(names)] if index else "original"


def variant(image: Image, face_id: str, index: int, seed: int, preset: Preset) -> Image:
    """Variant `index` of an image (S, S, 3) uint8 RGB; a pure function of its arguments."""
    if index == 0:
        return image
    digest = hashlib.sha256(f"{seed}/{face_id}/{index}".encode()).digest()
    random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    name = filter_name(index, preset)
    moved = _affine(image, preset.affine, random)
    low, high = preset.image_filters[name]
    return FILTERS[name](moved, random.uniform(low, high), random)


def _affine(image: Image, most: dict[str, float], random: Random) -> Image:
    """Mirror, turn, scale, shear and shift, each up to the preset's most."""
    side = image.shape[0]
    angle = np.deg2rad(random.uniform(-most["turn"], most["turn"]))
    scale = random.uniform(1 - most["scale"], 1 + most["scale"])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, random.uniform(-most["shear"], most["shear"])], [0, 1]])
    mirror = np.diag([-1.0 if random.random() < most["mirror"] else 1.0, 1.0])
    matrix = turn @ shear @ mirror
    centre = np.full(2, (side - 1) / 2)
    shift = centre - matrix @ centre + random.uniform(-most["shift"], most["shift"], 2) * side
    moved = cv2.warpAffine(image, np.column_stack([matrix, shift]), (side, side), borderMode=cv2.BORDER_REPLICATE)
    return _u8(moved)
