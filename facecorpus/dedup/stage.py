"""The command `dedup`: cluster near-duplicates in the catalog, and say which copy of each face is kept."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from facecorpus.catalog.photos import HashedFace, HashedPhoto
from facecorpus.corpus import Corpus
from facecorpus.dedup.cluster import cluster, conflicts, copies
from facecorpus.dedup.match import Looker, Matcher, candidates
from facecorpus.dedup.overlay import View, face_view, picture_view, scene_view
from facecorpus.system.console import duration, track


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
        photos = catalog.photos.hashed()
        with track("comparing hashes", len(photos) + 2 * sum(len(photo.faces) for photo in photos)) as tracker:
            proposed = candidates(photos, limits, tracker.advance)
        with track("comparing pixels", len(proposed)) as tracker:
            matcher = Matcher(photos, looker(corpus), limits)
            cluster_of = cluster(photos, proposed, matcher, tracker.advance)
        not_kept, in_conflict = copies(photos, cluster_of), conflicts(photos, cluster_of, matcher.same_face)
        catalog.photos.cluster(cluster_of, not_kept, in_conflict)
        catalog.photos.add_near_copies(_in_two_clusters(photos, cluster_of, matcher.near_copies))
    return _summary(photos, cluster_of, set(not_kept), in_conflict, time.monotonic() - begun)


def _in_two_clusters(
    photos: Sequence[HashedPhoto], cluster_of: Mapping[str, str], pairs: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The pairs of faces that no cluster joins, in order."""
    cluster_of_face = {face.face_id: cluster_of[photo.sha256] for photo in photos for face in photo.faces}
    return sorted(pair for pair in pairs if cluster_of_face[pair[0]] != cluster_of_face[pair[1]])


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


def _summary(
    photos: Sequence[HashedPhoto],
    cluster_of: Mapping[str, str],
    not_kept: set[str],
    in_conflict: Sequence[tuple[str, str]],
    seconds: float,
) -> DedupSummary:
    sizes = Counter(cluster_of.values())
    return DedupSummary(
        photographs=len(photos),
        exact_duplicates=sum(max(photo.urls - 1, 0) for photo in photos),
        near_duplicates=len(photos) - len(sizes),
        clusters=sum(size > 1 for size in sizes.values()),
        largest_cluster=max(sizes.values(), default=0),
        conflicts=len({face_id for face_id, _ in in_conflict}),
        faces_not_kept=len(not_kept),
        accepted_not_kept=sum(face.accepted for photo in photos for face in photo.faces if face.face_id in not_kept),
        seconds=round(seconds, 2),
    )
