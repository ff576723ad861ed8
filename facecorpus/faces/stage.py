"""The stage `faces`: analyse the photographs not analysed yet, then say whom each face stands for."""

import time
from contextlib import closing
from dataclasses import dataclass

from facecorpus.catalog import Catalog
from facecorpus.console import duration, track
from facecorpus.corpus import Corpus
from facecorpus.engines.local import analyze_all
from facecorpus.faces.records import Failure, PhotoAnalysis
from facecorpus.faces.subject import choose_subjects


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
            f" bystanders; {self.without_face} photographs show no face, {self.unreadable} are unreadable."
        )


def find_faces(corpus: Corpus) -> FacesSummary:
    """Analyse every photograph that waits, and choose the subjects anew.

    May be killed at any moment: each photograph is stored as a whole, its crops before its row, and a further run
    takes up what is left. Raises ModelError where the face models are missing.
    """
    settings = corpus.settings
    begun = time.monotonic()
    unreadable = 0
    with corpus.catalog() as catalog:
        waiting = catalog.photos.waiting()
        items = ((sha256, corpus.photos.path(sha256)) for sha256 in waiting)
        results = analyze_all(items, settings.faces, settings.fetch.max_pixels, settings.faces.workers)
        with closing(results), track("faces", len(waiting)) as tracker:
            for sha256, result in results:
                if isinstance(result, Failure):
                    catalog.photos.unreadable(sha256, result.sentence, retry=result.retry)
                    unreadable += 1
                else:
                    _store(corpus, catalog, result)
                tracker.advance()
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
    )


def assign_subjects(catalog: Catalog) -> None:
    """Say of every face of the catalog whom it stands for, or that it is a bystander."""
    catalog.faces.assign(choose_subjects(catalog.faces.with_proposals()))


def _store(corpus: Corpus, catalog: Catalog, analysis: PhotoAnalysis) -> None:
    for face, crop in zip(analysis.faces, analysis.crops, strict=True):
        corpus.crops.put(face.face_id, crop)
    catalog.photos.analysed(
        analysis.sha256,
        width=analysis.width,
        height=analysis.height,
        taken_on=analysis.taken_on,
        phash=analysis.phash,
        faces=analysis.faces,
    )
