"""The stage `faces`: analyse the photographs not analysed yet, then say whom each face stands for."""

import time
from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.engines.drawn import lost_sentence, make_drawn
from facecorpus.engines.local import Result, analyze_all
from facecorpus.errors import CorpusError, PictureError
from facecorpus.faces.again import named_as_before
from facecorpus.faces.records import Failure, PhotoAnalysis
from facecorpus.faces.subject import LIKELY, choose_subjects
from facecorpus.records import Box, Face
from facecorpus.settings import FacesSettings
from facecorpus.shards import sha256_of
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
    carried_over: int  # faces that people judged, and that an analysis anew found where they were
    not_seen_again: int  # faces that people judged, and that it did not find: they stay as they were

    def __str__(self) -> str:
        tried = self.analysed_now + self.unreadable_now
        now = (
            f"{self.analysed_now} photographs analysed in {duration(self.seconds)} ({self.per_second:.1f}/s),"
            f" {self.unreadable_now} could not be read"
            if tried
            else "no new photographs"
        )
        judged = self.carried_over + self.not_seen_again
        again = (
            f" Of {judged} faces that people judged, {self.carried_over} were found where they were, and keep what was"
            f" said of them; {self.not_seen_again} were not, and stay as they were."
            if judged
            else ""
        )
        return (
            f"Faces: {now}.{again} In all {self.photographs} photographs with {self.faces} faces, {self.bystanders} of"
            f" them bystanders, {self.profile} turned aside by 30° or more, {self.tilted} tilted by 20° or more;"
            f" {self.without_face} photographs show no face, {self.unreadable} are unreadable."
        )


def find_faces(corpus: Corpus, *, redo: bool = False) -> FacesSummary:
    """Analyse every photograph that waits, and choose the subjects anew.

    With redo, those too that another detector or other settings have analysed. A face that is found where one was
    keeps its name, and so what was said of it; one that people judged stays in any case. A
    corpus that another descriptor has described is refused without redo (CorpusError), and with it described anew.

    May be killed at any moment: each photograph is stored as a whole, its crops before its row, and a further run
    takes up what is left. Raises ModelError where the face models are missing.
    """
    begun = time.monotonic()
    with corpus.catalog() as catalog:
        settings = corpus.faces_settings
        described_by = _described_by(settings)
        if redo:
            settings = _with_a_detector(settings)
            catalog.photos.analyse_again(_analysed_by(settings, described_by))
        else:
            catalog.descriptors.refuse_mixed(described_by)
        waiting = catalog.photos.waiting()
        if waiting and not redo:
            settings = _with_a_detector(settings)
        shelf = _Shelf(corpus, catalog)
        progress = track("faces", len(waiting), "loading models")
        with closing(_results(corpus, settings, waiting)) as parts, progress as tracker:
            for part in parts:
                shelf.store(part)
                tracker.advance(len(part))
        if lost := make_drawn(corpus, catalog):
            notice(lost_sentence(lost))
        if redo:
            _describe_again(corpus, catalog, settings, described_by)
        catalog.descriptors.refuse_mixed()
        seconds = time.monotonic() - begun
        assign_subjects(catalog, corpus.settings.likeness.of(described_by).near)
        counts = catalog.photos.counts()
    analysed = counts["photographs"] - counts["waiting"] - counts["unreadable"]
    return FacesSummary(
        analysed_now=len(waiting) - shelf.unreadable,
        unreadable_now=shelf.unreadable,
        seconds=round(seconds, 3),
        per_second=round(len(waiting) / max(seconds, 1e-9), 3) if waiting else 0.0,
        photographs=analysed,
        unreadable=counts["unreadable"],
        without_face=analysed - counts["with_face"],
        faces=counts["faces"],
        bystanders=counts["bystanders"],
        profile=counts["profile_faces"],
        tilted=counts["tilted_faces"],
        carried_over=shelf.carried_over,
        not_seen_again=shelf.not_seen_again,
    )


def assign_subjects(catalog: Catalog, near: float = LIKELY) -> None:
    """Say of every face of the catalog whom it stands for, or that it is a bystander."""
    accepted = catalog.decisions.accepted_by_people()
    proposed, stated = catalog.faces.with_proposals(), catalog.candidates.stated_boxes()
    catalog.faces.assign(choose_subjects(proposed, stated, accepted, near))


def _described_by(settings: FacesSettings) -> str:
    from facecorpus.faces.models import described_by

    return described_by(settings)


def _analysed_by(settings: FacesSettings, described_by: str) -> str:
    from facecorpus.faces.analyze import analysed_by
    from facecorpus.faces.models import load_detector

    return analysed_by(load_detector(settings), described_by, settings)


def _describe_again(corpus: Corpus, catalog: Catalog, settings: FacesSettings, described_by: str) -> None:
    """Describe the faces that stayed although nobody found them again. Raises CorpusError for those that cannot be."""
    left: dict[str, list[Face]] = defaultdict(list)
    for face, _ in catalog.faces.with_proposals():
        if face.descriptor != described_by:
            left[face.photo_sha256].append(face)
    if not left:
        return
    from facecorpus.faces.analyze import described_again
    from facecorpus.faces.models import load_embedder

    embedder = load_embedder(settings)
    lost = []
    for sha256, faces in left.items():
        try:
            data = corpus.photos.path(sha256).read_bytes()
            embeddings = described_again(data, faces, embedder, corpus.settings.fetch.max_pixels)
        except (OSError, PictureError):
            lost.append(sha256)
            continue
        with catalog.transaction():
            for face, embedding in zip(faces, embeddings, strict=True):
                catalog.faces.describe(face.face_id, embedding, described_by)
    if lost:
        raise CorpusError(
            f"Photographs that cannot be read any more: {len(lost)} (the first is {lost[0]}). Their faces keep the"
            " descriptors of another network, which cannot be compared; run facecorpus verify --repair and facecorpus"
            " fetch, then facecorpus faces --redo."
        )


def _with_a_detector(settings: FacesSettings) -> FacesSettings:
    """The settings with a detector that can run here; what is special about it is said.

    That is the sha256 of a model file that the user supplies, which only the user can know; all others are checked.
    """
    from facecorpus.faces.yunet import or_hog

    path = Path(settings.yunet_model)
    if settings.detector == "yunet" and path.is_file():
        notice(f"Detector yunet is {path}, sha256 {sha256_of(path)}.")
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


class _Shelf:
    """Where results go: the crops of a part, then all its rows at once."""

    def __init__(self, corpus: Corpus, catalog: Catalog) -> None:
        self._crops, self._catalog = corpus.crops, catalog
        self._judged = catalog.decisions.spoken_of()
        self.unreadable = self.carried_over = self.not_seen_again = 0

    def store(self, part: Sequence[Result]) -> None:
        """Store a part; of a photograph that was analysed before, what was said of its faces stays with them."""
        before = {sha256: dict(self._catalog.faces.boxes(sha256).get(sha256, ())) for sha256, _ in part}
        stored = [(sha256, self._named(result, before[sha256])) for sha256, result in part]
        gone = {sha256: self._gone(result, before[sha256]) for sha256, result in stored}
        crops: dict[str, bytes] = {}
        for sha256, result in stored:
            if isinstance(result, PhotoAnalysis):
                for face, crop in zip(result.faces, result.crops, strict=True):
                    crops[face.face_id] = self._crops.put(face.face_id, crop)
            for face_id in gone[sha256]:
                self._crops.path(face_id).unlink(missing_ok=True)
        photos = self._catalog.photos
        with self._catalog.transaction():
            for sha256, result in stored:
                if isinstance(result, PhotoAnalysis):
                    self._catalog.faces.drop(gone[sha256])
                    photos.analysed(
                        sha256,
                        width=result.width,
                        height=result.height,
                        taken_on=result.taken_on,
                        phash=result.phash,
                        faces=result.faces,
                        analysed_by=result.analysed_by,
                        crops=crops,
                    )
                elif before[sha256]:
                    photos.stays_as_it_was(sha256)
                else:
                    photos.unreadable(sha256, result.sentence, retry=result.retry)
        self.unreadable += sum(isinstance(result, Failure) for _, result in stored)

    def _named(self, result: PhotoAnalysis | Failure, before: Mapping[str, Box]) -> PhotoAnalysis | Failure:
        if isinstance(result, Failure) or not before:
            return result
        return replace(
            result, faces=named_as_before(result.faces, before, self._catalog.faces.used_names(result.sha256))
        )

    def _gone(self, result: PhotoAnalysis | Failure, before: Mapping[str, Box]) -> set[str]:
        """The faces that the photograph had, and has no more."""
        if isinstance(result, Failure):
            return set()
        judged, found = before.keys() & self._judged, {face.face_id for face in result.faces}
        self.carried_over += len(judged & found)
        self.not_seen_again += len(judged - found)
        return before.keys() - found - judged
