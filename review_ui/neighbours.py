"""The faces of a whole corpus that are most like one of them."""

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog import Catalog

MOST = 24
"""Faces shown beside the one that they are like."""

_AT_ONCE = 4_096


class Neighbours:
    """Keeps the corpus's descriptors as float16, half the size; the first question reads them."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._blocks: list[tuple[NDArray[np.bytes_], NDArray[np.float16]]] = []

    def of(self, catalog: Catalog, face_id: str) -> list[str]:
        """The face itself, then the MOST nearest kept faces of all people, the nearest first."""
        wanted = catalog.descriptors.of_face(face_id)
        self._read(catalog)
        near: list[tuple[float, str]] = []
        for ids, descriptors in self._blocks:
            apart = np.square(descriptors.astype(np.float32) - wanted).sum(axis=1)
            rows = np.argpartition(apart, MOST)[: MOST + 1] if len(apart) > MOST else range(len(apart))
            near += [(float(apart[row]), ids[row].decode()) for row in rows]
        others = [other for _, other in sorted(near) if other != face_id]
        return [face_id, *others[:MOST]]

    def _read(self, catalog: Catalog) -> None:
        version = catalog.descriptors.version()
        if version != self._version:
            blocks = catalog.descriptors.blocks(_AT_ONCE)
            self._blocks = [(np.array(ids, np.bytes_), described.astype(np.float16)) for ids, described in blocks]
            self._version = version
