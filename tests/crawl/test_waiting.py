"""What a busy service does to a crawl: it is waited for, others go on, and it ends after what the settings allow."""

import os
import signal
import threading
from json import dumps
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from crawling import make
from loopback import FakeTime, Loopback, Reply, Request, jpeg, settings_for
from loopback_wiki import Wiki
from loopback_wikidata import LAG, WikidataDouble
from people import person
from recorded import needs_answers, recorded, recorded_json

from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.mediawiki import MediaWiki
from facecorpus.crawl.polite import Manners
from facecorpus.crawl.sources.openverse import Openverse
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.errors import SourceError
from facecorpus.settings import Settings

FEMALE = "Q6581072"


def lag_reply(body: bytes = b"") -> Reply:
    """The refusal of a Wikidata whose query service lags: status 200, asking for five seconds."""
    return Reply(body or dumps(LAG).encode(), headers=(("Retry-After", "5"), ("MediaWiki-API-Error", "maxlag")))


def manners(settings: Settings, time: FakeTime) -> Manners:
    return Manners(settings.fetch, time.clock, time.sleep)


def lagging(web: Loopback, wikidata: WikidataDouble, time: FakeTime, seconds: float) -> None:
    """Let Wikidata lag until so many seconds have passed on the clock."""

    def answer(request: Request) -> Reply:
        return lag_reply() if time.now < seconds else wikidata._wikidata(request)

    web.serve("/wikidata/api.php", answer)


def corpus_of_two(
    folder: Path, web: Loopback, wikidata: WikidataDouble, *others: Loopback, **crawl: Any
) -> tuple[Corpus, Wiki]:
    """Ada and Ben, each with an item and a category of two files; sources may also ask the other webs."""
    wiki = Wiki(web)
    people = []
    for number, name in enumerate(("ada", "ben"), start=1):
        wikidata.human(f"Q{number}", P21=FEMALE, P569="1970")
        wiki.category(name.title(), f"{name}1.jpg", f"{name}2.jpg")
        for n in (1, 2):
            url = web.serve(f"/{name}{n}.jpg", Reply(jpeg(10 * number + n)))
            wiki.info[f"{name}{n}.jpg"] = {"thumburl": url}
        people.append(person(name, wikidata_id=f"Q{number}"))
    settings = settings_for(web, *others, crawl={"commons_api": wiki.url} | wikidata.settings | crawl)
    return make(folder / "corpus", settings, *people), wiki


def test_a_crawl_through_ten_minutes_of_lag_ends_complete(
    web: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wikidata, time = WikidataDouble(web), FakeTime()
    corpus, _ = corpus_of_two(tmp_path, web, wikidata)
    lagging(web, wikidata, time, 600)
    found = discover(corpus, manners(corpus.settings, time))
    assert (found.failed, found.new) == ({}, 4)
    assert fetch_candidates(corpus).outcomes == {"stored": 4}
    assert 600 <= time.now < 700
    asked = sum(request.path == "/wikidata/api.php" for request in web.requests)
    assert asked < 40  # the longer it lasts, the less often
    said = capsys.readouterr().err
    assert "too busy (Waiting for all: 3.45 seconds lagged. The query service is 626 s behind.)" in said
    assert "at most 30 min 0 s; other sources go on" in said
    assert said.count("too busy") <= 10


def test_a_service_that_stays_busy_ends_its_source_after_the_settings_patience(web: Loopback, tmp_path: Path) -> None:
    wikidata, time = WikidataDouble(web), FakeTime()
    corpus, _ = corpus_of_two(tmp_path, web, wikidata)
    lagging(web, wikidata, time, 1e9)
    with pytest.raises(SourceError, match=r"too busy for 29 min .*Waiting for all.*; run again later"):
        discover(corpus, manners(corpus.settings, time))
    assert 1700 < time.now <= 1800


def test_the_settings_say_how_long_a_busy_host_is_waited_for(web: Loopback) -> None:
    url = web.serve("/w/api.php", lag_reply())
    settings = settings_for(web, fetch={"patience_minutes": 2.0})
    time = FakeTime()
    with Fetcher(settings, manners(settings, time)) as fetcher, pytest.raises(SourceError, match="too busy for 1 min"):
        MediaWiki(url, fetcher, "commons_api").call("something", {"action": "query"})
    assert 90 < time.now <= 120


@needs_answers
def test_the_recorded_lag_of_the_query_service_is_waited_for(web: Loopback) -> None:
    url = web.serve("/w/api.php", *[lag_reply(recorded("wikidata-maxlag-queryservice.json"))] * 12, Reply(b"{}"))
    settings, time = settings_for(web), FakeTime()
    with Fetcher(settings, manners(settings, time)) as fetcher:
        assert MediaWiki(url, fetcher, "wikidata_api").call("items", {"action": "wbgetentities"}) == {}
    assert time.now >= 60


def test_a_wikis_own_mistake_is_tried_again_and_soon_an_error(web: Loopback) -> None:
    body = dumps({"error": {"code": "internal_api_error_DBQueryTimeoutError", "info": "A database query timed out."}})
    settings, time = settings_for(web), FakeTime()
    with Fetcher(settings, manners(settings, time)) as fetcher:
        wiki = MediaWiki(web.serve("/w/api.php", Reply(body.encode()), Reply(b"{}")), fetcher, "commons_api")
        assert wiki.call("something", {"action": "query"}) == {}
        web.serve("/w/api.php", Reply(body.encode()))
        with pytest.raises(SourceError, match="A database query timed out"):
            wiki.call("something", {"action": "query"})
    assert time.now < 300


def test_an_answer_of_an_unknown_shape_ends_its_source_alone(web: Loopback, tmp_path: Path) -> None:
    wikidata = WikidataDouble(web)
    sources = {"sources": ("openverse", "commons"), "openverse_api": web.url("/v1")}
    corpus, _ = corpus_of_two(tmp_path, web, wikidata, **sources)
    web.serve("/v1/images/", Reply(dumps({"page_count": 1, "results": [7]}).encode()))
    found = discover(corpus)
    assert found.new == 4
    assert found.failed["openverse"].startswith("openverse answered in a shape that is not known (AttributeError: ")


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_a_wait_at_once(web: Loopback, tmp_path: Path) -> None:
    wikidata = WikidataDouble(web)
    corpus, _ = corpus_of_two(tmp_path, web, wikidata)

    def answer(request: Request) -> Reply:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        return lag_reply()

    web.serve("/wikidata/api.php", answer)
    begun = monotonic()
    with pytest.raises(KeyboardInterrupt):
        discover(corpus)
    assert monotonic() - begun < 4  # it was asked to wait for five seconds


class TogetherTime(FakeTime):
    """A clock on which the source that waits is told to wait until another one was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.other_was_asked = threading.Event()

    def sleep(self, seconds: float) -> None:
        assert seconds < 1 or self.other_was_asked.wait(20), "the other source did not go on"
        super().sleep(seconds)


def test_another_source_goes_on_with_whom_it_can_while_one_waits(web: Loopback, tmp_path: Path) -> None:
    """Commons is busy when Ben's turn comes; Openverse is asked about Ada meanwhile."""
    wikidata, time = WikidataDouble(web), TogetherTime()
    answers = iter([True])

    def commons(request: Request) -> Reply:
        if request.query.get("gcmtitle") == "Category:Ben" and next(answers, False):
            return lag_reply()
        return wiki._answer(request)

    def openverse(request: Request) -> Reply:
        time.other_was_asked.set()
        return Reply(dumps({"result_count": 0, "page_count": 0, "page_size": 20, "page": 1, "results": []}).encode())

    with Loopback() as another:  # a host of its own: the busy one rests for all sources
        sources = {"sources": ("commons", "openverse"), "openverse_api": another.url("/v1")}
        corpus, wiki = corpus_of_two(tmp_path, web, wikidata, another, **sources)
        web.serve("/w/api.php", commons)
        another.serve("/v1/images/", openverse)
        found = discover(corpus, manners(corpus.settings, time))
    assert (found.failed, found.new) == ({}, 4)
    assert time.other_was_asked.is_set()


THROTTLED = {"detail": "Request was throttled. Expected available in 600 seconds."}


def ask_openverse(web: Loopback, time: FakeTime, *replies: Reply) -> int:
    """How many pictures Openverse proposes."""
    web.serve("/v1/images/", *replies)
    settings = settings_for(web, crawl={"openverse_api": web.url("/v1")})
    with Fetcher(settings, manners(settings, time)) as fetcher:
        return len(list(Openverse(settings.crawl, fetcher, {}).candidates(person("ada"))))


def test_openverse_is_waited_for_as_long_as_its_words_say(web: Loopback) -> None:
    result = {"id": "1", "url": "https://h/1.jpg", "foreign_landing_url": "https://h/1"}
    page = {"result_count": 1, "page_count": 1, "page_size": 20, "page": 1, "results": [result]}
    time = FakeTime()
    assert ask_openverse(web, time, Reply(dumps(THROTTLED).encode(), 429), Reply(dumps(page).encode())) == 1
    assert time.now == pytest.approx(600, abs=1)


@needs_answers
def test_a_recorded_429_of_openverse_asks_for_an_hour(web: Loopback) -> None:
    answer = recorded_json("openverse-429.json")
    reply = Reply(dumps(answer["body"]).encode(), answer["status"], tuple(answer["headers"].items()))
    with pytest.raises(SourceError, match="asks to be left alone for 1 h 0 min"):
        ask_openverse(web, FakeTime(), reply)
