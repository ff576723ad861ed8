"""Ask again for what is stored: is it still there, the same, and not opted out since?"""

import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from facecorpus.catalog import Catalog
from facecorpus.catalog.candidates import StoredUrl
from facecorpus.corpus import Corpus
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.lanes import MOST_LANES, Lanes
from facecorpus.crawl.polite import HostResting
from facecorpus.records import Download
from facecorpus.system.console import duration, track
from facecorpus.words import Outcome

_NAMED = 20  # addresses that the summary names
_WITHDRAWN = (Outcome.GONE, Outcome.OPTED_OUT, Outcome.REFUSED)


@dataclass(frozen=True, slots=True)
class RecheckSummary:
    """What the servers say of the stored photographs now; nothing that is stored was changed."""

    asked: int
    outcomes: dict[str, int]
    withdrawn: tuple[str, ...]  # addresses that are gone, refused or opted out now
    bytes: int
    left_for_later: dict[str, str]
    seconds: float

    def __str__(self) -> str:
        """The sentences that a person reads."""
        counts = ", ".join(f"{n} {outcome.replace('_', ' ')}" for outcome, n in self.outcomes.items())
        lines = [
            f"Asked again for {self.asked} stored photographs ({self.bytes / 1e6:.1f} MB, {duration(self.seconds)})"
            + (f": {counts}." if counts else ".")
        ]
        if self.withdrawn:
            lines.append("Withdrawn since; facecorpus forget --url URL takes one out of the corpus:")
            lines += [f"  {url}" for url in self.withdrawn[:_NAMED]]
            if len(self.withdrawn) > _NAMED:
                lines.append(f"  and {len(self.withdrawn) - _NAMED} more (--json lists all)")
        lines += [f"{host} is left for the next run: {reason}." for host, reason in self.left_for_later.items()]
        return "\n".join(lines)


def recheck_photographs(corpus: Corpus) -> RecheckSummary:
    """Ask each host once more for every address that brought a photograph, with its validators (RFC 9110 §13).

    Every answer is a row of the catalog's tries; candidates and photographs stay as they are. Raises SourceError
    where a public host would be asked without a contact.
    """
    begun = time.monotonic()
    outcomes: Counter[str] = Counter()
    withdrawn: list[str] = []
    left: dict[str, str] = {}
    size = 0
    with corpus.catalog() as catalog, Fetcher(corpus.settings) as fetcher:

        def work(stored: StoredUrl) -> Download | HostResting:
            try:
                return fetcher.recheck(stored.download, stored.sha256)
            except HostResting as resting:
                return resting

        lanes = Lanes(work, lambda host: fetcher.manners.limits.of(host).at_once)
        with track("recheck", catalog.candidates.count_stored_urls()) as tracker:
            try:
                for answer in _answers(catalog, lanes):
                    if isinstance(answer, HostResting):
                        left[answer.host] = answer.reason
                        continue
                    catalog.candidates.log(answer)
                    outcomes[answer.outcome] += 1
                    size += answer.bytes
                    withdrawn += [answer.url] * (answer.outcome in _WITHDRAWN)
                    tracker.advance(note=f"{outcomes[Outcome.UNCHANGED]} unchanged")
            except BaseException:
                lanes.stop()
                fetcher.stop()
                raise
            finally:
                lanes.close()
    seconds = time.monotonic() - begun
    return RecheckSummary(outcomes.total(), dict(outcomes.most_common()), tuple(withdrawn), size, left, seconds)


def _answers(catalog: Catalog, lanes: Lanes[StoredUrl, Download | HostResting]) -> Iterator[Download | HostResting]:
    """What comes back for every stored address, a page of them in the lanes at a time."""
    after, under_way = "", 0
    page: deque[StoredUrl] = deque()
    while True:
        while under_way < 4 * MOST_LANES and (page or (page := deque(catalog.candidates.stored_urls(after)))):
            stored = page.popleft()
            after = stored.download.url
            lanes.submit(stored.host, stored)
            under_way += 1
        results = lanes.results()
        if not results:
            return
        under_way -= len(results)
        yield from results
