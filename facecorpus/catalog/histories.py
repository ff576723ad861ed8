"""What became of each candidate, from its URL to the verdict on its face."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from facecorpus.catalog.candidates import download_of
from facecorpus.catalog.connection import Gateway
from facecorpus.records import Download


@dataclass(frozen=True, slots=True)
class CandidateHistory:
    """One candidate and how far it came."""

    identity_id: str
    url: str
    outcome: str  # of the download; '' where it was never tried
    photo_sha256: str | None
    photo_state: str | None  # a PhotoState
    face_id: str | None  # the face that stands for the person in it
    kept: bool  # no better copy of the same face is there
    verdict: str | None  # a Verdict


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who proposed a URL, for whom, and how its download stands."""

    identity_id: str
    listed: bool  # in the manifest now
    source: str
    url: str
    page_url: str
    rank: int
    title: str
    licence: str
    author: str
    taken_on: str | None
    found_by: str
    state: str  # a CandidateState
    outcome: str
    photo_sha256: str | None


@dataclass(frozen=True, slots=True)
class PhotographHistory:
    """A photograph in the store, and what its analysis said."""

    sha256: str
    media_type: str
    bytes: int
    width: int | None
    height: int | None
    state: str  # a PhotoState
    error: str
    near_duplicates: tuple[str, ...]  # sha256 of the others in its cluster


@dataclass(frozen=True, slots=True)
class FaceHistory:
    """A face, the person for whom it stands, and the word on it that counts."""

    face_id: str
    identity_id: str | None  # None: a bystander
    kept: bool
    section: str | None  # a Section
    verdict: str | None
    reviewer: str | None
    reason: str | None


class Histories(Gateway):
    """Reads across all tables."""

    def all(self) -> list[CandidateHistory]:
        """What became of every candidate of listed people, in the order of proposal."""
        rows = self._catalog.query(
            """
            SELECT candidate.identity_id, url, outcome, candidate.photo_sha256, photo.state AS photo_state,
                   face.face_id, coalesce(face.kept, 0) AS kept, verdict.verdict
            FROM candidate JOIN identity ON identity.identity_id = candidate.identity_id
            LEFT JOIN photo ON photo.sha256 = candidate.photo_sha256
            LEFT JOIN face ON face.photo_sha256 = candidate.photo_sha256
                 AND face.identity_id = candidate.identity_id
            LEFT JOIN verdict USING (face_id)
            WHERE listed ORDER BY candidate_id
            """
        )
        return [CandidateHistory(**{**dict(row), "kept": bool(row["kept"])}) for row in rows]

    def proposals(self, name: str) -> list[Proposal]:
        """Who proposed a URL, the page of that address, or the photograph of that sha256."""
        for column in ("url", "photo_sha256", "page_url"):
            rows = self._catalog.query(
                "SELECT identity_id, listed, source, url, page_url, rank, title, licence, author, taken_on, found_by,"
                " state, outcome, photo_sha256 FROM candidate JOIN identity USING (identity_id)"
                f" WHERE {column} = ? ORDER BY candidate_id",
                (name,),
            ).fetchall()
            if rows:
                return [Proposal(**{**dict(row), "listed": bool(row["listed"])}) for row in rows]
        return []

    def addresses(self, file_name: str) -> list[str]:
        """The URLs of the candidates whose file has this name, in an archive too."""
        ends = json.dumps([f"/{file_name}", f"/{quote(file_name)}"])
        rows = self._catalog.query(
            "SELECT DISTINCT url FROM candidate, json_each(?) WHERE substr(url, -length(value)) = value ORDER BY url",
            (ends,),
        )
        return [row[0] for row in rows]

    def tries(self, urls: Sequence[str]) -> list[Download]:
        """Every try to download one of these URLs, in their order."""
        rows = self._catalog.query(
            f"SELECT * FROM download WHERE url IN ({', '.join('?' * len(urls))}) ORDER BY download_id", tuple(urls)
        )
        return [download_of(row) for row in rows]

    def photograph(self, sha256: str) -> PhotographHistory | None:
        """The photograph of that hash, where it is stored."""
        row = self._catalog.query("SELECT * FROM photo WHERE sha256 = ?", (sha256,)).fetchone()
        if row is None:
            return None
        others = self._catalog.query(
            "SELECT sha256 FROM photo WHERE cluster_id = ? AND sha256 != ?", (row["cluster_id"], sha256)
        )
        fields = [field for field in PhotographHistory.__dataclass_fields__ if field != "near_duplicates"]
        return PhotographHistory(**{f: row[f] for f in fields}, near_duplicates=tuple(other[0] for other in others))

    def faces(self, sha256: str) -> list[FaceHistory]:
        """The faces of a photograph, in their order."""
        rows = self._catalog.query(
            """
            SELECT face_id, coalesce(verdict.identity_id, face.identity_id) AS identity_id, kept, section,
                   verdict, reviewer, reason
            FROM face LEFT JOIN ranking USING (face_id) LEFT JOIN verdict USING (face_id)
            WHERE photo_sha256 = ? ORDER BY face_id
            """,
            (sha256,),
        )
        return [FaceHistory(**{**dict(row), "kept": bool(row["kept"])}) for row in rows]

    def removed_at(self, name: str) -> str | None:
        """When a URL or a photograph's sha256 was put on the removal list; None where it is not on it."""
        row = self._catalog.query(
            "SELECT removed_at FROM removal WHERE removal_key(key) = removal_key(?)", (name,)
        ).fetchone()
        return row[0] if row else None
