"""The page's one connection to the catalog, in a thread of its own."""

import asyncio
import sys
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass
from typing import TypeVar

from facecorpus.catalog import Catalog
from facecorpus.catalog.decisions import Row
from facecorpus.catalog.drawn import Faceless, box_text, drawn_face
from facecorpus.catalog.review import Dispute, FaceDetails, FaceIndex
from facecorpus.catalog.standing import Standing
from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from facecorpus.faces.boxes import SAME_PLACE, iou
from facecorpus.manifest import Identity
from facecorpus.words import Kind, Reason, Verdict
from review_ui.bodies import Drawing, Step, Verdicts
from review_ui.counts import Counts
from review_ui.language import t
from review_ui.learning import Order, Teacher
from review_ui.neighbours import Neighbours

CACHE_KIB = 2_000
"""Of the catalog, in the page's server: it stands beside the browser for hours, and the system caches the file."""

LEAST = 16
"""Pixels of a drawn box's sides."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces of a person, which batches an undo and a redo would take, and the journal's latest row."""

    index: FaceIndex
    undo: int | None
    redo: int | None
    latest: int
    portrait: str | None  # face_id


@dataclass(frozen=True, slots=True)
class Change:
    """How the touched faces stand after a change, and which batches an undo and a redo would take now."""

    touched: int  # faces of other people's pages included
    faces: dict[str, Standing]  # by face_id
    undo: int | None
    redo: int | None


@dataclass(frozen=True, slots=True)
class News:
    """How faces stand of which something was said since; the number of the latest row."""

    faces: dict[str, Standing]  # by face_id
    latest: int


class CatalogThread:
    """What the page asks of the catalog; every change is on disk before the call returns.

    SQLite connections belong to one thread, so all work is done in one, in its order.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.sharing = corpus.settings.review
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="catalog")
        self._open = ExitStack()
        self._catalog: Catalog | None = None
        self.counts = Counts(self.sharing)
        self._teacher = Teacher()
        self._neighbours = Neighbours()

    async def run(self, work: Callable[[Catalog], Result]) -> Result:
        """Do the work with the catalog, in its thread."""
        context = copy_context()  # the thread answers in the language of who asks
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: context.run(lambda: work(self._connected()))
        )

    async def faces(self, identity_id: str, reviewer: str, face_ids: list[str] | None = None) -> Faces:
        """The person's ranked faces, all or those given, the most suspicious first."""

        def work(catalog: Catalog) -> Faces:
            latest, _ = catalog.review.changed(identity_id, -1)
            history = catalog.decisions.history(identity_id, reviewer)
            index = catalog.review.index(identity_id, reviewer, self.sharing, face_ids)
            return Faces(index, history.undo, history.redo, latest, catalog.review.portrait(identity_id))

        return await self.run(work)

    async def details(self, identity_id: str, face_ids: list[str]) -> list[FaceDetails]:
        """What is shown of these faces."""
        return await self.run(lambda catalog: catalog.review.details(face_ids, identity_id))

    async def near_duplicates(
        self, identity_id: str, face_id: str, reviewer: str
    ) -> list[tuple[FaceDetails, Standing]]:
        """The near-duplicates of a face, of all people, each with how it stands."""

        def work(catalog: Catalog) -> list[tuple[FaceDetails, Standing]]:
            return self._stood(catalog, catalog.review.near_duplicates(face_id), identity_id, reviewer)

        return await self.run(work)

    async def photograph(self, identity_id: str, sha256: str, reviewer: str) -> list[tuple[FaceDetails, Standing]]:
        """All faces of a photograph, each with how it stands."""

        def work(catalog: Catalog) -> list[tuple[FaceDetails, Standing]]:
            face_ids = [face_id for face_id, _ in catalog.faces.boxes(sha256).get(sha256, ())]
            return self._stood(catalog, face_ids, identity_id, reviewer)

        return await self.run(work)

    async def like(self, identity_id: str, face_id: str, reviewer: str) -> list[tuple[FaceDetails, Standing]]:
        """The faces of the whole corpus that are most like one, each with how it stands."""

        def work(catalog: Catalog) -> list[tuple[FaceDetails, Standing]]:
            return self._stood(catalog, self._neighbours.of(catalog, face_id), identity_id, reviewer)

        return await self.run(work)

    async def news(self, identity_id: str, after: int, reviewer: str) -> News:
        """How the faces of a page stand of which anybody said something after that row."""

        def work(catalog: Catalog) -> News:
            latest, face_ids = catalog.review.changed(identity_id, after)
            return News(dict(catalog.review.standings(identity_id, face_ids, reviewer, self.sharing)), latest)

        return await self.run(work)

    async def order(self, person: Identity) -> Order:
        """The undecided faces of a person ranked anew, with what was accepted and rejected meanwhile."""
        return await self.run(lambda catalog: self._teacher.order(catalog, person, self.corpus.settings))

    async def disputes(self) -> tuple[list[Dispute], dict[str, str]]:
        """The faces on which people disagree, settled ones included; and the surest face of each person."""
        return await self.run(lambda catalog: (catalog.review.disputes(), catalog.review.portraits()))

    async def decide(self, asked: Verdicts, reviewer: str) -> Change:
        """Append one row for each face, or raise FacecorpusError where one is not the person's."""

        def work(catalog: Catalog) -> Change:
            face_ids = [*asked.face_ids, *asked.instead_of]
            with catalog.transaction():
                known = set(catalog.review.on_page(asked.page, face_ids)) if asked.kind != Kind.PHOTOGRAPH else set()
                if asked.kind in (Kind.PHOTOGRAPH, Kind.REMOVAL):
                    known.update(catalog.drawn.on_page(asked.page, face_ids))
                if asked.identity_id != asked.page:
                    known.update(catalog.review.on_page(asked.identity_id, face_ids))
                elif asked.verdict == Verdict.ACCEPT:  # another face of a photograph
                    known.update(catalog.review.beside(asked.page, asked.face_ids))
                _refuse_strangers(asked.page, face_ids, known)
                catalog.decisions.say(_rows(asked), reviewer, asked.page)
            return self._change(catalog, asked.page, face_ids, reviewer)

        return await self.run(work)

    async def faceless(self, identity_id: str) -> list[Faceless]:
        """The person's photographs in which no face was found."""
        return await self.run(lambda catalog: catalog.drawn.faceless(identity_id))

    async def draw(self, asked: Drawing, reviewer: str) -> Change:
        """Note a drawn face as the person's, and make it; FacecorpusError where it is no face's place."""

        def note(catalog: Catalog) -> list[str]:
            with catalog.transaction():
                rows = _drawn_rows(catalog, asked)
                face_ids = list(dict.fromkeys(row.face_id for row in rows))
                _refuse_strangers(asked.page, asked.instead_of, catalog.review.on_page(asked.page, face_ids))
                catalog.decisions.say(rows, reviewer, asked.page)
            return face_ids

        face_ids = await self.run(note)
        await self._make_drawn()
        return await self.run(lambda catalog: self._change(catalog, asked.page, face_ids, reviewer))

    async def undo(self, asked: Step, reviewer: str) -> Change:
        """Take back what this reviewer said last on the person's page."""

        def work(catalog: Catalog) -> Change:
            face_ids = catalog.decisions.undo(asked.page, reviewer, asked.batch)
            for face_id in catalog.drawn.taken_back(face_ids):
                self.corpus.crops.path(face_id).unlink(missing_ok=True)
            return self._change(catalog, asked.page, face_ids, reviewer)

        return await self.run(work)

    async def redo(self, asked: Step, reviewer: str) -> Change:
        """Do again what was taken back last."""

        def work(catalog: Catalog) -> tuple[Change, bool]:
            face_ids = catalog.decisions.redo(asked.page, reviewer, asked.batch)
            return self._change(catalog, asked.page, face_ids, reviewer), bool(face_ids and catalog.drawn.waiting())

        change, drawn = await self.run(work)
        if drawn:
            await self._make_drawn()
        return change

    async def _make_drawn(self) -> None:
        """Make the drawn faces that are missing, in another process: this one loads no models."""
        command = (sys.executable, "-m", "facecorpus.engines.drawn", str(self.corpus.root))
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        _, said = await process.communicate()
        if process.returncode:
            sentence = said.decode(errors="replace").strip().rpartition("\n")[2]
            raise FacecorpusError(t("The box is kept, but its face could not be made: {problem}", problem=sentence))

    def close(self) -> None:
        """Finish what is under way and close the connection."""
        self._thread.submit(self._open.close).result()
        self._thread.shutdown()

    def _connected(self) -> Catalog:
        if self._catalog is None:
            self._catalog = self._open.enter_context(self.corpus.catalog(CACHE_KIB))
        return self._catalog

    def _change(self, catalog: Catalog, page: str, face_ids: list[str], reviewer: str) -> Change:
        history = catalog.decisions.history(page, reviewer)
        standings = dict(catalog.review.standings(page, face_ids, reviewer, self.sharing))
        return Change(len(face_ids), standings, history.undo, history.redo)

    def _stood(
        self, catalog: Catalog, face_ids: list[str], identity_id: str, reviewer: str
    ) -> list[tuple[FaceDetails, Standing]]:
        """Faces, each with how it stands."""
        stood, unsaid = catalog.review.stood(face_ids, reviewer, self.sharing), Standing()
        found = catalog.review.details(face_ids, identity_id)
        return [(face, stood.get(face.face_id, unsaid)) for face in found]


def _rows(asked: Verdicts) -> list[Row]:
    """What is said, a row for each face."""
    reason = "" if asked.instead_of else asked.reason
    rows = [Row(face_id, asked.identity_id, asked.kind, asked.verdict, reason) for face_id in asked.face_ids]
    return rows + _rejections(asked, asked.reason)


def _rejections(asked: Verdicts | Drawing, reason: str) -> list[Row]:
    return [Row(face_id, asked.page, Kind.VERDICT, Verdict.REJECT, reason) for face_id in asked.instead_of]


def _drawn_rows(catalog: Catalog, asked: Drawing) -> list[Row]:
    """What a drawing says: the box, whose face it is, and which ones are not."""
    sha256 = asked.photo_sha256
    size = catalog.drawn.size(asked.page, sha256)
    if size is None:
        raise FacecorpusError(t("That photograph was not found for {person}; reload the page.", person=asked.page))
    x, y = (min(value, most - 1) for value, most in zip(asked.box[:2], size, strict=True))
    box = (x, y, min(asked.box[2], size[0] - x), min(asked.box[3], size[1] - y))
    if min(box[2:]) < LEAST:
        raise FacecorpusError(
            t("The box is too small: a face of {least} pixels or more can be described.", least=LEAST)
        )
    text = box_text(box)
    name = drawn_face(sha256, text)
    found = catalog.faces.boxes(sha256).get(sha256, ())
    if any(iou(box, other) >= SAME_PLACE for face_id, other in found if face_id != name):
        raise FacecorpusError(t("A face was found there already: Tab or a click chooses it."))
    return [
        Row(name, asked.page, Kind.BOX, Verdict.DRAWN, text),
        Row(name, asked.page, Kind.VERDICT, Verdict.ACCEPT, ""),
        *_rejections(asked, Reason.WRONG_PERSON),
    ]


def _refuse_strangers(page: str, face_ids: Iterable[str], known: Collection[str]) -> None:
    stranger = next((face_id for face_id in face_ids if face_id not in known), None)
    if stranger is not None:
        raise FacecorpusError(
            t("Face {face} does not stand for {person} any more; reload the page.", face=stranger, person=page)
        )
