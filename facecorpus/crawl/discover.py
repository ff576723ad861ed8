"""First stage of a crawl: ask every source for every person, and note what it proposes."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from facecorpus.catalog import Catalog
from facecorpus.catalog.records import Candidate
from facecorpus.console import duration, track
from facecorpus.corpus import Corpus
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.sources import NoPhotographs, Source, open_source
from facecorpus.manifest import Identity

BATCH = 50  # candidates of one transaction: an answer of the Commons API


@dataclass(frozen=True, slots=True)
class DiscoverSummary:
    """What a discovery found. asked counts pairs of a person and a source; new the URLs not known before."""

    asked: int
    proposed: int
    new: int
    warnings: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        """The sentences that a person reads."""
        if not self.asked:
            return "Discovered nothing: every source has answered for every person before."
        first = (
            f"Discovered {self.new} new photographs among {self.proposed} proposed"
            f" (asked {self.asked} times for a person, {duration(self.seconds)})."
        )
        return "\n".join([first, *self.warnings])


def discover(corpus: Corpus) -> DiscoverSummary:
    """Ask each source for each listed person, where it has not answered to the end before.

    What a source says is stored as it comes; after a break the same is asked again and nothing is doubled.
    Raises SourceError where a source cannot be asked at all.
    """
    begun = time.monotonic()
    proposed = new = 0
    warnings: list[str] = []
    with corpus.catalog() as catalog, Fetcher(corpus.settings) as fetcher:
        done = catalog.candidates.discovered()
        names = corpus.settings.crawl.sources
        pairs = [(i, name) for i in corpus.manifest.identities for name in names if (i.identity_id, name) not in done]
        sources = {name: open_source(name, corpus, fetcher) for name in dict.fromkeys(name for _, name in pairs)}
        with track("discover", len(pairs)) as tracker:
            for identity, name in pairs:
                try:
                    given, added = _ask(catalog, identity, sources[name], corpus.settings.crawl.per_identity)
                except NoPhotographs as nothing:
                    warnings.append(str(nothing))
                else:
                    proposed += given
                    new += added
                tracker.advance(note=f"{identity.name} · {new} new")
    return DiscoverSummary(len(pairs), proposed, new, tuple(warnings), time.monotonic() - begun)


def _ask(catalog: Catalog, identity: Identity, source: Source, most: int) -> tuple[int, int]:
    """Store what one source proposes for one person; return how many it gave, and how many were new.

    Raises NoPhotographs and leaves the question open: the manifest, or the source, may be mended.
    """
    finished = catalog.candidates.discovered()
    before = catalog.candidates.dates(identity.identity_id)
    have = sum(identity.holds_on(date) for name, date in before if (identity.identity_id, name) in finished)
    given = added = 0
    for batch in _batches(_enough(source.candidates(identity), identity, most - have), BATCH):
        added += catalog.candidates.propose(batch)
        given += len(batch)
    catalog.candidates.finish_discovery(identity.identity_id, source.name, given)
    return given, added


def _enough(candidates: Iterable[Candidate], identity: Identity, most: int) -> Iterator[Candidate]:
    """The candidates up to the `most`th from the person's period; those from outside it are passed on uncounted."""
    if most <= 0:
        return
    counted = 0
    for candidate in candidates:
        yield candidate
        counted += identity.holds_on(candidate.taken_on)
        if counted == most:
            return


def _batches(candidates: Iterable[Candidate], size: int) -> Iterator[list[Candidate]]:
    iterator = iter(candidates)
    while batch := list(islice(iterator, size)):
        yield batch
