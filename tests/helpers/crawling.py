"""Small corpora for tests of the fetch stage, and what their catalogs say."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loopback import Loopback, Reply, jpeg, settings_for
from loopback_wiki import Wiki
from people import person

from facecorpus.corpus import Corpus, init_corpus
from facecorpus.manifest import Identity, write_manifest
from facecorpus.records import Candidate
from facecorpus.settings import Settings


def make(folder: Path, settings: Settings, *people: Identity) -> Corpus:
    """A corpus of these people."""
    manifest = folder.with_suffix(".csv")
    write_manifest(manifest, people)
    return init_corpus(folder, manifest, settings)


def corpus_of(folder: Path, *webs: Loopback, people: Sequence[Identity] = (), **fetch: Any) -> Corpus:
    """A corpus of Ada, or of these people, that may ask these webs."""
    return make(folder, settings_for(*webs, fetch=fetch), *(people or [person("ada")]))


def propose(corpus: Corpus, *candidates: Candidate) -> None:
    """Put candidates in the catalog without asking a source."""
    with corpus.catalog() as catalog:
        catalog.candidates.propose(candidates)


def propose_urls(corpus: Corpus, *urls: str, identity_id: str = "ada") -> None:
    """Propose these URLs for one person, the first one first."""
    propose(corpus, *(Candidate(identity_id, "commons", url, rank=rank) for rank, url in enumerate(urls)))


def states(corpus: Corpus) -> dict[tuple[str, str], str]:
    """Outcome of each candidate, by person and the last part of the URL."""
    with corpus.catalog() as catalog:
        return {
            (history.identity_id, history.url.rpartition("/")[2]): history.outcome
            for history in catalog.histories.all()
        }


def content(corpus: Corpus) -> tuple[Any, ...]:
    """All that a crawl leaves: candidates, photographs in the catalog, files in the store."""
    with corpus.catalog() as catalog:
        candidates = catalog.query(
            "SELECT identity_id, source, url, page_url, rank, title, licence, author, taken_on, state, outcome,"
            " photo_sha256 FROM candidate ORDER BY identity_id, source, url"
        )
        photos = catalog.query("SELECT sha256, media_type, bytes FROM photo ORDER BY sha256")
        rows = [[tuple(row) for row in table] for table in (candidates, photos)]
        discovered = catalog.candidates.discovered()
    return *rows, discovered, sorted(path.name for path in corpus.photos.root.glob("??/??/[0-9a-f]*"))


def serve_wiki(web: Loopback, **categories: Sequence[int]) -> Settings:
    """A wiki whose categories hold pictures of these numbers; the same number is the same file."""
    wiki = Wiki(web, batch=3)
    for name, numbers in categories.items():
        files = [f"{number}.jpg" for number in numbers]
        wiki.category(name, *files)
        for number, file in zip(numbers, files, strict=True):
            wiki.info[file] = {"thumburl": web.serve(f"/{file}", Reply(jpeg(number)))}
    return settings_for(web, crawl={"commons_api": wiki.url})


def pictures(web: Loopback) -> list[str]:
    """Paths of the pictures asked for, sorted."""
    return sorted(path for path in web.paths() if path.endswith(".jpg"))
