"""Photographs: what waits for analysis, what the analysis said, and their clusters of near-duplicates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facecorpus.catalog.gateway import Gateway
from facecorpus.catalog.records import Face


@dataclass(frozen=True, slots=True)
class HashedPhoto:
    """What dedup needs of a photograph: its hash, its size, and the hashes of its faces."""

    sha256: str
    phash: bytes
    pixels: int
    size: int  # bytes
    faces: tuple[tuple[str, bytes, bytes], ...]  # face_id, phash, dhash of the aligned face


class Photos(Gateway):
    """Table photo."""

    def waiting(self) -> list[str]:
        """sha256 of the photographs not analysed yet, in a fixed order."""
        return [row[0] for row in self._catalog.query("SELECT sha256 FROM photo WHERE state = 'stored'")]

    def analysed(
        self,
        sha256: str,
        *,
        width: int,
        height: int,
        taken_on: str | None,
        phash: bytes,
        faces: Sequence[Face],
    ) -> None:
        """Store an analysis: the photograph's figures and all its faces, in one transaction."""
        with self._catalog.transaction() as connection:
            connection.execute(
                "UPDATE photo SET state = 'analysed', width = ?, height = ?, taken_on = ?, phash = ?, error = ''"
                " WHERE sha256 = ?",
                (width, height, taken_on, phash, sha256),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO face (face_id, photo_sha256, x, y, width, height, landmarks, detector,"
                " score, embedding, sharpness, brightness, contrast, yaw, phash, dhash)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        *(f.face_id, f.photo_sha256, *f.box, f.landmarks.tobytes(), f.detector, f.score),
                        *(f.embedding.tobytes(), f.sharpness, f.brightness, f.contrast, f.yaw, f.phash, f.dhash),
                    )
                    for f in faces
                ],
            )

    def unreadable(self, sha256: str, error: str) -> None:
        """Note that the bytes give no picture, and why."""
        with self._catalog.transaction() as connection:
            connection.execute("UPDATE photo SET state = 'unreadable', error = ? WHERE sha256 = ?", (error, sha256))

    def hashed(self) -> list[HashedPhoto]:
        """All analysed photographs with their hashes, ordered by sha256."""
        faces: dict[str, list[tuple[str, bytes, bytes]]] = {}
        for row in self._catalog.query("SELECT photo_sha256, face_id, phash, dhash FROM face ORDER BY face_id"):
            faces.setdefault(row[0], []).append((row[1], row[2], row[3]))
        rows = self._catalog.query(
            "SELECT sha256, phash, width * height, bytes FROM photo WHERE state = 'analysed' ORDER BY sha256"
        )
        return [HashedPhoto(row[0], row[1], row[2], row[3], tuple(faces.get(row[0], ()))) for row in rows]

    def cluster(self, cluster_of: Mapping[str, str], not_kept: Sequence[str]) -> None:
        """Replace all clusters: cluster_id by sha256, and the face_ids that a better copy stands for."""
        with self._catalog.transaction() as connection:
            connection.execute("UPDATE photo SET cluster_id = NULL")
            connection.executemany(
                "UPDATE photo SET cluster_id = ? WHERE sha256 = ?",
                [(cluster_id, sha256) for sha256, cluster_id in cluster_of.items()],
            )
            connection.execute("UPDATE face SET kept = 1")
            connection.executemany("UPDATE face SET kept = 0 WHERE face_id = ?", [(f,) for f in not_kept])

    def counts(self) -> dict[str, int]:
        """How many photographs are in each state, how many gave a face, how many are near-duplicates."""
        row = self._catalog.query(
            """
            SELECT count(*) AS photographs,
                   sum(state = 'stored') AS waiting,
                   sum(state = 'unreadable') AS unreadable,
                   (SELECT count(DISTINCT photo_sha256) FROM face) AS with_face,
                   (SELECT count(*) FROM face) AS faces,
                   (SELECT count(*) FROM face WHERE identity_id IS NULL) AS bystanders,
                   (SELECT count(*) FROM face WHERE identity_id IS NOT NULL AND NOT kept) AS duplicate_faces,
                   count(cluster_id) - count(DISTINCT cluster_id) AS near_duplicates
            FROM photo
            """
        ).fetchone()
        return {key: row[key] or 0 for key in row.keys()}  # noqa: SIM118 (sqlite3.Row iterates over values)
