"""Ten images of one photograph: an affine transform, then an image filter (which ones is our choice)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Random = np.random.Generator


def _blur(image: Image, random: Random) -> Image:
    return _u8(cv2.GaussianBlur(image, (0, 0), random.uniform(0.5, 0.012 * image.shape[0] + 0.6)))


def _median(image: Image, random: Random) -> Image:
    return _u8(cv2.medianBlur(image, 3))


def _sharpen(image: Image, random: Random) -> Image:
    amount = random.uniform(0.4, 1.2)
    return _u8(cv2.addWeighted(image, 1 + amount, cv2.GaussianBlur(image, (0, 0), 1.0), -amount, 0))


def _brighter(image: Image, random: Random) -> Image:
    return _gamma(image, random.uniform(0.55, 0.85))


def _darker(image: Image, random: Random) -> Image:
    return _gamma(image, random.uniform(1.2, 1.8))


def _contrast(image: Image, random: Random) -> Image:
    factor = random.uniform(0.65, 1.4)
    return _u8(cv2.convertScaleAbs(image, alpha=factor, beta=max(0.0, 127.5 * (1 - factor))))


def _noise(image: Image, random: Random) -> Image:
    noise = random.normal(0, random.uniform(4, 10), image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def _tint(image: Image, random: Random) -> Image:
    return np.clip(image * random.uniform(0.85, 1.15, 3), 0, 255).astype(np.uint8)


def _grey(image: Image, random: Random) -> Image:
    return _u8(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


def _gamma(image: Image, power: float) -> Image:
    curve = (np.linspace(0, 1, 256) ** power * 255).astype(np.uint8)
    return _u8(cv2.LUT(image, curve))


def _u8(image: object) -> Image:
    return np.asarray(image, dtype=np.uint8)


FILTERS: tuple[tuple[str, Callable[[Image, Random], Image]], ...] = (
    ("blur", _blur),
    ("brighter", _brighter),
    ("sharpen", _sharpen),
    ("darker", _darker),
    ("noise", _noise),
    ("contrast", _contrast),
    ("grey", _grey),
    ("median", _median),
    ("tint", _tint),
)


def filter_name(index: int) -> str:
    """What variant `index` is filtered with; variant 0 is the photograph itself."""
    return FILTERS[(index - 1) % len(FILTERS)][0] if index else "original"


def variant(image: Image, face_id: str, index: int, seed: int) -> Image:
    """Variant `index` of an image (S, S, 3) uint8 RGB; a pure function of its arguments."""
    if index == 0:
        return image
    digest = hashlib.sha256(f"{seed}/{face_id}/{index}".encode()).digest()
    random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    return FILTERS[(index - 1) % len(FILTERS)][1](_affine(image, random), random)


def _affine(image: Image, random: Random) -> Image:
    """Mirror, turn up to 12°, scale up to 10 %, shear up to 8 % and shift up to 6 % of the side."""
    side = image.shape[0]
    angle = np.deg2rad(random.uniform(-12, 12))
    scale = random.uniform(0.9, 1.1)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, random.uniform(-0.08, 0.08)], [0, 1]])
    mirror = np.diag([random.choice([-1.0, 1.0]), 1.0])
    matrix = turn @ shear @ mirror
    centre = np.full(2, (side - 1) / 2)
    shift = centre - matrix @ centre + random.uniform(-0.06, 0.06, 2) * side
    moved = cv2.warpAffine(image, np.column_stack([matrix, shift]), (side, side), borderMode=cv2.BORDER_REPLICATE)
    return _u8(moved)
