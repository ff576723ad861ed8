"""What publishing a version would hand on, counted from its rows, and who in it must not be handed on."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facecorpus.build.kept import Build, builds, named_build
from facecorpus.build.kind import Kind
from facecorpus.corpus import Corpus
from facecorpus.errors import PublishError
from facecorpus.licences import family_of
from facecorpus.shards import (
    RECORD,
    class_names,
    file_in,
    is_sealed,
    reading,
    recorded,
    sha256_of,
    shard_files,
    sound_files,
)
from facecorpus.system.console import track
from facecorpus.words import shortened

_COLUMNS = ("photo_id", "source_url", "author", "licence", "licence_url", "identity")
_KEEP_ONE = "keep one with: facecorpus build --without-images --tag NAME"
_NAMED = 3  # people that a sentence names


@dataclass(frozen=True, slots=True)
class Leaving:
    """A version, and what it holds."""

    build: Build
    sums: dict[str, str]  # sha256 of each file, by its path below the build's folder
    bytes: int
    faces: int
    people: int
    licences: dict[str, int]  # faces by family, as build.json counts them
    with_basis: int  # people of whom the manifest states a basis, such as consent


def leaving(corpus: Corpus, version: str | None, with_images: bool) -> Leaving:
    """What would leave: the version of that name, or the newest one, with images or without as asked.

    Raises PublishError where there is none, it is not as it was kept, or it holds descriptors, or somebody who must not
    be handed on: taken down, opted out since, of ended consent, or not in the manifest any more.
    """
    build = _chosen(corpus, version, with_images)
    record = recorded(build.folder)
    with track("checksums", len(record["files"])) as progress:
        sound = sound_files(build.folder, record, progress.advance)
    if not is_sealed(build.folder) or sound != record["files"].keys():
        raise PublishError(
            f"{build.name} is not as it was kept; facecorpus verify says which files are damaged: put back a copy."
        )
    rows = _Rows(corpus)
    shards = shard_files(build.folder)
    with track("what leaves", len(shards)) as progress:
        for shard in shards:
            rows.read(shard)
            progress.advance()
    if held_back := list(rows.held_back()):
        raise PublishError(
            f"{build.name} must not be published, for it holds {', '.join(held_back)}. Nothing was sent; facecorpus"
            " forget takes them out of every version, and facecorpus verify --repair what was taken down already."
        )
    sums = {RECORD: sha256_of(build.folder / RECORD)}
    for name, file in record["files"].items():
        sums[file_in(build.folder, name).relative_to(build.folder).as_posix()] = file["sha256"]
    basis = {one.identity_id for one in corpus.manifest.identities if one.consent.basis}
    return Leaving(
        build=build,
        sums=sums,
        bytes=sum((build.folder / name).stat().st_size for name in sums),
        faces=rows.people.total(),
        people=len(rows.people),
        licences=dict(sorted(rows.licences.items())),
        with_basis=len(basis & rows.people.keys()),
    )


def _chosen(corpus: Corpus, version: str | None, with_images: bool) -> Build:
    asked = "with" if with_images else "without"
    if version is None:
        kept = [one for one in builds(corpus) if one.version and _has_images(one) is with_images]
        if not kept:
            say = "" if with_images else ", or publish one that has them with --with-images"
            raise PublishError(f"No version {asked} images was kept in {corpus.root}; {_KEEP_ONE}{say}.")
        return max(kept, key=lambda one: recorded(one.folder).get("number", 0))
    build = named_build(corpus, version)
    if not build.version:
        raise PublishError(f"{version} is the last build, and the next one replaces it; {_KEEP_ONE}.")
    if _has_images(build) is not with_images:
        mend = "leave --with-images out" if with_images else f"say --with-images, or {_KEEP_ONE}"
        has = "no images" if with_images else "images"
        raise PublishError(f"Version {version} has {has}; {mend}.")
    return build


def _has_images(build: Build) -> bool:
    return build.kind is not Kind.WITHOUT_IMAGES


class _Rows:
    """The rows of a version, counted: by person, by licence, and those that must stay here."""

    def __init__(self, corpus: Corpus) -> None:
        self.people: Counter[str] = Counter()
        self.licences: Counter[str] = Counter()
        self._taken_down = self._opted_out = 0
        self._consents = {one.identity_id: one.consent for one in corpus.manifest.identities}
        with corpus.reading() as catalog:
            self._removals, self._opt_outs = catalog.removals.taken_down(), catalog.candidates.opted_out()

    def read(self, file: Path) -> None:
        import pyarrow.parquet as pq

        names = class_names(file)["identity"]
        with reading(file), pq.ParquetFile(file) as parquet:
            if "embedding" in parquet.schema_arrow.names:
                raise PublishError(
                    f"{file.name} holds descriptors, which are biometric templates, and those are not published; set"
                    " embeddings = false in [build], and keep another version."
                )
            for row in parquet.read(columns=list(_COLUMNS)).to_pylist():
                self.people[names[row["identity"]]] += 1
                self.licences[family_of(row["licence"], row["licence_url"])] += 1
                self._taken_down += self._removals.has_row(row["photo_id"], row["source_url"], row["author"])
                self._opted_out += row["photo_id"] in self._opt_outs

    def held_back(self) -> Iterator[str]:
        if self._taken_down:
            yield f"{self._taken_down} faces of what was taken down"
        if self._opted_out:
            yield f"{self._opted_out} faces of photographs whose owners have opted out since"
        ended = [name for name in self.people if name in self._consents and self._consents[name].ended]
        if ended:
            yield f"people whose consent has ended ({shortened(sorted(ended), _NAMED)})"
        if gone := self.people.keys() - self._consents.keys():
            yield f"people who are not in manifest.csv any more ({shortened(sorted(gone), _NAMED)})"
