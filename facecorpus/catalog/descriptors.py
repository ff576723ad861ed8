"""Descriptors in arrays, without an object for each face."""

from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog.connection import Gateway


@dataclass(frozen=True, slots=True)
class Described:
    """The kept, ranked faces of one person."""

    face_ids: tuple[str, ...]
    descriptors: NDArray[np.float32]  # (N, 128)
    likely: NDArray[np.float64]  # (N,), as ranked last
    right: NDArray[np.bool_]  # (N,): whether ranked as surely right


class Descriptors(Gateway):
    """The descriptors of table face."""

    def of(self, identity_id: str) -> Described:
        """Those of one person, in the order of face_id."""
        face_ids: list[str] = []
        descriptors, likely, right = bytearray(), array("d"), bytearray()
        for face_id, embedding, chance, is_right in self._catalog.query(
            "SELECT face_id, embedding, likely, section = 'right' FROM face JOIN ranking USING (face_id)"
            " WHERE identity_id = ? AND kept ORDER BY face_id",
            (identity_id,),
        ):
            face_ids.append(face_id)
            descriptors += embedding
            likely.append(chance)
            right.append(is_right)
        return Described(
            face_ids=tuple(face_ids),
            descriptors=np.frombuffer(descriptors, np.float32).reshape(len(face_ids), -1),
            likely=np.array(likely),
            right=np.frombuffer(right, np.bool_),
        )

    def means(self) -> dict[str, NDArray[np.float64]]:
        """(128,) float64 by identity_id: the mean over each person's kept faces that are ranked as surely right."""
        sums: dict[str, NDArray[np.float64]] = {}
        counts: dict[str, int] = {}
        for identity_id, embedding in self._catalog.query(
            "SELECT identity_id, embedding FROM face JOIN ranking USING (face_id)"
            " WHERE kept AND section = 'right' AND identity_id IS NOT NULL"
        ):
            descriptor = np.frombuffer(embedding, np.float32).astype(np.float64)
            if identity_id in sums:
                sums[identity_id] += descriptor
            else:
                sums[identity_id] = descriptor
            counts[identity_id] = counts.get(identity_id, 0) + 1
        return {identity_id: total / counts[identity_id] for identity_id, total in sums.items()}
