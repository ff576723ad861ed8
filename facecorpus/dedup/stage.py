"""The command `dedup`: cluster near-duplicates in the catalog, and say which copy of each face is kept."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog.hashed import Album, HashedFace, HashedPhoto, hashed
from facecorpus.corpus import Corpus
from facecorpus.dedup.cluster import cluster, conflicts, copies, crowds
from facecorpus.dedup.match import Looker, Matcher, candidates
from facecorpus.dedup.overlay import View, face_view, picture_view, scene_view
from facecorpus.system.console import duration, track

_NAMED = 10_000  # photographs whose names are made at once


@dataclass(frozen=True)
class DedupSummary:
    """What deduplication found."""

    photographs: int  # analysed ones
    exact_duplicates: int  # further addresses that gave the very bytes of a photograph
    near_duplicates: int  # photographs that are copies of another one
    clusters: int  # of two and more photographs
    largest_cluster: int  # photographs
    conflicts: int  # faces whose very picture also stands for another person
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
            f" (the largest has {self.largest_cluster} photographs); {self.exact_duplicates} more addresses gave the"
            f" very same files. {self.faces_not_kept} faces are copies of better ones.{accepted} {self.conflicts} faces"
            f" have copies that stand for another person: review shows them. Took {duration(self.seconds)}."
        )


def find_duplicates(corpus: Corpus) -> DedupSummary:
    """Cluster all analysed photographs anew; the same photographs and verdicts give the same clusters."""
    begun = time.monotonic()
    limits = corpus.settings.dedup
    with corpus.catalog() as catalog:
        catalog.descriptors.refuse_unfit(corpus.settings.likeness.descriptor)
        album = hashed(catalog)
        with track("comparing hashes", len(album) + 2 * len(album.columns.owner)) as tracker:
            proposed = candidates(album, limits, tracker.advance)
        with track("comparing pixels", len(proposed)) as tracker:
            matcher = Matcher(album, looker(corpus), limits)
            cluster_of = cluster(album, proposed, matcher, tracker.advance)
        not_kept: list[str] = []
        in_conflict: list[tuple[str, str]] = []
        accepted = 0
        for photos in crowds(album, cluster_of):
            lost = set(copies(photos))
            accepted += sum(face.accepted for photo in photos for face in photo.faces if face.face_id in lost)
            not_kept += lost
            in_conflict += conflicts(photos, matcher.same_face)
        catalog.photos.cluster(_named(album, cluster_of), not_kept, in_conflict)
        catalog.photos.add_near_copies(
            sorted(faces for faces, (one, other) in matcher.near_copies.items() if cluster_of[one] != cluster_of[other])
        )
        addresses = catalog.photos.further_addresses()
    sizes = np.bincount(cluster_of)
    return DedupSummary(
        photographs=len(album),
        exact_duplicates=addresses,
        near_duplicates=len(album) - int((sizes > 0).sum()),
        clusters=int((sizes > 1).sum()),
        largest_cluster=int(sizes.max(initial=0)),
        conflicts=len({face_id for face_id, _ in in_conflict}),
        faces_not_kept=len(not_kept),
        accepted_not_kept=accepted,
        seconds=round(time.monotonic() - begun, 2),
    )


def _named(album: Album, cluster_of: NDArray[np.int64]) -> Iterator[tuple[str, str]]:
    """The sha256 of each photograph with its cluster_id."""
    for numbers in np.split(np.arange(len(album)), range(_NAMED, len(album), _NAMED)):
        yield from zip(album.sha256(numbers), album.sha256(cluster_of[numbers]), strict=True)


def looker(corpus: Corpus) -> Looker:
    """Views from the corpus's files; a file that is gone gives None, and the photograph no copies."""

    def face(shown: HashedFace, photo: HashedPhoto, side: int) -> View | None:
        path = corpus.crops.path(shown.face_id)
        return face_view(path.read_bytes(), shown.landmarks, photo.width, photo.height, side) if path.exists() else None

    def scene(shown: HashedFace, photo: HashedPhoto) -> View | None:
        path = corpus.photos.path(photo.sha256)
        return scene_view(path.read_bytes(), shown.landmarks, photo.width) if path.exists() else None

    def picture(photo: HashedPhoto) -> View | None:
        path = corpus.photos.path(photo.sha256)
        return picture_view(path.read_bytes()) if path.exists() else None

    return Looker(face, scene, picture)
