"""Which photographs belong together, and which copy of a face is kept."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice, permutations, product

import cv2
import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog.hashed import Album, HashedFace, HashedPhoto
from facecorpus.dedup.bits import Pairs
from facecorpus.dedup.match import Matcher, by_person, parts
from facecorpus.system.cores import available_cores

_CROSS_CHECKS = 16  # pairs that are looked at before two clusters become one
_BATCH = 512  # pairs between two reports of progress
_PART = 2_000  # photographs with copies that are read at once
_DIFFERENT = -2.0  # in place of the likeness of copies, which is -1 to 1


def cluster(
    album: Album, proposed: Pairs, matcher: Matcher, advance: Callable[[int], None] = lambda pairs: None
) -> NDArray[np.int64]:
    """(N,) the cluster of every photograph: the smallest number in it, which has the smallest sha256.

    `proposed` are the pairs that may be copies (match.candidates); `advance` is told how many have been looked at.
    """
    alike = _likenesses(album, proposed, matcher, advance)
    keys = proposed @ (1 << 32, 1)  # ascending, as the pairs are

    @cache
    def same(one: int, other: int) -> bool:
        first, second = min(one, other), max(one, other)
        place = int(np.searchsorted(keys, (first << 32) + second))
        if place < len(keys) and keys[place] == (first << 32) + second:
            return bool(alike[place] > _DIFFERENT)
        return matcher.same(first, second)

    links = np.flatnonzero(alike > _DIFFERENT)
    links = links[np.argsort(-alike[links], kind="stable")]  # the most alike first
    cluster_of = np.arange(len(album))
    for group in joined(proposed[links].tolist(), same):
        cluster_of[group] = min(group)
    return cluster_of


def _likenesses(album: Album, pairs: Pairs, matcher: Matcher, advance: Callable[[int], None]) -> NDArray[np.float64]:
    """(K,) how alike the pairs are that are copies; compared on all cores, as OpenCV lets other threads run."""
    alike = np.full(len(pairs), _DIFFERENT)
    order = by_person(album.columns, pairs)
    cv2.setNumThreads(1)  # the pairs are shared out among the cores, not the arithmetic of each
    with ThreadPoolExecutor(available_cores()) as pool:
        for start in range(0, len(pairs), _BATCH):
            batch = order[start : start + _BATCH]
            album.hold(np.unique(pairs[batch]))
            found_in = pool.map(lambda pair: matcher.likeness(*pair), pairs[batch].tolist())
            for place, found in zip(batch, found_in, strict=True):
                if found.enough(matcher.limits):
                    alike[place] = found.value
            advance(len(batch))
    return alike


def joined(links: Sequence[Sequence[int]], same: Callable[[int, int], bool]) -> list[list[int]]:
    """The numbers in groups that the links connect, without chains that join what is not alike.

    Before a link makes one group of two, pairs from one to the other are looked at (`same`), evenly spread over all of
    them: at least half must be copies, too. So a collage, which is a copy of two photographs, joins one of them, and a
    single wrong link cannot make one group of two.
    """
    group_of: dict[int, list[int]] = {}
    for first, second in links:
        one, other = (group_of.setdefault(number, [number]) for number in (first, second))
        if one is other or not _belong_together(one, other, same):
            continue
        one += other
        group_of |= dict.fromkeys(other, one)
    return list({id(group): group for group in group_of.values()}.values())


def _belong_together(one: Sequence[int], other: Sequence[int], same: Callable[[int, int], bool]) -> bool:
    step = max(1, len(one) * len(other) // _CROSS_CHECKS)
    cross = list(islice(product(one, other), 0, None, step))
    return 2 * sum(same(a, b) for a, b in cross) >= len(cross)


def crowds(album: Album, cluster_of: NDArray[np.int64]) -> Iterator[list[HashedPhoto]]:
    """Each cluster of two and more photographs, or of one that shows a person twice.

    In all others every face is kept, and none is in conflict.
    """
    columns = album.columns
    shown = columns.person >= 0
    stands = np.stack([columns.owner[shown], columns.person[shown]]).astype(np.int64).T @ (1 << 32, 1)
    stands.sort()
    asked = np.bincount(cluster_of, minlength=len(album))[cluster_of] > 1
    asked[stands[1:][np.diff(stands) == 0] >> 32] = True
    numbers = np.flatnonzero(asked)
    numbers = numbers[np.argsort(cluster_of[numbers], kind="stable")]
    clusters = np.split(numbers, np.flatnonzero(np.diff(cluster_of[numbers])) + 1) if len(numbers) else []
    for several in parts(clusters, _PART):
        photos = iter(album.read(np.concatenate(several).tolist()))
        yield from (list(islice(photos, len(members))) for members in several)


def copies(photos: Sequence[HashedPhoto]) -> list[str]:
    """The faces of one cluster that are not kept: of each person all but the best.

    The best is one that a person accepted; of these the largest, where one counts as larger from about twice the
    pixels on; then one whose licence is stated, and then the one with more pixels, the sharper, the larger file.
    """
    rivals: dict[str, list[tuple[HashedFace, HashedPhoto]]] = defaultdict(list)
    for photo in photos:
        for face in photo.faces:
            if face.identity_id is not None:
                rivals[face.identity_id].append((face, photo))
    return [
        face.face_id
        for group in rivals.values()
        for face, _ in sorted(group, key=lambda rival: _merit(*rival), reverse=True)[1:]
    ]


def _merit(face: HashedFace, photo: HashedPhoto) -> tuple[bool, int, bool, float, float, int, str]:
    doublings = round(math.log2(max(face.pixels, 1)))
    return (face.accepted, doublings, photo.licensed, face.pixels, face.sharpness, photo.size, face.face_id)


def conflicts(photos: Sequence[HashedPhoto], same_face: float) -> list[tuple[str, str]]:
    """Pairs of faces of one cluster that are one picture of one face, but stand for two people; each pair both ways.

    `same_face` is the distance of descriptors up to which they may be one picture's.

    A photograph that shows two listed people is none, as long as each face stands for the same person in all copies.
    """
    faces = [(photo.sha256, face) for photo in photos for face in photo.faces if face.identity_id]
    found = []
    for (sha256, face), (other_sha256, other) in permutations(faces, 2):
        elsewhere = sha256 != other_sha256 and face.identity_id != other.identity_id
        if elsewhere and float(np.linalg.norm(face.embedding - other.embedding)) <= same_face:
            found.append((face.face_id, other.face_id))
    return found
