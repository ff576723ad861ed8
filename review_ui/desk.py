"""The desk: one connection to the catalog, in one thread of its own, for one reviewer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

from facecorpus.catalog import Catalog
from facecorpus.catalog.decisions import Standing
from facecorpus.catalog.records import ReviewFace
from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces of a person, and which batches an undo and a redo would take."""

    faces: list[ReviewFace]
    undo: int | None
    redo: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """How the touched faces stand after a change, and which batches an undo and a redo would take now."""

    faces: list[Standing]
    undo: int | None
    redo: int | None


class Desk:
    """What the page asks of the catalog; every change is on disk before the call returns.

    SQLite connections belong to one thread, so all work is done in one, in its order.
    """

    def __init__(self, corpus: Corpus, reviewer: str) -> None:
        self.corpus = corpus
        self.reviewer = reviewer
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk")
        self._open = ExitStack()
        self._catalog: Catalog | None = None

    async def run(self, work: Callable[[Catalog], Result]) -> Result:
        """Do the work with the catalog, in the desk's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(self._connected()))

    async def faces(self, identity_id: str) -> Faces:
        """The person's ranked faces, the most suspicious first."""

        def work(catalog: Catalog) -> Faces:
            history = catalog.decisions.history(identity_id, self.reviewer)
            return Faces(catalog.faces.for_review(identity_id), history.undo, history.redo)

        return await self.run(work)

    async def decide(self, identity_id: str, face_ids: list[str], verdict: str, reason: str) -> Change:
        """Append one verdict for all these faces, or raise FacecorpusError where one is not the person's."""

        def work(catalog: Catalog) -> Change:
            with catalog.transaction():
                known = {standing.face_id for standing in catalog.decisions.standing(identity_id, face_ids)}
                strangers = [face_id for face_id in face_ids if face_id not in known]
                if strangers:
                    raise FacecorpusError(
                        f"Face {strangers[0]} does not stand for {identity_id} any more; reload the page."
                    )
                catalog.decisions.add(
                    face_ids, identity_id=identity_id, reviewer=self.reviewer, verdict=verdict, reason=reason
                )
            return self._change(catalog, identity_id, face_ids)

        return await self.run(work)

    async def undo(self, identity_id: str, batch: int | None) -> Change:
        """Take back this reviewer's latest verdicts on the person."""
        return await self.run(
            lambda catalog: self._change(
                catalog, identity_id, catalog.decisions.undo(identity_id, self.reviewer, batch)
            )
        )

    async def redo(self, identity_id: str, batch: int | None) -> Change:
        """Do again what was taken back last."""
        return await self.run(
            lambda catalog: self._change(
                catalog, identity_id, catalog.decisions.redo(identity_id, self.reviewer, batch)
            )
        )

    def close(self) -> None:
        """Finish what is under way and close the connection."""
        self._thread.submit(self._open.close).result()
        self._thread.shutdown()

    def _connected(self) -> Catalog:
        if self._catalog is None:
            self._catalog = self._open.enter_context(self.corpus.catalog())
        return self._catalog

    def _change(self, catalog: Catalog, identity_id: str, face_ids: list[str]) -> Change:
        history = catalog.decisions.history(identity_id, self.reviewer)
        return Change(catalog.decisions.standing(identity_id, face_ids), history.undo, history.redo)
