"""Whether the catalog agrees with itself, and with what should lie on the disk."""

import sqlite3
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog.connection import Gateway

# What must be true of every row, whatever was killed: a sentence about the rows of which it is not, and these rows.
_INVARIANTS = {
    "candidates that count as stored have no photograph": "candidate WHERE state = 'stored' AND photo_sha256 IS NULL",
    "candidates have a photograph although they were taken down": (
        "candidate WHERE state = 'stored' AND removal_key(url) IN (SELECT removal_key(key) FROM removal)"
    ),
    "analysed photographs have no size or no hash": (
        "photo WHERE state = 'analysed' AND (width IS NULL OR height IS NULL OR phash IS NULL)"
    ),
    "faces belong to photographs that were not analysed": (
        "face JOIN photo ON photo.sha256 = photo_sha256 WHERE photo.state = 'unreadable'"
    ),
    "faces are named after another photograph": "face WHERE substr(face_id, 1, 24) != substr(photo_sha256, 1, 24)",
    "faces have a vector of another length": "face WHERE length(embedding) != 512 OR length(landmarks) != 40",
}


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A face whose crop should be on the disk."""

    face_id: str
    photo_sha256: str
    landmarks: NDArray[np.float32]  # (5, 2)


class Checks(Gateway):
    """All tables, read as a doubter reads them; and the few changes that mend something."""

    def broken(self) -> list[str]:
        """What SQLite itself finds wrong with the file, and rows that point to rows which are not there."""
        try:
            found = [str(row[0]) for row in self._catalog.query("PRAGMA integrity_check")]
            dangling = self._catalog.query("PRAGMA foreign_key_check").fetchall()
        except sqlite3.DatabaseError as error:
            return [str(error)]
        tables = sorted({(row[0], row[2]) for row in dangling})
        return [line for line in found if line != "ok"] + [
            f"{sum((row[0], row[2]) == pair for row in dangling)} rows of {pair[0]} point to rows of {pair[1]} that are"
            " not there"
            for pair in tables
        ]

    def contradictions(self) -> list[str]:
        """Sentences about rows of which something is not true that must be."""
        counts = {
            sentence: self._catalog.query(f"SELECT count(*) FROM {rows}").fetchone()[0]
            for sentence, rows in _INVARIANTS.items()
        }
        return [f"{count} {sentence}" for sentence, count in counts.items() if count]

    def blank(self) -> bool:
        """Whether nothing was ever proposed, stored or decided: the catalog of a corpus that has just begun."""
        found = " OR ".join(
            f"EXISTS (SELECT 1 FROM {table})" for table in ("candidate", "photo", "removal", "decision")
        )
        return not self._catalog.query(f"SELECT {found}").fetchone()[0]

    def photographs(self) -> dict[str, int]:
        """Bytes of each photograph that should be stored, by sha256."""
        return {row[0]: row[1] for row in self._catalog.query("SELECT sha256, bytes FROM photo")}

    def faces(self) -> list[StoredFace]:
        """Every face, ordered by face_id."""
        rows = self._catalog.query("SELECT face_id, photo_sha256, landmarks FROM face ORDER BY face_id")
        return [StoredFace(row[0], row[1], np.frombuffer(row[2], np.float32).reshape(-1, 2)) for row in rows]

    def fetch_again(self, sha256: str) -> int:
        """Let every candidate that brought a photograph wait once more; return how many there are.

        They go on standing for the photograph, whose row, faces and decisions stay: what comes has the same sha256, or
        is another photograph.
        """
        with self._catalog.transaction() as connection:
            return connection.execute(
                "UPDATE candidate SET state = 'retry', outcome = '' WHERE photo_sha256 = ?", (sha256,)
            ).rowcount
