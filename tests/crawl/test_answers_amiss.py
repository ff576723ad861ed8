"""Answers of another shape than their services document: an error of that source, and the others go on."""

import itertools
from collections.abc import Iterator
from json import dumps
from pathlib import Path
from typing import Any

import pytest
from crawling import make
from loopback import Loopback, Reply, Request, jpeg, settings_for
from loopback_wiki import Wiki
from loopback_wikidata import WikidataDouble
from people import person

from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import DiscoverSummary, discover
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.lookup import check_manifest, new_manifest
from facecorpus.crawl.mediawiki import MOST_ANSWERS, MOST_BARREN, MediaWiki
from facecorpus.crawl.sources import source as border
from facecorpus.crawl.sources.openverse import MOST_BARREN as MOST_BARREN_PAGES
from facecorpus.errors import FacecorpusError, SourceError

HUGE = "9" * 5000
WRONG: tuple[bytes, ...] = (
    *(b"null", b"[]", b"7", b'"text"', b"NaN", b"{}", b"[" * 100_000, b'{"a":' * 100_000, b"1e999", b"\xff\xfe{", b""),
    *(b'{"query": []}', b'{"query": {"pages": 5}}', b'{"query": {"pages": {"1": {}}}}', b'{"query": {"pages": [[]]}}'),
    *(b'{"query": {"pages": [{}]}}', b'{"query": {"pages": [{"title": 7, "imageinfo": {"url": []}}]}}'),
    b'{"query": {"pages": [{"title": "File:A", "imageinfo": [{"mime": "image/jpeg", "url": {"a": 1}}]}]}}',
    b'{"query": {"pages": [{"title": "File:A", "imageinfo": [{"mime": "image/jpeg", "url": "x", "extmetadata": 5}]}]}}',
    b'{"query": {"pages": [{"title": "A", "index": 1e308}, {"title": "B", "index": NaN}]}}',
    *(b'{"error": "text"}', b'{"error": [1]}', b'{"error": {"code": [], "info": {}}}', b'{"continue": 5, "query": {}}'),
    *(b'{"entities": []}', b'{"entities": {"Q1": 5}}', b'{"entities": {"Q1": {"claims": [1]}}}', b'{"search": 5}'),
    b'{"entities": {"Q1": {"claims": {"P569": [{"mainsnak": {"snaktype": "value"}}]}}}}',
    b'{"entities": {"Q1": {"id": {}, "claims": {"P31": 5}}}}',
    b'{"entities": {"Q1": {"id": "Q1", "labels": {"en": []}, "claims": {}}}}',
    *(b'{"page_count": "many", "results": []}', b'{"page_count": 1, "results": {"a": 1}}', b'{"page_count": NaN}'),
    *(b'{"page_count": 1, "results": [7]}', b'{"page_count": 1, "results": [{"url": ["x"]}]}', b'{"page_count": null}'),
    f'{{"page_count": {HUGE}, "results": []}}'.encode(),
    *(b'{"stat": "ok"}', b'{"stat": "ok", "licenses": 5}', b'{"stat": "ok", "licenses": {"license": [5]}}'),
    *(b'{"stat": "ok", "photos": []}', b'{"stat": "fail", "code": {}, "message": []}', b'{"stat": {}}'),
)


def crawl_of(web: Loopback, address: str) -> dict[str, Any]:
    """Settings of a crawl in which every API is at one address."""
    apis = dict.fromkeys(("commons_api", "wikidata_api", "wikipedia_api", "flickr_api"), address)
    web.serve("/api/images/", *web.answers("/api"))
    return {"sources": ("commons", "openverse", "flickr"), "openverse_api": address, **apis}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: ascii(answer[:60]))
def test_a_source_that_answers_amiss_ends_in_one_sentence(
    web: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setenv("FLICKR_API_KEY", "key")
    address = web.serve("/api", Reply(answer))
    people = tmp_path / "people" / "ada"
    people.mkdir(parents=True)
    (people / "1.jpg").write_bytes(jpeg(1))
    crawl = crawl_of(web, address)
    crawl |= {"sources": (*crawl["sources"], "folder"), "folder": str(people.parent)}
    settings = settings_for(web, crawl=crawl, fetch={"tries": 1, "patience_minutes": 0.0})
    corpus = make(tmp_path / "c", settings, person("ada", wikidata_id="Q1"), person("ben"))
    summary = discover(corpus)
    said = [*summary.failed.values(), *summary.mismatches, *summary.warnings]
    assert said and all(0 < len(sentence) < 600 and "\n" not in sentence for sentence in said)
    assert summary.new == 1 or summary.mismatches  # of the folder; nobody is asked of a person who is somebody else
    for lookup in (
        lambda: check_manifest(corpus.manifest, settings),
        lambda: new_manifest(names(tmp_path), tmp_path / "new.csv", settings),
    ):
        try:
            lookup()
        except FacecorpusError as error:
            assert 0 < len(str(error)) < 600


def names(folder: Path) -> Path:
    (folder / "names.txt").write_text("Ada | Q1\nBen\n")
    return folder / "names.txt"


def test_the_other_sources_go_on(web: Loopback, tmp_path: Path) -> None:
    wiki = Wiki(web)
    wiki.category("Ada", "1.jpg")
    wiki.info["1.jpg"] = {"url": 7}
    crawl = {"commons_api": wiki.url, "sources": ("commons", "openverse"), "openverse_api": web.url("/v1")}
    web.serve(
        "/v1/images/", Reply(dumps({"page_count": 1, "results": [{"id": "a", "url": "http://h/2.jpg"}]}).encode())
    )
    wiki.info["1.jpg"] |= {"thumburl": 7}
    summary = discover(make(tmp_path / "c", settings_for(web, crawl=crawl), person("ada")))
    assert summary.new == 1
    assert summary.failed["commons"].startswith(
        "commons answered in a shape that is not known (TypeError: an address is expected, not a int);"
    )


# ------------------------------------------------------------------------------------------------------ without an end


def discovered(web: Loopback, folder: Path, **crawl: Any) -> tuple[DiscoverSummary | None, str, Corpus]:
    corpus = make(folder / "c", settings_for(web, crawl=crawl), person("ada"))
    try:
        return discover(corpus), "", corpus
    except SourceError as error:
        return None, str(error), corpus


def test_an_api_that_always_says_continue_is_ended(web: Loopback, tmp_path: Path) -> None:
    page = {"title": "File:1.jpg", "imageinfo": [{"mime": "image/jpeg", "url": "http://h/1.jpg"}]}
    answer = {"batchcomplete": True, "continue": {"gcmcontinue": "x", "continue": "-"}, "query": {"pages": [page]}}
    api = web.serve("/w/api.php", Reply(dumps(answer).encode()))
    _, sentence, _ = discovered(web, tmp_path, commons_api=api)
    assert (
        f"answers the question about Category:Ada without an end ({MOST_BARREN} answers in a row with nothing new"
        in sentence
    )
    assert len(web.requests) == MOST_BARREN + 1


def test_answers_without_an_end_that_are_new_are_counted(web: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facecorpus.crawl.mediawiki.MOST_ANSWERS", 70)
    number = itertools.count()

    def answer(request: Request) -> Reply:
        member = {"title": f"Category:{next(number)}"}
        body = {"continue": {"cmcontinue": "x"}, "query": {"categorymembers": [member]}}
        return Reply(dumps(body).encode())

    api = web.serve("/w/api.php", answer)
    with Fetcher(settings_for(web)) as fetcher, pytest.raises(SourceError, match="without an end"):
        list(MediaWiki(api, fetcher, "commons_api").subcategories("Ada"))
    assert len(web.requests) == 70 < MOST_ANSWERS


def test_a_tree_of_categories_without_an_end_is_cut(
    web: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facecorpus.crawl.sources.commons._MOST_CATEGORIES", 30)
    number = itertools.count()

    def answer(request: Request) -> Reply:
        members = [{"title": f"Category:{next(number)}"} for _ in range(20)] if "list" in request.query else []
        return Reply(dumps({"query": {"categorymembers": members}} if members else {}).encode())

    summary, _, _ = discovered(web, tmp_path, commons_api=web.serve("/w/api.php", answer), commons_depth=5)
    assert summary is not None and len(summary.warnings) == 1
    assert len(web.requests) == 2 * 30 + 1  # of each its files and what is below; then the search for the name


def test_openverse_that_counts_ever_more_pages_is_ended(web: Loopback, tmp_path: Path) -> None:
    answer = {"page_count": 10**9, "results": [{"id": "a", "url": "http://h/1.jpg"}]}
    web.serve("/v1/images/", Reply(dumps(answer).encode()))
    summary, _, _ = discovered(web, tmp_path, sources=("openverse",), openverse_api=web.url("/v1"))
    assert summary is not None and (summary.new, summary.proposed) == (1, 1)
    assert len(web.requests) == 1 + MOST_BARREN_PAGES


def test_a_source_that_proposes_ever_new_photographs_is_ended(
    web: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those from outside a person's period count for nothing, so that there are never enough."""
    monkeypatch.setattr(border, "MOST", 120)
    wiki = Wiki(web)
    wiki.category("Ada", *(f"{number}.jpg" for number in range(200)))
    for number in range(200):
        wiki.info[f"{number}.jpg"] = {"extmetadata": {"DateTimeOriginal": {"value": "1950"}}}
    _, sentence, corpus = discovered(web, tmp_path, commons_api=wiki.url)
    assert sentence.startswith("commons proposes more than 120 photographs of Ada;")
    with corpus.catalog() as catalog:
        assert sum(catalog.candidates.count_waiting().values()) == 100  # whole batches


def test_a_proposal_without_an_address_is_left_out_and_counted(
    web: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results: Iterator[dict[str, Any]] = iter(
        [{"id": "a", "url": "http://h/1.jpg"}, {"id": "b", "url": None}, {"id": "c", "url": "http://h/" + "a" * 8000}]
    )
    web.serve("/v1/images/", Reply(dumps({"page_count": 1, "results": list(results)}).encode()))
    summary, _, _ = discovered(web, tmp_path, sources=("openverse",), openverse_api=web.url("/v1"))
    assert summary is not None and summary.new == 1
    assert "openverse: 2 proposals for Ada name no address; they are left out." in capsys.readouterr().err


def test_wikidata_dates_of_a_wrong_shape_are_an_error_of_that_source(web: Loopback, tmp_path: Path) -> None:
    wikidata = WikidataDouble(web)
    wikidata.human("Q1", P569="1970")
    wikidata.entities["Q1"]["claims"]["P569"][0]["mainsnak"]["datavalue"]["value"] = {"time": [], "precision": 9}
    settings = settings_for(web, crawl=wikidata.settings)
    with pytest.raises(SourceError, match="shape that is not known"):
        discover(make(tmp_path / "c", settings, person("ada", wikidata_id="Q1")))
    corpus = Corpus(tmp_path / "c")
    with pytest.raises(SourceError, match="Wikidata answered in a shape that is not known"):
        check_manifest(corpus.manifest, settings)
