"""Small corpora for tests of the fetch stage, and what their catalogs say."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loopback import Loopback, settings_for
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
