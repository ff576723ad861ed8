"""Addresses from a list of the user's own: the kind of file in which face data sets are published."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from facecorpus.corpus import Corpus
from facecorpus.crawl.sources.source import NoPhotographs, Source
from facecorpus.crawl.sources.url_list import Listed, ListOfAddresses
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.records import Candidate
from facecorpus.system.console import notice

NAME = "urls"


class Urls(Source):
    """Proposes what a list holds for a person, in the list's order; an address twice for a person counts once."""

    name = NAME
    hosts = ()

    def __init__(self, path: Path, identities: Sequence[Identity], form: str = "auto") -> None:
        self._path = path
        people = {spelling: i.identity_id for i in reversed(identities) for spelling in _spellings(i)}
        self._listed: dict[str, dict[str, Listed]] = defaultdict(dict)
        named: set[str] = set()
        entries, ours = ListOfAddresses(path, form), 0
        for entry in entries:
            named.add(entry.person)
            if identity_id := people.get(_folded(entry.person)):
                ours += 1
                self._listed[identity_id].setdefault(entry.url, entry)
        notice(
            f"{path}: {entries.understood} entries understood ({entries.form}), {ours} of them of people of the"
            f" manifest; {entries.not_understood} not understood"
            + f", the first: {entries.first_problem}"
            * bool(entries.first_problem)
        )
        if not self._listed:
            if not named:
                raise SourceError(f"{path} holds no entry; expected one address and name a line.")
            some = ", ".join(sorted(named)[:3])
            raise SourceError(
                f"{path} names nobody of the manifest (it names {some}); a person is known by identity_id, name,"
                " alias or Wikipedia title."
            )

    @classmethod
    def of(cls, corpus: Corpus) -> "Urls":
        """The list that the settings name; SourceError where they name none, or it cannot be read."""
        named = corpus.settings.crawl.urls
        if not named:
            raise SourceError("Source 'urls' needs a list: set urls in section [crawl] of corpus.toml.")
        crawl = corpus.settings.crawl
        return cls(corpus.root / Path(named).expanduser(), corpus.manifest.identities, crawl.urls_format)

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """The person's addresses, with what the list says of them."""
        listed = self._listed.get(identity.identity_id)
        if not listed:
            raise NoPhotographs(f"{identity.name}: {self._path} lists no addresses under that name.")
        for rank, entry in enumerate(listed.values()):
            yield Candidate(
                identity.identity_id,
                NAME,
                entry.url,
                rank=rank,
                found_by=self._path.name,
                sha256=entry.sha256,
                box=entry.box,
                **entry.texts,
            )

    def requests(self, identity: Identity, wanted: int) -> int:
        """None: the list lies on this machine."""
        return 0


def _spellings(identity: Identity) -> set[str]:
    names = (identity.identity_id, identity.name, identity.wikipedia_title, *identity.aliases)
    return {_folded(name) for name in names if name}


def _folded(name: str) -> str:
    """A name without differences of case, underscores and spaces."""
    return " ".join(name.replace("_", " ").split()).casefold()
