"""What the overview counts of each person, kept between requests: whoever something was said of is counted anew."""

from collections.abc import Sequence
from dataclasses import dataclass

from facecorpus.catalog import Catalog
from facecorpus.settings import ReviewSettings


@dataclass(frozen=True, slots=True)
class Count:
    """How far one reviewer is with one person."""

    faces: int  # near-duplicates left out
    left: int
    faceless: int  # photographs without a face that nobody has looked at
    portrait: str | None  # face_id


@dataclass(slots=True)
class _Known:
    version: int  # of the catalog, as other connections change it
    latest: int  # the last row of the journal that is counted
    people: dict[str, Count]  # in the manifest's order


class Counts:
    """The counts of each reviewer who has asked."""

    def __init__(self, sharing: ReviewSettings) -> None:
        self._sharing = sharing
        self._known: dict[str, _Known] = {}  # by reviewer

    def of(self, catalog: Catalog, reviewer: str) -> dict[str, Count]:
        """By identity_id the counts of all listed people, in the manifest's order."""
        version, latest = catalog.descriptors.version(), catalog.decisions.latest()
        known = self._known.get(reviewer)
        if known is None or known.version != version:
            self._known[reviewer] = known = _Known(version, latest, self._count(catalog, reviewer, None))
        elif known.latest != latest:
            known.people |= self._count(catalog, reviewer, catalog.progress.touched(known.latest))
            known.latest = latest
        return known.people

    def _count(self, catalog: Catalog, reviewer: str, people: Sequence[str] | None) -> dict[str, Count]:
        portraits, faceless = catalog.review.portraits(people), catalog.drawn.left(people)
        return {
            one.identity_id: Count(
                one.faces, one.left, faceless.get(one.identity_id, 0), portraits.get(one.identity_id)
            )
            for one in catalog.progress.of(reviewer, self._sharing, people)
        }
