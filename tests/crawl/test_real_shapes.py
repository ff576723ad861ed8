"""Commons and Wikidata as they really answer: older versions, lag, truncated answers, items that are no more."""

from json import dumps

import pytest
from loopback import Loopback, Reply, settings_for
from loopback_wiki import Wiki
from loopback_wikidata import WikidataDouble
from people import person
from recorded import needs_answers, recorded

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.mediawiki import Json, MediaWiki
from facecorpus.crawl.sources.commons import Commons
from facecorpus.records import Candidate

FEMALE = "Q6581072"


def files_of(web: Loopback, *answers: bytes) -> list[Json]:
    """The file pages in these answers of a wiki, as the client reads them."""
    url = web.serve("/w/api.php", *map(Reply, answers))
    settings = settings_for(web)
    with Fetcher(settings) as fetcher:
        return list(MediaWiki(url, fetcher, "commons_api").files("a file", {"titles": "File:A.jpg"}, 960))


def ask(wiki: Wiki, wikidata: WikidataDouble | None = None, **changes: object) -> list[Candidate]:
    """What source commons proposes for Ada."""
    settings = settings_for(wiki.web, crawl={"commons_api": wiki.url} | (wikidata.settings if wikidata else {}))
    ada = person("ada", **changes)
    with Fetcher(settings) as fetcher:
        return list(Commons(settings.crawl, fetcher, [ada]).candidates(ada))


# ------------------------------------------------------------------------------------------------------ older versions


def test_the_picture_of_an_item_is_its_current_version(web: Loopback) -> None:
    wiki, wikidata = Wiki(web), WikidataDouble(web)
    wiki.older = {"Best.jpg": 3}
    wikidata.human("Q1", P21=FEMALE, P569="1970", P18="Best.jpg")
    wiki.category("elsewhere", "Best.jpg")
    (candidate,) = ask(wiki, wikidata, wikidata_id="Q1", commons_category="")
    assert candidate.url == "http://t/960px-Best.jpg"
    assert candidate.found_by == "P18 of Q1"
    assert not any("iistart" in query for query in wiki.asked)


@pytest.mark.parametrize("names", [["A.jpg"], ["A.jpg", "B.jpg", "C.jpg"]])
def test_a_last_batch_of_one_file_brings_its_current_version(web: Loopback, names: list[str]) -> None:
    wiki = Wiki(web, batch=2)
    wiki.older = dict.fromkeys(names, 2)
    wiki.category("Ada", *names)
    assert [candidate.url for candidate in ask(wiki)] == [f"http://t/960px-{name}" for name in names]
    assert not any("iistart" in query for query in wiki.asked)


@needs_answers
@pytest.mark.parametrize("answer", ["commons-imageinfo-continue-iistart.json"])
def test_a_recorded_answer_with_older_versions_gives_the_current_one(web: Loopback, answer: str) -> None:
    older = {"title": "File:Douglas adams portrait cropped.jpg", "imageinfo": [{"url": "https://h/archive/old.jpg"}]}
    (page,) = files_of(web, recorded(answer), dumps({"query": {"pages": [older]}}).encode())
    assert page["imageinfo"][0]["url"].endswith("/c/c0/Douglas_adams_portrait_cropped.jpg")
    assert len(web.paths()) == 1
