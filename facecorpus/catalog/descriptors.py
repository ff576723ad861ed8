"""Descriptors in arrays, and what else ranks a person's faces anew, without an object for each face."""

import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog.connection import Gateway
from facecorpus.catalog.faces import AS_THE_PERSON, TAKEN_ON, Faces
from facecorpus.errors import CorpusError
from facecorpus.manifest import Identity
from facecorpus.words import Verdict


@dataclass(frozen=True, slots=True)
class Described:
    """The kept, ranked faces of one person, in columns."""

    face_ids: tuple[str, ...]
    descriptors: NDArray[np.float32]  # (N, D)
    likely: NDArray[np.float64]  # (N,), as ranked last
    claimed: NDArray[np.bool_]  # (N,): whether a copy of the very face stands for somebody else
    outside: NDArray[np.bool_]  # (N,): whether the labels do not hold on the photograph's date


@dataclass(frozen=True, slots=True)
class Taught:
    """The kept faces of one person, in columns, and what people say of them."""

    face_ids: tuple[str, ...]
    descriptors: NDArray[np.float32]  # (N, D)
    accepted: NDArray[np.bool_]  # (N,)
    rejected: NDArray[np.bool_]  # (N,)


class Descriptors(Gateway):
    """The descriptors of table face."""

    def models(self) -> list[str]:
        """The networks that gave them, as faces.embed.named says it, the one of the most faces first."""
        rows = self._catalog.query("SELECT descriptor FROM face GROUP BY descriptor ORDER BY count(*) DESC, descriptor")
        return [row[0] for row in rows]

    def dimension(self) -> int:
        """How many numbers one has; dlib's 128 where there is no face. Raises CorpusError as refuse_mixed does."""
        self.refuse_mixed()
        row = self._catalog.query("SELECT length(embedding) / 4 FROM face LIMIT 1").fetchone()
        return row[0] if row else 128

    def refuse_mixed(self, *also: str) -> None:
        """Raise CorpusError where two networks gave them, or another one than those that are named."""
        found = list(dict.fromkeys([*self.models(), *also]))
        if len(found) > 1:
            raise CorpusError(
                f"Descriptors of two networks cannot be compared, but faces of this corpus are described by {found[0]},"
                f" and others are, or would be, by {found[1]}; describe all of them again with: facecorpus faces --redo"
            )

    def refuse_unfit(self, fitted_to: str) -> None:
        """Raise CorpusError as refuse_mixed does, and where what was fitted to one network meets another's faces."""
        self.refuse_mixed()
        found = self.models()
        if fitted_to and found and found[0] != fitted_to:
            raise CorpusError(
                f"[likeness] in corpus.toml was fitted to descriptors by {fitted_to}, but the faces of this corpus are"
                f" described by {found[0]}; fit it to these with: facecorpus calibrate, or delete the section"
            )

    def of(self, person: Identity) -> Described:
        """Those of one person, in the order of face_id."""
        face_ids: list[str] = []
        descriptors, outside = bytearray(), bytearray()
        likely = array("d")
        for face_id, embedding, chance, taken_on in self._catalog.query(
            f"""
            SELECT face_id, embedding, likely, {TAKEN_ON}
            FROM face JOIN ranking USING (face_id) JOIN photo ON photo.sha256 = face.photo_sha256
            WHERE face.identity_id = ? AND kept ORDER BY face_id
            """,
            (person.identity_id,),
        ):
            face_ids.append(face_id)
            descriptors += embedding
            likely.append(chance)
            outside.append(not person.holds_on(taken_on))
        claimed = {conflict.face_id for conflict in Faces(self._catalog).conflicts(face_ids)}
        return Described(
            face_ids=tuple(face_ids),
            descriptors=_stacked(descriptors, len(face_ids)),
            likely=np.array(likely),
            claimed=np.array([face_id in claimed for face_id in face_ids], np.bool_),
            outside=np.frombuffer(outside, np.bool_),
        )

    def taught(self, identity_id: str) -> Taught:
        """Those of one person, in the order of face_id; verdicts of the automatic policy are none."""
        rows = self._catalog.query(
            f"""
            SELECT face.face_id, embedding, {AS_THE_PERSON} FROM face
            LEFT JOIN verdict ON verdict.face_id = face.face_id AND verdict.reviewer != 'auto'
            WHERE face.identity_id = ? AND kept ORDER BY face.face_id
            """,
            (identity_id,),
        ).fetchall()
        return Taught(
            face_ids=tuple(row[0] for row in rows),
            descriptors=_stacked(b"".join(row[1] for row in rows), len(rows)),
            accepted=np.array([row[2] == Verdict.ACCEPT for row in rows], np.bool_),
            rejected=np.array([row[2] == Verdict.REJECT for row in rows], np.bool_),
        )

    def of_faces(self, face_ids: Sequence[str]) -> NDArray[np.float32]:
        """(N, D) those of some faces, in their order. Raises CorpusError where there is no such face."""
        rows = self._catalog.query(
            "SELECT face_id, embedding FROM face WHERE face_id IN (SELECT value FROM json_each(?))",
            (json.dumps(face_ids),),
        )
        known = {row[0]: row[1] for row in rows}
        gone = next((face_id for face_id in face_ids if face_id not in known), None)
        if gone is not None:
            raise CorpusError(f"There is no face {gone} any more; reload the page.")
        return _stacked(b"".join(known[face_id] for face_id in face_ids), len(face_ids))

    def blocks(self, size: int) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        """The face_ids and descriptors, (≤ size, D), of all kept faces that stand for somebody, block by block."""
        cursor = self._catalog.query("SELECT face_id, embedding FROM face WHERE kept AND identity_id IS NOT NULL")
        while rows := cursor.fetchmany(size):
            yield [row[0] for row in rows], _stacked(b"".join(row[1] for row in rows), len(rows))

    def version(self) -> int:
        """Another number once another connection has changed the catalog."""
        return int(self._catalog.query("PRAGMA data_version").fetchone()[0])

    def means(self) -> dict[str, NDArray[np.float64]]:
        """(D,) float64 by identity_id: the mean over each person's kept faces that are ranked as surely right.

        Raises CorpusError as refuse_mixed does.
        """
        self.refuse_mixed()
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


def _stacked(data: bytes | bytearray, count: int) -> NDArray[np.float32]:
    """(count, D): as many descriptors, one after another; D is 0 where there is none."""
    return np.frombuffer(data, np.float32).reshape(count, -1 if count else 0)
