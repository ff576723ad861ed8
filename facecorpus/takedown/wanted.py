"""What somebody wants to be forgotten: names in, the photographs and addresses that go out."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from facecorpus.catalog import Catalog
from facecorpus.catalog.removals import Marked
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.takedown.shards import photographs_in_builds

_SHA256 = re.compile(r"[0-9a-f]{64}")
_FACE_ID = re.compile(r"[0-9a-f]{24}-[0-9]+")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes, and which entries of a list nobody here knows."""

    marked: Marked
    unknown: tuple[str, ...] = ()


def named(corpus: Corpus, catalog: Catalog, option: str, name: str) -> Wanted:
    """What one name stands for, given with that option (identity, photo, url, author, list).

    Raises CorpusError for a name that the corpus does not know, and for a list that cannot be read.
    """
    if option == "list":
        return _listed(corpus, catalog, Path(name))
    marked: Marked | None
    if option == "identity":
        marked, expected = catalog.removals.of_identity(name), "an identity_id as in manifest.csv"
    elif option == "author":
        marked, expected = catalog.removals.of_author(name), "an author as a source states the name"
    elif option == "url":
        marked, expected = catalog.removals.of_url(name), "the address that a photograph was fetched from (source_url)"
    else:
        found = _photograph(corpus, catalog, name.lower())
        marked, expected = (
            catalog.removals.of_photographs([found]) if found else None,
            "the sha256 of a photograph, or a face_id",
        )
    if marked is None:
        raise CorpusError(f"{name} is not in {corpus.root}; expected {expected}.")
    return Wanted(marked)


def _photograph(corpus: Corpus, catalog: Catalog, name: str) -> str | None:
    """The sha256 of the photograph that a sha256 or a face_id names, wherever in the corpus it is still found."""
    if _SHA256.fullmatch(name):
        # A file that the catalog does not know is what a killed crawl leaves.
        here = catalog.removals.photographs(name) or name in catalog.removals.taken_down()
        return name if here or corpus.photos.path(name).is_file() or name in photographs_in_builds(corpus) else None
    if not _FACE_ID.fullmatch(name):
        return None
    beginning = name.partition("-")[0]
    known = catalog.removals.photographs(beginning) or {
        sha256 for sha256 in photographs_in_builds(corpus) if sha256.startswith(beginning)
    }
    return min(known, default=None)


def _listed(corpus: Corpus, catalog: Catalog, path: Path) -> Wanted:
    """Everything that a file names; unknown addresses and hashes are kept out from now on, too."""
    photographs: set[str] = set()
    urls: set[str] = set()
    unknown: list[str] = []
    for entry in _entries(path):
        if _ADDRESS.fullmatch(entry):
            marked = catalog.removals.of_url(entry)
            urls |= {entry, *(marked.urls if marked else ())}
            photographs |= set(marked.photographs if marked else ())
            unknown += [entry] * (marked is None)
            continue
        found = _photograph(corpus, catalog, entry.lower())
        if found is None:
            unknown.append(entry)
        if found or _SHA256.fullmatch(entry.lower()):
            photographs.add(found or entry.lower())
    marked = catalog.removals.of_photographs(photographs)
    return Wanted(Marked(marked.photographs, tuple(sorted({*marked.urls, *urls}))), tuple(unknown))


def _entries(path: Path) -> list[str]:
    """The lines of a text file, or the first cells of a CSV file; what begins with # is a remark."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = text.splitlines()
        if path.suffix.lower() == ".csv":
            lines = [row[0] for row in csv.reader(lines) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(
            f"{path} cannot be read as a list ({error}); expected addresses or hashes, one a line."
        ) from None
    entries = [line.strip() for line in lines]
    entries = list(dict.fromkeys(entry for entry in entries if entry and not entry.startswith("#")))
    if not entries:
        raise CorpusError(f"{path} holds nothing; expected addresses or hashes, one a line.")
    return entries
