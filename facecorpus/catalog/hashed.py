"""Photographs and faces as the search for duplicates sees them: hashes in columns, all else read when it is asked for.

Both have numbers: the analysed photographs from 0 in the order of sha256, and their faces from 0 in the order of
photograph and face_id. In memory are 100 bytes a photograph and 77 a face.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog.connection import Connection
from facecorpus.errors import CorpusError

_NAME = "S64"  # sha256 in hexadecimal digits
_ROWS = 10_000  # of the catalog, at once
_HELD = 4_096  # photographs, the least recently used go first
_CHANGED = "Photographs or faces were added or removed while duplicates were looked for; run facecorpus dedup again."


@dataclass(frozen=True, slots=True)
class HashedFace:
    """What dedup needs of a face."""

    face_id: str
    identity_id: str | None  # as whom a person accepted it, or else whom it stands for; None: a bystander
    phash: bytes  # of the aligned face
    dhash: bytes
    embedding: NDArray[np.float32]  # (D,)
    landmarks: NDArray[np.float32]  # (5, 2), pixels of the photograph
    pixels: float  # of its box
    sharpness: float
    accepted: bool  # by a person, not by the automatic policy


@dataclass(frozen=True, slots=True)
class HashedPhoto:
    """What dedup needs of a photograph."""

    sha256: str
    phash: bytes
    width: int  # pixels
    height: int
    size: int  # bytes
    licensed: bool  # some source states its licence
    faces: tuple[HashedFace, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """What is compared of N photographs with F faces."""

    phash: NDArray[np.uint8]  # (N, 32)
    face_phash: NDArray[np.uint8]  # (F, 32)
    face_dhash: NDArray[np.uint8]  # (F, 32)
    owner: NDArray[np.int32]  # (F,): the photograph's number; ascending
    person: NDArray[np.int32]  # (F,): another number for each person, in the order of identity_id; -1: a bystander

    def faces_of(self, photographs: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers of the faces of photographs, both ascending."""
        first, last = (np.searchsorted(self.owner, photographs, side) for side in ("left", "right"))
        count = last - first
        return np.asarray(np.arange(count.sum()) + np.repeat(first - np.cumsum(count) + count, count))


class Reader(Protocol):
    """Gives an Album what it is asked for."""

    columns: Columns

    def sha256(self, photographs: NDArray[np.int64]) -> list[str]:
        """Those of photographs, in the order asked."""

    def read(self, photographs: Sequence[int]) -> list[HashedPhoto]:
        """Photographs with their faces, in the order asked."""

    def described(self, photographs: Sequence[int]) -> NDArray[np.float32]:
        """(K, D) the descriptors of all their faces, in the order asked."""


class Album:
    """Photographs by their number, read from somewhere as they are needed; the last few thousand stay in memory."""

    def __init__(self, reader: Reader) -> None:
        self.columns = reader.columns
        self.read = reader.read
        self.sha256 = reader.sha256
        self._described = reader.described
        self._held: dict[int, HashedPhoto] = {}

    def __len__(self) -> int:
        return len(self.columns.phash)

    def __getitem__(self, number: int) -> HashedPhoto:
        if number not in self._held:
            self.hold([number])
        return self._held[number]

    def hold(self, numbers: Iterable[int]) -> None:
        """See to it that these are in memory until others are held: what is, any thread may ask for."""
        asked = dict.fromkeys(map(int, numbers))
        missing = [number for number in asked if number not in self._held]
        found = dict(zip(missing, self.read(missing), strict=True)) if missing else {}
        found |= {number: self._held.pop(number) for number in asked if number in self._held}
        for number in list(self._held)[: max(0, len(self._held) + len(found) - _HELD)]:
            del self._held[number]
        self._held |= found

    def descriptors(self, faces: NDArray[np.int64]) -> NDArray[np.float32]:
        """(K, D) the descriptors of faces, by their numbers in ascending order."""
        photographs = np.unique(self.columns.owner[faces]).astype(np.int64)
        rows = self._described(photographs.tolist())
        return np.asarray(rows[np.searchsorted(self.columns.faces_of(photographs), faces)])


def hashed(catalog: Connection) -> Album:
    """All analysed photographs. Reading raises CorpusError where one of them has gone meanwhile."""
    return Album(_CatalogReader(catalog))


class _CatalogReader:
    def __init__(self, catalog: Connection) -> None:
        self._catalog = catalog
        names, phashes = [np.empty(0, _NAME)], bytearray()
        cursor = catalog.query("SELECT sha256, phash FROM photo WHERE state = 'analysed' ORDER BY sha256")
        while rows := cursor.fetchmany(_ROWS):
            names.append(np.array([row[0] for row in rows], _NAME))
            phashes += b"".join(row[1] for row in rows)
        self._sha256 = np.concatenate(names)
        self.columns = self._with_faces(np.frombuffer(phashes, np.uint8).reshape(-1, 32))

    def _with_faces(self, phash: NDArray[np.uint8]) -> Columns:
        people: dict[str, int] = {}
        phashes, dhashes = bytearray(), bytearray()
        owners, persons, accepted = [np.empty(0, np.int32)], [np.empty(0, np.int32)], [np.empty(0, np.bool_)]
        cursor = self._catalog.query(
            """
            SELECT photo_sha256, phash, dhash, coalesce(said.identity_id, face.identity_id), said.face_id IS NOT NULL
            FROM face LEFT JOIN (
                SELECT face_id, identity_id FROM verdict WHERE verdict = 'accept' AND reviewer != 'auto') AS said
            USING (face_id) ORDER BY face_id
            """
        )
        while rows := cursor.fetchmany(_ROWS):
            asked = np.array([row[0] for row in rows], _NAME)
            first, last = (np.searchsorted(self._sha256, asked, side) for side in ("left", "right"))
            known = first < last  # the others' photographs wait to be analysed again
            phashes += b"".join(row[1] for row, one in zip(rows, known, strict=True) if one)
            dhashes += b"".join(row[2] for row, one in zip(rows, known, strict=True) if one)
            who = [-1 if row[3] is None else people.setdefault(row[3], len(people)) for row in rows]
            owners.append(first[known].astype(np.int32))
            persons.append(np.array(who, np.int32)[known])
            accepted.append(np.array([row[4] for row in rows], np.bool_)[known])
        self._people = sorted(people)
        place = {person: number for number, person in enumerate(self._people)}
        owner, person = np.concatenate(owners), np.concatenate(persons)
        person = np.array([*(place[name] for name in people), -1], np.int32)[person]
        order = np.argsort(owner, kind="stable")
        self._accepted = np.concatenate(accepted)[order]
        face_phash, face_dhash = (np.frombuffer(hashes, np.uint8).reshape(-1, 32) for hashes in (phashes, dhashes))
        if (np.diff(order) != 1).any():  # not where faces are named after their photographs
            face_phash, face_dhash = face_phash[order], face_dhash[order]
        return Columns(phash, face_phash, face_dhash, owner[order], person[order])

    def sha256(self, photographs: NDArray[np.int64]) -> list[str]:
        """Those of photographs, in the order asked."""
        return [name.decode() for name in self._sha256[photographs].tolist()]

    def _asked(self, photographs: Sequence[int]) -> tuple[str]:
        return (json.dumps(self.sha256(np.asarray(photographs, np.int64))),)

    def read(self, photographs: Sequence[int]) -> list[HashedPhoto]:
        """Photographs with their faces, in the order asked."""
        asked = self._asked(photographs)
        rows = self._catalog.query(
            """
            SELECT sha256, phash, width, height, bytes,
                   EXISTS (SELECT 1 FROM candidate WHERE photo_sha256 = photo.sha256 AND licence != '') AS licensed
            FROM json_each(?) AS asked CROSS JOIN photo ON sha256 = asked.value ORDER BY asked.key
            """,
            asked,
        ).fetchall()
        found = self._catalog.query(
            """
            SELECT photo_sha256, face_id, phash, dhash, embedding, landmarks, width * height AS pixels, sharpness
            FROM json_each(?) AS asked CROSS JOIN face ON photo_sha256 = asked.value ORDER BY asked.key, face_id
            """,
            asked,
        ).fetchall()
        numbers = self.columns.faces_of(np.asarray(photographs, np.int64))
        if (len(rows), len(found)) != (len(photographs), len(numbers)):
            raise CorpusError(_CHANGED)
        faces: dict[str, list[HashedFace]] = {}
        for number, row in zip(numbers, found, strict=True):
            person = self.columns.person[number]
            faces.setdefault(row["photo_sha256"], []).append(
                HashedFace(
                    face_id=row["face_id"],
                    identity_id=None if person < 0 else self._people[person],
                    phash=row["phash"],
                    dhash=row["dhash"],
                    embedding=np.frombuffer(row["embedding"], np.float32),
                    landmarks=np.frombuffer(row["landmarks"], np.float32).reshape(5, 2),
                    pixels=row["pixels"],
                    sharpness=row["sharpness"],
                    accepted=bool(self._accepted[number]),
                )
            )
        return [
            HashedPhoto(
                sha256=row["sha256"],
                phash=row["phash"],
                width=row["width"],
                height=row["height"],
                size=row["bytes"],
                licensed=bool(row["licensed"]),
                faces=tuple(faces.get(row["sha256"], ())),
            )
            for row in rows
        ]

    def described(self, photographs: Sequence[int]) -> NDArray[np.float32]:
        """(K, D) the descriptors of all their faces, in the order asked."""
        rows = self._catalog.query(
            "SELECT embedding FROM json_each(?) AS asked CROSS JOIN face ON photo_sha256 = asked.value"
            " ORDER BY asked.key, face_id",
            self._asked(photographs),
        ).fetchall()
        if len(rows) != len(self.columns.faces_of(np.asarray(photographs, np.int64))):
            raise CorpusError(_CHANGED)
        return np.frombuffer(b"".join(row[0] for row in rows), np.float32).reshape(len(rows), -1)
