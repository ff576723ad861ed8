"""The search engines' recorded answers and rules: what is read, what refuses, what their robots.txt really says."""

from pathlib import Path

import pytest
from loopback import FakeTime, Loopback, Reply, settings_for
from people import person
from protego import Protego
from recorded import needs_answers, recorded

from facecorpus.crawl.answer import Answer
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.polite import BOT, Manners
from facecorpus.crawl.sources import result_pages
from facecorpus.crawl.sources import search_engines as engines
from facecorpus.crawl.sources.result_pages import page_urls, results
from facecorpus.crawl.sources.search_engines import Engine
from facecorpus.errors import SourceError


def read(engine: str, body: bytes) -> list[dict[str, str]]:
    return results(engine, Answer(200, {}, body))


@needs_answers
def test_recorded_results_of_bing() -> None:
    found = read("bing", recorded("bing-async.html"))
    assert [task["file_url"].rpartition("/")[2] for task in found] == [
        "0",
        "20180408075500850.jpg",
        "Canadian-Grizzly-Bear.jpg",
    ]
    assert found[2]["page_url"] == "https://someinterestingfacts.net/10-facts-grizzly-bear/"
    assert found[2]["title"] == "10 Facts About Grizzly Bears - Some Interesting Facts"


@needs_answers
def test_recorded_results_of_baidu() -> None:
    (task,) = read("baidu", recorded("baidu-acjson.json"))
    assert task["file_url"].startswith("http://5b0988e595225.cdn.sohucs.com/") and task["file_url"].endswith(".jpeg")
    assert task["page_url"].startswith("http://mt.sohu.com/")
    assert task["title"] == "图14 员工离职率对比折线图"


def test_icrawlers_own_parser_reads_baidu_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """It works there; page and title, which it leaves out, are added."""

    def parse(self: object, response: object) -> list[dict[str, str]]:
        return [{"file_url": "https://h/hover.jpg"}]

    monkeypatch.setattr(result_pages.BaiduParser, "parse", parse)
    body = b'{"data": [{"hoverURL": "https://h/hover.jpg", "fromPageTitle": "T"}, {"hoverURL": "https://h/2.jpg"}]}'
    assert read("baidu", body) == [{"file_url": "https://h/hover.jpg", "page_url": "", "title": "T"}]


ANTI_FLAG = b'{"antiFlag":1,"message":"Forbid spider access"}'


def test_baidu_refuses_clients_that_are_no_browser_in_one_sentence(
    web: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engines.ENGINES, "baidu", web.url(""))
    web.serve("/search/acjson", Reply(ANTI_FLAG))
    settings, time = settings_for(web), FakeTime()
    with Fetcher(settings, Manners(settings.fetch, time.clock, time.sleep)) as fetcher, pytest.raises(SourceError) as e:
        list(Engine("baidu", settings.crawl, fetcher, tmp_path).candidates(person("ada")))
    assert str(e.value) == (
        "baidu refuses clients that are no browser (Forbid spider access), and this one says what it is; take baidu out"
        " of sources."
    )
    assert web.paths() == ["/search/acjson"]
    assert list(tmp_path.iterdir()) == []


@needs_answers
def test_the_recorded_refusal_of_baidu_is_the_one_that_is_known() -> None:
    assert recorded("baidu-antiflag.json").strip() == ANTI_FLAG


@needs_answers
@pytest.mark.parametrize(
    ("engine", "answer", "allowed"),
    [("bing", "robots-www.bing.com.txt", True), ("google", "robots-www.google.com.txt", False)],
)
def test_what_the_engines_robots_txt_says_of_the_address_that_is_asked(engine: str, answer: str, allowed: bool) -> None:
    """docs/sources.md says the same."""
    rules = Protego.parse(recorded(answer).decode())
    assert rules.can_fetch(next(page_urls(engine, '"Ada"')), BOT) is allowed
