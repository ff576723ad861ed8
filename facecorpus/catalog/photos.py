"""Photographs: what waits for analysis, what the analysis said, and their clusters of near-duplicates."""

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from facecorpus.catalog.connection import Gateway
from facecorpus.records import Face

PROFILE = 30  # degrees of yaw from which a face counts as turned aside; as measured, which is less than it is
TILTED = 20  # degrees of roll from which it counts as tilted

# Pairs of a build are of two clusters, those of dedup of one. In one cluster a pair says nothing that dedup does not.
_WITHIN_A_CLUSTER = """
    SELECT conflict.face_id, other_id FROM conflict
    JOIN face AS one ON one.face_id = conflict.face_id JOIN photo AS a ON a.sha256 = one.photo_sha256
    JOIN face AS other ON other.face_id = other_id JOIN photo AS b ON b.sha256 = other.photo_sha256
    WHERE coalesce(a.cluster_id, a.sha256) = coalesce(b.cluster_id, b.sha256)
"""
_FORGET_WITHIN_A_CLUSTER = f"DELETE FROM conflict WHERE (face_id, other_id) IN ({_WITHIN_A_CLUSTER})"


class Photos(Gateway):
    """Table photo."""

    def waiting(self) -> list[str]:
        """sha256 of the photographs not analysed yet, in a fixed order; those that failed once for the machine too."""
        rows = self._catalog.query(
            "SELECT sha256 FROM photo WHERE state = 'stored' OR (state = 'unreadable' AND faults = 1)"
        )
        return [row[0] for row in rows]

    def analysed(
        self,
        sha256: str,
        *,
        width: int,
        height: int,
        taken_on: str | None,
        phash: bytes,
        faces: Sequence[Face],
        analysed_by: str = "",
        crops: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        """Store an analysis: the photograph's figures and all its faces, in one transaction.

        `crops` has the sha256 of each face's crop, by face_id.
        """
        with self._catalog.transaction() as connection:
            connection.execute(
                "UPDATE photo SET state = 'analysed', width = ?, height = ?, taken_on = ?, phash = ?, analysed_by = ?,"
                " error = '' WHERE sha256 = ?",
                (width, height, taken_on, phash, analysed_by, sha256),
            )
            self.add_faces(faces, crops)

    def add_faces(self, faces: Sequence[Face], crops: Mapping[str, bytes]) -> None:
        """Store faces of a photograph that is analysed; `crops` as `analysed` has it."""
        with self._catalog.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO face (face_id, photo_sha256, x, y, width, height, landmarks, detector,"
                " score, embedding, descriptor, sharpness, brightness, contrast, yaw, phash, dhash,"
                " pitch, roll, dark, light, chroma, crop_sha256)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        *(f.face_id, f.photo_sha256, *f.box, f.landmarks.tobytes(), f.detector, f.score),
                        *(f.embedding.tobytes(), f.descriptor, f.sharpness, f.brightness, f.contrast, f.yaw),
                        *(f.phash, f.dhash, f.pitch, f.roll, f.dark, f.light, f.chroma, crops.get(f.face_id)),
                    )
                    for f in faces
                ],
            )

    def analyse_again(self, analysed_by: str) -> int:
        """Let all photographs wait that were analysed by anything else; how many. Their faces stay until then."""
        with self._catalog.transaction() as connection:
            return connection.execute(
                "UPDATE photo SET state = 'stored' WHERE state = 'analysed' AND analysed_by != ?", (analysed_by,)
            ).rowcount

    def stays_as_it_was(self, sha256: str) -> None:
        """Note that a photograph that was to be analysed again could not be: its faces stay."""
        with self._catalog.transaction() as connection:
            connection.execute("UPDATE photo SET state = 'analysed' WHERE sha256 = ?", (sha256,))

    def unreadable(self, sha256: str, error: str, *, retry: bool = False) -> None:
        """Note that the analysis failed, and why; with retry (the machine is at fault), a next run tries once more."""
        with self._catalog.transaction() as connection:
            connection.execute(
                "UPDATE photo SET state = 'unreadable', error = ?, faults = CASE WHEN ? THEN faults + 1 ELSE 0 END"
                " WHERE sha256 = ?",
                (error, retry, sha256),
            )

    def cluster(
        self, cluster_of: Iterable[tuple[str, str]], not_kept: Sequence[str], conflicts: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Replace all clusters: sha256 with cluster_id, the face_ids that a better copy stands for, and the conflicts.

        A conflict is a face_id with another one that is the same picture, but stands for somebody else. Near-copies
        stay, as long as their photographs are in two clusters. Only rows that change are written.
        """
        with self._catalog.aside("named TEXT PRIMARY KEY, cluster TEXT") as aside:
            aside.executemany("INSERT INTO aside VALUES (?, ?)", cluster_of)
            with self._catalog.transaction() as connection:
                connection.execute(_FORGET_WITHIN_A_CLUSTER)
                wanted = "(SELECT cluster FROM aside WHERE named = photo.sha256)"
                connection.execute(f"UPDATE photo SET cluster_id = {wanted} WHERE cluster_id IS NOT {wanted}")
                lost = "face_id IN (SELECT value FROM json_each(?))"
                connection.execute(f"UPDATE face SET kept = NOT kept WHERE kept = ({lost})", (json.dumps(not_kept),))
                connection.execute(_FORGET_WITHIN_A_CLUSTER)
                connection.executemany("INSERT INTO conflict (face_id, other_id) VALUES (?, ?)", conflicts)

    def add_near_copies(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Note pairs of face_ids that show the same picture in two clusters, of one person or of two.

        They stand beside the conflicts: where the two faces stand for two people, such a pair is one.
        """
        with self._catalog.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO conflict (face_id, other_id) VALUES (?, ?)",
                [both for one, other in pairs for both in ((one, other), (other, one))],
            )

    def near_copies(self) -> list[tuple[str, str]]:
        """The pairs of near-copies in two clusters, each once, the smaller first, in order."""
        rows = self._catalog.query(
            "SELECT face_id, other_id FROM conflict WHERE face_id < other_id"
            f" EXCEPT {_WITHIN_A_CLUSTER} ORDER BY face_id, other_id"
        )
        return [(row[0], row[1]) for row in rows]

    def further_addresses(self) -> int:
        """How many addresses, beyond one each, gave the very bytes of an analysed photograph."""
        row = self._catalog.query(
            "SELECT sum(max((SELECT count(DISTINCT url) FROM candidate WHERE photo_sha256 = photo.sha256) - 1, 0))"
            " FROM photo WHERE state = 'analysed'"
        ).fetchone()
        return row[0] or 0

    def count(self) -> int:
        """How many photographs are stored."""
        return int(self._catalog.query("SELECT count(*) FROM photo").fetchone()[0])

    def counts(self) -> dict[str, int]:
        """How many photographs are in each state, how many gave a face, how many are near-duplicates.

        And how many faces there are, how many of them bystanders', turned aside and tilted.
        """
        row = self._catalog.query(
            """
            SELECT count(*) AS photographs,
                   sum(state = 'stored') AS waiting,
                   sum(state = 'unreadable') AS unreadable,
                   (SELECT count(DISTINCT photo_sha256) FROM face) AS with_face,
                   (SELECT count(*) FROM face) AS faces,
                   (SELECT count(*) FROM face WHERE identity_id IS NULL) AS bystanders,
                   (SELECT count(*) FROM face WHERE abs(yaw) >= ?) AS profile_faces,
                   (SELECT count(*) FROM face WHERE abs(roll) >= ?) AS tilted_faces,
                   (SELECT count(*) FROM face WHERE identity_id IS NOT NULL AND NOT kept) AS duplicate_faces,
                   count(cluster_id) - count(DISTINCT cluster_id) AS near_duplicates
            FROM photo
            """,
            (PROFILE, TILTED),
        ).fetchone()
        return {key: row[key] or 0 for key in row.keys()}  # noqa: SIM118 (sqlite3.Row iterates over values)

    def without_face(self) -> dict[str, tuple[int, int]]:
        """By identity_id: photographs that were proposed for the person and analysed, and those without any face.

        A face that a person drew is one that the detector has missed.
        """
        rows = self._catalog.query(
            """
            SELECT identity_id, count(*) AS photographs, sum(NOT seen) AS unseen
            FROM (SELECT DISTINCT candidate.identity_id, photo.sha256,
                         EXISTS (SELECT 1 FROM face WHERE face.photo_sha256 = photo.sha256
                                 AND face.detector != 'person') AS seen
                  FROM candidate JOIN photo ON photo.sha256 = candidate.photo_sha256 WHERE photo.state = 'analysed')
            GROUP BY identity_id
            """
        )
        return {row["identity_id"]: (row["photographs"], row["unseen"]) for row in rows}
