"""What the review page asks of the catalog: a person's faces in columns, how they stand, and what is left."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

from facecorpus.catalog.connection import Gateway
from facecorpus.catalog.decisions import Decisions
from facecorpus.catalog.faces import Faces, is_about, provenance_of
from facecorpus.catalog.standing import Said, Standing, differ, overlap_limit, stand
from facecorpus.settings import ReviewSettings
from facecorpus.words import Kind, Section, Verdict

_AT_ONCE = 1_000  # faces looked up together: whoever judges thirty thousand at once costs little memory

# Faces that stand for somebody else or nobody, and that somebody has called the person's.
_NAMED = """
    SELECT face_id FROM decision WHERE identity_id = :person
    EXCEPT SELECT face_id FROM face WHERE identity_id = :person
"""

# Faces shown on a person's page: those that stand for the person, and those that were moved to them.
SHOWN = f"SELECT face_id FROM face WHERE identity_id = :person UNION ALL SELECT * FROM ({_NAMED})"


@dataclass(frozen=True, slots=True)
class FaceIndex:
    """Ranked faces of one person in columns, the most suspicious first; a list each, of equal lengths."""

    face_ids: list[str]
    likely: list[int]  # per mille
    sections: str  # a letter of Section each
    versions: list[int]  # another box, another number: for addresses of crops
    copies: dict[int, int]  # how many other photographs are near-duplicates of the face's, by place
    conflicts: dict[int, list[str]]  # for whom else the very picture stands, by place
    standings: list[Standing]  # equal ones are one object
    guests: list[int]  # places of faces that stand for somebody else, and were moved here
    alike: dict[int, int]  # the number of its group, by place, of faces to look at that are like others
    removed: list[int]  # places whose photographs are marked for removal: kept for an undo, not shown


@dataclass(frozen=True, slots=True)
class FaceDetails:
    """What is shown of a face that a person looks at."""

    face_id: str
    photo_sha256: str
    identity_id: str
    box: tuple[float, float, float, float]
    photo_width: int
    photo_height: int
    kept: bool
    reasons: list[str]
    page_url: str
    licence: str
    author: str
    title: str
    taken_on: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """A face on which people disagree, and what each says."""

    face_id: str
    shown_as: str
    words: tuple[Said, ...]
    settled: bool


class Review(Gateway):
    """The views latest and verdict, as the page shows them."""

    def index(
        self, identity_id: str, reviewer: str, sharing: ReviewSettings, face_ids: Sequence[str] | None = None
    ) -> FaceIndex:
        """The ranked faces of one person as this reviewer sees them: all, or those given."""
        removed = set(self.marked())
        standings = dict(self.standings(identity_id, face_ids, reviewer, sharing))
        claimed: dict[str, list[str]] = {}
        for conflict in Faces(self._catalog).conflicts(face_ids):
            claimed.setdefault(conflict.face_id, []).append(conflict.other_identity_id)
        index = FaceIndex([], [], "", [], {}, {}, [], [], {}, [])
        sections: list[str] = []
        unsaid = Standing()
        # Row by row: a list of all rows would take more memory than everything else on the page.
        for face_id, sha256, *box, kept, own, likely, section, alike, size in self._index_rows(identity_id, face_ids):
            standing = standings.get(face_id, unsaid)
            if not own and _as(standing) != identity_id:
                continue  # was moved here, and away again
            place = len(index.face_ids)
            index.face_ids.append(face_id)
            index.likely.append(round(1000 * likely))
            index.versions.append(_version(box))
            index.standings.append(standing)
            sections.append((Section(section) if kept else Section.COPIES).letter)
            if size > 1:
                index.copies[place] = size - 1
            if face_id in claimed:
                index.conflicts[place] = claimed[face_id]
            if not own:
                index.guests.append(place)
            if alike is not None:
                index.alike[place] = alike
            if sha256 in removed:
                index.removed.append(place)
        return replace(index, sections="".join(sections))

    def _index_rows(self, identity_id: str, face_ids: Sequence[str] | None) -> Iterable[sqlite3.Row]:
        """The rows of an index; the first part is read from the index face_shown alone.

        CROSS JOIN holds SQLite to the few conflicts of a face; else it reads all of a person's faces for each.
        """
        asked = "" if face_ids is None else "AND face_id IN (SELECT value FROM json_each(:faces))"
        columns = "face_id, photo_sha256, x, y, width, height, kept"
        return self._catalog.query(
            f"""
            WITH shown AS (
                SELECT {columns}, 1 AS own FROM face WHERE identity_id = :person {asked}
                UNION ALL SELECT {columns}, 0 FROM face
                WHERE face_id IN ({_NAMED}) {asked})
            SELECT {columns.replace("width, height", "shown.width, shown.height")}, own, coalesce(likely, 1) AS chance,
                   coalesce(section, 'right'), alike,
                   max(1, (SELECT count(*) FROM photo AS other WHERE other.cluster_id = photo.cluster_id))
                   + (SELECT count(*) FROM conflict CROSS JOIN face AS twin ON twin.face_id = other_id
                      WHERE conflict.face_id = shown.face_id AND twin.identity_id = :person)
            FROM shown JOIN photo ON photo.sha256 = photo_sha256 LEFT JOIN ranking USING (face_id)
            WHERE NOT own OR likely IS NOT NULL ORDER BY chance, face_id
            """,
            {"person": identity_id, "faces": json.dumps(face_ids)},
        )

    def standings(
        self, identity_id: str, face_ids: Sequence[str] | None, reviewer: str, sharing: ReviewSettings
    ) -> Iterator[tuple[str, Standing]]:
        """How faces of a person's page stand: those given, or all of which anything was said.

        Of the given ones, such as are not on the page are left out. Faces that stand alike share one Standing.
        """
        if face_ids is None:
            yield from self._stood(SHOWN, reviewer, sharing, person=identity_id)
            return
        unsaid = Standing()
        for begin in range(0, len(face_ids), _AT_ONCE):
            part = self.on_page(identity_id, face_ids[begin : begin + _AT_ONCE])
            known = self.stood(part, reviewer, sharing)
            yield from ((face_id, known.get(face_id, unsaid)) for face_id in part)

    def stood(self, face_ids: Sequence[str], reviewer: str, sharing: ReviewSettings) -> dict[str, Standing]:
        """How those of the faces stand of which anything was said, on whichever page."""
        given = json.dumps(face_ids)
        return dict(self._stood("SELECT value FROM json_each(:faces)", reviewer, sharing, faces=given))

    def _stood(
        self, wanted: str, reviewer: str, sharing: ReviewSettings, **parameters: str
    ) -> Iterator[tuple[str, Standing]]:
        shared: dict[Standing, Standing] = {}
        rows = self._catalog.query(
            "SELECT face_id, kind, identity_id, reviewer, verdict, reason, decided_at, decision_id FROM latest"
            f" WHERE face_id IN ({wanted}) ORDER BY face_id",
            parameters,
        )
        for face_id, said in groupby(rows, itemgetter(0)):
            standing = stand(face_id, [Said(*row) for row in said], reviewer, sharing)
            yield face_id, shared.setdefault(standing, standing)

    def on_page(self, identity_id: str, face_ids: Sequence[str]) -> list[str]:
        """Those of the faces that stand for the person, or were moved to them."""
        rows = self._catalog.query(
            """
            SELECT value FROM json_each(:faces)
            WHERE EXISTS (SELECT 1 FROM face WHERE face_id = value AND identity_id = :person)
                  OR EXISTS (SELECT 1 FROM decision WHERE face_id = value AND identity_id = :person)
            """,
            {"person": identity_id, "faces": json.dumps(face_ids)},
        )
        return [row[0] for row in rows]

    def beside(self, identity_id: str, face_ids: Sequence[str]) -> list[str]:
        """Those of the faces whose photograph was proposed for the person, or holds a face that stands for them."""
        rows = self._catalog.query(
            "SELECT value FROM json_each(:faces) JOIN face ON face_id = value"
            f" WHERE {is_about('face.photo_sha256', ':person')}",
            {"person": identity_id, "faces": json.dumps(face_ids)},
        )
        return [row[0] for row in rows]

    def changed(self, identity_id: str, after: int) -> tuple[int, list[str]]:
        """The number of the latest row, and the faces of a page of which something was said after row `after`.

        Faces that left the page, or that an age group or a mark was set for elsewhere, are among them where a row of
        this page, or one that names the person, says so.
        """
        latest = Decisions(self._catalog).latest()
        if latest == after:
            return latest, []
        rows = self._catalog.query(
            "SELECT DISTINCT face_id FROM decision WHERE decision_id > ? AND (shown_as = ? OR identity_id = ?)",
            (after, identity_id, identity_id),
        )
        return latest, [row[0] for row in rows]

    def details(self, face_ids: Sequence[str], identity_id: str) -> list[FaceDetails]:
        """What is shown of these faces; the provenance is that of the person's candidate, or else of any other's."""
        rows = self._catalog.query(
            f"""
            SELECT face_id, face.photo_sha256, coalesce(face.identity_id, '') AS identity_id, x, y, face.width,
                   face.height, photo.width, photo.height, kept, coalesce(reasons, '[]'), coalesce(page_url, ''),
                   coalesce(licence, ''), coalesce(author, ''), coalesce(title, ''),
                   coalesce(provenance.taken_on, photo.taken_on, '')
            FROM json_each(:faces) JOIN face ON face_id = value JOIN photo ON photo.sha256 = face.photo_sha256
            LEFT JOIN ranking USING (face_id) {provenance_of("face.photo_sha256", ":person")}
            """,
            {"faces": json.dumps(face_ids), "person": identity_id},
        )
        return [
            FaceDetails(
                face_id=row[0],
                photo_sha256=row[1],
                identity_id=row[2],
                box=(row[3], row[4], row[5], row[6]),
                photo_width=row[7],
                photo_height=row[8],
                kept=bool(row[9]),
                reasons=json.loads(row[10]),
                page_url=row[11],
                licence=row[12],
                author=row[13],
                title=row[14],
                taken_on=row[15],
            )
            for row in rows
        ]

    def matching(self, identity_id: str, text: str) -> list[str]:
        """The faces of a page whose caption, author, licence, page or reasons hold the text, in any case."""
        rows = self._catalog.query(
            f"""
            SELECT DISTINCT face_id FROM face LEFT JOIN ranking USING (face_id)
            LEFT JOIN candidate USING (photo_sha256)
            WHERE face_id IN ({SHOWN})
                  AND instr(lower(coalesce(title, '') || ' ' || coalesce(author, '') || ' ' || coalesce(licence, '')
                  || ' '
                            || coalesce(page_url, '') || ' ' || coalesce(reasons, '')), lower(:text))
            """,
            {"person": identity_id, "text": text},
        )
        return [row[0] for row in rows]

    def portrait(self, identity_id: str) -> str | None:
        """The person's face in the photograph that Wikidata shows of them (P18), where it was crawled."""
        row = self._catalog.query(
            "SELECT face_id FROM face JOIN candidate USING (photo_sha256, identity_id)"
            " WHERE identity_id = ? AND found_by LIKE 'P18 of %' ORDER BY candidate_id LIMIT 1",
            (identity_id,),
        ).fetchone()
        return None if row is None else str(row[0])

    def near_duplicates(self, face_id: str) -> list[str]:
        """The faces of people, this one first, in all photographs that are near-duplicates of the face's, or hold the
        very picture of it."""
        rows = self._catalog.query(
            """
            SELECT face.face_id FROM face JOIN photo ON photo.sha256 = face.photo_sha256
            JOIN (SELECT sha256, cluster_id FROM photo WHERE sha256 = (
                  SELECT photo_sha256 FROM face WHERE face_id = :face)) AS own
            WHERE (photo.cluster_id = own.cluster_id OR photo.sha256 = own.sha256
                   OR face.face_id IN (SELECT other_id FROM conflict WHERE face_id = :face))
                  AND (face.identity_id IS NOT NULL OR face.face_id = :face)
            ORDER BY face.face_id != :face, kept DESC, photo.width * photo.height DESC, face.face_id
            """,
            {"face": face_id},
        )
        return [row[0] for row in rows]

    def disputes(self) -> list[Dispute]:
        """The faces of which people say different things, settled ones included, in the order of the manifest."""
        rows = self._catalog.query(
            """
            SELECT face_id, latest.kind, latest.identity_id, reviewer, verdict, reason, decided_at, decision_id,
            shown_as
            FROM latest JOIN identity ON identity.identity_id = shown_as
            WHERE kind IN ('verdict', 'settle') AND reviewer != 'auto' AND face_id IN (
                SELECT face_id FROM decision WHERE kind IN ('verdict', 'settle') AND reviewer != 'auto'
                GROUP BY face_id HAVING min(reviewer) != max(reviewer))
            ORDER BY position, face_id, decision_id
            """
        )
        words: dict[str, list[Said]] = {}
        page: dict[str, str] = {}
        for row in rows:
            words.setdefault(row[0], []).append(Said(*row[:8]))
            page.setdefault(row[0], row[8])
        return [
            Dispute(face_id, page[face_id], tuple(said), any(word.kind == Kind.SETTLE for word in said))
            for face_id, said in words.items()
            if differ(said)
        ]

    def judged_twice(self) -> list[tuple[Said, Said]]:
        """The verdicts of each two people on the same face, of two rows the earlier name first.

        Settling is left out, and so is what was said when the face was settled.
        """
        rows = self._catalog.query(
            """
            SELECT one.face_id, one.kind, one.identity_id, one.reviewer, one.verdict, one.reason, one.decided_at,
            one.decision_id,
                   two.face_id, two.kind, two.identity_id, two.reviewer, two.verdict, two.reason, two.decided_at,
                   two.decision_id
            FROM latest AS one JOIN latest AS two USING (face_id)
            WHERE one.kind = 'verdict' AND two.kind = 'verdict' AND one.reviewer < two.reviewer
                  AND one.reviewer != 'auto' AND two.reviewer != 'auto'
                  AND NOT EXISTS (SELECT 1 FROM latest AS known WHERE known.face_id = one.face_id
                      AND known.kind = 'settle' AND known.decision_id < max(one.decision_id, two.decision_id))
            ORDER BY one.face_id
            """
        )
        return [(Said(*row[:8]), Said(*row[8:])) for row in rows]

    def known_answers(self, sharing: ReviewSettings) -> list[tuple[str, int, int]]:
        """Of each reviewer how many honeypots they judged here, and how many of these as they were settled before."""
        rows = self._catalog.query(
            """
            WITH known AS (
                SELECT face_id, identity_id, verdict, max(decision_id) AS since FROM latest
                WHERE kind = 'settle' AND substr(face_id, 9) < ? GROUP BY face_id)
            SELECT reviewer, count(*), sum(said.verdict = known.verdict
                   AND (said.verdict = 'reject' OR said.identity_id = known.identity_id))
            FROM latest AS said JOIN known USING (face_id)
            WHERE kind = 'verdict' AND reviewer != 'auto' AND import_id IS NULL AND decision_id > since
                  AND NOT EXISTS (SELECT 1 FROM decision AS before WHERE before.face_id = said.face_id
                      AND before.reviewer = said.reviewer AND before.kind IN ('verdict', 'settle')
                      AND before.decision_id < since)
            GROUP BY reviewer ORDER BY reviewer
            """,
            (overlap_limit(sharing.honeypots),),
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def marked(self) -> list[str]:
        """sha256 of the photographs marked for removal."""
        return [row[0] for row in self._catalog.query("SELECT photo_sha256 FROM marked_photo ORDER BY 1")]

    def age_corrections(self) -> dict[tuple[str, str], str]:
        """The age group that people see, by (sha256 of the photograph, identity_id), where it is not the manifest's."""
        rows = self._catalog.query("SELECT photo_sha256, identity_id, age_group FROM age_correction")
        return {(row[0], row[1]): row[2] for row in rows}

    def portraits(self, people: Sequence[str] | None = None) -> dict[str, str]:
        """The face_id most likely right of each person, or of those given, who has ranked faces; no marked one's."""
        chosen = "" if people is None else "AND identity_id IN (SELECT value FROM json_each(:people))"
        rows = self._catalog.query(
            "SELECT identity_id, face_id, max(likely) FROM face JOIN ranking USING (face_id)"
            " WHERE kept AND identity_id IS NOT NULL AND photo_sha256 NOT IN (SELECT photo_sha256 FROM marked_photo)"
            f" {chosen} GROUP BY identity_id",
            {"people": json.dumps(people)},
        )
        return {row[0]: row[1] for row in rows}


def _as(standing: Standing) -> str:
    return standing.identity_id if standing.verdict == Verdict.ACCEPT else ""


def _version(box: Sequence[float]) -> int:
    """A small number that changes with the box."""
    x, y, width, height = box
    return int(x * 31 + y * 37 + width * 41 + height * 43) % 65_521
