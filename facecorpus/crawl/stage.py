"""Second stage of a crawl: download the candidates that wait, and store their photographs."""

import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from facecorpus.catalog import Catalog
from facecorpus.catalog.records import Candidate, Download, Outcome
from facecorpus.catalog.removals import removal_key
from facecorpus.console import duration, track
from facecorpus.corpus import Corpus
from facecorpus.crawl.fetch import Fetched, Fetcher
from facecorpus.crawl.lanes import Lanes
from facecorpus.crawl.polite import HostResting
from facecorpus.crawl.sources import archive, folder
from facecorpus.store import Store

_OF_THIS_MACHINE = {folder.NAME: folder.read_file, archive.NAME: archive.read_member}


@dataclass(frozen=True, slots=True)
class FetchSummary:
    """What a fetch did. outcomes counts candidates; left_for_later says per host why some were not asked for."""

    candidates: int  # that waited
    stored: int  # candidates that have a photograph now
    photographs: int  # new ones; several candidates may share one
    bytes: int  # downloaded in all tries
    outcomes: dict[str, int]
    left_for_later: dict[str, str]
    seconds: float

    def __str__(self) -> str:
        """The sentences that a person reads."""
        if not self.candidates:
            return "Fetched nothing: no photograph waits to be downloaded."
        rate = self.bytes / 1e6 / max(self.seconds, 1e-3)
        lines = [
            f"Fetched {self.photographs} new photographs for {self.stored} of {self.candidates} waiting candidates"
            f" ({self.bytes / 1e6:.1f} MB, {duration(self.seconds)}, {rate:.1f} MB/s)."
        ]
        others = {outcome: n for outcome, n in self.outcomes.items() if outcome != Outcome.STORED}
        if others:
            lines.append("The others: " + ", ".join(f"{n} {o.replace('_', ' ')}" for o, n in others.items()) + ".")
        lines += [f"{host} is left for the next run: {reason}." for host, reason in self.left_for_later.items()]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of one URL: every try, and the stored photograph where the last one brought it."""

    url: str
    tries: Sequence[Download]
    media_type: str = ""
    sha256: str | None = None


def fetch_candidates(corpus: Corpus) -> FetchSummary:
    """Download what waits: each URL once, in parallel over hosts, politely within each.

    A photograph is in the store before the catalog says so, and each URL is one transaction: what a killed run
    left is taken up by the next. An interruption (KeyboardInterrupt) breaks off what is under way, records what has
    come, and is raised again. Raises SourceError where a public host would be asked without a contact.
    """
    begun = time.monotonic()
    with corpus.catalog() as catalog, Fetcher(corpus.settings) as fetcher:
        photographs = catalog.photos.counts()["photographs"]
        outcomes, to_fetch = _set_aside(corpus, catalog)
        waiting = outcomes.total() + len(to_fetch)
        size, left = _download(corpus, catalog, fetcher, to_fetch, outcomes)
        return FetchSummary(
            candidates=waiting,
            stored=outcomes[Outcome.STORED],
            photographs=catalog.photos.counts()["photographs"] - photographs,
            bytes=size,
            outcomes=dict(outcomes.most_common()),
            left_for_later=left,
            seconds=time.monotonic() - begun,
        )


def _set_aside(corpus: Corpus, catalog: Catalog) -> tuple[Counter[str], list[Candidate]]:
    """Settle what needs no request; return how many candidates ended how, and those that are to be fetched."""
    people = {identity.identity_id: identity for identity in corpus.manifest.identities}

    def outside(candidate: Candidate) -> bool:
        return not people[candidate.identity_id].holds_on(candidate.taken_on)

    candidates = catalog.candidates
    # The manifest's periods may have been mended since.
    candidates.reopen([c for c in candidates.refused(Outcome.OUTSIDE_PERIOD) if not outside(c)])
    waiting = candidates.waiting()
    taken_down = catalog.removals.keys()
    removed = [c for c in waiting if removal_key(c.url) in taken_down]
    catalog.removals.blank(removed)
    late = [c for c in candidates.waiting() if outside(c)]
    candidates.refuse(late, Outcome.OUTSIDE_PERIOD)
    candidates.share_stored()
    to_fetch = candidates.waiting()
    outcomes = Counter({str(Outcome.REMOVED): len(removed), str(Outcome.OUTSIDE_PERIOD): len(late)})
    outcomes[Outcome.STORED] = len(waiting) - sum(outcomes.values()) - len(to_fetch)
    return +outcomes, to_fetch


def _download(
    corpus: Corpus, catalog: Catalog, fetcher: Fetcher, to_fetch: Sequence[Candidate], outcomes: Counter[str]
) -> tuple[int, dict[str, str]]:
    """Fetch each URL and record it; count into outcomes; return the bytes, and the hosts left for later."""
    by_url: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in to_fetch:
        by_url[candidate.url].append(candidate)
    jobs: dict[str, list[Candidate]] = defaultdict(list)
    for url, proposed in by_url.items():
        jobs[_host(url)].append(proposed[0])
    left: dict[str, str] = {}
    size = 0
    lanes = Lanes(jobs, _work(corpus, fetcher, catalog.removals.keys(), left), corpus.settings.fetch.per_host)

    with track("fetch", len(by_url)) as tracker:

        def note(done: _Done) -> None:
            nonlocal size
            _record(catalog, done)
            outcomes[done.tries[-1].outcome] += len(by_url[done.url])
            size += sum(download.bytes for download in done.tries)
            tracker.advance(note=f"{outcomes[Outcome.STORED]} stored")

        try:
            for done in lanes:
                note(done)
        except BaseException:
            lanes.stop()
            fetcher.stop()
            for done in lanes:
                note(done)
            raise
    return size, left


def _work(
    corpus: Corpus, fetcher: Fetcher, taken_down: Collection[str], left: dict[str, str]
) -> Callable[[Candidate], _Done | None]:
    """What a lane does with one candidate: get its bytes and store them. The catalog is the main thread's."""

    def work(candidate: Candidate) -> _Done | None:
        try:
            if read := _OF_THIS_MACHINE.get(candidate.source):
                fetched = [read(candidate.url, corpus.settings.fetch.max_bytes)]
            else:
                fetched = fetcher.fetch_in_tries(candidate.url)
        except HostResting as resting:
            left[resting.host] = resting.reason
            return None
        return _stored(corpus.photos, candidate, fetched, taken_down)

    return work


def _stored(photos: Store, candidate: Candidate, fetched: Sequence[Fetched], taken_down: Collection[str]) -> _Done:
    *earlier, last = [one.download for one in fetched]
    url, data = candidate.url, fetched[-1].data
    if data is None:
        return _Done(url, [*earlier, last])
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 in taken_down:
        return _Done(url, [*earlier, replace(last, outcome=Outcome.REMOVED, detail="this photograph was taken down")])
    if candidate.sha256 not in ("", sha256):
        detail = f"its sha256 is {sha256}, the list says {candidate.sha256}"
        return _Done(url, [*earlier, replace(last, outcome=Outcome.NOT_AS_LISTED, detail=detail)])
    return _Done(url, [*earlier, last], fetched[-1].media_type, photos.put(data))


def _record(catalog: Catalog, done: _Done) -> None:
    *earlier, last = done.tries
    with catalog.transaction():
        for download in earlier:
            catalog.candidates.record(download)
        catalog.candidates.record(last, done.media_type, done.sha256)


def _host(url: str) -> str:
    """In whose lane a URL is fetched; what is no web address has a lane of its own, and fails there."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
