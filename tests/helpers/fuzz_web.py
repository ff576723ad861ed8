"""What is read of the web, for the fuzzer: answers, rules of hosts, headers, addresses, words."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from json import dumps
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from fuzzing import Parser, simple
from loopback import FakeTime, settings_for
from people import person

from facecorpus.catalog import Catalog
from facecorpus.catalog.connection import host_of
from facecorpus.crawl import robots
from facecorpus.crawl.answer import Answer
from facecorpus.crawl.failure import Failure
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.guard import Guard
from facecorpus.crawl.lookup import new_manifest
from facecorpus.crawl.polite import Manners, opt_out, seconds_to_wait
from facecorpus.crawl.sources import Source, proposals, understood
from facecorpus.crawl.sources.commons import Commons
from facecorpus.crawl.sources.extmetadata import plain_text
from facecorpus.crawl.sources.flickr import Flickr
from facecorpus.crawl.sources.openverse import Openverse, seconds_until_allowed
from facecorpus.crawl.sources.search_engines import Engine
from facecorpus.crawl.sources.stated_dates import read_date
from facecorpus.crawl.tdm import read_rules
from facecorpus.licences import terms_of
from facecorpus.system.border import clean
from facecorpus.system.dates import certain, span_of
from facecorpus.system.escape import for_csv, for_html, for_markdown, for_terminal

ADA = person("ada", wikidata_id="Q1", photos_from=2005, photos_until=2020)
_SETTINGS = settings_for(
    crawl={"commons_api": "http://127.0.0.1:1/w", "wikidata_api": "http://127.0.0.1:1/d", "wikipedia_api": "http://h/"}
    | {"engines_despite_robots": True},
    fetch={"tries": 1, "patience_minutes": 1.0, "private_hosts": ("127.0.0.1:1",)},
)


class Scripted(Fetcher):
    """Gets the lines of an input as answers, one a request, the last one for ever; the rest is as ever."""

    def __init__(self) -> None:
        super().__init__(_SETTINGS)
        self.answers: list[bytes] = []

    def script(self, answers: bytes) -> None:
        """Begin anew, with no host that rests."""
        time = FakeTime()
        self.manners = Manners(_SETTINGS.fetch, time.clock, time.sleep)
        self.answers = answers.split(b"\n")

    def _get(self, url: str, wish: Any, secret: Any = None) -> Answer:
        with self.manners.turn(url.split("/")[2]):
            return Answer(200, {}, self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


def source(make: Callable[[Scripted, Path], Source]) -> Callable[[Path], Any]:
    """`open` of a source: its proposals go into a catalog, whose transaction is never ended."""

    @contextmanager
    def opened(folder: Path) -> Iterator[Callable[[bytes], object]]:
        catalog = Catalog(folder / "catalog.sqlite")
        catalog.identities.replace_all([ADA])
        fetcher = Scripted()

        def read(data: bytes) -> None:
            fetcher.script(data)
            asked = make(fetcher, folder)
            with understood(asked.name):
                asked.check(ADA)
            found = list(islice(proposals(asked, ADA), 60))
            for one in found:
                assert all(for_terminal(text) == text for text in asdict(one).values() if isinstance(text, str))
                ADA.holds_on(one.taken_on)
            catalog.candidates.propose(found)

        try:
            with catalog.transaction():
                yield read
        finally:
            catalog.close()

    return opened


@contextmanager
def lookups(folder: Path) -> Iterator[Callable[[bytes], object]]:
    """`open` of `manifest new`: names in the first line, answers in the others."""
    from facecorpus.crawl import lookup

    fetcher = Scripted()
    lookup.Fetcher, kept = lambda settings: fetcher, lookup.Fetcher  # type: ignore[assignment, misc]

    def read(data: bytes) -> None:
        names, _, answers = data.partition(b"\n")
        (folder / "names.txt").write_bytes(names.replace(b";", b"\n"))
        (folder / "out.csv").unlink(missing_ok=True)
        fetcher.script(answers)
        new_manifest(folder / "names.txt", folder / "out.csv", _SETTINGS)
        assert (folder / "out.csv").read_text(encoding="utf-8")

    try:
        yield read
    finally:
        lookup.Fetcher = kept  # type: ignore[misc]


def lines(*documents: Any) -> bytes:
    return b"\n".join(dumps(document).encode() for document in documents)


_PAGE = {
    "title": "File:1.jpg",
    "index": 1,
    "imageinfo": [
        {
            **{"mime": "image/jpeg", "mediatype": "BITMAP", "url": "https://h/1.jpg", "thumburl": "https://h/t/1.jpg"},
            **{
                "descriptionurl": "https://h/File:1.jpg",
                "user": "U",
                "sha1": "ab",
                "timestamp": "2012-01-02T03:04:05Z",
            },
            "extmetadata": {
                "DateTimeOriginal": {
                    "value": 'May 2011<div style="display: none;">date QS:P571,+2011-05-00T00:00:00Z/10'
                },
                "Artist": {"value": '<a href="//h/U">Jo <b>Doe</b></a>'},
                "ImageDescription": {"value": {"en": "Ada &amp; Ben", "_type": "lang"}},
                "LicenseShortName": {"value": "CC BY-SA 4.0"},
                "LicenseUrl": {"value": "https://creativecommons.org/licenses/by-sa/4.0"},
            },
        }
    ],
}
_ENTITY = {
    **{"type": "item", "id": "Q1", "labels": {"en": {"value": "Ada"}}, "descriptions": {"en": {"value": "a person"}}},
    **{"aliases": {"en": [{"value": "A."}]}, "sitelinks": {"commonswiki": {"title": "Category:Ada"}}},
    "claims": {
        "P31": [{"rank": "normal", "mainsnak": {"snaktype": "value", "datavalue": {"value": {"id": "Q5"}}}}],
        "P21": [{"rank": "normal", "mainsnak": {"snaktype": "value", "datavalue": {"value": {"id": "Q6581072"}}}}],
        "P18": [{"rank": "normal", "mainsnak": {"snaktype": "value", "datavalue": {"value": "1.jpg"}}}],
        "P569": [
            {
                "rank": "preferred",
                "mainsnak": {
                    "snaktype": "value",
                    "datavalue": {"value": {"time": "+1970-01-01T00:00:00Z", "precision": 11}},
                },
            }
        ],
    },
}
_FILES = {"batchcomplete": True, "query": {"pages": [_PAGE]}}
_ITEMS = {"entities": {"Q1": _ENTITY}, "success": 1}
_BELOW = {"query": {"categorymembers": [{"title": "Category:Ada in 2011"}]}, "continue": {"cmcontinue": "a|b"}}
_REFUSED = {"error": {"code": "no-such-entity", "info": "Could not find such an entity", "id": "Q1"}}
_WARNED = {"warnings": {"result": {"warnings": "truncated"}}, "entities": {}}
_SEARCHED = {"search": [{"id": "Q1"}, {"id": "Q2"}]}
_OPENVERSE = {
    "page_count": 2,
    "results": [
        {
            **{"id": "a-1", "url": "https://h/1.jpg", "title": "Ada", "foreign_landing_url": "https://h/1"},
            **{"creator": None, "license": "by-sa", "license_version": "4.0", "license_url": "https://c/"},
            **{"source": "flickr", "width": 10},
        }
    ],
}
_LICENCES = {
    "stat": "ok",
    "licenses": {"license": [{"id": 4, "name": "By", "url": "https://creativecommons.org/licenses/by/2.0/"}]},
}
_PHOTO = {
    **{"id": "7", "owner": "7@N00", "title": "Ada", "license": "4", "ownername": "Jo", "url_l": "https://h/1.jpg"},
    **{"datetaken": "2011-09-25 14:22:10", "datetakengranularity": 0, "datetakenunknown": "0"},
}
_PHOTOS = {"stat": "ok", "photos": {"page": 1, "pages": 2, "photo": [_PHOTO]}}
_BING = """<div><a class="iusc" m="{&quot;murl&quot;:&quot;https://h/1.jpg&quot;,&quot;purl&quot;:&quot;https://h/&quot;,
&quot;t&quot;:&quot;A\ue000da\ue001&quot;}"></a></div>"""
_GOOGLE = r"""AF_initDataCallback(["https://h/1.jpg?w\u003d1",100,200],[null,"x","https:\/\/h\/page","Ada \"A\""],
["https://encrypted-tbn0.gstatic.com/x",1,2])"""
_BAIDU = {
    "data": [{"objURL": "ippr_z2C$qAzdH3FAzdH3F2t42", "hoverURL": "https://h/1.jpg", "fromPageTitle": "<b>A</b>"}]
}
_WORDS = (
    *("25 September 2011", "circa 1920", "between 1950 and 1960", "1920s", "siècle XIX", "vor 1911", "2011年9月25日"),
    *(
        "20th century",
        "upload date 2011-01-01",
        "late 2010 or early 2011",
        "2011-09-25/27",
        "c1890",
        "1890?",
        "mai 1968",
    ),
    'date QS:P571,+1920-00-00T00:00:00Z/8,P1319,+1919-00-00T00:00:00Z/9,P1480,Q5727902 <time datetime="1920">',
)


_ROBOTS = """User-agent: *
Disallow: /a*b$
Crawl-delay: 5
Request-rate: 1/5
Sitemap: http://h/

User-agent: x
Allow: /"""
_HTTP_DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
_LICENCE = "CC BY-SA 4.0\nhttps://creativecommons.org/licenses/by/4.0/"


def _dates(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    shown = plain_text(text)
    for found in (read_date(text, shown), read_date("", text), read_date(text, shown, "2012-01-02"), certain(text)):
        if found is not None:
            assert certain(found) == found
            span_of(found)
            for who in (ADA, person("ben", dated_only=True)):
                who.holds_on(found)


def _words(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    name, _, address = text.partition("\n")
    terms_of(name, address)
    for safe in (for_terminal, for_markdown, for_csv, for_html, clean):
        str(safe(text)).encode()


def _headers(data: bytes) -> None:
    told = data.decode("latin-1").split("\n")
    opt_out(told)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for text in told:
        wait = seconds_to_wait(text, now)
        assert wait is None or wait >= 0
    assert seconds_until_allowed({"X-RateLimit-Available-a": told[0], "X-RateLimit-Limit-a": told[-1]}) >= 0


def _address(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    host_of(text)
    guard = Guard(("127.0.0.1:1",))
    guard.check_url(text)
    guard.allows_private(text)
    try:
        urljoin("http://h/", text)
    except ValueError as error:
        raise Failure("bad_redirect", str(error)) from None  # type: ignore[arg-type] # as fetch does


def _robots(data: bytes) -> None:
    rules = robots.Robots(lambda url: robots.checked(data), lambda url, seconds: None)
    for address in ("http://h/", "http://h/a/b.jpg?x=1", "http://h/%ff/é"):
        rules.allow(address)
        rules.reserving(address)


def _reservations(data: bytes) -> None:
    for rule in read_rules(data):
        rule.matches("/a/b.jpg")


def engine(name: str) -> Callable[[Path], Any]:
    return source(lambda fetcher, folder: Engine(name, _SETTINGS.crawl, fetcher, folder))


def _seeds(*texts: str) -> Callable[[], Sequence[bytes]]:
    return lambda: [text.encode() for text in texts]


PARSERS = (
    Parser(
        "commons and wikidata",
        "json",
        lambda: [
            lines(_ITEMS, _FILES, _BELOW, _FILES),
            lines(_ITEMS, {"query": {"pages": [_PAGE] * 3}, "continue": {"gcmcontinue": "x"}}, _FILES),
            *(lines(one) for one in (_ITEMS, _FILES, _BELOW, _REFUSED, _WARNED)),
        ],
        source(lambda fetcher, folder: Commons(_SETTINGS.crawl, fetcher, [ADA])),
        cost=3,
    ),
    Parser("manifest new", "json", lambda: [b"Ada;Ben | Q1\n" + lines(_SEARCHED, _ITEMS, _ITEMS)], lookups),
    Parser(
        "openverse",
        "json",
        lambda: [lines(_OPENVERSE), lines({"detail": "no"})],
        source(lambda fetcher, folder: Openverse(_SETTINGS.crawl, fetcher, {})),
    ),
    Parser(
        "flickr",
        "json",
        lambda: [lines(_LICENCES, _PHOTOS), lines({"stat": "fail", "code": 100, "message": "Invalid"})],
        source(lambda fetcher, folder: Flickr(_SETTINGS.crawl, fetcher, {"FLICKR_API_KEY": "key"})),
    ),
    Parser("pages of bing", "text", _seeds(_BING), engine("bing")),
    Parser("pages of google", "text", _seeds(_GOOGLE), engine("google")),
    Parser(
        "answers of baidu", "json", lambda: [lines(_BAIDU), lines({"antiFlag": 1, "message": "no"})], engine("baidu")
    ),
    Parser(
        "robots.txt",
        "text",
        _seeds(_ROBOTS),
        simple(_robots),
        (Failure,),
    ),
    Parser(
        "tdmrep.json",
        "json",
        lambda: [lines([{"location": "/a*b$", "tdm-reservation": 1}, {"tdmrep": []}])],
        simple(_reservations),
    ),
    Parser(
        "headers",
        "text",
        _seeds("noai, noimageai\nfacecorpus: noindex\n5", "unavailable_after: 1 Jan 2030\n20/min\n-1", _HTTP_DATE),
        simple(_headers),
    ),
    Parser(
        "addresses",
        "text",
        _seeds(
            "https://user:p@h.example:8080/a%20b?x=1#y", "http://[::ffff:127.0.0.1]/", "//h/x", "http://2130706433/"
        ),
        simple(_address),
        (Failure,),
    ),
    Parser("dates in words", "text", _seeds(*_WORDS), simple(_dates)),
    Parser("licences and captions", "text", _seeds(_LICENCE, "PD-US"), simple(_words)),
)
