"""What `import facecorpus` offers: each method is the command of its name, with the same progress on stderr."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from facecorpus import pipeline
from facecorpus.corpus import Corpus as Folder
from facecorpus.corpus import init_corpus
from facecorpus.errors import CorpusError, FacecorpusError
from facecorpus.face_table import face_table, people_table
from facecorpus.records import Box
from facecorpus.settings_file import settings_of
from facecorpus.system.siblings import check_sibling

if TYPE_CHECKING:
    import pyarrow as pa
    from PIL.Image import Image

    from facecorpus.build.stage import BuildSummary
    from facecorpus.judging.policy import AutoSummary
    from facecorpus.pipeline import StageSummary
    from facecorpus.takedown.stage import ForgetPreview, ForgetSummary
    from facecorpus.upkeep.status import Status
    from facecorpus.upkeep.verify import VerifySummary
    from training import Options

AnyPath = str | PathLike[str]


def open(folder: AnyPath) -> "Corpus":
    """Open the corpus in that folder. Raises CorpusError where there is none, SettingsError for a wrong corpus.toml."""
    return Corpus(folder)


def init(
    folder: AnyPath, manifest: AnyPath = "paper77", *, settings: Mapping[str, Mapping[str, Any]] | None = None
) -> "Corpus":
    """Make a corpus folder, and open it.

    `manifest` is a CSV file, or the name of one that comes with facecorpus. `settings` has sections and keys of
    corpus.toml, such as {"crawl": {"contact": "me@example.org"}}; what it does not name is at its default. Raises
    CorpusError where the folder is not empty, ManifestError and SettingsError for what is wrong in those.
    """
    check_sibling("manifests")
    from manifests import find_manifest

    init_corpus(folder, find_manifest(manifest), settings_of(settings or {}, "settings"))
    return Corpus(folder)


@dataclass(frozen=True, eq=False)
class Photograph:
    """The photograph of a face, upright, and what must be said wherever it is shown."""

    image: "Image"  # RGB
    box: Box  # x, y, width, height of the face, in pixels of the image
    landmarks: NDArray[np.float32] = field(repr=False)  # (5, 2): corners of the eyes, base of the nose
    licence: str  # '' where no source states one
    licence_url: str
    author: str
    title: str
    page_url: str
    source_url: str  # of the file itself
    taken_on: str | None  # ISO date, may be cut to the month or year


@dataclass(frozen=True)
class Run:
    """A finished run of the three experiments: its folder, with the report and the trained networks."""

    folder: Path

    @property
    def report(self) -> Path:
        """The report to open in a browser."""
        check_sibling("training")
        from training import RunFolder

        return RunFolder(self.folder).page

    @property
    def results(self) -> dict[str, Any]:
        """All figures, as results.json has them; docs/training.md explains each."""
        check_sibling("training")
        from training import load_results

        return load_results(self.folder)

    def accuracies(self) -> "pa.Table":
        """The tables of the report: a row for each protocol, table, features and task.

        `accuracy` and `paper` (the paper's own, where it has one) are shares, 0..1; `images` counts the test images.
        """
        results = self.results
        import pyarrow as pa

        from training import accuracies

        return pa.Table.from_pylist(accuracies(results))


class Corpus:
    """An opened corpus: look at what is in it, and run on it what the commands run.

    Every call reads corpus.toml anew. What writes holds the lock of the folder, as the commands do, and raises
    CorpusError where another one is at work.
    """

    def __init__(self, folder: AnyPath) -> None:
        self.root = Folder(folder).root

    def __repr__(self) -> str:
        with self._folder.catalog() as catalog:
            people, photographs = len(self._folder.manifest.identities), catalog.photos.count()
            faces, accepted = catalog.known_faces.counts()
        return (
            f"Corpus({str(self.root)!r}: {people:,} people, {photographs:,} photographs, {faces:,} faces,"
            f" {accepted:,} accepted)"
        )

    @property
    def _folder(self) -> Folder:
        return Folder(self.root)

    def people(self) -> "pa.Table":
        """A row a person: `identity`, `name`, the four labels, and the counts that `status` sums by subgroup."""
        return people_table(self._folder)

    def faces(self, *, accepted: bool | None = None, person: str | None = None, embeddings: bool = False) -> "pa.Table":
        """A row a face: whose, its labels, where it is, how good, what was decided, licence, author and page.

        `accepted` True gives the accepted ones, False all others; `person` those of one identity; `embeddings` adds
        the column with the descriptors. Bystanders have no identity. docs/library.md describes each column. Raises
        CorpusError for a person who is not in the manifest.
        """
        return face_table(self._folder, accepted=accepted, person=person, embeddings=embeddings)

    def photograph(self, face_id: str) -> Photograph:
        """The photograph of a face, decoded. Raises CorpusError where there is no such face, or its file is missing."""
        from PIL import Image

        from facecorpus.faces.decode import decode

        folder = self._folder
        with folder.catalog() as catalog:
            face = next(catalog.known_faces.all(face_id=face_id), None)
        if face is None:
            raise CorpusError(f"There is no face {face_id!r} in {self.root}: take one from corpus.faces().")
        try:
            data = folder.photos.read(face.photo_id)
        except FileNotFoundError:
            raise CorpusError(
                f"The photograph {folder.photos.path(face.photo_id)} is missing; run corpus.verify(repair=True)."
            ) from None
        return Photograph(
            image=Image.fromarray(decode(data, folder.settings.fetch.max_pixels).picture),
            box=face.box,
            landmarks=face.landmarks,
            licence=face.licence,
            licence_url=face.licence_url,
            author=face.author,
            title=face.title,
            page_url=face.page_url,
            source_url=face.source_url,
            taken_on=face.taken_on,
        )

    def status(self) -> "Status":
        """Counts by subgroup, what was rejected and why, and the next command; print it for the sentences."""
        from facecorpus.upkeep.status import status

        return status(self._folder)

    def crawl(self, *, retry: str | None = None) -> "tuple[StageSummary, ...]":
        """`facecorpus crawl`: ask, fetch, find faces, group copies, rank. Returns the summary of each stage."""
        with pipeline.working_in(self.root) as folder:
            return tuple(pipeline.crawl_all(folder, retry))

    @overload
    def review(self, *, auto: Literal[True]) -> "AutoSummary": ...

    @overload
    def review(
        self, *, auto: Literal[False] = False, reviewer: str = "me", port: int = 8732, browser: bool = True
    ) -> None: ...

    def review(
        self, *, auto: bool = False, reviewer: str = "me", port: int = 8732, browser: bool = True
    ) -> "AutoSummary | None":
        """`facecorpus review`: serve the page until Ctrl-C; with `auto` the stated policy decides instead.

        The page cannot be served from a notebook, which has an event loop of its own: there this raises
        FacecorpusError, and the command in a terminal does it.
        """
        if auto:
            from facecorpus.judging.policy import auto_review

            with pipeline.working_in(self.root) as folder:
                return auto_review(folder)
        check_sibling("review_ui")
        from review_ui import serve

        if _in_event_loop():
            raise FacecorpusError(
                f"A notebook cannot serve the review page; run in a terminal: facecorpus review -C {self.root}"
            )
        serve(pipeline.beside_others(self.root), port=port, reviewer=reviewer, open_browser=browser)
        return None

    def build(
        self,
        *,
        licences: str | None = None,
        balance: str | None = None,
        quota: int | None = None,
        age_labels: str | None = None,
        original: bool = False,
        without_images: bool = False,
        tag: str | None = None,
    ) -> "BuildSummary":
        """`facecorpus build`: the accepted faces as Parquet shards, with card, attribution and checksums."""
        with pipeline.working_in(self.root) as folder:
            return pipeline.build_stage(
                folder,
                licences=licences,
                balance=balance,
                quota=quota,
                age_labels=age_labels,
                original=original,
                without_images=without_images,
                tag=tag,
            )

    def train(self, *, name: str = "paper", **options: "Unpack[Options]") -> Run:
        """`facecorpus train-all`: the paper's three experiments into runs/name; a finished run is only read.

        `options` are those of `training.train_all`: preset, protocols, seed, seeds, device and so on.
        """
        return Run(pipeline.train_stage(pipeline.beside_others(self.root), name, **options).parent)

    def verify(self, *, repair: bool = False) -> "VerifySummary":
        """`facecorpus verify`: hash everything again; `sound` says whether damage remains."""
        from facecorpus.upkeep.verify import verify

        with pipeline.working_in(self.root) as folder:
            return verify(folder, repair)

    def forget(
        self,
        *,
        identity: str | None = None,
        photo: str | None = None,
        url: str | None = None,
        author: str | None = None,
        list: AnyPath | None = None,
        marked: bool = False,
        publish: AnyPath | None = None,
        dry_run: bool = False,
    ) -> "ForgetSummary | ForgetPreview":
        """`facecorpus forget --yes`: take photographs down, out of the shards too, never to be fetched again.

        Salted hashes of them are added to the file `publish`. With `dry_run` nothing is changed; the preview counts
        what would go.
        """
        from facecorpus.takedown.stage import forget, preview

        names = None if list is None else Path(list)
        take_down = preview if dry_run else partial(forget, publish=Path(publish) if publish else None)
        with pipeline.working_in(self.root) as folder:
            return take_down(folder, identity=identity, photo=photo, url=url, author=author, names=names, marked=marked)


def _in_event_loop() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
