"""First stage of a crawl: ask every source for every person, and note what it proposes."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.sources import NoPhotographs, Source, WrongPerson, open_source
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.records import Candidate
from facecorpus.system.console import duration, notice, track

BATCH = 50  # candidates of one transaction: an answer of the Commons API
MOST_NAMES = 5  # of people, in one sentence


@dataclass(frozen=True, slots=True)
class DiscoverSummary:
    """What a discovery found. asked counts pairs of a person and a source; new the URLs not known before."""

    asked: int
    proposed: int
    new: int
    mismatches: tuple[str, ...]  # why nothing was crawled for these people
    failed: dict[str, str]  # by source, why it was not asked to the end
    unchecked: tuple[str, ...]  # names of people whom no source could check
    warnings: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        """The sentences that a person reads."""
        if not self.asked:
            return "Discovered nothing: every source has answered for every person before."
        lines = [
            f"Discovered {self.new} new photographs among {self.proposed} proposed"
            f" (asked {self.asked} times for a person, {duration(self.seconds)})."
        ]
        lines += [f"NOT CRAWLED: {sentence}" for sentence in self.mismatches]
        lines += [f"SOURCE FAILED: {name} was not asked to the end. {why}" for name, why in self.failed.items()]
        if self.unchecked:
            names = ", ".join(self.unchecked[:MOST_NAMES]) + ", …" * (len(self.unchecked) > MOST_NAMES)
            lines.append(
                f"Identity not checked of {len(self.unchecked)} people ({names}): the manifest names neither"
                " wikidata_id nor wikipedia_title."
            )
        return "\n".join([*lines, *self.warnings])


@dataclass(slots=True)
class _Run:
    """What a discovery has seen so far."""

    proposed: int = 0
    new: int = 0
    mismatches: list[str] = field(default_factory=list)
    failed: dict[str, SourceError] = field(default_factory=dict)
    unchecked: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def discover(corpus: Corpus) -> DiscoverSummary:
    """Ask each source for each listed person, where it has not answered to the end, or to this limit, before.

    What a source says is stored as it comes; after a break the same is asked again and nothing is doubled. For a
    person who is somebody else by what a source knows, no source is asked. A source that cannot be asked is left
    alone for the rest of the run, and the others go on; where that is so of all, its SourceError is raised.
    """
    begun = time.monotonic()
    run = _Run()
    with corpus.catalog() as catalog, Fetcher(corpus.settings) as fetcher:
        asked = open_questions(corpus, catalog)
        names = dict.fromkeys(name for of_person in asked.values() for name in of_person)
        sources = {name: open_source(name, corpus, fetcher) for name in names}
        with track("discover", sum(map(len, asked.values()))) as tracker:
            for identity, of_person in asked.items():
                _ask_for(run, corpus, catalog, identity, [sources[name] for name in of_person])
                tracker.advance(len(of_person), note=f"{identity.name} · {run.new} new")
                if set(names) == set(run.failed):
                    raise next(iter(run.failed.values()))
    return DiscoverSummary(
        asked=sum(map(len, asked.values())),
        proposed=run.proposed,
        new=run.new,
        mismatches=tuple(run.mismatches),
        failed={name: str(error) for name, error in run.failed.items()},
        unchecked=tuple(run.unchecked),
        warnings=tuple(run.warnings),
        seconds=time.monotonic() - begun,
    )


def open_questions(corpus: Corpus, catalog: Catalog) -> dict[Identity, list[str]]:
    """The sources that are still to be asked for each person, in the order of manifest and settings."""
    crawl = corpus.settings.crawl
    done = catalog.candidates.discovered(crawl.per_identity)
    asked = {
        i: [name for name in crawl.sources if (i.identity_id, name) not in done] for i in corpus.manifest.identities
    }
    return {identity: names for identity, names in asked.items() if names}


def _ask_for(run: _Run, corpus: Corpus, catalog: Catalog, identity: Identity, sources: Sequence[Source]) -> None:
    """Check a person with each source that can, then let each one propose photographs."""
    answering = [source for source in sources if source.name not in run.failed]
    checks: list[bool | None] = []
    for source in answering:
        try:
            checks.append(source.check(identity))
        except WrongPerson as wrong:
            catalog.candidates.note_mismatch(identity.identity_id, str(wrong))
            notice(f"NOT CRAWLED: {wrong}")
            run.mismatches.append(str(wrong))
            return
        except SourceError as error:
            _give_up(run, source, error)
    catalog.candidates.note_mismatch(identity.identity_id, None)
    if False in checks and True not in checks:
        run.unchecked.append(identity.name)
    for source in answering:
        if source.name in run.failed:
            continue
        try:
            given, added = _ask(catalog, identity, source, corpus.settings.crawl.per_identity)
        except NoPhotographs as nothing:
            run.warnings.append(str(nothing))
        except SourceError as error:
            _give_up(run, source, error)
        else:
            run.proposed += given
            run.new += added


def _give_up(run: _Run, source: Source, error: SourceError) -> None:
    notice(f"SOURCE FAILED: {source.name} is not asked any more in this run. {error}")
    run.failed[source.name] = error


def _ask(catalog: Catalog, identity: Identity, source: Source, most: int) -> tuple[int, int]:
    """Store what one source proposes for one person; return how many it gave, and how many were new.

    Raises NoPhotographs and leaves the question open: the manifest, or the source, may be mended.
    """
    finished = catalog.candidates.discovered(most)
    before = catalog.candidates.dates(identity.identity_id)
    have = sum(identity.holds_on(date) for name, date in before if (identity.identity_id, name) in finished)
    answer = _Enough(source.candidates(identity), identity, most - have)
    given = added = 0
    for batch in _batches(answer, BATCH):
        added += catalog.candidates.propose(batch)
        given += len(batch)
    catalog.candidates.finish_discovery(identity.identity_id, source.name, given, most if answer.stopped else None)
    return given, added


class _Enough:
    """The candidates up to the `most`th from the person's period; those from outside it are passed on uncounted."""

    def __init__(self, candidates: Iterable[Candidate], identity: Identity, most: int) -> None:
        self._candidates = candidates
        self._identity = identity
        self._most = most
        self.stopped = most <= 0
        """Whether it ended because there were enough; the source may have more."""

    def __iter__(self) -> Iterator[Candidate]:
        counted = 0
        for candidate in self._candidates if not self.stopped else ():
            yield candidate
            counted += self._identity.holds_on(candidate.taken_on)
            if counted == self._most:
                self.stopped = True
                return


def _batches(candidates: Iterable[Candidate], size: int) -> Iterator[list[Candidate]]:
    iterator = iter(candidates)
    while batch := list(islice(iterator, size)):
        yield batch
