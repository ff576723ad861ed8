"""What a crawl would ask of whom, and how long it would take at the polite rate. Nothing is asked, nothing written."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import open_questions
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.guard import Guard
from facecorpus.crawl.limits import Limits
from facecorpus.crawl.sources import Source, open_source
from facecorpus.manifest import Identity
from facecorpus.system.console import duration

MOST_HOSTS = 10  # in one list


@dataclass(frozen=True, slots=True)
class Asked:
    """What one source would be asked."""

    source: str
    hosts: tuple[str, ...]
    people: int
    requests: int  # about
    wanted: int  # candidates, at most
    seconds: float  # at the polite rate


@dataclass(frozen=True, slots=True)
class DryRun:
    """The whole plan. Downloads to come are bounded by what is wanted: nobody knows what the sources will propose."""

    sources: tuple[Asked, ...]
    waiting: dict[str, int]  # files proposed before and not fetched yet, by host
    to_come: int  # files that the sources may propose, at most
    seconds: float  # at the least, by the rate of requests alone
    missing: str  # what must be set before the crawl can begin; '' where nothing is

    def __str__(self) -> str:
        """A table and the sentences under it."""
        lines = [f"{'source':<10} {'people':>6} {'requests':>8} {'wanted':>8} {'time':>12}  hosts"]
        lines += [
            f"{one.source:<10} {one.people:>6} {one.requests:>8} {one.wanted:>8} {duration(one.seconds):>12} "
            f" {', '.join(one.hosts) or 'this machine'}"
            for one in self.sources
        ]
        if not self.sources:
            lines = ["No source would be asked: every one has answered for every person before."]
        hosts = ", ".join(f"{host or 'this machine'} {n}" for host, n in list(self.waiting.items())[:MOST_HOSTS])
        more = ", …" * (len(self.waiting) > MOST_HOSTS)
        lines.append(
            f"Files: {sum(self.waiting.values())} wait to be fetched" + f" ({hosts}{more})" * bool(self.waiting) + ";"
            f" the sources may propose up to {self.to_come} more."
        )
        lines.append(
            f"Time: {duration(self.seconds)} or more at the polite rate, if each source's files lie on one host. What"
            " the files weigh, and what hosts ask for on the way, is not known beforehand."
        )
        return "\n".join([*lines, *[self.missing] * bool(self.missing), "Nothing was asked, nothing was written."])


def dry_run(corpus: Corpus, but: Collection[str] = ()) -> DryRun:
    """Plan a crawl from the settings, the manifest and a copy of the catalog, without the sources named in `but`.

    Raises SourceError where a source's settings do not suffice.
    """
    with corpus.catalog_copy() as catalog, Fetcher(corpus.settings) as fetcher:
        questions = open_questions(corpus, catalog)
        asked = {identity: [name for name in names if name not in but] for identity, names in questions.items()}
        wanted = {identity: _wanted(corpus, catalog, identity) for identity in asked}
        names = dict.fromkeys(name for of_person in asked.values() for name in of_person)
        sources = tuple(
            _asked(
                open_source(name, corpus, fetcher),
                {identity: wanted[identity] for identity, of_person in asked.items() if name in of_person},
                fetcher.manners.limits,
            )
            for name in names
        )
        limits = fetcher.manners.limits
        waiting = Counter(catalog.candidates.waiting_by_host())
    files = [one.wanted for one in sources if one.hosts]
    waits = [n * 60 / limits.of(host).a_minute for host, n in waiting.items() if host]
    fetching = max([*waits, *(n * 60 / corpus.settings.fetch.requests_per_minute for n in files), 0.0])
    return DryRun(
        sources=sources,
        waiting=dict(waiting.most_common()),
        to_come=sum(wanted.values()),
        seconds=sum(one.seconds for one in sources) + fetching,
        missing=_missing(corpus, sources),
    )


def _asked(source: Source, wanted: dict[Identity, int], limits: Limits) -> Asked:
    requests = sum(source.requests(identity, n) for identity, n in wanted.items() if n)
    slowest = min((limits.of(host).a_minute for host in source.hosts), default=0)
    seconds = requests * 60 / slowest if slowest else 0.0
    return Asked(source.name, source.hosts, len(wanted), requests, sum(wanted.values()), seconds)


def _wanted(corpus: Corpus, catalog: Catalog, identity: Identity) -> int:
    """Photographs of a person that are still missing, by what is known now."""
    most = corpus.settings.crawl.per_identity
    dates = catalog.candidates.dates(identity.identity_id)
    return max(0, most - sum(identity.holds_on(date) for _, date in dates))


def _missing(corpus: Corpus, sources: tuple[Asked, ...]) -> str:
    guard = Guard(corpus.settings.fetch.private_hosts)
    public = [host for one in sources for host in one.hosts if not guard.allows_private(f"https://{host}")]
    if not public or corpus.settings.crawl.contact.strip():
        return ""
    return f"Before {public[0]} can be asked, set contact in [crawl] of corpus.toml to your mail address or page."
