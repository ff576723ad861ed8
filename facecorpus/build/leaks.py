"""Search the finished shards for the same picture, whatever the groups of near-duplicates say: no split may part it.

Every picture is read back from its shard and hashed by imagehash's definition of the perceptual hash (256 bits),
straight and mirrored. Each picture is compared with each other one, exactly. Two are the same where at most LIMIT bits
differ and the grey pixels agree as well; so two photographs of one person are not, unless they are two frames of one
moment, and an edited copy that the search for near-duplicates overlooked is.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LIMIT = 30
"""Largest Hamming distance, in bits of 256."""

AGREEMENT = 0.97
"""Smallest correlation of the grey pixels of two pictures, shrunk to 32 × 32.

Of 272 pairs of edited copies in a rendered world 220 are within both limits, of 4.5 million other pairs none: 28 bits
were the least, and 0.93 the correlation of those two.
"""

_SIDE = 64  # pixels of the picture that the transform sees: imagehash's 16 × highfreq_factor 4
_BITS = 16
_GREY = 32
_ROWS = 64  # pictures compared at once: their distances to 10,000 others stay in the processor's cache
_AT_ONCE = 256
_COSINES = np.cos(np.pi * np.arange(_BITS)[:, None] * (2 * np.arange(_SIDE)[None] + 1) / (2 * _SIDE))
_MIRROR = np.where(np.arange(_BITS) % 2, -1.0, 1.0)  # what mirroring does to the columns of a cosine transform


@dataclass(frozen=True)
class Prints:
    """What is compared of pictures."""

    face_ids: list[str]
    straight: NDArray[np.uint64]  # (N, 4): perceptual hashes
    mirrored: NDArray[np.uint64]  # (N, 4): of the mirrored pictures
    grey: NDArray[np.uint8]  # (N, 32, 32)


Prepare = Callable[[bytes, Any], NDArray[np.uint8]]
"""From a picture's bytes and its five landmarks to a grey face, (S, S) uint8 with S of 64 and more."""


def read_prints(files: Sequence[Path], prepare: Prepare, workers: int, advance: Callable[[int], None]) -> Prints:
    """The prints of all rows of these shards; `advance` is told how many rows have been read."""
    some = [prints_of([], np.empty((0, _SIDE, _SIDE), np.uint8))]
    with ThreadPoolExecutor(workers) as pool:  # the decoders work outside of Python's lock
        for face_ids, pictures, landmarks in _pictures(files):
            faces = pool.map(lambda one: _square(prepare(*one)), zip(pictures, landmarks, strict=True))
            some.append(prints_of(face_ids, np.stack(list(faces))))
            advance(len(face_ids))
    return Prints(
        [face_id for prints in some for face_id in prints.face_ids],
        *(np.concatenate([getattr(prints, name) for prints in some]) for name in ("straight", "mirrored", "grey")),
    )


def prints_of(face_ids: list[str], faces: NDArray[np.uint8]) -> Prints:
    """The prints of grey faces (N, 64, 64)."""
    low = _COSINES @ faces.astype(np.float64) @ _COSINES.T
    grey = faces.reshape(-1, _GREY, 2, _GREY, 2).mean(axis=(2, 4)).astype(np.uint8)
    return Prints(face_ids, _packed(low), _packed(low * _MIRROR), grey)


def same_pictures(prints: Prints, advance: Callable[[int], None] = lambda rows: None) -> list[tuple[str, str]]:
    """All pairs of face_ids that show the same picture, mirrored or not; each once, the smaller first, in order.

    Every picture is compared with every other one, in the order of their names: so the pairs follow from the pictures
    alone, whichever shards they stood in. `advance` is told how many have been compared.
    """
    order = np.argsort(np.array(prints.face_ids), kind="stable")
    names = [prints.face_ids[place] for place in order]
    straight, mirrored, grey = prints.straight[order], prints.mirrored[order], prints.grey[order]
    pairs = set()
    for start in range(0, len(names), _ROWS):
        block = slice(start, start + _ROWS)
        for hashes, step in ((straight[block], 1), (mirrored[block], -1)):
            bits = _distances(hashes, straight[start:])
            for row, place in np.argwhere(bits <= LIMIT):
                if row < place and _correlation(grey[start + row][:, ::step], grey[start + place]) >= AGREEMENT:
                    pairs.add((names[start + row], names[start + place]))
        advance(len(names[block]))
    return sorted(pairs)


def grey_crop(picture: bytes, landmarks: Any) -> NDArray[np.uint8]:
    """A crop as a grey picture, decoded at half its size: the hash looks at 64 × 64 pixels."""
    import cv2

    data = np.frombuffer(picture, np.uint8)
    grey = np.asarray(cv2.imdecode(data, cv2.IMREAD_REDUCED_GRAYSCALE_2), np.uint8)
    return grey if min(grey.shape) >= _SIDE else np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def grey_face(max_pixels: int, picture: bytes, landmarks: Any) -> NDArray[np.uint8]:
    """The aligned face in a whole photograph, as a grey picture."""
    import cv2

    from facecorpus.faces.align import aligned_crop
    from facecorpus.faces.decode import decode

    crop = aligned_crop(decode(picture, max_pixels).picture, np.array(landmarks, np.float32), 2 * _SIDE)
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.uint8)


def _pictures(files: Sequence[Path]) -> Iterator[tuple[list[str], list[bytes], list[Any]]]:
    """Face ids, pictures and landmarks of some rows at a time."""
    import pyarrow.parquet as pq

    for file in files:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(_AT_ONCE, columns=["face_id", "image", "landmarks"]):
                table = batch.to_pydict()
                yield table["face_id"], [image["bytes"] for image in table["image"]], table["landmarks"]


def _square(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    return np.asarray(cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _packed(low: NDArray[np.float64]) -> NDArray[np.uint64]:
    flat = low.reshape(len(low), _BITS * _BITS)
    return np.packbits(flat > np.median(flat, axis=1, keepdims=True), axis=1).view(np.uint64)


def _distances(some: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Hamming distances (M, N) in bits between hashes (M, 4) and (N, 4)."""
    total = np.zeros((len(some), len(others)), np.uint16)
    for word in range(4):
        total += np.bitwise_count(some[:, word, None] ^ others[None, :, word])
    return total


def _correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Pearson's, between the pixels of two grey pictures; 1 where both are flat."""
    a, b = one.astype(float) - one.mean(), other.astype(float) - other.mean()
    norm = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / norm) if norm else 1.0
