"""Wikimedia Commons, or any MediaWiki: the photographs of a person, found in four ways.

The picture that Wikidata shows of the person (P18); the person's category and those below it; files that state that
they depict the person (P180); files in whose text the name stands. The first three rest on the person's item, which
is checked against the manifest before; a file found by several ways is proposed once.
"""

from collections.abc import Iterator, Sequence

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.mediawiki import BATCH, ApiRefusal, Json, MediaWiki
from facecorpus.crawl.sources.extmetadata import plain_value, taken_on
from facecorpus.crawl.sources.portraits import may_hold_portraits
from facecorpus.crawl.sources.source import NoPhotographs, Source, WrongPerson
from facecorpus.crawl.wikidata import Item, People, Wikidata, differences, named, place_of
from facecorpus.manifest import Identity
from facecorpus.records import Candidate
from facecorpus.settings import CrawlSettings
from facecorpus.system.border import clean

Found = Iterator[tuple[str, Json]]
"""Which way led there, and the file's page with its imageinfo."""

NAME = "commons"

_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff")
_LONGEST_TITLE = 200
_MOST_CATEGORIES = 1000  # of one person


class Commons(Source):
    """Asks a MediaWiki's API, one question at a time; identities are whom it will be asked about."""

    name = NAME
    checks = True

    def __init__(self, settings: CrawlSettings, fetcher: Fetcher, identities: Sequence[Identity] = ()) -> None:
        self._settings = settings
        self._wiki = MediaWiki(settings.commons_api, fetcher, "commons_api")
        wikidata = Wikidata(settings, fetcher)
        self._people = People(wikidata, identities)
        self.hosts = tuple(dict.fromkeys(wiki.host for wiki in (wikidata.wikipedia, wikidata.wikidata, self._wiki)))

    def check(self, identity: Identity) -> bool:
        """Compare the manifest with the item that it names; False where it names none."""
        if not named(identity):
            return False
        item = self._people.item(identity)
        contradictions = [str(one) for one in differences(identity, item) if one.contradicts]
        if contradictions:
            item_id = f" ({item.item_id}, {item.description or item.label})" if item else ""
            raise WrongPerson(
                f"{identity.name}{item_id}: {'; '.join(contradictions)}. Correct {place_of(identity)}; nothing is"
                " crawled for this person until then."
            )
        return True

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """The pictures that the four ways lead to, one way after the other. Raises WrongPerson as check does."""
        item = self._people.item(identity) if self.check(identity) else None
        categories = _categories_of(identity, item)
        if not categories and item is None:
            raise NoPhotographs(
                f"{identity.name}: the manifest names no Commons category, and nothing that leads to one; fill in"
                " commons_category, wikidata_id or wikipedia_title."
            )
        seen: set[str] = set()
        for found_by, page in self._ways(identity, item, categories):
            candidate = _candidate(identity.identity_id, page, found_by, rank=len(seen))
            if candidate is not None and page["title"] not in seen:
                seen.add(page["title"])
                yield candidate
        if not seen:
            asked = " and ".join(f"Category:{category}" for category in categories) or f"about {item and item.item_id}"
            raise NoPhotographs(
                f"{identity.name}: {self._wiki.url} has no pictures in {asked}, nor under the name; check"
                " commons_category in the manifest."
            )

    def requests(self, identity: Identity, wanted: int) -> int:
        """A batch each for the files, and as many again for sub-categories, about; the check is shared by fifty."""
        return 4 + 2 * -(-wanted // BATCH)

    def _ways(self, identity: Identity, item: Item | None, categories: Sequence[str]) -> Found:
        if item is not None:
            yield from self._picture(item)
        for category in categories:
            yield from self._in_category(category)
        if item is not None:
            yield from self._depicting(item)
        yield from self._under_name(identity)

    def _picture(self, item: Item) -> Found:
        if item.pictures:
            titles = "|".join(f"File:{name}" for name in item.pictures[:BATCH])
            for page in self._wiki.files("P18", {"titles": titles}, self._settings.commons_width):
                yield f"P18 of {item.item_id}", page

    def _in_category(self, name: str) -> Found:
        try:
            for category in self._below(name):
                for page in self._wiki.category_files(category, self._settings.commons_width):
                    yield category, page
        except ApiRefusal as refusal:
            if refusal.code != "invalidcategory":
                raise
            raise NoPhotographs(
                f"Category:{name} is no name that {self._wiki.url} accepts; check commons_category in the manifest."
            ) from None

    def _below(self, name: str) -> Iterator[str]:
        """The category and those below it that may hold portraits, breadth first, each once."""
        root = f"Category:{name}"
        seen, level = {root}, [root]
        for depth in range(self._settings.commons_depth + 1):
            below: list[str] = []
            for category in level:
                yield category
                if depth == self._settings.commons_depth:
                    continue
                for title in self._wiki.subcategories(category):
                    if title not in seen and len(seen) < _MOST_CATEGORIES and may_hold_portraits(title, name):
                        seen.add(title)
                        below.append(title)
            level = below

    def _depicting(self, item: Item) -> Found:
        """A wiki without structured data answers with none."""
        statement = f"P180={item.item_id}"
        for page in self._wiki.search_files(f"haswbstatement:{statement}", self._settings.commons_width):
            yield statement, page

    def _under_name(self, identity: Identity) -> Found:
        words = '"' + identity.name.replace('"', " ") + '"'
        for page in self._wiki.search_files(words, self._settings.commons_width):
            yield f"search for {words}", page


def _categories_of(identity: Identity, item: Item | None) -> list[str]:
    """The categories that the item names, or else the manifest's; underscores and spaces are one."""
    named_ones = (item.categories if item else ()) or (identity.commons_category,)
    return list(dict.fromkeys(name.replace("_", " ") for name in named_ones if name))


def _candidate(identity_id: str, page: Json, found_by: str, rank: int) -> Candidate | None:
    """What a page's imageinfo proposes; None where it is no picture of pixels (SVG, PDF, sound, film)."""
    info = (page.get("imageinfo") or [{}])[0]
    if info.get("mediatype", "BITMAP") != "BITMAP" or info.get("mime") not in _PICTURES or "url" not in info:
        return None
    metadata = info.get("extmetadata") or {}
    title = plain_value(metadata, "ImageDescription") or str(page.get("title", "")).removeprefix("File:")
    return Candidate(
        identity_id=identity_id,
        source=NAME,
        url=info.get("thumburl") or info["url"],
        page_url=info.get("descriptionurl", ""),
        rank=rank,
        title=clean(title, _LONGEST_TITLE),
        licence=plain_value(metadata, "LicenseShortName"),
        licence_url=plain_value(metadata, "LicenseUrl"),
        author=_author(metadata, info),
        taken_on=taken_on(metadata, str(info.get("timestamp", ""))),
        found_by=found_by,
        file_id=f"{page['title']} {info['sha1']}" if info.get("sha1") else "",
    )


def _author(metadata: Json, info: Json) -> str:
    """Who is stated to have made it; whoever uploaded it stands for that only where nothing is stated at all."""
    stated = plain_value(metadata, "Artist") or plain_value(metadata, "Attribution")
    return stated if stated or "Artist" in metadata else info.get("user", "")
