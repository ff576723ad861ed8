"""Every face with all that the other tables know of it, for those who look at the corpus as a whole."""

from collections.abc import Iterator

import numpy as np

from facecorpus.catalog.connection import Gateway
from facecorpus.catalog.faces import TAKEN_DOWN, provenance_of
from facecorpus.records import KnownFace

# As whose picture a face counts: as whose it was judged, else for whom it stands; of people who are listed alone.
_KNOWN = f"""
    {TAKEN_DOWN}, known AS (
        SELECT face.face_id, photo_sha256, coalesce(verdict.identity_id, face.identity_id) AS person,
               verdict.verdict, verdict.reason, verdict.reviewer, verdict.decided_at
        FROM face LEFT JOIN verdict USING (face_id)
        WHERE photo_sha256 NOT IN (SELECT sha256 FROM taken_down)),
    shown AS (
        SELECT known.*, position FROM known LEFT JOIN identity ON identity_id = person
        WHERE (person IS NULL OR listed))
"""


class KnownFaces(Gateway):
    """Reads across the tables of faces, photographs, verdicts and candidates.

    Nothing that was taken down or marked for it is shown, and nobody who left the manifest.
    """

    def all(
        self,
        *,
        accepted: bool | None = None,
        person: str | None = None,
        face_id: str | None = None,
        embeddings: bool = False,
    ) -> Iterator[KnownFace]:
        """The faces by person in the manifest's order, bystanders last, then by face_id.

        `accepted` True: only those whose verdict is accept, False: only the others. `person` and `face_id` ask for
        those of one identity, or for one.
        """
        rows = self._catalog.query(
            f"""
            WITH {_KNOWN}
            SELECT face_id, face.photo_sha256 AS photo_id, coalesce(photo.cluster_id, photo.sha256) AS group_id,
                   person AS identity, face.kept, likely, section, shown.verdict, shown.reason,
                   shown.reviewer AS reviewed_by, shown.decided_at AS reviewed_at,
                   face.x, face.y, face.width AS face_width, face.height AS face_height, face.landmarks,
                   face.detector, face.score, face.sharpness, face.brightness, face.contrast, face.yaw, face.pitch,
                   face.roll, face.dark, face.light, face.chroma, photo.width, photo.height,
                   coalesce(provenance.taken_on, photo.taken_on) AS taken_on,
                   coalesce(provenance.source, '') AS source, coalesce(provenance.url, '') AS source_url,
                   coalesce(provenance.page_url, '') AS page_url, coalesce(provenance.title, '') AS title,
                   coalesce(provenance.licence, '') AS licence, coalesce(provenance.licence_url, '') AS licence_url,
                   coalesce(provenance.author, '') AS author, {"face.embedding" if embeddings else "NULL"} AS embedding
            FROM shown JOIN face USING (face_id) JOIN photo ON photo.sha256 = face.photo_sha256
            LEFT JOIN ranking USING (face_id)
            {provenance_of("face.photo_sha256", "person")}
            WHERE (:accepted IS NULL OR (shown.verdict IS 'accept') = :accepted)
                  AND (:person IS NULL OR person = :person) AND (:face_id IS NULL OR face_id = :face_id)
            ORDER BY position IS NULL, position, face_id
            """,
            {"accepted": accepted, "person": person, "face_id": face_id},
        )
        places = ("x", "y", "face_width", "face_height")
        for row in rows:
            plain = {name: row[name] for name in row.keys() if name not in places}  # noqa: SIM118 (sqlite3.Row)
            yield KnownFace(
                **plain
                | {
                    "kept": bool(row["kept"]),
                    "box": tuple(row[place] for place in places),
                    "landmarks": np.frombuffer(row["landmarks"], np.float32).reshape(5, 2),
                    "embedding": None if row["embedding"] is None else np.frombuffer(row["embedding"], np.float32),
                }
            )

    def counts(self) -> tuple[int, int]:
        """How many faces all() gives, and how many of them are accepted."""
        row = self._catalog.query(
            f"WITH {_KNOWN} SELECT count(*), coalesce(sum(verdict IS 'accept'), 0) FROM shown"
        ).fetchone()
        return row[0], row[1]
