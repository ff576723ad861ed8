"""Whether the catalog agrees with itself, and with what should lie on the disk."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog import seals
from facecorpus.catalog.connection import Connection, Gateway, now
from facecorpus.catalog.schema import MIGRATIONS

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


# A number that is never given twice must not lie behind those that were given.
_COUNTED = {"decision": "decision_id", "import": "import_id", "takedown": "takedown_id"}


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that is not as it was written."""

    table: str
    key: tuple[object, ...]

    def __str__(self) -> str:
        return f"{self.table} {', '.join(map(str, self.key))}"


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that a person edits, as a command read it."""

    sha256: str
    read_at: str


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A face whose crop should be on the disk."""

    face_id: str
    photo_sha256: str
    landmarks: NDArray[np.float32]  # (5, 2)
    crop_sha256: bytes | None  # None: an earlier version cut it


class Checks(Gateway):
    """All tables, read as a doubter reads them; and the few changes that mend something."""

    def has_its_schema(self) -> bool:
        """Whether tables, indexes, views and triggers are those that the migrations make."""
        return schema_of(self._catalog) == schema_at(len(MIGRATIONS))

    def broken(self) -> list[str]:
        """What SQLite itself finds wrong with the file, and rows that point to rows which are not there."""
        try:
            found = [str(row[0]) for row in self._catalog.query("PRAGMA integrity_check")]
            dangling = self._catalog.query("PRAGMA foreign_key_check").fetchall()
            found += self._counters()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
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

    def broken_rows(self) -> list[BrokenRow]:
        """The rows that are not as they were written, by their seals."""
        return [BrokenRow(*found) for found in seals.broken(self._catalog.doubt())]

    def accept_listed(self) -> None:
        """Seal the rows of the people in the manifest as they are: opening the catalog brought them in step with it."""
        with self._catalog.transaction() as connection:
            seals.accept(connection, "identity", "listed")

    def analyse_again(self, face_id: str) -> bool:
        """Let the photograph of a face wait for its analysis, which writes the face anew; False where there is none."""
        with self._catalog.transaction() as connection:
            return bool(
                connection.execute(
                    "UPDATE photo SET state = 'stored'"
                    " WHERE sha256 = (SELECT photo_sha256 FROM face WHERE face_id = ?)",
                    (face_id,),
                ).rowcount
            )

    def note_crop(self, face_id: str, crop_sha256: bytes) -> None:
        """Note what a face's crop is now."""
        with self._catalog.transaction() as connection:
            connection.execute("UPDATE face SET crop_sha256 = ? WHERE face_id = ?", (crop_sha256, face_id))

    def note_files(self, sha256_of: Mapping[str, str]) -> None:
        """Note what files a command read, where it is not what was noted last."""
        noted = self.files()
        new = [
            (name, sha256, now())
            for name, sha256 in sha256_of.items()
            if name not in noted or sha256 != noted[name].sha256
        ]
        if new:
            with self._catalog.transaction() as connection:
                connection.executemany("INSERT OR REPLACE INTO file_read (name, sha256, read_at) VALUES (?, ?, ?)", new)

    def files(self) -> dict[str, FileRead]:
        """What was noted of each file."""
        rows = self._catalog.query("SELECT name, sha256, read_at FROM file_read")
        return {row[0]: FileRead(row[1], row[2]) for row in rows}

    def _counters(self) -> list[str]:
        counted = dict(self._catalog.query("SELECT name, seq FROM sqlite_sequence").fetchall())
        return [
            f"the next number of table {table} was given before"
            for table, key in _COUNTED.items()
            if self._catalog.query(f'SELECT coalesce(max({key}), 0) FROM "{table}"').fetchone()[0]
            > int(counted.get(table, 0))
        ]

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
        rows = self._catalog.query("SELECT face_id, photo_sha256, landmarks, crop_sha256 FROM face ORDER BY face_id")
        return [StoredFace(row[0], row[1], np.frombuffer(row[2], np.float32).reshape(-1, 2), row[3]) for row in rows]

    def fetch_again(self, sha256: str) -> int:
        """Let every candidate that brought a photograph wait once more; return how many there are.

        They go on standing for the photograph, whose row, faces and decisions stay: what comes has the same sha256, or
        is another photograph.
        """
        with self._catalog.transaction() as connection:
            return connection.execute(
                "UPDATE candidate SET state = 'retry', outcome = '' WHERE photo_sha256 = ?", (sha256,)
            ).rowcount


def schema_of(catalog: Connection | sqlite3.Connection) -> set[tuple[str, str, str, str]]:
    """What a catalog is made of: tables, indexes, views and triggers."""
    read = catalog.query if isinstance(catalog, Connection) else catalog.execute
    rows = read(
        "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master"
        " WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\'"
    )
    return {tuple(row) for row in rows}


def schema_at(version: int) -> set[tuple[str, str, str, str]]:
    """What a catalog of that version is made of."""

    class Older(Connection):
        migrations = MIGRATIONS[:version]

    older = Older(Path(":memory:"))
    found = schema_of(older)
    older.close()
    return found
