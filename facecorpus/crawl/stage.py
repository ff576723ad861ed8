"""Second stage of a crawl: download the candidates that wait, and store their photographs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.crawl.downloads import Downloads
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.plan import Plan
from facecorpus.crawl.quota import Quota
from facecorpus.crawl.reach import require_contact, require_network
from facecorpus.errors import CorpusError
from facecorpus.system.console import duration, track
from facecorpus.system.nearest import did_you_mean
from facecorpus.words import Outcome

RETRY_FAILED = "failed"
"""Names all outcomes that may pass."""

_BY_DATE = (Outcome.OUTSIDE_PERIOD, Outcome.NOT_DATED)
_NEVER_AGAIN = (Outcome.STORED, Outcome.REMOVED, *_BY_DATE, Outcome.UNCHANGED, Outcome.CHANGED)


@dataclass(frozen=True, slots=True)
class FetchSummary:
    """What a fetch did. outcomes counts candidates; left_for_later says per host why some were not asked for."""

    candidates: int  # that waited
    stored: int  # candidates that have a photograph now
    photographs: int  # new ones; several candidates may share one
    bytes: int  # downloaded in all tries
    outcomes: dict[str, int]
    left_for_later: dict[str, str]
    rested: dict[str, str]  # hosts that were left alone for a while, and why
    enough: int  # candidates that wait because their person or subgroup has enough
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
        if self.enough:
            lines.append(f"{self.enough} go on waiting: their person or subgroup has enough photographs.")
        lines += [f"{host} did not work for a while: {reason}." for host, reason in self.rested.items()]
        lines += [f"{host} is left for the next run: {reason}." for host, reason in self.left_for_later.items()]
        return "\n".join(lines)


def fetch_candidates(corpus: Corpus, retry: str | None = None) -> FetchSummary:
    """Download what waits: each URL once, in parallel over hosts, politely within each, subgroups in turn.

    With retry ('failed', or the name of one outcome) only what failed so before is asked for again. A photograph is
    in the store before the catalog says so: what a killed run left is taken up by the next. An interruption
    (KeyboardInterrupt) breaks off what is under way, records what has come, and is raised again. Raises SourceError
    where a public host would be asked without a contact, or none can be reached, and CorpusError for a retry that is
    no failure's name.
    """
    begun = time.monotonic()
    outcomes = _to_retry(retry)
    with corpus.catalog() as catalog, Fetcher(corpus.settings) as fetcher:
        photographs = catalog.photos.count()
        _reopen(corpus, catalog, outcomes)
        waiting = catalog.candidates.count_waiting(outcomes)
        hosts = [host for host, _ in catalog.candidates.queues()]
        require_contact(corpus.settings, hosts)
        require_network(corpus.settings, hosts)
        quota = Quota(corpus.manifest.identities, corpus.settings.fetch, catalog.candidates.photographs())
        with track("fetch", sum(waiting.values())) as tracker:
            downloads = Downloads(corpus, catalog, fetcher, Plan(catalog.candidates, quota, outcomes), quota, tracker)
            downloads.run()
        still = catalog.candidates.count_waiting(outcomes)
        return FetchSummary(
            candidates=sum(waiting.values()),
            stored=downloads.outcomes[Outcome.STORED],
            photographs=catalog.photos.count() - photographs,
            bytes=downloads.bytes,
            outcomes=dict(downloads.outcomes.most_common()),
            left_for_later=downloads.left,
            rested=fetcher.manners.rests,
            enough=sum(count for identity_id, count in still.items() if quota.is_full(identity_id)),
            seconds=time.monotonic() - begun,
        )


def _to_retry(retry: str | None) -> Sequence[str]:
    """The outcomes that --retry names; none for an ordinary run."""
    if retry is None:
        return ()
    if retry == RETRY_FAILED:
        return [outcome for outcome in Outcome if outcome.can_pass]
    names = [str(outcome) for outcome in Outcome if outcome not in _NEVER_AGAIN]
    if retry not in names:
        meant = did_you_mean(
            retry, [RETRY_FAILED, *names], f"say {RETRY_FAILED} for all that may pass, or one of {', '.join(names)}."
        )
        raise CorpusError(f"--retry {retry} names no kind of failure; {meant}")
    return [retry]


def _reopen(corpus: Corpus, catalog: Catalog, outcomes: Sequence[str]) -> None:
    """Put back into the queue what failed before and is wanted again."""
    if outcomes:
        catalog.candidates.reopen(outcomes)
        return
    with catalog.transaction():  # the manifest may have been mended since
        for person in corpus.manifest.identities:
            catalog.candidates.reopen_dates(person.identity_id, person.holds_on)
