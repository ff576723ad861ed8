"""The images of an experiment: decoded and augmented once, then memory-mapped by every worker."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError
from training.files import write_whole
from training.presets import Preset
from training.shards import Shards, encoded_images

Images = NDArray[np.uint8]


def images_path(run: Path, shards_sha256: str, size: int, variants: int, seed: int) -> Path:
    """Where a run keeps its images; the name says all that they follow from."""
    return run / "data" / f"{shards_sha256[:16]}-{size}px-{variants}x-seed{seed}.npy"


def make_images(path: Path, shards: Shards, preset: Preset, seed: int, tick: Callable[[int], None]) -> None:
    """Write all variants of all photographs: (N · variants, S, S, 3) uint8 RGB, row n · variants is the original.

    Raises TrainingError for a row whose image cannot be decoded, and where the disk is too full.
    """
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        needed, free = len(shards) * preset.variants * preset.size**2 * 3, shutil.disk_usage(path.parent).free
        if needed > free:  # a memory-mapped file on a full disk would end the program without a word
            raise TrainingError(
                f"The images need {needed / 1e9:.1f} GB in {path.parent}, {free / 1e9:.1f} GB are free: make room."
            )
        write_whole(path, lambda partial: _fill(partial, shards, preset, seed, tick))


def open_images(path: Path) -> Images:
    """The images of `make_images`, memory-mapped."""
    images: Images = np.load(path, mmap_mode="r")
    return images


def _fill(path: Path, shards: Shards, preset: Preset, seed: int, tick: Callable[[int], None]) -> None:
    from training.augment import variant

    shape = (len(shards) * preset.variants, preset.size, preset.size, 3)
    images = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    for row, encoded in enumerate(encoded_images(shards)):
        face_id = str(shards.face_ids[row])
        image = _decode(encoded, preset.size, face_id)
        for index in range(preset.variants):
            images[row * preset.variants + index] = variant(image, face_id, index, seed, preset)
        tick(row + 1)
    images.flush()


def _decode(encoded: bytes | None, size: int, face_id: str) -> Images:
    import cv2

    pixels = cv2.imdecode(np.frombuffer(encoded or b"", dtype=np.uint8), cv2.IMREAD_COLOR) if encoded else None
    if pixels is None:
        raise TrainingError(f"The image of face {face_id} cannot be decoded: build the shards again.")
    # INTER_AREA averages what it shrinks; other ways would fold fine texture into false patterns.
    small = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)
