"""Names for a manifest: people whom Wikidata describes and Commons has pictures of. Race is left to a person.

Wikidata's query service (https://www.mediawiki.org/wiki/Wikidata_Query_Service/User_Manual) gives ids alone, by P31
human, P21 sex or gender, P18 image, P373 Commons category, P569 born, and where asked for P27 country and P106
occupation. All that is written of somebody is read from the item, as for a check. P172 (ethnic group) is asked for by
neither.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from facecorpus.corpus import Corpus
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.lookup import free_id, wikidata_of
from facecorpus.crawl.mediawiki import BATCH, MediaWiki
from facecorpus.crawl.reach import may_ask
from facecorpus.crawl.sources import understood
from facecorpus.crawl.wikidata import GENDERS, HUMAN, Item, Wikidata
from facecorpus.errors import ManifestError, SourceError
from facecorpus.manifest import Identity, write_manifest
from facecorpus.settings import LabelSettings, Settings
from facecorpus.store import write_atomically
from facecorpus.system.console import track
from facecorpus.words import AgeGroup, Gender, Race

_SECONDS = 70.0  # the service ends a question after 60
_ASKED = 4  # ids for each person who is wanted: some have no files, or no certain date of birth
_OLDEST = 90  # years; of older ones few pictures are to be expected
_YEARS_LEFT = 5  # years of the age group that somebody has behind them at the least, so that there are pictures of them


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many people of one kind are wanted."""

    count: int
    gender: Gender | None
    born: tuple[int, int]  # the first and the last year
    age_group: AgeGroup | None = None  # the one that their photographs are to show

    def __str__(self) -> str:
        return f"{self.gender or 'any gender'}, born {self.born[0]}..{self.born[1]}" + (
            f", {self.age_group}" if self.age_group else ""
        )


@dataclass(frozen=True, slots=True)
class Proposed:
    """One kind of people, and how many were found."""

    wanted: str
    count: int
    found: int


@dataclass(frozen=True, slots=True)
class ProposeSummary:
    """A manifest of proposals."""

    file: str
    people: int
    files: int  # in their Commons categories
    about: tuple[str, ...]  # country and occupation, as they were understood
    kinds: tuple[Proposed, ...]

    def __str__(self) -> str:
        of = f" ({'; '.join(self.about)})" * bool(self.about)
        lines = [f"Wrote {self.file}: {self.people} people{of}, {self.files} files in their Commons categories."]
        lines += [f"{one.wanted}: {one.found} of {one.count}." for one in self.kinds]
        lines.append("race is empty: fill it in by hand with its source, and look at every line. Nothing is inferred.")
        return "\n".join(lines)


def propose(
    out: Path, wanted: Sequence[Wanted], about: Mapping[str, str], settings: Settings, known: Collection[str] = ()
) -> ProposeSummary:
    """Write a manifest of people of these kinds, those with the most files first.

    Those of whom `known` has the item's id or the name are left out.
    `about` has an item's id, or its name in English, by property: P27, P106. Nobody is proposed who may be a minor, has
    no certain year of birth, or has no files. Raises ManifestError where `out` exists, SourceError where nothing is
    found or can be asked.
    """
    if out.exists():
        raise ManifestError(f"{out} exists already; name a new file.")
    patient = replace(settings.fetch, timeout_seconds=max(settings.fetch.timeout_seconds, _SECONDS))
    with Fetcher(replace(settings, fetch=patient)) as fetcher, understood("Wikidata"):
        service = _Service(settings, fetcher)
        items = {prop: service.meant(name) for prop, name in about.items() if name}
        people: list[Identity] = []
        taken = set(known)
        kinds = []
        with track("manifest propose", sum(kind.count for kind in wanted)) as tracker:
            for kind in wanted:
                ids = [one for one in service.ids(kind, items) if one not in taken]
                found = sorted(service.described(ids, kind, settings.labels), key=lambda one: -one[1])
                found = [(item, files) for item, files in found if item.label not in taken][: kind.count]
                taken |= {name for item, _ in found for name in (item.item_id, item.label)}
                for item, files in found:
                    people.append(_identity(item, files, kind, settings.labels, [who.identity_id for who in people]))
                kinds.append(Proposed(str(kind), kind.count, len(found)))
                tracker.advance(kind.count)
    if not people:
        raise SourceError(
            f"{settings.crawl.wikidata_query} knows nobody of that kind with a picture and a category of files; ask for"
            " other years, another country or occupation."
        )
    with TemporaryDirectory() as scratch:
        write_manifest(Path(scratch) / "manifest.csv", people)
        write_atomically(out, (Path(scratch) / "manifest.csv").read_bytes())
    named = tuple(f"{item.label or item.item_id} ({item.item_id})" for item in items.values())
    return ProposeSummary(str(out), len(people), sum(int(who.commons_files) for who in people), named, tuple(kinds))


def lacking(corpus: Corpus, each: int, gender: Gender | None = None) -> tuple[Wanted, ...]:
    """The kinds of people, by gender and age group, of whom a corpus needs more for `each` in every subgroup.

    Once photographs were fetched, somebody without any does not count.
    """
    with corpus.reading() as catalog:
        pictured = {one.name for one in catalog.identities.tallies(catalog.candidates.ended()) if one.photographs}
    people = [who for who in corpus.manifest.identities if not pictured or who.identity_id in pictured]
    counts = Counter(who.subgroup for who in people)
    wanted = []
    for own in Gender if gender is None else (gender,):
        for group in AgeGroup:
            count = sum(max(0, each - counts[f"{own}/{group}/{race}"]) for race in Race)
            wanted += [Wanted(count, own, _born(group, corpus.settings.labels), group)] * bool(count)
    return tuple(wanted)


def _ages(group: AgeGroup | None, labels: LabelSettings) -> tuple[int, int]:
    """The first and the last whole year of an age group, or of all, from the first in which nobody can be a minor."""
    return {
        None: (labels.young_from + 1, _OLDEST),
        AgeGroup.YOUNG: (labels.young_from + 1, labels.adult_from - 1),
        AgeGroup.ADULT: (labels.adult_from, labels.old_from - 1),
        AgeGroup.OLD: (labels.old_from, _OLDEST),
    }[group]


def _born(group: AgeGroup, labels: LabelSettings) -> tuple[int, int]:
    """The years of birth of those who are in that age group now, and were for some years."""
    first, last = _ages(group, labels)
    this = date.today().year
    return this - last, this - min(first + _YEARS_LEFT, last)


class _Service:
    """Wikidata's query service, Wikidata itself, and Commons."""

    def __init__(self, settings: Settings, fetcher: Fetcher) -> None:
        self._url = settings.crawl.wikidata_query
        self._fetcher = fetcher
        self._wikidata: Wikidata = wikidata_of(settings, fetcher)
        self._commons = MediaWiki(settings.crawl.commons_api, fetcher, "commons_api")
        may_ask(settings, [(self._commons.host,)])

    def meant(self, name: str) -> Item:
        """The item of that id or English name. Raises SourceError where none, or more than one, is called so."""
        is_id = name[:1] == "Q" and name[1:].isdigit()
        found = list(self._wikidata.items([name] if is_id else self._wikidata.search(name)).values())
        exact = [item for item in found if is_id or item.label.casefold() == name.casefold()]
        if len(exact) != 1:
            some = "; ".join(f"{item.item_id}: {item.label}, {item.description}" for item in exact or found)
            raise SourceError(
                f"Wikidata has {len(exact)} items called {name!r}; name one by its id" + f" ({some})." * bool(some)
            )
        return exact[0]

    def ids(self, kind: Wanted, about: Mapping[str, Item]) -> list[str]:
        """The items of people of a kind, those with pages in the most languages first."""
        answer = self._fetcher.get_json(self._url, {"query": _query(kind, about), "format": "json"})
        uris = [row["person"]["value"] for row in answer["results"]["bindings"]]
        return list(dict.fromkeys(uri.rpartition("/")[2] for uri in uris))

    def described(self, ids: Sequence[str], kind: Wanted, labels: LabelSettings) -> Iterator[tuple[Item, int]]:
        """The people among the items who can be in a manifest, each with the number of their files."""
        adults = [item for item in self._wikidata.items(ids).values() if _is_of(item, kind, labels)]
        for start in range(0, len(adults), BATCH):
            some = adults[start : start + BATCH]
            sizes = self._commons.category_sizes([f"Category:{item.categories[0]}" for item in some])
            for item in some:
                if files := sizes[f"Category:{item.categories[0]}"]:
                    yield item, files


def _query(kind: Wanted, about: Mapping[str, Item]) -> str:
    genders = " ".join(f"wd:{item}" for item, gender in GENDERS.items() if kind.gender in (None, gender))
    more = "".join(f" ?person wdt:{prop} wd:{item.item_id} ." for prop, item in about.items())
    first, last = kind.born
    return (
        "SELECT DISTINCT ?person ?links WHERE {"
        f" VALUES ?gender {{ {genders} }}{more}"
        f" ?person wdt:P31 wd:{HUMAN} ; wdt:P21 ?gender ; wdt:P18 ?picture ; wdt:P373 ?category ; wdt:P569 ?born ;"
        " wikibase:sitelinks ?links ."
        f' FILTER(?born >= "{first:04}-01-01T00:00:00Z"^^xsd:dateTime'
        f' && ?born < "{last + 1:04}-01-01T00:00:00Z"^^xsd:dateTime)'
        f" }} ORDER BY DESC(?links) LIMIT {_ASKED * kind.count}"
    )


def _is_of(item: Item, kind: Wanted, labels: LabelSettings) -> bool:
    """Whether somebody is such a human, with a picture, a category, and years as an adult; an index may be stale."""
    years = {int(day[:4]) for day in item.born}
    if not (item.is_human and item.pictures and item.categories and item.label and len(years) == 1):
        return False
    if kind.gender is not None and {GENDERS.get(one) for one in item.genders} != {kind.gender}:
        return False
    (born,) = years
    until = min([date.today().year, *(int(day[:4]) for day in item.died)])
    return kind.born[0] <= born <= kind.born[1] and until - born >= _ages(kind.age_group, labels)[0]


def _identity(item: Item, files: int, kind: Wanted, labels: LabelSettings, taken: Sequence[str]) -> Identity:
    """The line of the manifest: what Wikidata states, and the years in which photographs show what is wanted."""
    born = item.born[0] if len(item.born[0]) == 10 else item.born[0][:4]
    year = int(born[:4])
    first, last = _ages(kind.age_group, labels)
    ends = [int(day[:4]) for day in item.died] + [year + last] * (last != _OLDEST)
    until = min(ends, default=date.today().year + 1)
    genders = {GENDERS.get(one) for one in item.genders}
    gender = genders.pop() if len(genders) == 1 else None
    return Identity(
        identity_id=free_id(item.label, item.item_id, taken),
        name=item.label,
        wikipedia_title=item.wikipedia_title,
        wikidata_id=item.item_id,
        commons_category=item.categories[0],
        aliases=tuple(alias for alias in item.aliases if "|" not in alias),
        gender=gender,
        gender_source=f"Wikidata, P21 of {item.item_id}, {date.today().isoformat()}" if gender else "",
        birth_date=born,
        age_group=kind.age_group,
        photos_from=year + first,
        photos_until=until if until <= date.today().year else None,
        commons_files=str(files),
    )
