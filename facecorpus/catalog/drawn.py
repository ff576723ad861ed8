"""What people say of photographs in which no face was found: that there is none, a box around one, or to remove it.

A box is a decision, and the face's row follows from it and from the photograph: where it is missing (another machine, a
catalog that was lost, a kill in between) it can be made again.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from facecorpus.catalog.connection import Gateway
from facecorpus.catalog.faces import SPEAKS_FIRST, is_about, named_after
from facecorpus.records import Box

_BOX = re.compile(r"\d{1,6},\d{1,6},[1-9]\d{0,5},[1-9]\d{0,5}")
_BESIDE_ANY_DETECTOR = 100_000  # no detector finds so many faces in a photograph
WHOLE = "-photograph"
"""Ends what stands for a whole photograph where a decision has a face_id."""

# Analysed photographs that were proposed for listed people, show no face and are not marked for removal; each with what
# stands for it.
_FACELESS = f"""
    SELECT DISTINCT candidate.identity_id, photo.sha256, substr(photo.sha256, 1, 24) || '{WHOLE}' AS whole
    FROM candidate JOIN photo ON photo.sha256 = candidate.photo_sha256
    WHERE photo.state = 'analysed' AND NOT EXISTS (SELECT 1 FROM face WHERE face.photo_sha256 = photo.sha256)
          AND photo.sha256 NOT IN (SELECT photo_sha256 FROM marked_photo)
"""
_SAID = "EXISTS (SELECT 1 FROM latest WHERE face_id = whole AND kind = 'photograph')"


def whole_photograph(sha256: str) -> str:
    """What stands for a photograph where a decision has a face_id."""
    return f"{sha256[:24]}{WHOLE}"


def is_whole_photograph(name: str) -> bool:
    """Whether it stands for a photograph, not for a face."""
    return name.endswith(WHOLE)


def box_text(box: Box) -> str:
    """A box as a decision states it: whole pixels of the upright photograph."""
    return ",".join(str(round(value)) for value in box)


def box_of(text: str) -> Box | None:
    """The box that a decision states; None where it states none."""
    if not _BOX.fullmatch(text):
        return None
    x, y, width, height = map(float, text.split(","))
    return x, y, width, height


def drawn_face(sha256: str, text: str) -> str:
    """The face_id of a box: the same on every machine, another for each box."""
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())
    return f"{sha256[:24]}-{_BESIDE_ANY_DETECTOR + number % (9 * _BESIDE_ANY_DETECTOR)}"


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """A box that holds, and whose face is still to be made."""

    face_id: str
    photo_sha256: str
    box: Box
    photo_width: int
    photo_height: int


@dataclass(frozen=True, slots=True)
class Faceless:
    """A photograph in which no face was found, as the page shows it."""

    face_id: str  # by which decisions name it
    photo_sha256: str
    photo_width: int
    photo_height: int
    page_url: str
    licence: str
    author: str
    title: str
    taken_on: str
    no_face: bool  # somebody has looked at it


class Drawn(Gateway):
    """Decisions of the kinds box and photograph."""

    def waiting(self) -> list[DrawnBox]:
        """The boxes that hold and have no face yet, in the order of face_id."""
        rows = self._catalog.query(
            f"""
            SELECT face_id, sha256, reason, width, height FROM latest
            JOIN photo ON {named_after("sha256", "face_id")}
            WHERE kind = 'box' AND state = 'analysed' AND face_id NOT IN (SELECT face_id FROM face)
            GROUP BY face_id ORDER BY face_id
            """
        )
        found = [(row, box_of(row["reason"])) for row in rows]
        return [DrawnBox(row[0], row[1], box, row[3], row[4]) for row, box in found if box]

    def taken_back(self, face_ids: Sequence[str]) -> list[str]:
        """Those of the faces that were drawn, and are there no more."""
        rows = self._catalog.query(
            "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT face_id FROM face)"
            " AND EXISTS (SELECT 1 FROM decision WHERE face_id = value AND kind = 'box')",
            (json.dumps(face_ids),),
        )
        return [row[0] for row in rows]

    def faceless(self, identity_id: str) -> list[Faceless]:
        """The photographs of one person that show no face, those that nobody has looked at first."""
        rows = self._catalog.query(
            f"""
            SELECT whole AS face_id, photo.sha256 AS photo_sha256, photo.width AS photo_width,
                   photo.height AS photo_height, page_url, licence, author, title,
                   coalesce(candidate.taken_on, photo.taken_on, '') AS taken_on, {_SAID} AS no_face
            FROM ({_FACELESS}) AS seen JOIN photo ON photo.sha256 = seen.sha256
            JOIN candidate ON candidate_id = (
                SELECT candidate_id FROM candidate AS own WHERE own.photo_sha256 = photo.sha256
                AND own.identity_id = seen.identity_id ORDER BY {SPEAKS_FIRST} LIMIT 1)
            WHERE seen.identity_id = ? ORDER BY no_face, rank, whole
            """,
            (identity_id,),
        )
        return [Faceless(**{**dict(row), "no_face": bool(row["no_face"])}) for row in rows]

    def left(self, people: Sequence[str] | None = None) -> dict[str, int]:
        """By identity_id how many photographs of all listed people, or of some, show no face and were not looked at."""
        chosen = "" if people is None else "AND identity_id IN (SELECT value FROM json_each(:people))"
        rows = self._catalog.query(
            f"SELECT identity_id, count(*) FROM ({_FACELESS}) JOIN identity USING (identity_id)"
            f" WHERE listed {chosen} AND NOT {_SAID} GROUP BY identity_id",
            {"people": json.dumps(people)},
        )
        return {row[0]: row[1] for row in rows}

    def size(self, identity_id: str, sha256: str) -> tuple[int, int] | None:
        """Width and height of an analysed photograph that was proposed for the person, or shows them; else None."""
        row = self._catalog.query(
            "SELECT width, height FROM photo WHERE sha256 = :photo AND state = 'analysed'"
            f" AND {is_about(':photo', ':person')}",
            {"photo": sha256, "person": identity_id},
        ).fetchone()
        return None if row is None else (row[0], row[1])

    def on_page(self, identity_id: str, names: Sequence[str]) -> list[str]:
        """Those of the names that stand for photographs which were proposed for the person."""
        rows = self._catalog.query(
            f"""
            SELECT value FROM json_each(:names) WHERE value LIKE '%{WHOLE}' AND EXISTS (
                SELECT 1 FROM candidate WHERE identity_id = :person AND {named_after("photo_sha256", "value")})
            """,
            {"person": identity_id, "names": json.dumps(names)},
        )
        return [row[0] for row in rows]
