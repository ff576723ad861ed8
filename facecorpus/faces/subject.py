"""Which face of a photograph is the person under whose name it was found."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog.records import Face

Proposed = Sequence[tuple[Face, tuple[str, ...]]]
"""Faces with the identities for which their photograph was proposed."""

Vectors = NDArray[np.float64]

LIKELY = 0.48
"""Distance of descriptors below which two faces are likely the same person's; 0.6, the usual cut, is too loose."""

_ROUNDS = 10


def choose_subjects(faces: Proposed) -> dict[str, str]:
    """identity_id by face_id, for each face that stands for a person; every other face is a bystander.

    In each photograph the face nearest to the person's centroid is the subject, however far it is: review judges
    that. A face stands for one person at most; where two claim it, the nearer one has it, and the other takes the
    next best face of the photograph, if that is likely. The order of the faces does not matter.
    """
    photographs: dict[str, list[Face]] = defaultdict(list)
    proposed_for: dict[str, tuple[str, ...]] = {}
    photographs_of: dict[str, dict[str, list[Face]]] = defaultdict(dict)
    for face, identities in sorted(faces, key=lambda pair: pair[0].face_id):
        photographs[face.photo_sha256].append(face)
        proposed_for[face.photo_sha256] = identities
        for identity in identities:
            photographs_of[identity][face.photo_sha256] = photographs[face.photo_sha256]
    centroids = {identity: _centroid(list(found.values())) for identity, found in photographs_of.items()}
    chosen: dict[str, str] = {}
    for sha256, shown in photographs.items():
        chosen |= _assign(shown, {identity: centroids[identity] for identity in proposed_for[sha256]})
    return chosen


def _centroid(photographs: Sequence[Sequence[Face]]) -> Vectors:
    """(128,): the middle of the descriptors that are most likely the person's.

    It starts from the face with likely relatives on the most other photographs, taken from photographs with a
    single face where there are any. Then, round by round, each photograph gives its nearest face, if likely, and
    the centroid moves to their mean, until it stays.
    """
    alone = [shown for shown in photographs if len(shown) == 1]
    start = _best_connected(alone or photographs)
    descriptors, owners = _stacked(photographs)
    centroid = start.embedding.astype(np.float64)
    members: list[int] = []
    for _ in range(_ROUNDS):
        distances = np.linalg.norm(descriptors - centroid, axis=1)
        by_photograph = np.lexsort((distances, owners))
        nearest = by_photograph[np.unique(owners, return_index=True)[1]]
        likely = [int(row) for row in nearest if distances[row] < LIKELY]
        if not likely or likely == members:
            break
        members = likely
        centroid = descriptors[members].mean(axis=0)
    return centroid


def _best_connected(photographs: Sequence[Sequence[Face]]) -> Face:
    """The face that has likely relatives on the most other photographs; of equals the largest one."""
    descriptors, owners = _stacked(photographs)
    squares = (descriptors**2).sum(axis=1)
    near = squares[:, None] + squares - 2 * descriptors @ descriptors.T < LIKELY**2
    starts = np.unique(owners, return_index=True)[1]
    relatives = np.logical_or.reduceat(near, starts, axis=1).sum(axis=1)
    faces = [face for shown in photographs for face in shown]
    row = max(range(len(faces)), key=lambda i: (relatives[i], faces[i].box[2] * faces[i].box[3], faces[i].face_id))
    return faces[row]


def _stacked(photographs: Sequence[Sequence[Face]]) -> tuple[Vectors, NDArray[np.int64]]:
    """(N, 128) descriptors of all faces, and (N,) the number of the photograph that shows each."""
    descriptors = np.array([face.embedding for shown in photographs for face in shown], np.float64)
    return descriptors, np.repeat(np.arange(len(photographs)), [len(shown) for shown in photographs])


def _assign(shown: Sequence[Face], centroids: Mapping[str, Vectors]) -> dict[str, str]:
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
        if free and (wanted or distance < LIKELY):
            chosen[face_id] = identity
    return chosen
