"""The faces of a whole corpus that are most like one of them."""

from dataclasses import dataclass
from heapq import nsmallest

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog import Catalog

MOST = 24
"""Faces shown beside the one that they are like."""

_AT_ONCE = 4_096
_LOOKED_AT = 4 * MOST  # of which the true distances are asked for


@dataclass(frozen=True, slots=True)
class _Block:
    """Faces with their descriptors as whole numbers: enough to find those that are worth a closer look."""

    face_ids: NDArray[np.bytes_]  # (N,)
    numbers: NDArray[np.int8]  # (N, D)
    step: np.float32  # by which a number is to be multiplied
    squares: NDArray[np.float32]  # (N,): each descriptor's square

    def nearest(self, wanted: NDArray[np.float32]) -> list[tuple[float, str]]:
        """The nearest faces, each with about its squared distance, less the square of `wanted`."""
        apart = self.squares - 2 * self.step * np.einsum("ij,j->i", self.numbers.astype(np.float32), wanted)
        rows = np.argpartition(apart, _LOOKED_AT)[:_LOOKED_AT] if len(apart) > _LOOKED_AT else range(len(apart))
        return [(float(apart[row]), self.face_ids[row].decode()) for row in rows]


class Neighbours:
    """Keeps the corpus's descriptors; the first question reads them."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._blocks: list[_Block] = []

    def of(self, catalog: Catalog, face_id: str) -> list[str]:
        """The face itself, then the MOST nearest kept faces of all people, the nearest first."""
        (wanted,) = catalog.descriptors.of_faces([face_id])
        self._read(catalog)
        near = nsmallest(_LOOKED_AT, (one for block in self._blocks for one in block.nearest(wanted)))
        face_ids = [other for _, other in near if other != face_id]
        apart = np.square(catalog.descriptors.of_faces(face_ids) - wanted).sum(axis=1)
        return [face_id, *(face_ids[row] for row in apart.argsort(kind="stable")[:MOST])]

    def _read(self, catalog: Catalog) -> None:
        version = catalog.descriptors.version()
        if version != self._version:
            self._blocks = [_block(ids, described) for ids, described in catalog.descriptors.blocks(_AT_ONCE)]
            self._version = version


def _block(face_ids: list[str], descriptors: NDArray[np.float32]) -> _Block:
    step = np.float32(max(np.abs(descriptors).max(), 1e-9) / 127)
    squares = np.einsum("ij,ij->i", descriptors, descriptors)
    return _Block(np.array(face_ids, np.bytes_), np.rint(descriptors / step).astype(np.int8), step, squares)
