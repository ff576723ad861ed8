"""Take photographs down: off the disk, out of the catalog, and on the list of what is never fetched again."""

import re
from dataclasses import dataclass
from pathlib import Path

from facecorpus.catalog import Catalog
from facecorpus.catalog.removals import Marked
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError

_PHOTOGRAPH = re.compile(r"[0-9a-f]{64}|[0-9a-f]{24}-[0-9]+")


@dataclass(frozen=True, slots=True)
class ForgetSummary:
    """What was removed, and what still holds some of it, or may."""

    photographs: int
    crops: int
    faces: int
    decisions: int
    near_duplicates: tuple[str, ...]  # sha256 of photographs that stay
    originals: tuple[str, ...]  # file: addresses outside the corpus
    listed: str | None  # the identity_id, where the person is in the manifest still
    shards: Path | None  # None: no build is there
    runs: tuple[str, ...]  # names of folders

    def __str__(self) -> str:
        """The sentences that a person reads."""
        lines = [
            f"Removed {self.photographs} photographs with {self.crops} crops, {self.faces} faces and {self.decisions}"
            " decisions; what was removed is never fetched again."
        ]
        if self.near_duplicates:
            lines.append(
                f"Near-duplicates stay: {', '.join(self.near_duplicates)}. Name each with --photo to remove it, or run"
                " facecorpus dedup to let one of them take the place of what was removed."
            )
        if self.listed is not None:
            lines.append(
                f"Take {self.listed} out of manifest.csv, or crawl will look for other photographs of that person; then"
                " run this once more to remove the name from the catalog."
            )
        if self.originals:
            lines.append(f"The files that they were read from are yours to delete: {', '.join(self.originals)}.")
        if self.shards is not None:
            lines.append(f"{self.shards} may still hold them: run facecorpus build to write the shards without them.")
        if self.runs:
            lines.append(
                "Runs that were trained before may hold them in their decoded data; delete these folders:"
                f" {', '.join(f'runs/{name}' for name in self.runs)}."
            )
        return "\n".join(lines)


def forget(
    corpus: Corpus,
    *,
    identity: str | None = None,
    photo: str | None = None,
    url: str | None = None,
    marked: bool = False,
) -> ForgetSummary:
    """Take down one photograph (by sha256 or face_id), what came from one address, everything of one person, or all
    photographs that were marked for removal in the review.

    Of a person go the photographs in which a face stands for them, or that were proposed for no other listed person.
    May be killed at any moment: the removals are written first and the catalog's rows deleted last, so the same
    command again finishes the work. Raises CorpusError for a name that the corpus does not know.
    """
    if [identity, photo, url, marked or None].count(None) != 3:
        raise CorpusError("Say what to forget with exactly one of --identity, --photo, --url and --marked.")
    with corpus.catalog() as catalog:
        try:
            going = _going(corpus, catalog, identity, photo, url)
            near_duplicates = catalog.removals.near_duplicates(going)
            catalog.removals.add(going)
            crops = sum(corpus.crops.remove(sha256) for sha256 in going.photographs)
            for sha256 in going.photographs:
                corpus.photos.remove(sha256)
            erased = catalog.removals.erase(going)
        finally:
            # Even where nothing is known by that name: a run killed here has deleted all rows that knew it.
            catalog.scrub()
    return ForgetSummary(
        photographs=erased.photographs,
        crops=crops,
        faces=erased.faces,
        decisions=erased.decisions,
        near_duplicates=tuple(near_duplicates),
        originals=tuple(address for address in going.urls if address.startswith("file:")),
        listed=identity if identity in {one.identity_id for one in corpus.manifest.identities} else None,
        shards=corpus.shards if corpus.shards.is_dir() else None,
        runs=tuple(sorted(run.name for run in corpus.runs.glob("*") if run.is_dir())),
    )


def _going(corpus: Corpus, catalog: Catalog, identity: str | None, photo: str | None, url: str | None) -> Marked:
    """What goes; where nothing is named, the photographs that people marked in the review."""
    going: Marked | None
    if identity is not None:
        going, expected = catalog.removals.of_identity(identity), "an identity_id as in manifest.csv"
    elif photo is not None:
        going, expected = _photograph(corpus, catalog, photo.lower()), "the sha256 of a photograph, or a face_id"
    elif url is not None:
        going, expected = catalog.removals.of_url(url), "the address that a photograph was fetched from (source_url)"
    else:
        return catalog.removals.of_photographs(catalog.review.marked())
    if going is None:
        raise CorpusError(f"{identity or photo or url} is not in {corpus.root}; expected {expected}.")
    return going


def _photograph(corpus: Corpus, catalog: Catalog, name: str) -> Marked | None:
    if not _PHOTOGRAPH.fullmatch(name):
        return None
    # A file that the catalog does not know is what a killed crawl leaves.
    known = catalog.removals.photographs(name.partition("-")[0])
    known |= {name} if corpus.photos.path(name).is_file() else set()
    return catalog.removals.of_photograph(known.pop()) if known else None
