"""Which face of a photograph is the person under whose name it was found."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from facecorpus.faces.boxes import SAME_PLACE, iou
from facecorpus.records import Box, Face
from facecorpus.settings import LikenessSettings

Proposed = Sequence[tuple[Face, tuple[str, ...]]]
"""Faces with the identities for which their photograph was proposed."""

Vectors = NDArray[np.float64]

LIKELY = LikenessSettings().near
"""Distance of dlib's descriptors below which two faces are likely the same person's."""

_ROUNDS = 10


def choose_subjects(
    faces: Proposed,
    stated: Mapping[tuple[str, str], Box] = MappingProxyType({}),
    accepted: Mapping[str, str] = MappingProxyType({}),
    near: float = LIKELY,
) -> dict[str, str]:
    """identity_id by face_id, for each face that stands for a person; every other face is a bystander.

    In each photograph the face nearest to the person's centroid is the subject, however far it is: review judges
    that. A face stands for one person at most; where two claim it, the nearer one has it, and the other takes the
    next best face of the photograph, if that is likely. The order of the faces does not matter.

    stated holds the boxes, by photograph and identity, where a source says that the person's face is: the face that is
    found there is the subject, whatever it is like. accepted holds identities by face_id, as people have judged: it
    stands above what sources state.
    """
    photographs: dict[str, list[Face]] = defaultdict(list)
    proposed_for: dict[str, tuple[str, ...]] = {}
    photographs_of: dict[str, dict[str, list[Face]]] = defaultdict(dict)
    for face, identities in sorted(faces, key=lambda pair: pair[0].face_id):
        photographs[face.photo_sha256].append(face)
        proposed_for[face.photo_sha256] = identities
        for identity in identities:
            photographs_of[identity][face.photo_sha256] = photographs[face.photo_sha256]
    pointed_at = _pointed_at(photographs, stated, accepted)
    for (sha256, identity), face in pointed_at.items():
        if identity in photographs_of:
            photographs_of[identity][sha256] = [face]
    centroids = {identity: _centroid(list(found.values()), near) for identity, found in photographs_of.items()}
    chosen: dict[str, str] = {}
    for sha256, shown in photographs.items():
        known = {pointed_at[sha256, i].face_id: i for i in proposed_for[sha256] if (sha256, i) in pointed_at}
        others = [face for face in shown if face.face_id not in known]
        open_for = {i: centroids[i] for i in proposed_for[sha256] if i not in known.values()}
        chosen |= known | _assign(others, open_for, near)
    return chosen


def _pointed_at(
    photographs: Mapping[str, Sequence[Face]], stated: Mapping[tuple[str, str], Box], accepted: Mapping[str, str]
) -> dict[tuple[str, str], Face]:
    """By photograph and identity the face that people accepted, or that is found where a source says it is."""
    found: dict[tuple[str, str], Face] = {}
    for (sha256, identity), box in stated.items():
        best = max(photographs.get(sha256, ()), key=lambda face: iou(face.box, box), default=None)
        if best is not None and iou(best.box, box) >= SAME_PLACE and best.face_id not in accepted:
            found[sha256, identity] = best
    known = {face.face_id: face for shown in photographs.values() for face in shown}
    faces = {face_id: known[face_id] for face_id in accepted if face_id in known}
    return found | {(face.photo_sha256, accepted[face_id]): face for face_id, face in faces.items()}


def _centroid(photographs: Sequence[Sequence[Face]], near: float) -> Vectors:
    """(128,): the middle of the descriptors that are most likely the person's.

    It starts from the face with likely relatives on the most other photographs, groups included: wrong photographs
    show one stranger or another, and companions change. Then, round by round, each photograph gives its nearest face,
    if likely, and the centroid moves to their mean, until it stays.
    """
    start = _best_connected(photographs, near)
    descriptors, owners = _stacked(photographs)
    centroid = start.embedding.astype(np.float64)
    members: list[int] = []
    for _ in range(_ROUNDS):
        distances = np.linalg.norm(descriptors - centroid, axis=1)
        by_photograph = np.lexsort((distances, owners))
        nearest = by_photograph[np.unique(owners, return_index=True)[1]]
        likely = [int(row) for row in nearest if distances[row] < near]
        if not likely or likely == members:
            break
        members = likely
        centroid = descriptors[members].mean(axis=0)
    return centroid


def _best_connected(photographs: Sequence[Sequence[Face]], likely: float) -> Face:
    """The face that has likely relatives on the most other photographs; of equals one that is alone, the largest."""
    descriptors, owners = _stacked(photographs)
    squares = (descriptors**2).sum(axis=1)
    near = squares[:, None] + squares - 2 * descriptors @ descriptors.T < likely**2
    starts = np.unique(owners, return_index=True)[1]
    relatives = np.logical_or.reduceat(near, starts, axis=1).sum(axis=1)
    faces = [(face, len(shown) == 1) for shown in photographs for face in shown]

    def rank(row: int) -> tuple[int, bool, float, str]:
        face, alone = faces[row]
        return int(relatives[row]), alone, face.box[2] * face.box[3], face.face_id

    return faces[max(range(len(faces)), key=rank)][0]


def _stacked(photographs: Sequence[Sequence[Face]]) -> tuple[Vectors, NDArray[np.int64]]:
    """(N, 128) descriptors of all faces, and (N,) the number of the photograph that shows each."""
    descriptors = np.array([face.embedding for shown in photographs for face in shown], np.float64)
    return descriptors, np.repeat(np.arange(len(photographs)), [len(shown) for shown in photographs])


def _assign(shown: Sequence[Face], centroids: Mapping[str, Vectors], near: float) -> dict[str, str]:
    """The subjects of one photograph: the nearest pairs of face and person first."""
    pairs = sorted(
        (float(np.linalg.norm(face.embedding - centroid)), face.face_id, identity)
        for face in shown
        for identity, centroid in centroids.items()
    )
    first_choice: dict[str, str] = {}
    chosen: dict[str, str] = {}
    for distance, face_id, identity in pairs:
        wanted = first_choice.setdefault(identity, face_id) == face_id
        free = face_id not in chosen and identity not in chosen.values()
        if free and (wanted or distance < near):
            chosen[face_id] = identity
    return chosen
