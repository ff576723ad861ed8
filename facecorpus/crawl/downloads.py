"""One run of downloads: what is under way, what has come, and what the catalog is told of it."""

import hashlib
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from facecorpus.catalog import Catalog
from facecorpus.catalog.candidates import Waiting
from facecorpus.catalog.removal_keys import TakenDown
from facecorpus.corpus import Corpus
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.inspection import Fetched
from facecorpus.crawl.interrupt import ctrl_c_tells
from facecorpus.crawl.lanes import MOST_LANES, Lanes
from facecorpus.crawl.plan import Plan
from facecorpus.crawl.polite import HostResting
from facecorpus.crawl.quota import Quota
from facecorpus.crawl.sources.local import READERS, read_here
from facecorpus.manifest import Identity
from facecorpus.records import Candidate, Download
from facecorpus.settings import FetchSettings
from facecorpus.store import Store
from facecorpus.system.console import Tracker
from facecorpus.system.logfile import LOG
from facecorpus.words import Outcome


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of one candidate: every try, and the stored photograph where the last one brought it."""

    waiting: Waiting
    tries: Sequence[Download]
    media_type: str = ""
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class _Left:
    """A candidate that was not asked for, because a host rests."""

    waiting: Waiting
    resting: HostResting


class _Work:
    """What a lane does with one candidate: get its bytes and store them. It knows no catalog."""

    def __init__(self, fetcher: Fetcher, photos: Store, settings: FetchSettings, taken_down: TakenDown) -> None:
        self._fetcher = fetcher
        self._photos = photos
        self._settings = settings
        self._taken_down = taken_down

    def __call__(self, waiting: Waiting) -> _Done | _Left:
        try:
            if read := read_here(waiting.candidate, self._settings):
                return self._stored(waiting, [read])
            return self._stored(waiting, self._fetcher.fetch_in_tries(waiting.candidate.url))
        except HostResting as resting:
            return _Left(waiting, resting)

    def _stored(self, waiting: Waiting, fetched: Sequence[Fetched]) -> _Done:
        *earlier, last = [one.download for one in fetched]
        data = fetched[-1].data
        if data is None:
            return _Done(waiting, [*earlier, last])
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 in self._taken_down:
            last = replace(last, outcome=Outcome.REMOVED, detail="this photograph was taken down")
            return _Done(waiting, [*earlier, last])
        if (listed := waiting.candidate.sha256) not in ("", sha256):
            detail = f"its sha256 is {sha256}, the list says {listed}"
            return _Done(waiting, [*earlier, replace(last, outcome=Outcome.NOT_AS_LISTED, detail=detail)])
        return _Done(waiting, [*earlier, last], fetched[-1].media_type, self._photos.put(data, sha256))


def _refused_by_date(candidate: Candidate, person: Identity) -> Outcome | None:
    """A file of this machine may state its date itself, in EXIF: the build asks again."""
    if person.holds_on(candidate.taken_on) or (not candidate.taken_on and candidate.source in READERS):
        return None
    return Outcome.OUTSIDE_PERIOD if person.dated_enough(candidate.taken_on) else Outcome.NOT_DATED


class Downloads:
    """Keeps the lanes of every host busy, and writes down what comes of it.

    The catalog belongs to the thread that calls run. It commits whatever has come meanwhile in one transaction, so
    that a kill loses only what is in hand.
    """

    def __init__(
        self, corpus: Corpus, catalog: Catalog, fetcher: Fetcher, plan: Plan, quota: Quota, tracker: Tracker
    ) -> None:
        self.outcomes: Counter[str] = Counter()  # of candidates
        self.bytes = 0
        self.left: dict[str, str] = {}  # by host: why it was not asked any more
        self._catalog = catalog
        self._plan = plan
        self._quota = quota
        self._tracker = tracker
        self._give_up_after = corpus.settings.fetch.give_up_after
        self._periods = {person.identity_id: person for person in corpus.manifest.identities}
        self._taken_down = catalog.removals.taken_down()
        self._work = _Work(fetcher, corpus.photos, corpus.settings.fetch, self._taken_down)
        self._at_once = fetcher.manners.limits.of
        self._lanes: Lanes[Waiting, _Done | _Left] = Lanes(self._work, lambda host: self._at_once(host).at_once)
        self._fetcher = fetcher
        self._idle = deque(plan.hosts())  # hosts nothing is under way at
        self._held: list[str] = []  # hosts whose people have enough, if all that is under way brings a photograph
        self._active: Counter[str] = Counter()  # candidates under way, by host
        self._under_way: set[str] = set()  # URLs
        self._come: list[_Done | _Left] = []  # and not written down yet

    def run(self) -> None:
        """Download until nothing more is wanted, or can be had in this run."""
        with ctrl_c_tells(self._lanes.interrupt):
            try:
                self._feed()
                while come := self._lanes.results():
                    self._come += come
                    self._note()
                    self._feed()
            except BaseException:
                self._lanes.stop()
                self._fetcher.stop()
                self._note()
                while come := self._lanes.results():
                    self._come += come
                    self._note()
                raise
            finally:
                self._lanes.close()

    def _feed(self) -> None:
        """Give every host that has room something to do."""
        with self._catalog.transaction():
            for host in tuple(self._active):
                self._fill(host)
            while self._idle and len(self._active) < MOST_LANES:
                host = self._idle.popleft()
                self._fill(host)
                if host not in self._active and self._plan.has_more(host):
                    self._held.append(host)

    def _fill(self, host: str) -> None:
        room = 2 * self._at_once(host).at_once - self._lanes.waiting(host)
        while room > 0 and (waiting := self._plan.next(host)):
            if not self._settled(waiting):
                self._active[host] += 1
                self._under_way.add(waiting.candidate.url)
                self._lanes.submit(host, waiting)
                room -= 1

    def _settled(self, waiting: Waiting) -> bool:
        """Whether a candidate needs no request; its state is written down then."""
        candidate = waiting.candidate
        if candidate.url in self._under_way:
            self._plan.not_stored(waiting)  # it gets what the same URL brings for another candidate
        elif self._taken_down.forbids(candidate.url, candidate.author, candidate.file_id):
            self._count(Outcome.REMOVED, self._catalog.removals.blank(candidate.url))
            self._plan.not_stored(waiting)
        elif refused := _refused_by_date(candidate, self._periods[candidate.identity_id]):
            self._catalog.candidates.refuse(waiting.candidate_id, refused)
            self._count(refused, [candidate.identity_id])
            self._plan.not_stored(waiting)
        elif shared := self._catalog.candidates.share_stored(candidate.url):
            self._count(Outcome.STORED, shared)
            self._plan.not_stored(waiting)
        else:
            return False
        return True

    def _note(self) -> None:
        """Write down what has come."""
        settled: list[tuple[_Done, list[str]]] = []
        with self._catalog.transaction():
            for done in self._come:
                if isinstance(done, _Done):
                    settled.append((done, self._record(done)))
        come, self._come = self._come, []
        for done, people in settled:
            self.bytes += sum(download.bytes for download in done.tries)
            self._plan.not_stored(done.waiting)  # what was stored is counted for all who get it
            self._count(done.tries[-1].outcome, people)
        for one in come:
            self._end(one)
        if any(isinstance(one, _Left) or one.sha256 is None for one in come):
            self._idle += self._held
            self._held = []

    def _record(self, done: _Done) -> list[str]:
        candidates = self._catalog.candidates
        for download in done.tries:
            LOG.debug("%s %s %s (%.1f s)", download.outcome, download.url, download.detail, download.seconds)
        *earlier, last = done.tries
        for download in earlier:
            candidates.log(download)
        return candidates.record(last, done.media_type, done.sha256, give_up_after=self._give_up_after)

    def _count(self, outcome: Outcome, people: Sequence[str]) -> None:
        self.outcomes[outcome] += len(people)
        if outcome is Outcome.STORED:
            for identity_id in people:
                if identity_id in self._periods:
                    self._quota.add(identity_id)
        self._tracker.advance(len(people), note=f"{self.outcomes[Outcome.STORED]} stored")

    def _end(self, one: _Done | _Left) -> None:
        """Take one candidate off what is under way."""
        if isinstance(one, _Left):
            self.left[one.resting.host] = one.resting.reason
            self._plan.not_stored(one.waiting)
            for dropped in self._lanes.drop(one.waiting.host):
                self._plan.not_stored(dropped)
                self._forget(dropped)
            self._plan.close(one.waiting.host)
        self._forget(one.waiting)

    def _forget(self, waiting: Waiting) -> None:
        host = waiting.host
        self._under_way.discard(waiting.candidate.url)
        self._active[host] -= 1
        if not self._active[host]:
            del self._active[host]
            self._idle.append(host)
