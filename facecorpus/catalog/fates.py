"""What became of each candidate, from its URL to the verdict on its face."""

from dataclasses import dataclass

from facecorpus.catalog.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Fate:
    """One candidate and how far it came."""

    identity_id: str
    url: str
    outcome: str  # of the download; '' where it was never tried
    photo_sha256: str | None
    photo_state: str | None  # stored, analysed, unreadable
    face_id: str | None  # the face that stands for the person in it
    kept: bool  # no better copy of the same face is there
    verdict: str | None  # accept, reject


class Fates(Gateway):
    """Reads across all tables."""

    def all(self) -> list[Fate]:
        """The fate of every candidate of listed people, in the order of proposal."""
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
        return [Fate(**{**dict(row), "kept": bool(row["kept"])}) for row in rows]
