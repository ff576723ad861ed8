"""Which photographs belong together, and which copy of a face is kept."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, permutations, product

import cv2
import numpy as np

from facecorpus.catalog.photos import HashedFace, HashedPhoto
from facecorpus.dedup.bits import Pairs
from facecorpus.dedup.match import Matcher, by_person
from facecorpus.system.cores import available_cores

_CROSS_CHECKS = 16  # pairs that are looked at before two clusters become one
_BATCH = 512  # pairs between two reports of progress


def cluster(
    photos: Sequence[HashedPhoto],
    proposed: Pairs,
    matcher: Matcher,
    advance: Callable[[int], None] = lambda pairs: None,
) -> dict[str, str]:
    """cluster_id by sha256 for every photograph: the smallest sha256 of its cluster.

    `proposed` are the pairs that may be copies (match.candidates); `advance` is told how many have been looked at.
    """
    groups = joined(len(photos), _copies(by_person(photos, proposed), matcher, advance), matcher.same)
    cluster_of: dict[str, str] = {}
    for group in groups:
        smallest = min(photos[number].sha256 for number in group)
        cluster_of |= {photos[number].sha256: smallest for number in group}
    return cluster_of


def _copies(pairs: Pairs, matcher: Matcher, advance: Callable[[int], None]) -> list[tuple[int, int]]:
    """The pairs that are copies, the most alike first; compared on all cores, as OpenCV lets other threads run."""
    found: list[tuple[int, int]] = []
    cv2.setNumThreads(1)  # the pairs are shared out among the cores, not the arithmetic of each
    with ThreadPoolExecutor(available_cores()) as pool:
        for start in range(0, len(pairs), _BATCH):
            batch = [(int(first), int(second)) for first, second in pairs[start : start + _BATCH]]
            same = pool.map(lambda pair: matcher.same(*pair), batch)
            found += [pair for pair, copies in zip(batch, same, strict=True) if copies]
            advance(len(batch))
    return sorted(found, key=lambda pair: (-matcher.likeness(*pair).value, pair))


def joined(count: int, links: Sequence[tuple[int, int]], same: Callable[[int, int], bool]) -> list[list[int]]:
    """The numbers 0..count-1 in groups that the links connect, without chains that join what is not alike.

    Before a link makes one group of two, pairs from one to the other are looked at (`same`), evenly spread over all of
    them: at least half must be copies, too. So a collage, which is a copy of two photographs, joins one of them, and a
    single wrong link cannot make one group of two.
    """
    group_of = {number: [number] for number in range(count)}
    for first, second in links:
        one, other = group_of[first], group_of[second]
        if one is other or not _belong_together(one, other, same):
            continue
        one += other
        group_of |= dict.fromkeys(other, one)
    return list({id(group): group for group in group_of.values()}.values())


def _belong_together(one: Sequence[int], other: Sequence[int], same: Callable[[int, int], bool]) -> bool:
    step = max(1, len(one) * len(other) // _CROSS_CHECKS)
    cross = list(islice(product(one, other), 0, None, step))
    return 2 * sum(same(a, b) for a, b in cross) >= len(cross)


def copies(photos: Sequence[HashedPhoto], cluster_of: Mapping[str, str]) -> list[str]:
    """The faces that are not kept: of each cluster and person all but the best, in order of face_id.

    The best is one that a person accepted; of these the largest, where one counts as larger from about twice the
    pixels on; then one whose licence is stated, and then the one with more pixels, the sharper, the larger file.
    """
    rivals: dict[tuple[str, str], list[tuple[HashedFace, HashedPhoto]]] = defaultdict(list)
    for photo in photos:
        for face in photo.faces:
            if face.identity_id is not None:
                rivals[cluster_of[photo.sha256], face.identity_id].append((face, photo))
    return sorted(
        face.face_id
        for group in rivals.values()
        for face, _ in sorted(group, key=lambda rival: _merit(*rival), reverse=True)[1:]
    )


def _merit(face: HashedFace, photo: HashedPhoto) -> tuple[bool, int, bool, float, float, int, str]:
    doublings = round(math.log2(max(face.pixels, 1)))
    return (face.accepted, doublings, photo.licensed, face.pixels, face.sharpness, photo.size, face.face_id)


def conflicts(photos: Sequence[HashedPhoto], cluster_of: Mapping[str, str], same_face: float) -> list[tuple[str, str]]:
    """Pairs of faces of one cluster that are one picture of one face, but stand for two people; each pair both ways.

    `same_face` is the distance of descriptors up to which they may be one picture's.

    A photograph that shows two listed people is none, as long as each face stands for the same person in all copies.
    """
    members: dict[str, list[tuple[str, HashedFace]]] = defaultdict(list)
    for photo in photos:
        members[cluster_of[photo.sha256]] += [(photo.sha256, face) for face in photo.faces if face.identity_id]
    found = []
    for faces in members.values():
        for (sha256, face), (other_sha256, other) in permutations(faces, 2):
            elsewhere = sha256 != other_sha256 and face.identity_id != other.identity_id
            if elsewhere and float(np.linalg.norm(face.embedding - other.embedding)) <= same_face:
                found.append((face.face_id, other.face_id))
    return found
