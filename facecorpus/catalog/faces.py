"""Faces: who they stand for, how they rank, and the rows that review and build read."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np

from facecorpus.catalog.connection import Gateway
from facecorpus.records import AcceptedFace, Box, Conflict, Face, RankedFace, Ranking, SubjectFace
from facecorpus.words import Section

SPEAKS_FIRST = "(licence = ''), rank, candidate_id"
"""The order of a photograph's candidates: the first speaks for it, one with a stated licence before others."""

TAKEN_ON = f"""
    coalesce((SELECT taken_on FROM candidate AS own
              WHERE own.photo_sha256 = face.photo_sha256 AND own.identity_id = face.identity_id
              ORDER BY {SPEAKS_FIRST} LIMIT 1), photo.taken_on)
"""
"""When a face's photograph was taken, by the candidate that speaks for it as its person's, or else by itself."""

# Photographs on the list of removals, by their hash or by any of their addresses, and those marked to be.
TAKEN_DOWN = """
    taken_down AS (
        SELECT sha256 FROM photo
              WHERE EXISTS (SELECT 1 FROM removal) AND removal_key(sha256) IN (SELECT removal_key(key) FROM removal)
        UNION SELECT photo_sha256 FROM marked_photo
        UNION SELECT photo_sha256 FROM candidate
              WHERE EXISTS (SELECT 1 FROM removal) AND photo_sha256 IS NOT NULL
                    AND removal_key(url) IN (SELECT removal_key(key) FROM removal))
"""


def provenance_of(photo: str, identity: str) -> str:
    """A join of the candidate that speaks for the photograph as that person's picture; both are named as in the query.

    Where it was not proposed for that person (a face that was moved to them, a bystander), any other's speaks for it.
    """
    best = f"ORDER BY {SPEAKS_FIRST} LIMIT 1"
    return f"""
        LEFT JOIN candidate AS provenance ON provenance.candidate_id = coalesce(
            (SELECT candidate_id FROM candidate AS own
             WHERE own.photo_sha256 = {photo} AND own.identity_id = {identity} {best}),
            (SELECT candidate_id FROM candidate AS other WHERE other.photo_sha256 = {photo} {best}))
        """


def is_about(photo: str, identity: str) -> str:
    """A condition: the photograph was proposed for that person, or holds a face that is theirs by what was said."""
    return f"""
        (EXISTS (SELECT 1 FROM candidate AS own WHERE own.photo_sha256 = {photo} AND own.identity_id = {identity})
         OR EXISTS (SELECT 1 FROM face AS other LEFT JOIN verdict USING (face_id)
                    WHERE other.photo_sha256 = {photo}
                          AND coalesce(verdict.identity_id, other.identity_id) = {identity}))
        """


def named_after(photo: str, face: str) -> str:
    """A condition that an index answers: the face, or what stands for one, is named after that photograph."""
    return f"({photo} >= substr({face}, 1, 24) AND {photo} < substr({face}, 1, 24) || 'g')"


AS_THE_PERSON = """
    CASE WHEN verdict.identity_id = face.identity_id THEN verdict.verdict
         WHEN verdict.verdict = 'accept' THEN 'reject' -- it is somebody else
    END
"""
"""The verdict on a face as a picture of the person it stands for."""


class Faces(Gateway):
    """Tables face and ranking."""

    def with_proposals(self) -> list[tuple[Face, tuple[str, ...]]]:
        """Every face with the listed identities for which its photograph was proposed, ordered by face_id."""
        proposed: dict[str, list[str]] = {}
        for row in self._catalog.query(
            "SELECT DISTINCT photo_sha256, identity_id, position FROM candidate JOIN identity USING (identity_id)"
            " WHERE photo_sha256 IS NOT NULL AND listed ORDER BY position"
        ):
            proposed.setdefault(row[0], []).append(row[1])
        rows = self._catalog.query("SELECT * FROM face ORDER BY face_id")
        return [(_face(row), tuple(proposed.get(row["photo_sha256"], ()))) for row in rows]

    def assign(self, identity_of: Mapping[str, str]) -> None:
        """Say which faces stand for whom; every other face is a bystander. Replaces all earlier assignments.

        Only rows that change are written.
        """
        with self._catalog.aside("named TEXT PRIMARY KEY, person TEXT") as aside:
            aside.executemany("INSERT INTO aside VALUES (?, ?)", identity_of.items())
            wanted = "(SELECT person FROM aside WHERE named = face_id)"
            with self._catalog.transaction() as connection:
                connection.execute(f"UPDATE face SET identity_id = {wanted} WHERE identity_id IS NOT {wanted}")

    def listed(self) -> list[str]:
        """The people of the manifest, in its order."""
        rows = self._catalog.query("SELECT identity_id FROM identity WHERE listed ORDER BY position")
        return [row[0] for row in rows]

    def subjects(self) -> list[SubjectFace]:
        """The faces that stand for listed people, ordered by person and face_id."""
        return [subject for identity_id in self.listed() for subject in self.subjects_of(identity_id)]

    def subjects_of(self, identity_id: str, *, auto: bool = True) -> list[SubjectFace]:
        """The faces that stand for one person, with what ranking needs, ordered by face_id.

        Without `auto`, verdicts of the automatic policy are none.
        """
        rows = self._catalog.query(
            f"""
            SELECT face.*, coalesce(photo.cluster_id, photo.sha256) AS cluster, photo.width AS photo_width,
                   photo.height AS photo_height, {TAKEN_ON} AS taken_on,
                   (SELECT count(*) FROM face AS other WHERE other.photo_sha256 = face.photo_sha256) AS company,
                   {AS_THE_PERSON} AS verdict, coalesce(verdict.reason, '') AS reason
            FROM face JOIN photo ON photo.sha256 = face.photo_sha256
            LEFT JOIN verdict ON verdict.face_id = face.face_id AND (:auto OR verdict.reviewer != 'auto')
            WHERE face.identity_id = :person ORDER BY face_id
            """,
            {"person": identity_id, "auto": auto},
        ).fetchall()
        claimed: dict[str, list[str]] = {}
        for conflict in self.conflicts([row["face_id"] for row in rows]):
            claimed.setdefault(conflict.face_id, []).append(conflict.other_identity_id)
        return [
            SubjectFace(
                face=_face(row),
                identity_id=row["identity_id"],
                kept=bool(row["kept"]),
                cluster_id=row["cluster"],
                photo_width=row["photo_width"],
                photo_height=row["photo_height"],
                faces_in_photo=row["company"],
                taken_on=row["taken_on"],
                verdict=row["verdict"],
                also_stands_for=tuple(dict.fromkeys(claimed.get(row["face_id"], ()))),
                reason=row["reason"],
            )
            for row in rows
        ]

    def conflicts(self, face_ids: Sequence[str] | None = None) -> list[Conflict]:
        """The faces, of all or of those given, of which a copy stands for somebody else who is listed.

        Ordered by face_id; each pair both ways.
        """
        asked = "" if face_ids is None else "AND conflict.face_id IN (SELECT value FROM json_each(?))"
        rows = self._catalog.query(
            f"""
            SELECT conflict.face_id, other_id, other.identity_id FROM conflict
            JOIN face USING (face_id) JOIN face AS other ON other.face_id = other_id
            JOIN identity ON identity.identity_id = other.identity_id
            WHERE listed AND face.identity_id != other.identity_id {asked} ORDER BY conflict.face_id, other_id
            """,
            () if face_ids is None else (json.dumps(list(face_ids)),),
        )
        return [Conflict(*row) for row in rows]

    def rank(self, rankings: Iterable[Ranking]) -> None:
        """Replace the ranking of all faces once all are there: until then others can write."""
        columns = "face_id, likely, section, reasons, alike"
        rows = ((r.face_id, r.likely, r.section, json.dumps(r.reasons, ensure_ascii=False), r.alike) for r in rankings)
        with self._catalog.aside(columns) as connection:
            connection.executemany("INSERT INTO aside VALUES (?, ?, ?, ?, ?)", rows)
            with self._catalog.transaction():
                connection.execute("DELETE FROM ranking")
                connection.execute(f"INSERT INTO ranking ({columns}) SELECT * FROM aside")

    def some_not_ranked(self) -> bool:
        """Whether a face stands for a listed person and no ranking has judged it yet."""
        row = self._catalog.query(
            "SELECT EXISTS (SELECT 1 FROM face JOIN identity USING (identity_id) WHERE listed"
            " AND face_id NOT IN (SELECT face_id FROM ranking))"
        ).fetchone()
        return bool(row[0])

    def for_review(self, identity_id: str) -> list[RankedFace]:
        """The ranked faces of one person, near-duplicates included, the most suspicious first."""
        rows = self._catalog.query(
            """
            SELECT face_id, photo_sha256, identity_id, likely, section, reasons, kept, verdict, reason, reviewer
            FROM face JOIN ranking USING (face_id) LEFT JOIN verdict USING (face_id, identity_id)
            WHERE identity_id = ? ORDER BY likely, face_id
            """,
            (identity_id,),
        )
        return [
            RankedFace(
                **dict(row)
                | {
                    "section": Section(row["section"]),
                    "reasons": tuple(json.loads(row["reasons"])),
                    "kept": bool(row["kept"]),
                }
            )
            for row in rows
        ]

    def left(self) -> dict[str, tuple[int, int]]:
        """By identity_id: the kept faces that were ranked, and those of them that the ranking leaves to people."""
        rows = self._catalog.query(
            "SELECT identity_id, count(*), sum(section = ?) FROM face JOIN ranking USING (face_id)"
            " WHERE kept AND identity_id IS NOT NULL GROUP BY identity_id",
            (Section.LOOK,),
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def accepted(self, embeddings: bool = False, bystanders: bool = False) -> Iterator[AcceptedFace]:
        """Faces accepted in review, of listed people, copies included, ordered by person and face_id.

        Nothing that was taken down is among them, by its photograph's hash or by any of its addresses. `embeddings`
        gives each its descriptor, `bystanders` the boxes of its photograph's other faces.
        """
        others = self.boxes() if bystanders else {}
        rows = self._catalog.query(
            f"""
            WITH {TAKEN_DOWN}
            SELECT face.*, verdict.identity_id AS judged_as, photo.width AS photo_width,
                   photo.height AS photo_height, coalesce(photo.cluster_id, photo.sha256) AS cluster,
                   coalesce(provenance.taken_on, photo.taken_on) AS taken_on, provenance.source, provenance.url,
                   provenance.page_url, provenance.licence, provenance.licence_url, provenance.author,
                   provenance.title, photo.bytes, photo.media_type, verdict.reviewer, verdict.decided_at
            FROM verdict JOIN face USING (face_id) JOIN photo ON photo.sha256 = face.photo_sha256
            JOIN identity ON identity.identity_id = verdict.identity_id
            {provenance_of("face.photo_sha256", "verdict.identity_id")}
            WHERE verdict.verdict = 'accept' AND listed
                  AND face.photo_sha256 NOT IN (SELECT sha256 FROM taken_down)
            ORDER BY position, face_id
            """
        )
        for row in rows:
            yield AcceptedFace(
                face_id=row["face_id"],
                photo_sha256=row["photo_sha256"],
                identity_id=row["judged_as"],
                box=(row["x"], row["y"], row["width"], row["height"]),
                landmarks=_floats(row["landmarks"]).reshape(5, 2),
                detector=row["detector"],
                score=row["score"],
                sharpness=row["sharpness"],
                cluster_id=row["cluster"],
                width=row["photo_width"],
                height=row["photo_height"],
                taken_on=row["taken_on"],
                source=row["source"] or "",
                source_url=row["url"] or "",
                page_url=row["page_url"] or "",
                licence=row["licence"] or "",
                licence_url=row["licence_url"] or "",
                author=row["author"] or "",
                reviewed_by=row["reviewer"],
                reviewed_at=row["decided_at"],
                title=row["title"] or "",
                bytes=row["bytes"],
                media_type=row["media_type"],
                embedding=_floats(row["embedding"]) if embeddings else None,
                descriptor=row["descriptor"],
                **{name: row[name] for name in ("brightness", "contrast", "yaw", "pitch", "roll")},
                bystanders=tuple(
                    box for face_id, box in others.get(row["photo_sha256"], ()) if face_id != row["face_id"]
                ),
            )

    def boxes(self, photo_sha256: str | None = None) -> dict[str, list[tuple[str, Box]]]:
        """The face_id and box of every face by photograph, of all or of the one that is given, ordered by face_id."""
        rows = self._catalog.query(
            "SELECT photo_sha256, face_id, x, y, width, height FROM face"
            " WHERE :one IS NULL OR photo_sha256 = :one ORDER BY face_id",
            {"one": photo_sha256},
        )
        found: dict[str, list[tuple[str, Box]]] = {}
        for photo, face_id, *box in rows:
            found.setdefault(photo, []).append((face_id, tuple(box)))
        return found

    def used_names(self, photo_sha256: str) -> set[str]:
        """Every face_id of that photograph that a face has, or of which anything was ever said."""
        rows = self._catalog.query(
            "SELECT face_id FROM face WHERE photo_sha256 = :photo UNION"
            " SELECT face_id FROM decision WHERE face_id > :name || '-' AND face_id < :name || '.'",
            {"photo": photo_sha256, "name": photo_sha256[:24]},
        )
        return {row[0] for row in rows}

    def describe(self, face_id: str, embedding: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]", by: str) -> None:
        """Replace a face's descriptor by another network's."""
        with self._catalog.transaction() as connection:
            connection.execute(
                "UPDATE face SET embedding = ?, descriptor = ? WHERE face_id = ?", (embedding.tobytes(), by, face_id)
            )

    def drop(self, face_ids: Collection[str]) -> None:
        """Delete faces that another analysis did not find."""
        with self._catalog.transaction() as connection:
            connection.executemany("DELETE FROM face WHERE face_id = ?", [(face_id,) for face_id in sorted(face_ids)])

    def withheld(self) -> dict[str, int]:
        """How many accepted faces accepted() leaves out, by reason, each counted once."""
        row = self._catalog.query(
            f"""
            WITH {TAKEN_DOWN}, left_out AS (
                SELECT face.photo_sha256 IN (SELECT sha256 FROM taken_down) AS removed, listed
                FROM verdict JOIN face USING (face_id)
                JOIN identity ON identity.identity_id = verdict.identity_id
                WHERE verdict.verdict = 'accept')
            SELECT coalesce(sum(removed), 0), coalesce(sum(NOT removed AND NOT listed), 0) FROM left_out
            """
        ).fetchone()
        return {
            "taken down": row[0],
            "of people who are no longer in the manifest": row[1],
        }


def _floats(blob: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return np.frombuffer(blob, np.float32)


def _face(row: sqlite3.Row) -> Face:
    return Face(
        face_id=row["face_id"],
        photo_sha256=row["photo_sha256"],
        box=(row["x"], row["y"], row["width"], row["height"]),
        landmarks=_floats(row["landmarks"]).reshape(5, 2),
        detector=row["detector"],
        score=row["score"],
        embedding=_floats(row["embedding"]),
        descriptor=row["descriptor"],
        sharpness=row["sharpness"],
        brightness=row["brightness"],
        contrast=row["contrast"],
        yaw=row["yaw"],
        phash=row["phash"],
        dhash=row["dhash"],
        pitch=row["pitch"],
        roll=row["roll"],
        dark=row["dark"],
        light=row["light"],
        chroma=row["chroma"],
    )
