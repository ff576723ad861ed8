"""Decisions that travel between machines: what this catalog gives, and how it takes others' words over."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from facecorpus.catalog.connection import Gateway, now
from facecorpus.catalog.drawn import WHOLE, is_whole_photograph
from facecorpus.catalog.faces import named_after
from facecorpus.words import Kind, Verdict


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A reviewer's latest word on a face as it travels between machines."""

    face_id: str
    photo_sha256: str
    identity_id: str
    shown_as: str
    reviewer: str
    kind: str
    verdict: str
    reason: str
    decided_at: str


class Merged(StrEnum):
    """What becomes of a word from another machine."""

    ADDED = "added"
    KNOWN = "known"
    OLDER = "older"  # the reviewer has said something newer here
    NO_FACE = "no face"
    NO_PERSON = "no person"


@dataclass(frozen=True, slots=True)
class Import:
    """A file that was taken over."""

    number: int
    file: str
    imported_at: str
    standing: int  # words of it that no later one of the same reviewer has replaced
    reviewers: tuple[str, ...]


class _Word(NamedTuple):
    decided_at: str
    identity_id: str
    verdict: str


class Exchange(Gateway):
    """Table import, and the decisions of others."""

    def given(self) -> list[Exchanged]:
        """Each reviewer's latest row of each kind on each face, the oldest first.

        What a person withdrew is among them; what was taken back here as a whole is not: the reviewer did not say so.
        """
        rows = self._catalog.query(
            f"""
            SELECT said.face_id, photo.sha256, said.identity_id, shown_as, reviewer, kind, verdict, reason, decided_at
            FROM decision AS said
            JOIN photo ON {named_after("photo.sha256", "face_id")}
            WHERE (kind = 'box' OR face_id LIKE '%{WHOLE}'
                   OR EXISTS (SELECT 1 FROM face WHERE face.face_id = said.face_id))
            AND reason IS NOT 'withdrawn' AND decision_id = (
                SELECT max(decision_id) FROM decision AS other WHERE other.face_id = said.face_id
                AND other.reviewer = said.reviewer AND other.kind = said.kind) ORDER BY decision_id
            """
        )
        return [Exchanged(*row) for row in rows]

    def reviewers_here(self) -> set[str]:
        """The names under which something was said here, not taken over from a file."""
        return {row[0] for row in self._catalog.query("SELECT DISTINCT reviewer FROM decision WHERE import_id IS NULL")}

    def reviewers(self) -> set[str]:
        """All names under which anything was said."""
        return {row[0] for row in self._catalog.query("SELECT DISTINCT reviewer FROM decision")}

    def compared(self, words: Sequence[Exchanged]) -> list[Merged]:
        """What would become of each word: what is newer than the same reviewer's latest one here is added."""
        people = {row[0] for row in self._catalog.query("SELECT identity_id FROM identity")}
        drawn = {word.face_id for word in words if word.kind == Kind.BOX and word.verdict == Verdict.DRAWN}
        moment = now()
        latest: dict[tuple[str, str, str], _Word] = {}
        outcomes = []
        for word in words:
            outcome = self._place(word, people, drawn)
            if outcome == Merged.ADDED:
                key, said = (word.face_id, word.reviewer, word.kind), _said(word)
                here = latest.get(key) or self._latest(word)
                # An earlier version took over times to come: nobody has spoken then.
                if here is not None and said.decided_at <= here.decided_at <= moment:
                    outcome = Merged.KNOWN if said == here else Merged.OLDER
                else:
                    latest[key] = said
            outcomes.append(outcome)
        return outcomes

    def add(self, words: Sequence[Exchanged], file: str) -> int:
        """Append these words as one import of a file of that name, all or nothing; return its number."""
        with self._catalog.transaction() as connection:
            number = connection.execute("INSERT INTO import (file, imported_at) VALUES (?, ?)", (file, now())).lastrowid
            connection.executemany(
                "INSERT INTO decision (face_id, identity_id, reviewer, kind, verdict, reason, decided_at, shown_as,"
                " import_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        *(word.face_id, word.identity_id, word.reviewer, word.kind, word.verdict),
                        *("" if word.verdict == Verdict.UNDECIDED else word.reason, word.decided_at, word.shown_as),
                        number,
                    )
                    for word in words
                ],
            )
            return int(number or 0)

    def imports(self) -> list[Import]:
        """Every file that was taken over, the latest last."""
        rows = self._catalog.query(
            """
            SELECT import.import_id, file, imported_at, count(reviewer), json_group_array(DISTINCT reviewer)
            FROM import LEFT JOIN latest USING (import_id) GROUP BY 1 ORDER BY 1
            """
        )
        return [
            Import(number, file, imported_at, standing, tuple(sorted(filter(None, json.loads(reviewers)))))
            for number, file, imported_at, standing, reviewers in rows
        ]

    def _place(self, word: Exchanged, people: set[str], drawn: set[str]) -> Merged:
        face = self._catalog.query("SELECT photo_sha256 FROM face WHERE face_id = ?", (word.face_id,)).fetchone()
        if face is None and (word.kind == Kind.BOX or is_whole_photograph(word.face_id) or word.face_id in drawn):
            face = self._catalog.query("SELECT sha256 FROM photo WHERE sha256 = ?", (word.photo_sha256,)).fetchone()
        if face is None or face[0] != word.photo_sha256:
            return Merged.NO_FACE
        return Merged.ADDED if {word.identity_id, word.shown_as} <= people else Merged.NO_PERSON

    def _latest(self, word: Exchanged) -> _Word | None:
        row = self._catalog.query(
            "SELECT decided_at, identity_id, verdict FROM decision WHERE face_id = ? AND reviewer = ? AND kind = ?"
            " ORDER BY decision_id DESC LIMIT 1",
            (word.face_id, word.reviewer, word.kind),
        ).fetchone()
        return _Word(*row) if row else None


def _said(word: Exchanged) -> _Word:
    return _Word(word.decided_at, word.identity_id, word.verdict)
