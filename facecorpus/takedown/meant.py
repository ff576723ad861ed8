"""Which picture somebody means: by its address, a path, the name of a file, a face_id, or a hash or its beginning."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.crawl.sources.local import file_of
from facecorpus.errors import CorpusError
from facecorpus.shards import sha256_of
from facecorpus.takedown.shards import photographs_in_builds
from facecorpus.words import shortened

SHA256 = re.compile(r"[0-9a-f]{64}")
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)

_BEGINNING = re.compile(r"([0-9a-f]{12,64})(?:-[0-9]+)?")  # of a hash, as explain shows it, or a face_id
_NAMED = 3  # addresses that a sentence names


@dataclass(frozen=True, slots=True)
class Meant:
    """One picture, by one of the two."""

    url: str = ""
    photograph: str = ""  # sha256


def meant(corpus: Corpus, catalog: Catalog, name: str) -> Meant | None:
    """The picture of that name; None where nothing here is called so. An address may be of none that is known.

    Raises CorpusError where several pictures are called so.
    """
    is_file = name.lower().startswith("file://")
    if ADDRESS.match(name) and (not is_file or catalog.removals.of_url(name)):
        return Meant(url=name)
    if found := _by_hash(corpus, catalog, name.lower()):
        return found
    path = Path(file_of(name) if is_file else name).expanduser()
    for url in _addresses(corpus, path):
        if catalog.removals.of_url(url):
            return Meant(url=url)
    # A photograph or a crop of the store, wherever it is shown or was copied to, has its hash as its name.
    if found := _by_hash(corpus, catalog, path.stem.lower()):
        return found
    if path.is_file() and (found := _by_hash(corpus, catalog, sha256_of(path))):
        return found
    return _by_file_name(catalog, name) if path.name == name else None


def _addresses(corpus: Corpus, path: Path) -> Iterator[str]:
    """Those that a file may have here: source 'folder' names it as the settings lead to it."""
    yield path.absolute().as_uri()
    yield path.resolve().as_uri()
    root = (corpus.root / Path(corpus.settings.crawl.folder).expanduser()).absolute()
    if path.resolve().is_relative_to(root.resolve()):
        yield (root / path.resolve().relative_to(root.resolve())).as_uri()


def _by_hash(corpus: Corpus, catalog: Catalog, name: str) -> Meant | None:
    """The photograph, wherever in the corpus it is still found."""
    match = _BEGINNING.fullmatch(name)
    if match is None:
        return None
    beginning = match[1]
    if SHA256.fullmatch(beginning) and (
        # A file that the catalog does not know is what a killed crawl leaves.
        corpus.photos.path(beginning).is_file() or beginning in catalog.removals.taken_down()
    ):
        return Meant(photograph=beginning)
    found = catalog.removals.photographs(beginning) or {
        sha256 for sha256 in photographs_in_builds(corpus) if sha256.startswith(beginning)
    }
    return _only(name, [Meant(photograph=sha256) for sha256 in sorted(found)])


def _by_file_name(catalog: Catalog, name: str) -> Meant | None:
    return _only(name, [Meant(url=url) for url in catalog.histories.addresses(name)])


def _only(name: str, found: list[Meant]) -> Meant | None:
    if len(found) > 1:
        some = shortened([one.url or one.photograph for one in found], _NAMED)
        raise CorpusError(f"{len(found)} pictures are called {name}: {some}; name the one that is meant in full.")
    return found[0] if found else None
