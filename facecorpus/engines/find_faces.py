"""The stage `faces`: analyse the photographs not analysed yet, then say whom each face stands for."""

import hashlib
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.engines.local import Result, analyze_all
from facecorpus.faces.records import Failure, PhotoAnalysis
from facecorpus.faces.subject import choose_subjects
from facecorpus.settings import FacesSettings
from facecorpus.system.console import duration, notice, track


@dataclass(frozen=True, slots=True)
class FacesSummary:
    """What a run of the stage did, and what the corpus holds after it."""

    analysed_now: int
    unreadable_now: int
    seconds: float  # of the analyses of this run
    per_second: float
    photographs: int  # analysed in all
    unreadable: int
    without_face: int
    faces: int
    bystanders: int
    profile: int  # faces turned by 30° or more
    tilted: int  # by 20° or more

    def __str__(self) -> str:
        tried = self.analysed_now + self.unreadable_now
        now = (
            f"{self.analysed_now} photographs analysed in {duration(self.seconds)} ({self.per_second:.1f}/s),"
            f" {self.unreadable_now} could not be read"
            if tried
            else "no new photographs"
        )
        return (
            f"Faces: {now}. In all {self.photographs} photographs with {self.faces} faces, {self.bystanders} of them"
            f" bystanders, {self.profile} turned aside by 30° or more, {self.tilted} tilted by 20° or more;"
            f" {self.without_face} photographs show no face, {self.unreadable} are unreadable."
        )


def find_faces(corpus: Corpus) -> FacesSummary:
    """Analyse every photograph that waits, and choose the subjects anew.

    May be killed at any moment: each photograph is stored as a whole, its crops before its row, and a further run
    takes up what is left. Raises ModelError where the face models are missing.
    """
    begun = time.monotonic()
    unreadable = 0
    with corpus.catalog() as catalog:
        waiting = catalog.photos.waiting()
        settings = _with_a_detector(corpus.settings.faces) if waiting else corpus.settings.faces
        with closing(_results(corpus, settings, waiting)) as parts, track("faces", len(waiting)) as tracker:
            for part in parts:
                unreadable += _store(corpus, catalog, part)
                tracker.advance(len(part))
        seconds = time.monotonic() - begun
        assign_subjects(catalog)
        counts = catalog.photos.counts()
    analysed = counts["photographs"] - counts["waiting"] - counts["unreadable"]
    return FacesSummary(
        analysed_now=len(waiting) - unreadable,
        unreadable_now=unreadable,
        seconds=round(seconds, 3),
        per_second=round(len(waiting) / max(seconds, 1e-9), 3) if waiting else 0.0,
        photographs=analysed,
        unreadable=counts["unreadable"],
        without_face=analysed - counts["with_face"],
        faces=counts["faces"],
        bystanders=counts["bystanders"],
        profile=counts["profile_faces"],
        tilted=counts["tilted_faces"],
    )


def assign_subjects(catalog: Catalog) -> None:
    """Say of every face of the catalog whom it stands for, or that it is a bystander."""
    catalog.faces.assign(choose_subjects(catalog.faces.with_proposals(), catalog.candidates.stated_boxes()))


def _with_a_detector(settings: FacesSettings) -> FacesSettings:
    """The settings with a detector that can run here; what is special about it is said.

    That is the sha256 of a model file that the user supplies, which only the user can know; all others are checked.
    """
    from facecorpus.faces.yunet import or_hog

    path = Path(settings.yunet_model)
    if settings.detector == "yunet" and path.is_file():
        with path.open("rb") as file:
            notice(f"Detector yunet is {path}, sha256 {hashlib.file_digest(file, 'sha256').hexdigest()}.")
    return or_hog(settings)


def _results(corpus: Corpus, settings: FacesSettings, waiting: Sequence[str]) -> Generator[list[Result], None, None]:
    """What the engine of the settings makes of the photographs, in parts that are stored together."""
    max_pixels = corpus.settings.fetch.max_pixels
    items = [(sha256, corpus.photos.path(sha256)) for sha256 in waiting]
    if settings.engine == "daft":
        from facecorpus.engines.daft import analyze_parts

        yield from analyze_parts(items, settings, max_pixels, corpus.root / "parts")
    else:
        with closing(analyze_all(items, settings, max_pixels, settings.workers)) as results:
            for result in results:
                yield [result]


def _store(corpus: Corpus, catalog: Catalog, part: Sequence[Result]) -> int:
    """Store the crops of a part, then all its rows at once; return how many photographs were unreadable."""
    for _, result in part:
        if isinstance(result, PhotoAnalysis):
            for face, crop in zip(result.faces, result.crops, strict=True):
                corpus.crops.put(face.face_id, crop)
    with catalog.transaction():
        for sha256, result in part:
            if isinstance(result, Failure):
                catalog.photos.unreadable(sha256, result.sentence, retry=result.retry)
            else:
                catalog.photos.analysed(
                    sha256,
                    width=result.width,
                    height=result.height,
                    taken_on=result.taken_on,
                    phash=result.phash,
                    faces=result.faces,
                )
    return sum(isinstance(result, Failure) for _, result in part)
