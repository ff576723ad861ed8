"""Who a person of the manifest is in Wikidata, and whether the two say the same.

See https://www.wikidata.org/w/api.php?action=help&modules=wbgetentities, and there Help:Ranking and Help:Dates. The
properties read: P31 instance of, P18 image, P21 sex or gender, P373 Commons category, P569 born, P570 died. No other
is read, P172 (ethnic group) least of all: what it says is for people to weigh.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.mediawiki import BATCH, ApiRefusal, Json, MediaWiki, Params, stated_warnings
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.settings import CrawlSettings
from facecorpus.system.border import clean, text_of
from facecorpus.system.console import notice
from facecorpus.words import Gender

HUMAN = "Q5"

GENDERS = {
    "Q6581072": Gender.FEMALE,
    "Q1052281": Gender.FEMALE,  # trans woman
    "Q6581097": Gender.MALE,
    "Q2449503": Gender.MALE,  # trans man
}
"""Values of P21 that one of the manifest's two classes covers."""

_ENTITIES: Params = {
    "action": "wbgetentities",
    "props": "labels|descriptions|aliases|claims|sitelinks",
    "languages": "en|mul",
    "languagefallback": 1,
    "sitefilter": "commonswiki|enwiki",
}
_NO_SUCH_ITEM = ("no-such-entity", "invalid-entity-id")  # of one of the ids; the whole answer is refused
_LANGUAGES = ("en", "mul")  # mul: what holds in every language, where most names of people stand now
_DATE_LENGTHS = {9: 4, 10: 7, 11: 10}  # precision year, month, day: characters of an ISO date that it vouches for


@dataclass(frozen=True, slots=True)
class Item:
    """What Wikidata states of one item, in its best statements; dates are ISO 8601, cut to their precision."""

    item_id: str
    label: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()  # P31
    genders: tuple[str, ...] = ()  # P21
    born: tuple[str, ...] = ()
    died: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()  # P18, names of files of Commons
    categories: tuple[str, ...] = ()  # of Commons, without "Category:": P373, then the sitelink
    wikipedia_title: str = ""

    @property
    def is_human(self) -> bool:
        """Whether it is a human being, and not a family, a figure of fiction or a page that lists namesakes."""
        return HUMAN in self.kinds


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the manifest and Wikidata say otherwise; contradicts, or only states more."""

    field: str
    manifest: str
    wikidata: str
    contradicts: bool = True

    def __str__(self) -> str:
        return f"{self.field} is {self.manifest or 'not stated'} in the manifest and {self.wikidata} in Wikidata"


class Wikidata:
    """Asks Wikipedia for the item of a title, and Wikidata for what it states of items."""

    def __init__(self, settings: CrawlSettings, fetcher: Fetcher) -> None:
        self.wikipedia = MediaWiki(settings.wikipedia_api, fetcher, "wikipedia_api")
        self.wikidata = MediaWiki(settings.wikidata_api, fetcher, "wikidata_api")

    def ids_of_titles(self, titles: Sequence[str]) -> dict[str, str]:
        """Item by Wikipedia title, for titles that have one; redirects are followed.

        A page that lists namesakes leads to an item that is no human: the check finds it.
        """
        found: dict[str, str] = {}
        for some in _batches(titles):
            params: Params = {"titles": "|".join(some), "prop": "pageprops", "ppprop": "wikibase_item", "redirects": 1}
            leads: dict[str, str] = {}
            items: dict[str, str] = {}
            for answer in self.wikipedia.query("Wikipedia titles", params):
                query = answer.get("query", {})
                for step in (*query.get("normalized", ()), *query.get("redirects", ())):
                    leads[step["from"]] = step["to"]
                for page in query.get("pages", ()):
                    if item := page.get("pageprops", {}).get("wikibase_item"):
                        items[page["title"]] = item
            for title in some:
                end = leads.get(title, title)  # its normalised spelling; that one may be a redirect
                end = leads.get(end, end)
                if end in items:
                    found[title] = items[end]
        return found

    def items(self, ids: Sequence[str]) -> dict[str, Item]:
        """What is stated of these items, by the id that was asked for; those that do not exist are left out.

        Raises SourceError where Wikidata has not said of each whether it exists.
        """
        entities: dict[str, Json] = {}
        for some in _batches(ids):
            entities |= self._entities(some)
        return {asked: _item(entity) for asked, entity in entities.items() if "missing" not in entity}

    def _entities(self, ids: Sequence[str]) -> dict[str, Json]:
        """The entity of each id. One that Wikidata refuses is as one that is missing; whatever an answer left out is
        asked for again, in smaller batches.
        """
        try:
            answer = self.wikidata.call("items", {**_ENTITIES, "ids": "|".join(ids)})
        except ApiRefusal as refusal:
            if refusal.code not in _NO_SUCH_ITEM:
                raise
            return {ids[0]: {"missing": True}} if len(ids) == 1 else self._halves(ids)
        found = {
            entity.get("redirects", {}).get("from", asked): entity
            for asked, entity in answer.get("entities", {}).items()
            if "missing" in entity or "claims" in entity  # else it was cut off
        }
        left = [item_id for item_id in ids if item_id not in found]
        if not left:
            return found
        if len(ids) == 1:
            why = stated_warnings(answer) or "it does not say why"
            raise SourceError(f"{self.wikidata.url} does not answer for {ids[0]}: {why}")
        return found | (self._halves(left) if len(left) == len(ids) else self._entities(left))

    def _halves(self, ids: Sequence[str]) -> dict[str, Json]:
        middle = len(ids) // 2
        return self._entities(ids[:middle]) | (self._entities(ids[middle:]) if ids[middle:] else {})

    def search(self, name: str, most: int = 10) -> list[str]:
        """The ids of items with such a label or alias in English, the best first."""
        params: dict[str, str | int] = {"action": "wbsearchentities", "search": name, "language": "en"}
        answer = self.wikidata.call(name, params | {"type": "item", "limit": most})
        return [hit["id"] for hit in answer.get("search", ())]


class People:
    """The items of a manifest's people, asked for in batches of those that come next, and each once."""

    def __init__(self, wikidata: Wikidata, identities: Sequence[Identity]) -> None:
        self._wikidata = wikidata
        self._identities = [identity for identity in identities if named(identity)]
        self._items: dict[Identity, Item | None] = {}

    def item(self, identity: Identity) -> Item | None:
        """The item that the manifest's wikidata_id or wikipedia_title leads to; None where there is none."""
        if not named(identity):
            return None
        if identity not in self._items:
            self._load(identity)
        return self._items[identity]

    def _load(self, identity: Identity) -> None:
        start = self._identities.index(identity) if identity in self._identities else None
        batch = [identity] if start is None else self._identities[start : start + BATCH]
        titles = [i.wikipedia_title for i in batch if not i.wikidata_id]
        by_title = self._wikidata.ids_of_titles(titles)
        ids = {i: i.wikidata_id or by_title.get(i.wikipedia_title, "") for i in batch}
        items = self._wikidata.items([item_id for item_id in ids.values() if item_id])
        self._items |= {i: items.get(item_id) for i, item_id in ids.items()}
        for i, item_id in ids.items():
            item = self._items[i]
            if item is not None and item.item_id != item_id:
                notice(f"{i.name}: {item_id} was merged into {item.item_id}; write that in {place_of(i)}.")


def named(identity: Identity) -> bool:
    """Whether the manifest names something by which Wikidata knows the person."""
    return bool(identity.wikidata_id or identity.wikipedia_title)


def place_of(identity: Identity) -> str:
    """Where the manifest speaks of somebody: "line 3 of the manifest"."""
    return f"line {identity.line} of the manifest" if identity.line else "the manifest"


def differences(identity: Identity, item: Item | None) -> list[Difference]:
    """What the manifest and the item that it names say otherwise, contradictions first."""
    if item is None:
        where = "wikidata_id" if identity.wikidata_id else "wikipedia_title"
        return [Difference(where, getattr(identity, where), "unknown")]
    found = [
        Difference("instance of", f"{HUMAN} (human)", ", ".join(item.kinds) or "not stated")
        if not item.is_human
        else None,
        _birth(identity, item),
        _gender(identity, item),
        _death(identity, item),
        *(
            Difference(field, has, states, contradicts=False)
            for field, has, states in (
                ("wikidata_id", identity.wikidata_id, item.item_id),
                ("wikipedia_title", identity.wikipedia_title, item.wikipedia_title),
                ("commons_category", identity.commons_category, " or ".join(item.categories)),
            )
            if states and has not in (states, *states.split(" or "))
        ),
    ]
    return sorted((one for one in found if one), key=lambda one: not one.contradicts)


def _birth(identity: Identity, item: Item) -> Difference | None:
    if any(date.startswith(identity.birth_date) or identity.birth_date.startswith(date) for date in item.born):
        return None
    stated = " or ".join(item.born)
    return Difference("birth_date", identity.birth_date, stated or "not stated", contradicts=bool(stated))


def _gender(identity: Identity, item: Item) -> Difference | None:
    stated = [GENDERS.get(value) for value in item.genders]
    if identity.gender in stated or (identity.gender is None and not stated):
        return None
    shown = " or ".join(str(gender or value) for gender, value in zip(stated, item.genders, strict=True))
    contradicts = identity.gender is not None and any(stated)
    return Difference("gender", identity.gender or "", shown or "not stated", contradicts)


def _death(identity: Identity, item: Item) -> Difference | None:
    """Photographs from after a person's death show somebody else."""
    years = [int(date[:4]) for date in item.died]
    if not years or (identity.photos_until or 9999) <= max(years):
        return None
    return Difference("photos_until", str(identity.photos_until or ""), f"died in {max(years)}", contradicts=False)


def _item(entity: Json) -> Item:
    claims: Mapping[str, Sequence[Json]] = entity.get("claims") or {}
    sitelinks = entity.get("sitelinks") or {}
    commons = text_of(sitelinks.get("commonswiki", {}).get("title"))
    categories = [clean(value) for value in _values(claims, "P373") if isinstance(value, str)]
    if commons.startswith("Category:"):  # else it is a gallery
        categories.append(commons.removeprefix("Category:"))
    return Item(
        item_id=text_of(entity["id"]),
        label=_text(entity, "labels"),
        description=_text(entity, "descriptions"),
        aliases=_aliases(entity),
        kinds=_ids(claims, "P31"),
        genders=_ids(claims, "P21"),
        born=_dates(claims, "P569"),
        died=_dates(claims, "P570"),
        pictures=tuple(clean(value) for value in _values(claims, "P18") if isinstance(value, str)),
        categories=tuple(dict.fromkeys(categories)),
        wikipedia_title=text_of(sitelinks.get("enwiki", {}).get("title")),
    )


def _text(entity: Json, key: str) -> str:
    texts = entity.get(key) or {}
    return next((text_of(texts[language]["value"]) for language in _LANGUAGES if language in texts), "")


def _aliases(entity: Json) -> tuple[str, ...]:
    texts = entity.get("aliases") or {}
    return tuple(dict.fromkeys(text_of(alias["value"]) for language in _LANGUAGES for alias in texts.get(language, ())))


def _values(claims: Mapping[str, Sequence[Json]], prop: str) -> list[object]:
    """The values of a property's best statements: the preferred ones, where there are any, else the normal ones."""
    of_rank: dict[str, list[object]] = {}
    for statement in claims.get(prop, ()):
        snak = statement.get("mainsnak", {})
        if snak.get("snaktype") == "value":  # not "somevalue", not "novalue"
            of_rank.setdefault(statement.get("rank", "normal"), []).append(snak["datavalue"]["value"])
    return of_rank.get("preferred") or of_rank.get("normal") or []


def _ids(claims: Mapping[str, Sequence[Json]], prop: str) -> tuple[str, ...]:
    return tuple(text_of(value["id"]) for value in _values(claims, prop) if isinstance(value, dict))


def _dates(claims: Mapping[str, Sequence[Json]], prop: str) -> tuple[str, ...]:
    """Times like +1990-09-05T00:00:00Z; one that is certain to the decade or less says too little."""
    times = [value for value in _values(claims, prop) if isinstance(value, dict)]
    lengths = [_DATE_LENGTHS.get(int(value["precision"]), 0) for value in times]
    return tuple(text_of(value["time"])[1 : 1 + n] for value, n in zip(times, lengths, strict=True) if n)


def _batches(values: Sequence[str]) -> list[list[str]]:
    unique = list(dict.fromkeys(values))
    return [unique[start : start + BATCH] for start in range(0, len(unique), BATCH)]
