"""What a person's faces are chosen by on the review page: where they come from, and how good their pictures are."""

from collections.abc import Iterator
from dataclasses import dataclass

from facecorpus.catalog.connection import Gateway
from facecorpus.catalog.faces import provenance_of
from facecorpus.catalog.review import SHOWN


@dataclass(frozen=True, slots=True)
class Traits:
    """What one face on a person's page is chosen and sorted by."""

    face_id: str
    reasons: str  # a JSON list: why to look at it
    source: str  # '' where no candidate is known
    licence: str
    taken_on: str  # ISO date, may be cut to the month or year; '' where it is not known
    width: float  # of the face's box, in pixels
    sharpness: float  # variance of the Laplacian
    yaw: float  # degrees
    chroma: float | None  # grey levels; near 0: greyscale


class TraitsOfFaces(Gateway):
    """The same columns of tables face, ranking and candidate for each face of a page."""

    def of(self, identity_id: str) -> Iterator[Traits]:
        """Those of all faces on a person's page; the candidate is the person's own, or else any other's."""
        rows = self._catalog.query(
            f"""
            SELECT face_id, coalesce(reasons, '[]'), coalesce(source, ''), coalesce(licence, ''),
                   coalesce(provenance.taken_on, photo.taken_on, ''), face.width, sharpness, yaw, chroma
            FROM face JOIN photo ON photo.sha256 = face.photo_sha256 LEFT JOIN ranking USING (face_id)
            {provenance_of("face.photo_sha256", ":person")} WHERE face_id IN ({SHOWN})
            """,
            {"person": identity_id},
        )
        return (Traits(*row) for row in rows)
