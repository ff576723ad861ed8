"""Which photographs belong together, and which copy of a face is kept.

Two photographs are linked where

- their pictures are alike: the perceptual hashes are within `picture_phash` bits. Where both show faces, one of these
  must also be the same person's, since two people before one wall can look alike to a hash; or
- a face of each is the same picture of a face: perceptual hash, difference hash and descriptor are all within their
  limits. Each alone is too weak: different frontal photographs of one person agree in one of them now and then.

A mirrored copy counts like a straight one. What is linked, also through others, is one cluster: so no split of a
dataset can have copies on both sides. A chain could join what is not alike, so the limits are tight, and the summary
of the stage names the size of the largest cluster. Flat pictures (a blank page) have hashes that mean nothing; they
show no faces, so whatever they join, no face is given up for it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from facecorpus.catalog.photos import HashedFace, HashedPhoto
from facecorpus.dedup.pairs import Pairs, distances, mirrored_dhash, mirrored_phash, pairs_within
from facecorpus.settings import DedupSettings

_SAME_PERSON = 0.5
"""Distance of descriptors up to which two faces may be one person's: faces in edited copies are up to 0.35 apart."""


def cluster(
    photos: Sequence[HashedPhoto], limits: DedupSettings, advance: Callable[[int], None] = lambda rows: None
) -> dict[str, str]:
    """cluster_id by sha256 for every photograph: the smallest sha256 of its cluster.

    `advance` is told how many photographs and faces have been compared, as it goes on.
    """
    links = np.concatenate([_picture_links(photos, limits, advance), _face_links(photos, limits, advance)])
    graph = coo_array((np.ones(len(links), bool), (links[:, 0], links[:, 1])), shape=(len(photos), len(photos)))
    _, numbers = connected_components(graph, directed=False)
    smallest: dict[int, str] = {}
    for photo, number in zip(photos, numbers, strict=True):
        smallest[number] = min(photo.sha256, smallest.get(number, photo.sha256))
    return {photo.sha256: smallest[number] for photo, number in zip(photos, numbers, strict=True)}


def copies(photos: Sequence[HashedPhoto], cluster_of: Mapping[str, str]) -> list[str]:
    """The faces that are not kept: of each cluster and person all but the best, in order of face_id.

    The best is one that a person accepted, then the one with the most pixels, then the sharpest, then the one from
    the larger file.
    """
    rivals: dict[tuple[str, str], list[tuple[HashedFace, int]]] = defaultdict(list)
    for photo in photos:
        for face in photo.faces:
            if face.identity_id is not None:
                rivals[cluster_of[photo.sha256], face.identity_id].append((face, photo.size))
    return sorted(
        face.face_id
        for group in rivals.values()
        for face, _ in sorted(group, key=lambda rival: _merit(*rival), reverse=True)[1:]
    )


def _merit(face: HashedFace, size: int) -> tuple[bool, float, float, int, str]:
    return (face.accepted, face.pixels, face.sharpness, size, face.face_id)


def _picture_links(photos: Sequence[HashedPhoto], limits: DedupSettings, advance: Callable[[int], None]) -> Pairs:
    hashes = _stacked([photo.phash for photo in photos])
    pairs = pairs_within(hashes, limits.picture_phash, mirror=mirrored_phash, advance=advance)
    descriptors = [np.array([face.embedding for face in photo.faces]) for photo in photos]
    kept = [_may_show_the_same(descriptors[first], descriptors[second]) for first, second in pairs]
    return np.asarray(pairs[np.array(kept, bool)])


def _may_show_the_same(first: NDArray[np.float32], second: NDArray[np.float32]) -> bool:
    """Whether some face of each is one person's, or one of them shows no face that could say otherwise."""
    if len(first) == 0 or len(second) == 0:
        return True
    return bool((np.linalg.norm(first[:, None] - second[None], axis=2) <= _SAME_PERSON).any())


def _face_links(photos: Sequence[HashedPhoto], limits: DedupSettings, advance: Callable[[int], None]) -> Pairs:
    faces = [face for photo in photos for face in photo.faces]
    if not faces:
        return np.empty((0, 2), np.int64)
    owners = np.repeat(np.arange(len(photos)), [len(photo.faces) for photo in photos])
    phashes = _stacked([face.phash for face in faces])
    dhashes = _stacked([face.dhash for face in faces])
    embeddings = np.array([face.embedding for face in faces])
    pairs = pairs_within(phashes, limits.face_phash, mirror=mirrored_phash, advance=advance)
    first, second = pairs.T
    straight = (distances(phashes[first], phashes[second]) <= limits.face_phash) & (
        distances(dhashes[first], dhashes[second]) <= limits.face_dhash
    )
    mirrored = (distances(phashes[first], mirrored_phash(phashes[second])) <= limits.face_phash) & (
        distances(dhashes[first], mirrored_dhash(dhashes[second])) <= limits.face_dhash
    )
    close = np.linalg.norm(embeddings[first] - embeddings[second], axis=1) <= limits.face_distance
    return np.asarray(owners[pairs[(straight | mirrored) & close]])


def _stacked(hashes: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)
