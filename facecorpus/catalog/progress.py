"""How far a reviewer is with each person, and whom a verdict may change that of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from facecorpus.catalog.connection import Gateway
from facecorpus.catalog.faces import named_after
from facecorpus.catalog.standing import overlap_limit
from facecorpus.settings import ReviewSettings


@dataclass(frozen=True, slots=True)
class Progress:
    """How many faces of a person there are to judge, near-duplicates left out, and how many are left."""

    identity_id: str
    faces: int
    left: int


class Progresses(Gateway):
    """What is left to judge, by the views latest and marked_photo."""

    def touched(self, after: int) -> list[str]:
        """The people whose counts a row after that one may have changed: all whom its photograph has to do with."""
        rows = self._catalog.query(
            f"""
            WITH said AS (SELECT DISTINCT face_id, identity_id FROM decision WHERE decision_id > ?),
                 shown AS (SELECT sha256 FROM said JOIN photo ON {named_after("sha256", "face_id")})
            SELECT identity_id FROM said
            UNION SELECT identity_id FROM candidate WHERE photo_sha256 IN shown
            UNION SELECT identity_id FROM face WHERE photo_sha256 IN shown AND identity_id IS NOT NULL
            UNION SELECT decision.identity_id FROM face JOIN decision USING (face_id) WHERE photo_sha256 IN shown
            """,
            (after,),
        )
        return [row[0] for row in rows]

    def of(self, reviewer: str, sharing: ReviewSettings, people: Sequence[str] | None = None) -> list[Progress]:
        """What this reviewer has before them, for each listed person, or of those given, in the manifest's order."""
        chosen = "" if people is None else "AND face_id IN chosen"
        rows = self._catalog.query(
            f"""
            WITH asked AS (SELECT value FROM json_each(:people)),
            chosen AS MATERIALIZED (
                SELECT face_id FROM face WHERE identity_id IN asked
                UNION SELECT face_id FROM decision WHERE identity_id IN asked),
            said AS (
                SELECT face_id, identity_id, sum(reviewer != 'auto') AS people, sum(reviewer = :reviewer) AS mine,
                       sum(kind = 'settle') AS settled,
                       -- identity_id is that of the row that counts, as in the view verdict.
                       max(((reviewer != 'auto') << 61) + ((kind = 'settle') << 60) + decision_id)
                FROM latest WHERE kind IN ('verdict', 'settle') {chosen} GROUP BY face_id),
            judged AS (  -- again: this reviewer does not see what was said, see stand
                SELECT face_id, identity_id, NOT mine AND CASE WHEN settled THEN substr(face_id, 9) < :honeypots
                       ELSE people = 1 AND face_id < :overlap END AS again
                FROM said)
            SELECT CASE WHEN again THEN face.identity_id ELSE coalesce(judged.identity_id, face.identity_id) END,
                   count(*), sum(judged.face_id IS NULL OR again)
            FROM face LEFT JOIN judged USING (face_id)
            WHERE kept {chosen} AND photo_sha256 NOT IN (SELECT photo_sha256 FROM marked_photo) GROUP BY 1
            """,
            {
                "people": json.dumps(people),
                "reviewer": reviewer,
                "overlap": overlap_limit(sharing.overlap),
                "honeypots": overlap_limit(sharing.honeypots),
            },
        )
        judged = {row[0]: row[1:] for row in rows}
        # SQLite would hold every person against every count.
        listed = self._catalog.query("SELECT identity_id FROM identity WHERE listed ORDER BY position")
        asked = None if people is None else set(people)
        return [
            Progress(person, *judged.get(person, (0, 0))) for (person,) in listed if asked is None or person in asked
        ]
