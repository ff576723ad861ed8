"""A client of a MediaWiki's Action API: whole answers, in batches within its limits.

See https://www.mediawiki.org/wiki/API:Imageinfo, API:Continue, API:Errors_and_warnings, Manual:Maxlag_parameter.
"""

from collections.abc import Iterator, Mapping, Sequence
from json import dumps
from typing import Any
from urllib.parse import urlsplit

from facecorpus.crawl.failure import Failure
from facecorpus.crawl.fetch import Fetcher
from facecorpus.errors import SourceError
from facecorpus.words import Outcome

Json = dict[str, Any]
Params = Mapping[str, str | int]

BATCH = 50
"""Titles, ids or thumbnails that one request may ask for."""

MAXLAG = 5  # seconds of database lag above which the servers are left alone

MOST_BARREN = 50
"""Answers in a row to one question that bring nothing new and say that there is more."""

MOST_ANSWERS = 2000
"""Answers to one question."""

# Error codes of answers with status 200.
_LATER = ("maxlag", "ratelimited", "readonly", "cirrussearch-too-busy-error")
_BROKEN = "internal_api_error"  # begins the codes of what went wrong in the wiki itself
_OLDER_VERSION = "iistart"  # continues with the version of a file before the one that came
_STATED = "ImageDescription|LicenseShortName|LicenseUrl|Artist|Attribution|DateTimeOriginal"


class ApiRefusal(SourceError):
    """The API's own error, with its code."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


class MediaWiki:
    """Asks one wiki; setting is the key of corpus.toml that holds its address, for messages."""

    def __init__(self, url: str, fetcher: Fetcher, setting: str) -> None:
        self.url = url
        self._fetcher = fetcher
        self._setting = setting

    @property
    def host(self) -> str:
        """host or host:port."""
        return urlsplit(self.url).netloc

    def call(self, about: str, params: Params) -> Json:
        """The answer to one request about something; raises ApiRefusal for an error that it states."""
        base: dict[str, str | int] = {"format": "json", "formatversion": 2, "maxlag": MAXLAG}
        answer = self._fetcher.get_json(self.url, base | dict(params), is_busy=_is_busy)
        if not isinstance(answer, dict):
            raise SourceError(
                f"{self.url} answers, but not as a MediaWiki API does; check {self._setting} in corpus.toml."
            )
        if error := answer.get("error"):
            code, info = str(error.get("code", "unknown")), error.get("info", "it does not say why")
            raise ApiRefusal(f"{self.url} refuses the question about {about}: {info} ({code}).", code)
        return answer

    def query(self, about: str, params: Params) -> Iterator[Json]:
        """The answers to one question; each one's whole `continue` goes into the next request.

        SourceError for a wiki that never comes to an end.
        """
        going_on: Json = {}
        seen: set[int] = set()
        barren = 0
        for _ in range(MOST_ANSWERS):
            answer = self.call(about, {"action": "query", **params, **going_on})
            yield answer
            if "continue" not in answer:
                return
            going_on = answer["continue"]
            said = hash(dumps(answer.get("query"), sort_keys=True))
            barren = barren + 1 if said in seen else 0
            seen.add(said)
            if barren == MOST_BARREN:
                break
        raise SourceError(
            f"{self.url} answers the question about {about} without an end ({barren} answers in a row with"
            f" nothing new; {MOST_ANSWERS} at most are read); check {self._setting} in corpus.toml, or run again later."
        )

    def files(self, about: str, params: Params, width: int) -> Iterator[Json]:
        """The file pages that a generator, or `titles`, names, each with its imageinfo.

        width is that of the thumbnails in pixels, 0 asks for none.
        """
        asked: dict[str, str | int] = {
            **params,
            "prop": "imageinfo",
            "iiprop": "url|size|mime|sha1|extmetadata|timestamp|user|mediatype",
            "iiextmetadatafilter": _STATED,
        }
        if width:
            asked["iiurlwidth"] = width
        pages: dict[str, Json] = {}
        for answer in self.query(about, asked):
            # One batch of files may come in several answers, each with the imageinfo of some: what came first stays.
            for page in answer.get("query", {}).get("pages", ()):
                pages[page["title"]] = page | pages.get(page["title"], {})
            if _OLDER_VERSION in answer.get("continue", ()):
                break  # the only file of its batch, which is the last one: batches are full before
            if answer.get("batchcomplete"):
                yield from _in_order(pages)
                pages = {}
        yield from _in_order(pages)

    def category_files(self, category: str, width: int) -> Iterator[Json]:
        """The files of "Category:X"."""
        params: Params = {"generator": "categorymembers", "gcmtitle": category, "gcmtype": "file", "gcmlimit": BATCH}
        return self.files(category, params, width)

    def subcategories(self, category: str) -> Iterator[str]:
        """The titles of the categories in "Category:X"."""
        params: Params = {
            "list": "categorymembers",
            "cmtitle": category,
            "cmtype": "subcat",
            "cmprop": "title",
            "cmlimit": 500,
        }
        for answer in self.query(category, params):
            for member in answer.get("query", {}).get("categorymembers", ()):
                yield str(member["title"])

    def category_sizes(self, categories: Sequence[str]) -> dict[str, int]:
        """How many files are in each of at most BATCH categories itself, without those below it, by "Category:X"."""
        sizes: dict[str, int] = {}
        spelled: dict[str, str] = {}
        for answer in self.query("sizes", {"titles": "|".join(categories), "prop": "categoryinfo"}):
            query = answer.get("query", {})
            spelled |= {step["from"]: step["to"] for step in query.get("normalized", ())}
            sizes |= {
                page["title"]: int(page.get("categoryinfo", {}).get("files", 0)) for page in query.get("pages", ())
            }
        return {name: sizes.get(spelled.get(name, name), 0) for name in categories}

    def search_files(self, words: str, width: int) -> Iterator[Json]:
        """The files that a search in the namespace of files finds, the best first."""
        params: Params = {
            "generator": "search",
            "gsrnamespace": 6,
            "gsrwhat": "text",  # a stock MediaWiki looks at titles alone where any of them fits
            "gsrsearch": words,
            "gsrlimit": BATCH,
        }
        return self.files(words, params, width)


def stated_warnings(answer: Json) -> str:
    """What an answer warns of, in one line; '' where it warns of nothing."""
    warnings = answer.get("warnings")
    said = [one for one in warnings.values() if isinstance(one, dict)] if isinstance(warnings, dict) else []
    return " ".join(str(text) for one in said for text in one.values())


def _in_order(pages: Mapping[str, Json]) -> list[Json]:
    """Pages come sorted by id; a search's say with `index` which one is best."""
    return sorted(pages.values(), key=lambda page: int(page.get("index", 0)))


def _is_busy(answer: Any) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict) and str(error.get("code")).startswith(_BROKEN):
        raise Failure(Outcome.SERVER_ERROR, f"{error.get('info', 'it does not say why')} ({error['code']})")
    if not isinstance(error, dict) or error.get("code") not in _LATER:
        return ""
    behind = error.get("queryserviceLag")  # the query service stands minutes behind while the databases keep up
    return f"{error.get('info', error['code'])}" + f" The query service is {behind} s behind." * bool(behind)
