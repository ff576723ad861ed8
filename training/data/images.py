"""The images of an experiment: decoded and augmented once, then memory-mapped by every worker.

The array lies in one file; beside it a mark for each part of it that is made, with the part's checksum.
"""

from __future__ import annotations

import shutil
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.shards import Shards, encoded_images
from training.errors import TrainingError
from training.files import read_json, write_json, write_whole
from training.folder import mark, marks
from training.job import Progress, Report
from training.presets import Preset

Images = NDArray[np.uint8]

_FACES_A_PART = 250  # so that a thousand photographs keep every core busy
_TALK_EVERY = 0.5  # seconds between two reports


@dataclass(frozen=True)
class ImagesJob:
    """Decode some faces and make their variants, into their rows of the array; `first` counts faces from 0."""

    path: Path
    files: tuple[Path, ...]
    before: int  # rows of the shards before these files
    face_ids: tuple[str, ...]
    first: int
    preset: Preset
    seed: int

    @property
    def name(self) -> str:
        return f"faces {self.first + 1} to {self.first + self.steps}"

    @property
    def steps(self) -> int:
        return len(self.face_ids)

    @property
    def done(self) -> Path:
        return mark(self.path, self.first)

    @property
    def rows(self) -> slice:
        """The rows of the array that this part fills."""
        return slice(self.first * self.preset.variants, (self.first + self.steps) * self.preset.variants)


def make_images(job: ImagesJob, report: Report) -> None:
    """Fill the job's rows of the array, then vouch for them; TrainingError for an image that cannot be decoded."""
    from training.data.augment import variant

    images = np.load(job.path, mmap_mode="r+")
    row, talked = job.rows.start, time.monotonic()
    encoded = encoded_images(job.files, job.first - job.before, job.first - job.before + job.steps)
    for number, (face_id, picture) in enumerate(zip(job.face_ids, encoded, strict=True), 1):
        image = small_image(picture, job.preset.size, face_id)
        for index in range(job.preset.variants):
            images[row] = variant(image, face_id, index, job.seed, job.preset)
            row += 1
        if time.monotonic() - talked > _TALK_EVERY:
            talked = time.monotonic()
            report(Progress(number, job.steps))
    images.flush()  # the rows reach the disk before the mark that vouches for them
    write_json(job.done, {"crc32": zlib.crc32(images[job.rows].data)})
    report(Progress(job.steps, job.steps))


def image_jobs(path: Path, shards: Shards, preset: Preset, seed: int) -> list[ImagesJob]:
    """The work that fills the array at `path`, (N · variants, S, S, 3) uint8 RGB; row n · variants is the original.

    Makes the empty array if there is none. A part whose rows are no longer what was written is to be made again.
    Raises TrainingError where the disk is too full.
    """
    shape = (len(shards) * preset.variants, preset.size, preset.size, 3)
    if not _is_whole(path, shape):
        shutil.rmtree(marks(path), ignore_errors=True)
        _make_room(path, shape)

        def empty(partial: Path) -> None:
            np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)

        write_whole(path, empty, listed=False)  # filled in place; the marks vouch for its parts
    jobs = []
    for first in range(0, len(shards), _FACES_A_PART):
        face_ids = tuple(shards.face_ids[first : first + _FACES_A_PART].tolist())
        files, before = shards.files_of(first, first + len(face_ids))
        jobs.append(ImagesJob(path, files, before, face_ids, first, preset, seed))
    _unmark_damaged(jobs)
    return jobs


def open_images(path: Path) -> Images:
    """The array of images, memory-mapped for reading."""
    images: Images = np.load(path, mmap_mode="r")
    return images


def _is_whole(path: Path, shape: tuple[int, ...]) -> bool:
    """Whether the file holds an array of this shape; one that was cut off or overwritten does not."""
    try:
        return path.is_file() and open_images(path).shape == shape
    except (ValueError, OSError):
        return False


def _make_room(path: Path, shape: Sequence[int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    needed, free = int(np.prod(shape)), shutil.disk_usage(path.parent).free
    if needed > free:  # a memory-mapped file on a full disk would end the program without a word
        raise TrainingError(
            f"The images need {needed / 1e9:.1f} GB in {path.parent}, {free / 1e9:.1f} GB are free: make room."
        )


def _unmark_damaged(jobs: Sequence[ImagesJob]) -> None:
    images = open_images(jobs[0].path)
    for job in jobs:
        if job.done.is_file():
            try:
                sound = read_json(job.done)["crc32"] == zlib.crc32(images[job.rows].data)
            except (ValueError, KeyError, TypeError):
                sound = False
            if not sound:
                job.done.unlink()


def small_image(encoded: bytes | None, size: int, face_id: str) -> Images:
    """An encoded aligned face as (size, size, 3) uint8 RGB; TrainingError, which names it, where it is no picture."""
    import cv2

    cv2.setNumThreads(1)  # one process a core, one thread each
    pixels = cv2.imdecode(np.frombuffer(encoded or b"", dtype=np.uint8), cv2.IMREAD_COLOR) if encoded else None
    if pixels is None:
        raise TrainingError(f"The image of face {face_id} cannot be decoded: build the shards again.")
    # INTER_AREA averages what it shrinks; other ways would fold fine texture into false patterns.
    small = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)
