"""Decisions: append-only rows; undoing is a row, too."""

from collections.abc import Sequence

from facecorpus.catalog.gateway import Gateway, now
from facecorpus.catalog.records import Decision


class Decisions(Gateway):
    """Table decision."""

    def add(self, face_ids: Sequence[str], *, identity_id: str, reviewer: str, verdict: str, reason: str = "") -> None:
        """Append one verdict for each face, all or none; on disk when this returns."""
        decided_at = now()
        with self._catalog.transaction() as connection:
            connection.executemany(
                "INSERT INTO decision (face_id, identity_id, reviewer, verdict, reason, decided_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [(face_id, identity_id, reviewer, verdict, reason, decided_at) for face_id in face_ids],
            )

    def all(self) -> list[Decision]:
        """Every row ever added, the oldest first."""
        rows = self._catalog.query(
            "SELECT face_id, identity_id, reviewer, verdict, reason, decided_at FROM decision ORDER BY decision_id"
        )
        return [Decision(*row) for row in rows]

    def decided_by_people(self) -> set[str]:
        """Faces on which a person, not the automatic policy, has a verdict now."""
        rows = self._catalog.query("SELECT face_id FROM verdict WHERE reviewer != 'auto'")
        return {row[0] for row in rows}

    def rejections(self) -> dict[str, int]:
        """How many kept faces were rejected for each reason."""
        rows = self._catalog.query(
            "SELECT reason, count(*) FROM verdict JOIN face USING (face_id)"
            " WHERE verdict = 'reject' AND kept GROUP BY reason ORDER BY 2 DESC"
        )
        return {row[0]: row[1] for row in rows}
