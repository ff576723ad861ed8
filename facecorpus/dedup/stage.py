"""The command `dedup`: cluster near-duplicates in the catalog, and say which copy of each face is kept."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facecorpus.catalog.photos import HashedPhoto
from facecorpus.console import duration, track
from facecorpus.corpus import Corpus
from facecorpus.dedup.cluster import cluster, copies


@dataclass(frozen=True)
class DedupSummary:
    """What deduplication found."""

    photographs: int  # analysed ones
    exact_duplicates: int  # further addresses that gave the very bytes of a photograph
    near_duplicates: int  # photographs that are copies of another one
    clusters: int  # of two and more photographs
    largest_cluster: int  # photographs
    across_identities: int  # clusters whose faces stand for more than one person
    faces_not_kept: int  # a better copy stands for them
    accepted_not_kept: int  # of these, how many a person had accepted
    seconds: float

    def __str__(self) -> str:
        accepted = (
            f" {self.accepted_not_kept} of them had been accepted; the accepted copy that is better stays."
            if self.accepted_not_kept
            else ""
        )
        return (
            f"{self.photographs} photographs: {self.near_duplicates} are near-duplicates, in {self.clusters} clusters"
            f" (the largest has {self.largest_cluster} photographs, {self.across_identities} show several listed"
            f" people); {self.exact_duplicates} more addresses gave the very same files."
            f" {self.faces_not_kept} faces are copies of better ones.{accepted} Took {duration(self.seconds)}."
        )


def find_duplicates(corpus: Corpus) -> DedupSummary:
    """Cluster all analysed photographs anew; the same photographs and verdicts give the same clusters."""
    begun = time.monotonic()
    with corpus.catalog() as catalog:
        photos = catalog.photos.hashed()
        with track("comparing", len(photos) + sum(len(photo.faces) for photo in photos)) as tracker:
            cluster_of = cluster(photos, corpus.settings.dedup, tracker.advance)
        not_kept = copies(photos, cluster_of)
        catalog.photos.cluster(cluster_of, not_kept)
    return _summary(photos, cluster_of, set(not_kept), time.monotonic() - begun)


def _summary(
    photos: Sequence[HashedPhoto], cluster_of: Mapping[str, str], not_kept: set[str], seconds: float
) -> DedupSummary:
    sizes = Counter(cluster_of.values())
    people: dict[str, set[str]] = defaultdict(set)
    for photo in photos:
        people[cluster_of[photo.sha256]] |= {face.identity_id for face in photo.faces if face.identity_id}
    return DedupSummary(
        photographs=len(photos),
        exact_duplicates=sum(max(photo.urls - 1, 0) for photo in photos),
        near_duplicates=len(photos) - len(sizes),
        clusters=sum(size > 1 for size in sizes.values()),
        largest_cluster=max(sizes.values(), default=0),
        across_identities=sum(len(found) > 1 for found in people.values()),
        faces_not_kept=len(not_kept),
        accepted_not_kept=sum(face.accepted for photo in photos for face in photo.faces if face.face_id in not_kept),
        seconds=round(seconds, 2),
    )
