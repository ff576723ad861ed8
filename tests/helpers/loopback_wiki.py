"""A double of a MediaWiki for tests, on the loopback web."""

import hashlib
from itertools import chain
from json import dumps
from typing import Any

from loopback import Loopback, Reply, Request


class Wiki:
    """A double of the Action API in the documented shapes: categories with files and sub-categories, and a search.

    generator=search answers the files that `finds` names for a search's whole text; its pages come sorted by id and
    say with `index` how good they are (API:Search). haswbstatement:P180=Q… is a keyword of WikibaseCirrusSearch,
    which a stock MediaWiki takes for a word that stands nowhere: it answers no pages and no error. A batch holds
    `batch` files, and each answer the imageinfo of at most `described` of them.

    A file of which there are `older` versions continues with `iistart` where it is the only one of an answer: the next
    answer would have the imageinfo of the version before (ApiQueryImageInfo; recorded so at Commons).
    """

    def __init__(self, web: Loopback, batch: int = 50, described: int = 50) -> None:
        self.web = web
        self.batch = batch
        self.described = described
        self.files: dict[str, list[str]] = {}
        self.below: dict[str, list[str]] = {}
        self.info: dict[str, dict[str, Any]] = {}
        self.finds: dict[str, list[str]] = {}
        self.older: dict[str, int] = {}  # by file: how many versions there were before
        self.asked: list[dict[str, str]] = []
        self.url = web.serve("/w/api.php", self._answer)

    def category(self, name: str, *files: str, below: tuple[str, ...] = ()) -> None:
        """Say what is in a category."""
        self.files[f"Category:{name}"] = list(files)
        self.below[f"Category:{name}"] = [f"Category:{other}" for other in below]

    def _answer(self, request: Request) -> Reply:
        query = request.query
        self.asked.append(query)
        assert query["action"] == "query" and query["formatversion"] == "2" and query["maxlag"] == "5"
        answer = self._members(query) if "list" in query else self._with_versions(self._pages(query), query)
        return Reply(dumps({"batchcomplete": True} | answer if "continue" not in answer else answer).encode())

    def _members(self, query: dict[str, str]) -> dict[str, Any]:
        titles = self.below.get(query["cmtitle"], [])
        return {"query": {"categorymembers": [{"ns": 14, "title": title} for title in titles]}}

    def _pages(self, query: dict[str, str]) -> dict[str, Any]:
        if "titles" in query:
            asked = [title.removeprefix("File:") for title in query["titles"].split("|")]
            known = [name for name in asked if name in self._names()]
            missing = [{"ns": 6, "title": f"File:{name}", "missing": True} for name in asked if name not in known]
            return {"query": {"pages": [*missing, *(self._page(name, True) for name in known)]}}
        if query["generator"] == "search":
            assert query["gsrnamespace"] == "6"
            files = self.finds.get(query["gsrsearch"], [])
            first = int(query.get("gsroffset", "0"))
            pages = [self._page(name, True) | {"index": first + n} for n, name in enumerate(files[first:], start=1)]
            pages = sorted(pages[: self.batch], key=lambda page: page["pageid"])
            if len(files) > first + self.batch:
                going_on = {"gsroffset": first + self.batch, "continue": "gsroffset||"}
                return {"batchcomplete": True, "continue": going_on, "query": {"pages": pages}}
            return {"query": {"pages": pages}} if pages else {}
        assert query["gcmtype"] == "file"
        files = self.files.get(query["gcmtitle"], [])
        first = int(query.get("gcmcontinue", "file|0").removeprefix("file|"))
        here = files[first : first + self.batch]
        if not here:
            return {}
        done = int(query.get("iicontinue", "0"))
        pages = [self._page(name, done <= place < done + self.described) for place, name in enumerate(here)]
        answer: dict[str, Any] = {"query": {"pages": pages}}
        if done + self.described < len(here):
            answer["continue"] = {"iicontinue": str(done + self.described), "continue": "gcmcontinue||"}
            if first:  # the same files again
                answer["continue"]["gcmcontinue"] = f"file|{first}"
        elif first + self.batch < len(files):
            answer["batchcomplete"] = True
            answer["continue"] = {"gcmcontinue": f"file|{first + self.batch}", "continue": "gcmcontinue||"}
        return answer

    def _with_versions(self, answer: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """An answer with one file alone speaks of one of its versions, and continues to the one before."""
        pages = answer.get("query", {}).get("pages", [])
        if len(pages) != 1 or "imageinfo" not in pages[0]:
            return answer
        name = pages[0]["title"].removeprefix("File:")
        version = int(query.get("iistart", "2020-01-01")[:4]) - 2020  # 0 is the current one, -1 the one before
        if version:
            pages[0]["imageinfo"][0] |= {"url": f"http://o/archive/{-version}!{name}", "thumburl": "http://t/old"}
        if -version < self.older.get(name, 0):
            answer.pop("batchcomplete", None)
            here = {key: query[key] for key in ("gcmcontinue", "gsroffset") if key in query}
            going_on = {"iistart": f"{2019 + version}-01-01T00:00:00Z", **here, "continue": f"{'|'.join(here)}||"}
            return answer | {"continue": going_on}
        return answer

    def _names(self) -> list[str]:
        return sorted(set(chain(*self.files.values(), *self.finds.values())))

    def _page(self, name: str, with_info: bool) -> dict[str, Any]:
        page: dict[str, Any] = {"pageid": 1 + self._names().index(name), "ns": 6}
        page["title"] = f"File:{name}"
        if with_info:
            plain = {"url": f"http://o/{name}", "descriptionurl": f"http://w/File:{name}", "user": "Uploader"}
            plain |= {"sha1": hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()}
            plain |= {"mime": "image/jpeg", "mediatype": "BITMAP", "thumburl": f"http://t/960px-{name}"}
            page["imageinfo"] = [{**plain, **self.info.get(name, {})}]
        return page
