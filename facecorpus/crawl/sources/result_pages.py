"""The result pages of Bing, Google and Baidu: icrawler's feeders and parsers, mended where they are known to be broken.

icrawler's own parser runs first at Baidu, where it works; at Bing and Google ours does, and at Google icrawler's where
ours finds nothing.

Only their addresses of pages and their reading of answers are used: this project's own Fetcher asks, and none of
icrawler's threads runs. Importing this module loads icrawler.
"""

import html
import json
import re
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any
from urllib.parse import quote

from bs4 import BeautifulSoup
from icrawler.builtin.baidu import BaiduFeeder, BaiduParser
from icrawler.builtin.bing import BingFeeder, BingParser
from icrawler.builtin.google import GoogleFeeder, GoogleParser

from facecorpus.crawl.answer import Answer
from facecorpus.system.border import read_json, readable_html

Task = dict[str, Any]
"""What icrawler's parsers give: file_url; ours add page_url and title."""

MOST = 1000
"""Results that an engine gives; icrawler allows no more either."""


class _Bing(BingFeeder):  # type: ignore[misc]
    """Encodes the keyword: icrawler puts it into the address as it is."""

    def feed(self, keyword: str, offset: int, max_num: int) -> None:
        super().feed(quote(keyword), offset, max_num)


class _Baidu(BaiduFeeder):  # type: ignore[misc]
    """Encodes the keyword likewise."""

    def feed(self, keyword: str, offset: int, max_num: int) -> None:
        super().feed(quote(keyword), offset, max_num)


class _BingParser(BingParser):  # type: ignore[misc]
    """Reads the whole of the attribute m, a JSON object with murl (picture), purl (page) and t (title).

    icrawler takes from it what stands before ".jpg": it loses PNG and WebP files, cuts what follows the name (?w=1),
    and forgets the page.
    """

    def parse(self, response: Answer) -> Iterator[Task]:
        text = readable_html(response.content.decode("utf-8", "ignore"))
        soup = BeautifulSoup(text[: text.rfind(">") + 1], "html.parser")  # looks for the end of a tag from each < anew
        for link in soup.find_all("a", m=True):  # select() fails in Python 3.11.2, by its own re
            try:
                about = read_json(str(link["m"]))
            except ValueError:
                continue
            if isinstance(about, dict) and about.get("murl"):
                title = str(about.get("t", "")).translate(_BING_MARKS)
                yield {"file_url": about["murl"], "page_url": about.get("purl", ""), "title": title}


class _GoogleParser(GoogleParser):  # type: ignore[misc]
    """Reads the arrays of the page's data: [address, height, width] of a picture, then its page and title.

    icrawler looks for addresses that end in .jpg, .png or .bmp, anywhere: it loses WebP files and query strings, and
    gives nothing where a page has none. It is asked where these arrays are not found.
    """

    def parse(self, response: Answer) -> Iterator[Task]:
        text = response.content.decode("utf-8", "ignore")
        pictures = [found for found in _GOOGLE_PICTURE.finditer(text) if not _GOOGLES_OWN.match(_javascript(found[1]))]
        ends = [*(found.start() for found in pictures[1:]), len(text)]
        for found, end in zip(pictures, ends, strict=False):
            page = _GOOGLE_PAGE.search(text, found.end(), end)
            told = {"page_url": _javascript(page[1]), "title": _javascript(page[2])} if page else {}
            yield {"file_url": _javascript(found[1]), **told}
        if not pictures:
            yield from super().parse(response) or ()


class _BaiduParser(BaiduParser):  # type: ignore[misc]
    """Adds the page and the title to what icrawler reads, whose own parser works here.

    An answer that is no list of results gives none, instead of an exception.
    """

    def parse(self, response: Answer) -> Iterator[Task]:
        answer = _baidus_answer(response)
        if not answer.get("data"):
            return
        told: dict[str, Task] = {}
        for item in answer["data"]:
            url = self._decode_url(item["objURL"]) if item.get("objURL") else item.get("hoverURL", "")
            page = self._decode_url(item["fromURL"]) if item.get("fromURL") else ""
            title = re.sub(r"<[^>]*>", "", html.unescape(readable_html(str(item.get("fromPageTitle") or ""))))
            told.setdefault(url, {"page_url": page, "title": title})
        for task in super().parse(response):
            yield task | told.get(task["file_url"], {})


ENGINES: dict[str, tuple[Any, Any]] = {
    "bing": (_Bing, _BingParser),
    "google": (GoogleFeeder, _GoogleParser),
    "baidu": (_Baidu, _BaiduParser),
}

_BING_MARKS = {0xE000: None, 0xE001: None}  # private characters around the words that were searched for
_GOOGLE_PICTURE = re.compile(r'\["(https?:(?:\\?/){2}[^"\s]+)",\d+,\d+')
_GOOGLE_PAGE = re.compile(r'\[null,"[^"]*","(https?:(?:\\?/){2}[^"\s]+)","((?:[^"\\]|\\.)*)"')
_GOOGLES_OWN = re.compile(r"https?://(?:[^/]*\.)?(?:gstatic\.com|google\.com|googleusercontent\.com)/")


def page_urls(engine: str, keyword: str) -> Iterator[str]:
    """The addresses of an engine's pages of results, in their order."""
    feeder = ENGINES[engine][0](1, None, None)
    queue: SimpleQueue[str] = SimpleQueue()
    feeder.out_queue = queue  # icrawler's own is bounded, and drops what it saw before
    feeder.feed(keyword, 0, MOST)
    while not queue.empty():
        yield queue.get().replace("http://", "https://", 1)


def results(engine: str, answer: Answer) -> list[Task]:
    """What a page of results proposes; nothing where it is not of the shape that the parser expects."""
    try:
        tasks = list(ENGINES[engine][1](1, None, None).parse(answer))
    except Exception:  # of libraries that were written for other pages
        return []
    return [task for task in tasks if isinstance(task["file_url"], str)]


def refusal(engine: str, answer: Answer) -> str:
    """What an engine says to a client that it does not want, in an answer of status 200; '' for any other answer."""
    told = _baidus_answer(answer) if engine == "baidu" else {}
    return str(told.get("message", "it does not say why")) if told.get("antiFlag") else ""


def _baidus_answer(answer: Answer) -> dict[str, Any]:
    try:
        told = read_json(answer.content.decode("utf-8", "ignore").replace("\\'", "'"), strict=False)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _javascript(text: str) -> str:
    """The value of a piece of a JavaScript string, like https:\\/\\/h\\/a.jpg?w\\u003d1."""
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text
