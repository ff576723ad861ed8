"""Wikimedia Commons, or any MediaWiki: the photographs in a person's category and its sub-categories.

See https://www.mediawiki.org/wiki/API:Categorymembers, API:Imageinfo, API:Continue and Manual:Maxlag_parameter.
"""

import re
from collections.abc import Iterator
from typing import Any

from facecorpus.catalog.records import Candidate
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.sources.extmetadata import plain_value, taken_on
from facecorpus.crawl.sources.source import NoPhotographs
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.settings import CrawlSettings

Json = dict[str, Any]

NAME = "commons"
MAXLAG = 5  # seconds of database lag above which the servers are left alone

_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff")
_LATER = ("maxlag", "ratelimited", "readonly")  # error codes of answers with status 200
_LONGEST_TITLE = 200
_NO_PORTRAITS = re.compile(
    r"\b(?:signatures?|autographs?|handwriting|letters|manuscripts|documents|quot(?:es|ations)|"
    r"statues?|sculptures?|busts|monuments?|memorials?|plaques?|graves?|tombs?|funerals?|burials?|mausoleums?|"
    r"paintings?|drawings?|engravings?|caricatures?|cartoons?|illustrations?|murals?|graffiti|posters?|stickers?|"
    r"wax|dolls?|toys?|cosplay|impersonators?|stamps?|coins?|banknotes?|medals?|"
    r"logos?|icons?|coats? of arms|flags?|maps?|charts?|diagrams?|"
    r"audio|sounds?|voice|recordings?|videos?|songs?|albums?|discograph(?:y|ies)|books?|magazines?|covers|"
    r"named after|things|places|buildings?|houses?|homes?|residences?|streets?|stars? on the)\b",
    re.IGNORECASE,
)


class Commons:
    """Asks a MediaWiki's API, one question at a time."""

    name = NAME

    def __init__(self, settings: CrawlSettings, fetcher: Fetcher) -> None:
        self._settings = settings
        self._fetcher = fetcher

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """The pictures of the person's category, then those of its sub-categories, level by level."""
        if not identity.commons_category:
            raise NoPhotographs(f"{identity.name}: the manifest names no Commons category.")
        seen: set[int] = set()
        for category in self._categories(identity.commons_category):
            for page in self._files(category):
                candidate = _candidate(identity.identity_id, page, rank=len(seen))
                if candidate is not None and page["pageid"] not in seen:
                    seen.add(page["pageid"])
                    yield candidate
        if not seen:
            raise NoPhotographs(
                f"{identity.name}: {self._settings.commons_api} has no pictures in Category:"
                f"{identity.commons_category}; check commons_category in the manifest."
            )

    def _categories(self, name: str) -> Iterator[str]:
        """The category and those below it that may hold portraits, breadth first, each once."""
        root = f"Category:{name}"
        seen, level = {root}, [root]
        for depth in range(self._settings.commons_depth + 1):
            below: list[str] = []
            for category in level:
                yield category
                if depth == self._settings.commons_depth:
                    continue
                for title in self._subcategories(category):
                    if title not in seen and may_hold_portraits(title, name):
                        seen.add(title)
                        below.append(title)
            level = below

    def _files(self, category: str) -> Iterator[Json]:
        """The category's files with their imageinfo."""
        params: dict[str, str | int] = {
            "generator": "categorymembers",
            "gcmtitle": category,
            "gcmtype": "file",
            "gcmlimit": 50,  # at most so many thumbnails are answered at once
            "prop": "imageinfo",
            "iiprop": "url|size|mime|sha1|extmetadata|timestamp|user|mediatype",
        }
        if self._settings.commons_width:
            params["iiurlwidth"] = self._settings.commons_width
        pages: dict[int, Json] = {}
        for answer in self._query(category, params):
            # One batch of files may come in several answers, each with the imageinfo of some.
            for page in answer.get("query", {}).get("pages", ()):
                pages.setdefault(page["pageid"], {}).update(page)
            if answer.get("batchcomplete"):
                yield from pages.values()
                pages = {}
        yield from pages.values()

    def _subcategories(self, category: str) -> Iterator[str]:
        params: dict[str, str | int] = {
            "list": "categorymembers",
            "cmtitle": category,
            "cmtype": "subcat",
            "cmprop": "title",
            "cmlimit": 500,
        }
        for answer in self._query(category, params):
            for member in answer.get("query", {}).get("categorymembers", ()):
                yield str(member["title"])

    def _query(self, category: str, params: dict[str, str | int]) -> Iterator[Json]:
        """The answers to one question; each one's whole `continue` goes into the next request."""
        url = self._settings.commons_api
        base = {"action": "query", "format": "json", "formatversion": 2, "maxlag": MAXLAG, **params}
        going_on: dict[str, str | int] = {}
        while True:
            answer = self._fetcher.get_json(url, base | going_on, is_busy=_is_busy)
            if not isinstance(answer, dict):
                raise SourceError(f"{url} answers, but not as a MediaWiki API does; check commons_api in corpus.toml.")
            _check_error(url, category, answer)
            yield answer
            if "continue" not in answer:
                return
            going_on = answer["continue"]


def may_hold_portraits(title: str, person: str) -> bool:
    """Whether a sub-category is worth a look: not one of signatures, statues, maps, things named after the person.

    The person's own name does not count: "Terence Stamp in 1966" holds no stamps.
    """
    topic = title.removeprefix("Category:").replace(person.replace("_", " "), " ")
    return not _NO_PORTRAITS.search(topic)


def _is_busy(answer: Any) -> bool:
    error = answer.get("error") if isinstance(answer, dict) else None
    return isinstance(error, dict) and error.get("code") in _LATER


def _check_error(url: str, category: str, answer: Json) -> None:
    error = answer.get("error")
    if error is None:
        return
    code, info = error.get("code", "unknown"), error.get("info", "it does not say why")
    if code == "invalidcategory":
        raise NoPhotographs(f"{category} is no name that {url} accepts; check commons_category in the manifest.")
    raise SourceError(f"{url} refuses the question about {category}: {info} ({code}).")


def _candidate(identity_id: str, page: Json, rank: int) -> Candidate | None:
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
        title=title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…",
        licence=plain_value(metadata, "LicenseShortName"),
        licence_url=plain_value(metadata, "LicenseUrl"),
        author=plain_value(metadata, "Artist") or plain_value(metadata, "Attribution") or str(info.get("user", "")),
        taken_on=taken_on(metadata),
    )
