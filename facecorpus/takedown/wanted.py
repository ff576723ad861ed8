"""What somebody wants to be forgotten: names in, the photographs and addresses that go out."""

import csv
from dataclasses import dataclass
from pathlib import Path

from facecorpus.catalog import Catalog
from facecorpus.catalog.removals import Marked
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.system.nearest import did_you_mean
from facecorpus.takedown.meant import ADDRESS, SHA256, Meant, meant


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
    if option == "identity":
        people = [person.identity_id for person in corpus.manifest.identities]
        marked = catalog.removals.of_identity(name)
        expected = did_you_mean(name, people, "expected an identity_id as in manifest.csv.")
    elif option == "author":
        marked, expected = catalog.removals.of_author(name), "expected an author as a source states the name."
    else:
        marked = _marked(catalog, meant(corpus, catalog, name))
        expected = "expected a photograph's address (source_url), path, file name, sha256 or face_id."
    if marked is None:
        raise CorpusError(f"{name} is not in {corpus.root}; {expected}")
    return Wanted(marked)


def _marked(catalog: Catalog, names: Meant | None) -> Marked | None:
    if names is None:
        return None
    return catalog.removals.of_url(names.url) if names.url else catalog.removals.of_photographs([names.photograph])


def _listed(corpus: Corpus, catalog: Catalog, path: Path) -> Wanted:
    """Everything that a file names; unknown addresses and hashes are kept out from now on, too."""
    photographs: set[str] = set()
    urls: set[str] = set()
    unknown: list[str] = []
    for entry in _entries(path):
        marked = _marked(catalog, meant(corpus, catalog, entry))
        if marked is not None:
            photographs |= set(marked.photographs)
            urls |= set(marked.urls)
            continue
        unknown.append(entry)
        if ADDRESS.fullmatch(entry):
            urls.add(entry)
        elif SHA256.fullmatch(entry.lower()):
            photographs.add(entry.lower())
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
