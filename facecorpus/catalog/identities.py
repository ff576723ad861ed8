"""The people of a corpus, and the counts that `status` shows of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from facecorpus.catalog.connection import Gateway
from facecorpus.manifest import Identity
from facecorpus.records import Ended, Tally
from facecorpus.words import WAITING


class Identities(Gateway):
    """Table identity."""

    def replace_all(self, identities: Sequence[Identity]) -> None:
        """Bring the table in step with the manifest; whoever left the manifest stays, unlisted."""
        wanted = [(i.identity_id, place, 1, i.name, i.subgroup) for place, i in enumerate(identities)]
        listed = self._catalog.query(
            "SELECT identity_id, position, listed, name, subgroup FROM identity WHERE listed ORDER BY position"
        )
        if [tuple(row) for row in listed] == wanted:
            return
        with self._catalog.transaction() as connection:
            connection.execute("UPDATE identity SET listed = 0")
            connection.executemany(
                "INSERT INTO identity (identity_id, position, listed, name, subgroup) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (identity_id) DO UPDATE SET position = excluded.position, listed = 1,"
                " name = excluded.name, subgroup = excluded.subgroup",
                wanted,
            )

    def sharing(self) -> list[tuple[str, ...]]:
        """The listed people of each photograph that is proposed for more than one of them."""
        rows = self._catalog.query(
            """
            SELECT DISTINCT photo_sha256, identity_id FROM candidate JOIN identity USING (identity_id)
            WHERE listed AND photo_sha256 IN (
                SELECT photo_sha256 FROM candidate WHERE photo_sha256 IS NOT NULL
                GROUP BY photo_sha256 HAVING count(*) > 1)
            """
        )
        people: dict[str, list[str]] = {}
        for sha256, identity_id in rows:
            people.setdefault(sha256, []).append(identity_id)
        return [tuple(of_one) for of_one in people.values() if len(of_one) > 1]

    def last_input(self) -> float:
        """When a photograph, a verdict or an import came in last, in seconds since 1970: what a build is made of.

        0 where nothing has. The time that an imported decision claims says nothing of that.
        """
        rows = [
            self._catalog.query(f"SELECT {time} FROM {table} WHERE {which} ORDER BY {key} DESC LIMIT 1").fetchone()
            for time, table, which, key in (
                ("tried_at", "download", "outcome = 'stored'", "download_id"),
                ("decided_at", "decision", "import_id IS NULL", "decision_id"),
                ("imported_at", "import", "TRUE", "import_id"),
            )
        ]
        return max((datetime.fromisoformat(row[0]).timestamp() for row in rows if row), default=0.0)

    def tallies(self, ended: Iterable[Ended]) -> list[Tally]:
        """The counts of every listed identity, in the manifest's order; Tally.name is the identity_id.

        ended is what Candidates.ended counts.
        """
        candidates: Counter[str] = Counter()
        waiting: Counter[str] = Counter()
        for one in ended:
            candidates[one.identity_id] += one.count
            waiting[one.identity_id] += one.count * (one.state in WAITING)
        rows = self._catalog.query(
            """
            WITH shown AS (
                SELECT identity_id, count(DISTINCT photo_sha256) AS photographs
                FROM candidate WHERE photo_sha256 IS NOT NULL GROUP BY identity_id),
            judged AS (
                SELECT coalesce(verdict.identity_id, face.identity_id) AS identity_id,
                       sum(kept) AS faces,
                       sum(verdict.verdict IS 'accept') AS accepted,
                       sum(verdict.verdict IS 'reject') AS rejected,
                       sum(kept AND verdict.verdict IS NULL) AS pending
                FROM face LEFT JOIN verdict USING (face_id)
                WHERE coalesce(verdict.identity_id, face.identity_id) IS NOT NULL GROUP BY 1)
            SELECT identity.identity_id, shown.*, judged.*
            FROM identity LEFT JOIN shown USING (identity_id)
            LEFT JOIN judged USING (identity_id)
            WHERE listed ORDER BY position
            """
        )
        return [
            Tally(
                name=row["identity_id"],
                identities=1,
                candidates=candidates[row["identity_id"]],
                waiting=waiting[row["identity_id"]],
                **{key: row[key] or 0 for key in ("photographs", "faces", "accepted", "rejected", "pending")},
            )
            for row in rows
        ]
