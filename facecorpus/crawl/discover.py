"""First stage of a crawl: ask every source for every person, and note what it proposes."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.polite import Manners
from facecorpus.crawl.reach import may_ask
from facecorpus.crawl.side_by_side import Note, SideBySide
from facecorpus.crawl.sources import (
    MOST_NAMES,
    NoPhotographs,
    Source,
    WrongPerson,
    open_source,
    proposals,
    understood,
)
from facecorpus.crawl.sources.local import READERS
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.records import Candidate
from facecorpus.system.console import Tracker, duration, notice, track
from facecorpus.words import shortened

BATCH = 50  # candidates of one transaction: an answer of the Commons API


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
            why = "every source has answered for every person before." * (not self.warnings)
            return f"Discovered nothing: {why}" + "\n".join(self.warnings)
        lines = [
            f"Discovered {self.new} new photographs among {self.proposed} proposed"
            f" (asked {self.asked} times for a person, {duration(self.seconds)})."
        ]
        lines += [f"NOT CRAWLED: {sentence}" for sentence in self.mismatches]
        lines += [f"SOURCE FAILED: {name} was not asked to the end. {why}" for name, why in self.failed.items()]
        if self.unchecked:
            lines.append(
                f"Identity not checked of {len(self.unchecked)} people ({shortened(self.unchecked, MOST_NAMES)}):"
                " the manifest names neither wikidata_id nor wikipedia_title."
            )
        return "\n".join([*lines, *self.warnings])


@dataclass(slots=True, eq=False)
class _Person:
    """Somebody whom sources are asked about, and how far that has come."""

    identity: Identity
    sources: deque[Source]  # not asked yet
    checking: int = 0  # sources that have not said yet whether they know the person as somebody else
    checks: list[bool | None] = field(default_factory=list)
    is_wrong: bool = False


def discover(corpus: Corpus, manners: Manners | None = None) -> DiscoverSummary:
    """Ask each source for each listed person, where it has not answered to the end, or to this limit, before.

    Sources are asked side by side: while a host is too busy, those that ask others go on. What a source says is
    stored as it comes; after a break the same is asked again and nothing is doubled. For a person who is somebody
    else by what a source knows, no source is asked. A source that cannot be asked is left alone for the rest of the
    run, and the others go on; where that is so of all, its SourceError is raised, and before anything is asked where a
    public host is to be asked without a contact, or none can be reached.
    """
    begun = time.monotonic()
    with corpus.catalog() as catalog, Fetcher(corpus.settings, manners) as fetcher:
        asked = open_questions(corpus, catalog)
        names = dict.fromkeys(name for of_person in asked.values() for name in of_person)
        sources = {name: open_source(name, corpus, fetcher) for name in names}
        may_ask(corpus.settings, [source.hosts for source in sources.values()])
        people = [_Person(who, deque(sources[name] for name in of_person)) for who, of_person in asked.items()]
        with track("discover", sum(map(len, asked.values()))) as tracker:
            run = _Run(corpus.settings.crawl.per_identity, catalog, people, tracker)
            try:
                run.to_its_end()
            except BaseException:
                fetcher.stop()
                raise
    return DiscoverSummary(
        asked=sum(map(len, asked.values())),
        proposed=run.proposed,
        new=run.new,
        mismatches=tuple(run.mismatches),
        failed={name: str(error) for name, error in run.failed.items()},
        unchecked=tuple(run.unchecked),
        warnings=(*_not_asked(corpus), *run.warnings, *(said for one in sources.values() for said in one.warnings)),
        seconds=time.monotonic() - begun,
    )


def open_questions(corpus: Corpus, catalog: Catalog) -> dict[Identity, list[str]]:
    """The sources that are still to be asked for each person, in the order of manifest and settings.

    On the web nobody is looked for whose birth date is not stated: that they were no minors could not be seen to.
    Nobody at all is whose consent has ended.
    """
    crawl = corpus.settings.crawl
    done = catalog.candidates.discovered(crawl.per_identity)
    asked = {
        i: [name for name in crawl.sources if (i.identity_id, name) not in done and _may_be_asked(name, i)]
        for i in corpus.manifest.identities
        if not i.consent.ended
    }
    return {identity: names for identity, names in asked.items() if names}


def _may_be_asked(name: str, identity: Identity) -> bool:
    return bool(identity.birth_date) or name in READERS


def _not_asked(corpus: Corpus) -> list[str]:
    """Sentences on those for whom no source, or none of the web, is asked."""
    ended = [who.name for who in corpus.manifest.identities if who.consent.ended]
    sentence = f"NOT CRAWLED: the consent of {len(ended)} people holds no more ({shortened(ended, MOST_NAMES)})."
    said = [sentence] * bool(ended)
    web = [name for name in corpus.settings.crawl.sources if name not in READERS]
    people = [who.name for who in corpus.manifest.identities if not who.birth_date]
    if not web or not people:
        return said
    return [
        *said,
        "On the web nobody is looked for whose birth_date the manifest does not state"
        f" ({len(people)}: {shortened(people, MOST_NAMES)}): no minors are collected.",
    ]


class _Run:
    """What a discovery has seen so far.

    People begin in their order, each with a check by the sources that can; then their sources are asked one after the
    other, each for what is still missing. Only _check and _answer run in a source's thread.
    """

    def __init__(self, most: int, catalog: Catalog, people: Sequence[_Person], tracker: Tracker) -> None:
        self.proposed = self.new = 0
        self.mismatches: list[str] = []
        self.failed: dict[str, SourceError] = {}
        self.unchecked: list[str] = []
        self.warnings: list[str] = []
        self._most = most
        self._catalog = catalog
        self._taken_down = catalog.removals.taken_down()
        self._names = {source.name for person in people for source in person.sources}
        self._to_begin = iter(people)
        self._tracker = tracker
        self._threads = SideBySide()

    def to_its_end(self) -> None:
        """Ask until every question is answered, or no source can be asked any more."""
        try:
            self._begin_next()
            for act in self._threads.notes():
                act()
        finally:
            self._threads.close()

    def _begin_next(self) -> None:
        """Let the next person whom a source can check be checked; those before are asked about at once."""
        for person in self._to_begin:
            checking = [source for source in person.sources if source.checks and source.name not in self.failed]
            person.checking = len(checking)
            for source in checking:
                self._threads.submit(source.name, self._check(person, source))
            if checking:
                return
            self._checked(person)

    def _check(self, person: _Person, source: Source) -> Iterator[Note]:
        try:
            with understood(source.name):
                known = source.check(person.identity)
        except WrongPerson as wrong:
            yield partial(self._refuse, person, str(wrong))
        except SourceError as error:
            yield partial(self._give_up, source.name, error)
        else:
            yield partial(person.checks.append, known)
        yield partial(self._has_checked, person)

    def _has_checked(self, person: _Person) -> None:
        person.checking -= 1
        if not person.checking:
            self._checked(person)
            self._begin_next()

    def _refuse(self, person: _Person, sentence: str) -> None:
        self._catalog.candidates.note_mismatch(person.identity.identity_id, sentence)
        if not person.is_wrong:
            notice(f"NOT CRAWLED: {sentence}")
            self.mismatches.append(sentence)
        person.is_wrong = True

    def _checked(self, person: _Person) -> None:
        """Begin to ask about a person whom every source that can has checked."""
        if person.is_wrong:
            self._tracker.advance(len(person.sources))
            return
        self._catalog.candidates.note_mismatch(person.identity.identity_id, None)
        if False in person.checks and True not in person.checks:
            self.unchecked.append(person.identity.name)
        self._ask_next_source(person)

    def _ask_next_source(self, person: _Person) -> None:
        while person.sources:
            source = person.sources.popleft()
            if source.name not in self.failed:
                self._threads.submit(source.name, self._answer(person, source, self._missing(person.identity)))
                return
            self._tracker.advance()

    def _missing(self, identity: Identity) -> int:
        """How many photographs of a person are still wanted."""
        finished = self._catalog.candidates.discovered(self._most)
        before = self._catalog.candidates.dates(identity.identity_id)
        return self._most - sum(
            identity.holds_on(date) for name, date in before if (identity.identity_id, name) in finished
        )

    def _answer(self, person: _Person, source: Source, missing: int) -> Iterator[Note]:
        """What one source proposes for one person, in batches.

        Where it has no photographs the question stays open: the manifest, or the source, may be mended.
        """
        try:
            if source.name not in self.failed:
                answer = _Enough(proposals(source, person.identity, self._taken_down), person.identity, missing)
                given = 0
                for batch in _batches(answer, BATCH):
                    given += len(batch)
                    yield partial(self._store, batch)
                yield partial(self._finish, person.identity, source.name, given, answer.stopped)
        except NoPhotographs as nothing:
            yield partial(self.warnings.append, str(nothing))
        except SourceError as error:
            yield partial(self._give_up, source.name, error)
        yield partial(self._has_answered, person)

    def _store(self, batch: Sequence[Candidate]) -> None:
        self.new += self._catalog.candidates.propose(batch)
        self.proposed += len(batch)

    def _finish(self, identity: Identity, source: str, given: int, stopped: bool) -> None:
        stopped_at = self._most if stopped else None
        self._catalog.candidates.finish_discovery(identity.identity_id, source, given, stopped_at)

    def _has_answered(self, person: _Person) -> None:
        self._tracker.advance(note=f"{person.identity.name} · {self.new} new")
        self._ask_next_source(person)

    def _give_up(self, name: str, error: SourceError) -> None:
        """Ask a source nothing more in this run; where none is left, raise its error."""
        if name not in self.failed:
            notice(f"SOURCE FAILED: {name} is not asked any more in this run. {error}")
            self.failed[name] = error
        if self._names == set(self.failed):
            raise next(iter(self.failed.values()))


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
