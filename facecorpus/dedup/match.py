"""Which pairs of photographs may be copies, by their hashes; and which are, by their pixels.

The hashes only propose: their limits are wide, so that a copy that was cropped, mirrored, captioned and recoloured is
among the proposals, with a hundred times as many different photographs of one person. What decides are the pixels of
the pair. Where both photographs show faces, a face of one must be the very picture of a face of the other, so that two
people before one wall are no copies, and a photograph inside a collage is one; and what is around that face must agree,
too. Otherwise the whole pictures must agree.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog.hashed import Album, Columns, HashedFace, HashedPhoto
from facecorpus.dedup.bits import Pairs
from facecorpus.dedup.bursts import moments_apart
from facecorpus.dedup.overlay import FINE, SIDE, View
from facecorpus.dedup.pairs import (
    DHASH_WEIGHT,
    columns_of,
    distances,
    faces_within,
    halves,
    mirrored_dhash,
    mirrored_phash,
    pairs_within,
)
from facecorpus.dedup.pixels import (
    FACE_SHARE,
    PICTURE_SHARE,
    SAME_SCENE,
    FaceLikeness,
    face_likeness,
    picture_likeness,
    scene_likeness,
)
from facecorpus.settings import DedupSettings

SAME_FACE = 1.25
"""Times face_distance: up to there two faces may be one picture's. Edited copies are up to 0.45 apart by dlib's."""

NEAR = 0.625
"""Times face_distance: up to there two faces of one person are compared whatever their hashes say. In a cropped or
mirrored copy the detector may find other landmarks, and the hashes are of another section of the face."""

_BLOCK = 8_192  # pairs of faces whose descriptors are compared at once, and people's faces that are read at once
_VIEWS = 2_000  # of faces, and as many of pictures, kept in memory: 63 KB each, the least recently used go first
_SCENES = 200  # the same of what is around faces, which only those ask for that agree: 82 KB each


@dataclass(frozen=True)
class Looker:
    """Gives the views of faces (with so many pixels a side), of what is around them, and of whole photographs; None
    where one cannot be read: faces whose photographs cannot be are compared alone."""

    face: Callable[[HashedFace, HashedPhoto, int], View | None]
    scene: Callable[[HashedFace, HashedPhoto], View | None]
    picture: Callable[[HashedPhoto], View | None]


def candidates(album: Album, limits: DedupSettings, advance: Callable[[int], None] = lambda hashes: None) -> Pairs:
    """The pairs of photographs whose hashes allow that they are copies, in ascending order, each once.

    `advance` is told how many hashes have been compared with all others: one a photograph and two a face.
    """
    pictures = pairs_within(album.columns.phash, limits.picture_phash, mirrored=True, advance=advance)
    pairs = np.concatenate(
        [pictures, _by_faces(album, limits, advance), _by_descriptors(album, NEAR * limits.face_distance)]
    )
    return np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)


def _by_faces(album: Album, limits: DedupSettings, advance: Callable[[int], None]) -> Pairs:
    hashes = halves(columns_of(album.columns.face_phash)), columns_of(album.columns.face_dhash)
    pairs = faces_within(*hashes, limits.face_hashes, advance)
    near = [np.empty((0, 2), np.int64)]
    for start in range(0, len(pairs), _BLOCK):
        block = pairs[start : start + _BLOCK]
        faces, places = np.unique(block, return_inverse=True)
        descriptors, (first, second) = album.descriptors(faces), places.reshape(-1, 2).T
        apart = np.linalg.norm(descriptors[first] - descriptors[second], axis=1)
        near.append(block[apart <= limits.face_distance])
    return np.asarray(album.columns.owner[np.concatenate(near)], np.int64)


def _by_descriptors(album: Album, within: float) -> Pairs:
    """The pairs of photographs that show one person with nearly the same descriptor."""
    person = album.columns.person
    shown = np.argsort(person, kind="stable")[np.count_nonzero(person < 0) :]
    people = np.split(shown, np.flatnonzero(np.diff(person[shown])) + 1)
    pairs = [np.empty((0, 2), np.int64)]
    for several in parts([faces for faces in people if len(faces) > 1], _BLOCK):
        faces = np.sort(np.concatenate(several))
        descriptors = album.descriptors(faces)
        for own in several:
            near = own[_near(descriptors[np.searchsorted(faces, own)], within)]
            pairs.append(np.asarray(album.columns.owner[near], np.int64))
    return np.concatenate(pairs)


def parts(groups: Sequence[NDArray[np.int64]], size: int) -> Iterator[list[NDArray[np.int64]]]:
    """The groups in parts of about so many members, or of one group."""
    part: list[NDArray[np.int64]] = []
    count = 0
    for group in groups:
        if part and count + len(group) > size:
            yield part
            part, count = [], 0
        part.append(group)
        count += len(group)
    if part:
        yield part


def _near(descriptors: NDArray[np.float32], within: float) -> Pairs:
    """The pairs of the rows that are so near."""
    found, numbers = [], np.arange(len(descriptors))
    rows = max(1, _BLOCK // len(descriptors))
    for start in range(0, len(descriptors), rows):
        first, second = np.nonzero(numbers > numbers[start : start + rows, None])
        first += start
        apart = np.linalg.norm(descriptors[second] - descriptors[first], axis=1)
        found.append(np.stack([first, second], axis=1)[apart <= within])
    return np.concatenate(found)


def _hash_distances(
    phash: NDArray[np.uint8], dhash: NDArray[np.uint8], other_phash: NDArray[np.uint8], other_dhash: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bits of both hashes between faces as they are, and between one and the other's mirror."""
    straight = distances(phash, other_phash) + DHASH_WEIGHT * distances(dhash, other_dhash)
    turned = distances(phash, mirrored_phash(other_phash)) + DHASH_WEIGHT * distances(
        dhash, mirrored_dhash(other_dhash)
    )
    return straight, turned


@dataclass(frozen=True, slots=True, order=True)
class Likeness:
    """How well the pixels of two photographs agree, -1 to 1."""

    value: float
    of_faces: bool  # or else of the whole pictures

    def enough(self, limits: DedupSettings) -> bool:
        """Whether the two are copies."""
        return self.value >= (limits.face_likeness if self.of_faces else limits.picture_likeness)


def by_person(columns: Columns, pairs: Pairs) -> NDArray[np.int64]:
    """The places of ascending pairs in such an order that those of one person follow each other: few views are kept."""
    nobody = np.iinfo(np.int32).max
    person = np.full(len(columns.phash), nobody, np.int32)
    np.minimum.at(person, columns.owner, columns.person)
    person[person == nobody] = -1
    return np.argsort(person[pairs[:, 0]], kind="stable")


class Matcher:
    """Says of any two photographs whether they are copies.

    near_copies are the pairs of people's faces that agree as copies' do and are none: two frames of one moment, or one
    face before two walls; with the numbers of their photographs.
    """

    def __init__(self, photos: Album, looker: Looker, limits: DedupSettings) -> None:
        self._photos = photos
        self.limits = limits
        self.same_face = SAME_FACE * limits.face_distance
        self._looker = looker
        self._face = lru_cache(_VIEWS)(lambda photo, face: self._view(photo, face, SIDE))
        self._scene = lru_cache(_SCENES)(lambda photo, face: looker.scene(photos[photo].faces[face], photos[photo]))
        self._picture = lru_cache(_VIEWS)(lambda photo: looker.picture(photos[photo]))
        self.near_copies: dict[tuple[str, str], tuple[int, int]] = {}

    def same(self, first: int, second: int) -> bool:
        """Whether the two photographs (by number) are copies of one picture."""
        return self.likeness(first, second).enough(self.limits)

    def likeness(self, first: int, second: int) -> Likeness:
        """How well the pixels of the two photographs agree, by their faces where both show any."""
        first, second = min(first, second), max(first, second)
        a, b = self._photos[first], self._photos[second]
        if not a.faces or not b.faces:
            return Likeness(self._of_pictures(first, second, PICTURE_SHARE), of_faces=False)
        apart = np.linalg.norm(
            np.array([face.embedding for face in a.faces])[:, None] - np.array([face.embedding for face in b.faces]),
            axis=2,
        )
        best = Likeness(-1.0, of_faces=True)
        # The nearest partner of each face, the likeliest first.
        for distance, one, other in sorted((float(row.min()), n, int(row.argmin())) for n, row in enumerate(apart)):
            if distance > self.same_face or best.enough(self.limits):
                break
            best = max(best, Likeness(self._of_faces(first, one, second, other), of_faces=True))
        if apart.min() > self.same_face:
            # Of an edited copy, the detector may have found another one of the faces; two people before one wall
            # differ in more places than this share.
            return Likeness(self._of_pictures(first, second, FACE_SHARE), of_faces=True)
        return best

    def _of_faces(self, first: int, one: int, second: int, other: int) -> float:
        view, partner = self._face(first, one), self._face(second, other)
        if view is None or partner is None:
            return -1.0
        a, b = self._photos[first].faces[one], self._photos[second].faces[other]
        straight, turned = _hash_distances(*(np.frombuffer(h, np.uint8) for h in (a.phash, a.dhash, b.phash, b.dhash)))
        # Where the face's hashes cannot tell whether it is mirrored, the picture's often can.
        mirrored = turned - straight < self._mirrored_by(first, second)
        partner = partner.mirrored() if mirrored else partner
        found = face_likeness(view, partner)
        if not self._enough(found):
            found = max(found, face_likeness(view, partner, captioned=True), key=_value)
        if found is None or not self._enough(found):
            return _value(found)
        fine, fine_partner = self._view(first, one, FINE), self._view(second, other, FINE)
        if fine is None or fine_partner is None:
            return -1.0
        fine_partner = fine_partner.mirrored() if mirrored else fine_partner
        if not moments_apart(fine, fine_partner, found.fit, found.kept):
            scene, other_scene = self._scene(first, one), self._scene(second, other)
            if scene is None or other_scene is None:
                return found.value
            other_scene = other_scene.mirrored() if mirrored else other_scene
            if scene_likeness(scene, other_scene, found.fit) >= SAME_SCENE:
                return found.value
        if a.identity_id is not None and b.identity_id is not None:
            self.near_copies[a.face_id, b.face_id] = first, second
        return 0.0

    def _enough(self, found: FaceLikeness | None) -> bool:
        return _value(found) >= self.limits.face_likeness

    def _view(self, photo: int, face: int, side: int) -> View | None:
        return self._looker.face(self._photos[photo].faces[face], self._photos[photo], side)

    def _of_pictures(self, first: int, second: int, share: int) -> float:
        view, partner = self._picture(first), self._picture(second)
        if view is None or partner is None:
            return -1.0
        return picture_likeness(view, partner.mirrored() if self._mirrored_by(first, second) > 0 else partner, share)

    def _mirrored_by(self, first: int, second: int) -> int:
        """By how many bits the hash of one picture is further from the other's than from its mirror's."""
        a, b = (np.frombuffer(self._photos[number].phash, np.uint8) for number in (first, second))
        return int(distances(a, b) - distances(a, mirrored_phash(b)))


def _value(found: FaceLikeness | None) -> float:
    return -1.0 if found is None else found.value
